"""Revocation against an authority that shares no code with ours: what it may offer, and every way in which it may be of no use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from crypto.outside_authority import Outside, outside
from crypto.pdfs import plain
from pki import MOMENT
from tachiai.crypto import pades, revocation_http
from tachiai.crypto.chains import BrokenChain
from tachiai.crypto.pades_verify import Expected, verify
from tachiai.crypto.revocation import PATIENCE, PatientRevocation, Revocation, RevocationSource
from tachiai.crypto.revocation_http import HttpRevocation
from tachiai.errors import Outage, Refusal

SIGNED = MOMENT + timedelta(minutes=1)
CLOSED = MOMENT + timedelta(minutes=2)
WORDS = pades.SealText("架空電子契約株式会社", "封筒 E-0001")


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Outside]:
    with outside(tmp_path) as made:
        made.at = CLOSED
        yield made


def source(made: Outside) -> HttpRevocation:
    return HttpRevocation([made.root], allow_private=True, timeout=2)


def gather(made: Outside, asked: RevocationSource | None = None, minutes: int = 2) -> Revocation:
    chains = [made.credential("signer").whole_chain, made.credential("stamp").whole_chain]
    return (asked or source(made)).gather(chains, after=SIGNED, at=MOMENT + timedelta(minutes=minutes))


def judged(made: Outside, asked: RevocationSource, minutes: int = 2) -> pades.Made:
    """A contract of its signer's, closed with what ``asked`` says, and taken by the deep verifier as B-LTA."""
    pdf, seal, stamps = plain(), made.credential("signer"), made.stamper()
    held = pdf + pades.freeze(pdf, slots=[1], credential=seal, timestamper=stamps, text=WORDS, at=MOMENT).tail
    held += pades.seal(held, slot=1, credential=seal, timestamper=stamps, text=WORDS, consent_digest=bytes(32), at=SIGNED).tail
    at = MOMENT + timedelta(minutes=minutes)
    closing = pades.close(held, timestamper=stamps, revocation=asked, roots=(made.root,), at=at)
    expected = Expected(True, {1: bytes(32)}, True, len(pdf), hashlib.sha256(pdf).digest())
    report = verify(held + closing.tail, expected=expected, roots=[made.root], tsa_roots=[made.root], at=at)
    assert [row.level for row in report.rows if row.kind != "timestamp"] == ["B-LTA", "B-LTA"]
    return closing


@pytest.mark.parametrize(
    ("offers", "delegated", "ocsps", "crls", "fresh"),
    [
        (("ocsp", "crl"), True, 2, 1, True),
        (("ocsp",), True, 2, 1, True),
        (("ocsp", "crl"), False, 2, 2, True),
        (("ocsp",), False, 2, 1, True),
        (("crl",), True, 0, 2, False),
    ],
)
def test_whatever_it_offers_the_deep_verifier_is_content(
    tmp_path: Path, offers: tuple[str, ...], delegated: bool, ocsps: int, crls: int, fresh: bool
) -> None:
    with outside(tmp_path, offers=offers, delegated=delegated) as made:
        made.at = CLOSED
        asked = PatientRevocation(source(made))
        assert judged(made, asked).fresh == fresh
        assert asked.found is not None
        assert (len(asked.found.ocsps), len(asked.found.crls), asked.found.fresh) == (ocsps, crls, fresh)
        assert {older.soon for older in asked.found.older} <= {False}


def test_one_answer_serves_every_closing_that_waits(whole: Outside) -> None:
    asked = source(whole)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: gather(whole, asked), range(16)))
    assert len(set(found)) == 1
    assert sorted(whole.asked) == ["crls/root", "ocsp", "ocsp"], "signer, TSA, and the list of their authority's authority"
    gather(whole, asked, minutes=3)
    assert len(whole.asked) == 3


def test_a_later_signature_is_asked_about_anew(whole: Outside) -> None:
    asked = source(whole)
    gather(whole, asked)
    whole.at = MOMENT + timedelta(minutes=5)
    chains = [whole.credential("signer").whole_chain]
    found = asked.gather(chains, after=MOMENT + timedelta(minutes=4), at=MOMENT + timedelta(minutes=5))
    assert found.fresh
    assert whole.asked.count("ocsp") == 3
    assert whole.asked.count("crls/root") == 1, "an authority's own certificate needs a valid answer only"


def test_waits_for_a_newer_answer_and_then_makes_do(whole: Outside) -> None:
    whole.at = MOMENT
    asked = PatientRevocation(source(whole))
    with pytest.raises(Outage) as caught:
        gather(whole, asked)
    assert caught.value.code == "revocation.not_fresh"
    waited = int((SIGNED + PATIENCE - MOMENT).total_seconds() // 60)
    found = gather(whole, asked, minutes=waited)
    assert not found.fresh
    assert [(older.produced, older.soon) for older in found.older] == [(MOMENT, True)] * 2
    assert asked.found == found


def test_a_responder_that_answers_from_a_store_is_not_asked_by_each(whole: Outside) -> None:
    whole.at = MOMENT - timedelta(minutes=5)
    asked = source(whole)
    for _ in range(4):
        assert not gather(whole, asked).fresh
    assert whole.asked.count("ocsp") == 2
    whole.at = CLOSED
    assert gather(whole, asked, minutes=3).fresh


def test_lists_are_kept_while_they_hold_and_looked_for_again(tmp_path: Path) -> None:
    with outside(tmp_path, offers=("crl",)) as made:
        made.at = CLOSED
        asked = source(made)
        for minutes in (2, 5, 11):
            assert not gather(made, asked, minutes=minutes).fresh
        assert made.asked == ["crls/middle", "crls/root", "crls/middle"]
        gather(made, asked, minutes=13)
        assert made.asked.count("crls/middle") == 4, "there may be a newer one by now"
        made.down = frozenset({"crls/middle"})
        assert gather(made, asked, minutes=60).crls, "one that holds is as good as it was"
        with pytest.raises(Outage, match="HTTP 500"):
            gather(made, asked, minutes=60 * 30)


def test_the_next_list_is_fresh(tmp_path: Path) -> None:
    with outside(tmp_path, offers=("crl",)) as made:
        made.at = CLOSED
        asked = source(made)
        older = gather(made, asked).older[0]
        made.at = older.until + timedelta(minutes=1)
        chains = [made.credential("signer").whole_chain, made.credential("stamp").whole_chain]
        assert asked.gather(chains, after=CLOSED, at=made.at).fresh


BEFORE, AFTER = SIGNED - timedelta(seconds=30), SIGNED + timedelta(seconds=30)


@pytest.mark.parametrize("offers", [("ocsp", "crl"), ("crl",)])
def test_revoked_after_the_signature_it_stands_and_the_deep_verifier_agrees(tmp_path: Path, offers: tuple[str, ...]) -> None:
    with outside(tmp_path, offers=offers, revoked={"signer": (AFTER, "key_compromise")}) as made:
        made.at = MOMENT + timedelta(days=1, minutes=2)
        minutes = 24 * 60 + 3
        asked = PatientRevocation(source(made))
        judged(made, asked, minutes=minutes)
        assert asked.found is not None
        assert asked.found.revoked == (made.credential("signer").certificate,)


def test_a_revocation_the_lists_do_not_know_yet_is_told_by_the_answer(tmp_path: Path) -> None:
    with outside(tmp_path, revoked={"signer": (AFTER, "")}) as made:
        made.at = CLOSED
        found = gather(made, minutes=3)
        assert (len(found.ocsps), len(found.crls)) == (2, 1)
        assert found.revoked == (made.credential("signer").certificate,)


@pytest.mark.parametrize("offers", [("ocsp",), ("crl",)])
def test_revoked_before_the_signature_it_is_refused_and_the_deep_verifier_agrees(tmp_path: Path, offers: tuple[str, ...]) -> None:
    with outside(tmp_path, offers=offers, revoked={"signer": (BEFORE, "")}) as made:
        made.at = MOMENT + timedelta(days=1, minutes=2)
        minutes = 24 * 60 + 3
        with pytest.raises(Refusal) as caught:
            judged(made, source(made), minutes=minutes)
        assert caught.value.code == "key.revoked"
        assert caught.value.facts["since"] == BEFORE
        with pytest.raises(Refusal) as caught:
            judged(made, Careless(source(made)), minutes=minutes)
        assert caught.value.code == "seal.not_archival", "the gate does not believe the source"


class Careless:
    """A source that never looks at what it embeds: the gate has to."""

    def __init__(self, asked: HttpRevocation) -> None:
        self._asked = asked

    def gather(self, chains: list[tuple[bytes, ...]], **asked: object) -> Revocation:
        used = dict.fromkeys((chain[0] for chain in chains), MOMENT - timedelta(days=1))
        return self._asked.gather(chains, **{**asked, "used": used})  # type: ignore[arg-type]


def test_a_stamp_of_a_compromised_authority_proves_nothing(tmp_path: Path) -> None:
    with outside(tmp_path, revoked={"stamp": (AFTER, "key_compromise")}) as made:
        made.at = CLOSED
        with pytest.raises(Refusal, match=r"key\.revoked"):
            gather(made)


def test_a_revoked_intermediate_is_found(tmp_path: Path) -> None:
    with outside(tmp_path, revoked={"middle": (BEFORE - timedelta(days=2), "")}) as made:
        made.at = CLOSED
        with pytest.raises(Refusal, match=r"key\.revoked") as caught:
            gather(made)
        assert "middle" in str(caught.value.facts["subject"])


@pytest.mark.parametrize(
    ("at", "why"),
    [(MOMENT - timedelta(hours=1), "run out"), (MOMENT + timedelta(hours=1), "future")],
)
def test_answers_of_another_time_are_no_answers(whole: Outside, at: object, why: str) -> None:
    whole.at, whole.down = at, frozenset({"crls/middle"})  # type: ignore[assignment]
    with pytest.raises(Outage, match=why):
        gather(whole)


def test_another_issuers_answer_is_no_answer(whole: Outside) -> None:
    """The root's list under the address of the intermediate's, and the root's responder for what it never issued."""
    right = whole.answer

    def wrong(path: str, body: bytes) -> object:
        return right(path.replace("/crls/middle", "/crls/root"), body)

    whole.served.behave = wrong  # type: ignore[assignment]
    whole.down = frozenset({"ocsp"})
    with pytest.raises(Outage, match="not the issuer's"):
        gather(whole)


def test_nobody_answers(whole: Outside) -> None:
    whole.down = frozenset({"ocsp", "crls/middle"})
    with pytest.raises(Outage, match="HTTP 500"):
        gather(whole)
    whole.served.behave = lambda _path, _body: (302, {"Location": "http://127.0.0.1/"}, [b""])
    with pytest.raises(Outage, match="HTTP 302"):
        gather(whole)
    with pytest.raises(Outage, match=r"port \d+"):
        gather(whole, HttpRevocation([whole.root]))


def test_a_missing_intermediate_is_fetched_and_counts_only_under_a_pinned_root(whole: Outside) -> None:
    credential = whole.credential("signer")
    assert source(whole).complete_chain(credential.certificate, at=MOMENT) == credential.whole_chain
    assert whole.asked == ["certs/root"]
    with pytest.raises(BrokenChain):
        HttpRevocation([whole.certificate("answers")], allow_private=True).complete_chain(credential.certificate, at=MOMENT)
    whole.down = frozenset({"certs/root"})
    with pytest.raises(BrokenChain):
        source(whole).complete_chain(credential.certificate, at=MOMENT)
    assert revocation_http.LARGEST_ISSUERS < revocation_http.LARGEST_LIST
