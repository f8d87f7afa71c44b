"""Revocation: the embedded answers, and answers over HTTP from a loopback responder that behaves or does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from crypto.server import Answer, Served, good, serving
from pki import MOMENT, Hierarchy, hierarchy, key
from tachiai.crypto import revocation_http
from tachiai.crypto.authority import EmbeddedAuthority
from tachiai.crypto.keys import Credential, SigningKey
from tachiai.crypto.revocation import Answer as CheckedAnswer
from tachiai.crypto.revocation import EmbeddedRevocation, Revocation, RevocationByRoot, Revoked, UnusableAnswer, check_ocsp
from tachiai.crypto.revocation_answers import refuse_revoked
from tachiai.crypto.revocation_http import HttpRevocation
from tachiai.crypto.timestampers import EmbeddedTimestamper
from tachiai.errors import Outage, Refusal

LATER = MOMENT + timedelta(hours=1)


def test_embedded_answers_cover_every_chain_once_and_are_fresh(authority: EmbeddedAuthority) -> None:
    chains = [authority.seal_credential.whole_chain, authority.stamp_credential.whole_chain, authority.seal_credential.whole_chain]
    found = authority.revocation_source.gather(chains, after=MOMENT, at=LATER)
    assert (len(found.ocsps), found.crls, found.fresh) == (2, (), True)
    assert set(found.certs) >= {*chains[0], *chains[1], authority.responder_credential.certificate}
    assert not authority.revocation_source.gather(chains, after=LATER + timedelta(seconds=1), at=LATER).fresh


def test_an_embedded_answer_is_signed_once_for_all_who_can_use_it(authority: EmbeddedAuthority) -> None:
    counting = _Counting(authority.responder_credential.key)
    source = EmbeddedRevocation(authority.root.certificate, responder=replace(authority.responder_credential, key=counting))
    chains = [authority.seal_credential.whole_chain, authority.stamp_credential.whole_chain]
    first = source.gather(chains, after=MOMENT, at=LATER)
    again = source.gather(chains, after=LATER, at=LATER + timedelta(hours=1))
    assert (counting.signed, again) == (2, first)
    later = source.gather(chains, after=LATER + timedelta(seconds=1), at=LATER + timedelta(hours=1))
    assert (counting.signed, later.fresh) == (4, True)
    told = ocsp.load_der_ocsp_response(later.ocsps[0])
    assert told.produced_at_utc == told.this_update_utc == LATER + timedelta(hours=1)
    source.gather(chains, after=LATER, at=LATER + timedelta(days=8))
    assert counting.signed == 6, "an answer that has run out is of no use to anybody"


class _Counting:
    """A key that counts how often it is used."""

    def __init__(self, key: SigningKey) -> None:
        self._key, self.signed = key, 0

    def sign(self, data: bytes) -> bytes:
        self.signed += 1
        return self._key.sign(data)

    def __getattr__(self, name: str) -> object:
        return getattr(self._key, name)


def test_no_answer_outlives_the_certificate_it_is_about(authority: EmbeddedAuthority) -> None:
    seal = authority.seal_credential
    last = seal.not_after - timedelta(days=2)
    answer = ocsp.load_der_ocsp_response(authority.revocation_source.answer(seal.certificate, at=last))
    assert answer.next_update_utc == seal.not_after
    assert (answer.produced_at_utc, answer.this_update_utc) == (last, last)


def test_openssl_accepts_the_embedded_answers(authority: EmbeddedAuthority, program: Callable[..., object], tmp_path: Path) -> None:
    def as_pem(name: str, der: bytes) -> None:
        (tmp_path / name).write_bytes(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM))

    as_pem("root.pem", authority.root.certificate)
    as_pem("seal.pem", authority.seal_credential.certificate)
    (tmp_path / "answer").write_bytes(authority.revocation_source.answer(authority.seal_credential.certificate, at=MOMENT))
    common = ("openssl", "ocsp", "-respin", "answer", "-CAfile", "root.pem", "-issuer", "root.pem", "-no_nonce")
    told = program(*common, "-sha256", "-cert", "seal.pem", "-attime", str(int(MOMENT.timestamp())), "-validity_period", "999999999")
    assert "Response verify OK" in told.stderr  # type: ignore[attr-defined]
    assert "seal.pem: good" in told.stdout  # type: ignore[attr-defined]


def test_a_revoked_certificate_is_refused_with_its_name(authority: EmbeddedAuthority) -> None:
    seal = authority.seal_credential
    serial = x509.load_der_x509_certificate(seal.certificate).serial_number
    source = EmbeddedRevocation(authority.root.certificate, responder=authority.responder_credential, revoked={serial: MOMENT})
    with pytest.raises(Refusal, match=r"key\.revoked") as caught:
        source.gather([seal.whole_chain], after=MOMENT, at=LATER)
    assert caught.value.facts["since"] == MOMENT
    with pytest.raises(Refusal, match=r"key\.revoked"):
        check_ocsp(source.answer(seal.certificate, at=LATER), certificate=seal.certificate, issuer=authority.root.certificate, at=LATER)
    assert caught.value.facts["subject"] == seal.subject


def test_an_answer_of_somebody_else_or_about_another_proves_nothing(authority: EmbeddedAuthority, stranger: EmbeddedAuthority) -> None:
    seal, root = authority.seal_credential.certificate, authority.root.certificate
    forged = EmbeddedRevocation(root, responder=stranger.responder_credential).answer(seal, at=MOMENT)
    unauthorised = EmbeddedRevocation(root, responder=authority.seal_credential).answer(seal, at=MOMENT)
    other = authority.revocation_source.answer(authority.stamp_credential.certificate, at=MOMENT)
    stale = authority.revocation_source.answer(seal, at=MOMENT - timedelta(days=8))
    early = authority.revocation_source.answer(seal, at=MOMENT + timedelta(hours=1))
    for answer in (forged, unauthorised, other, stale, early, b"", b"noise", bytes.fromhex("30030a0103")):
        with pytest.raises(UnusableAnswer):
            check_ocsp(answer, certificate=seal, issuer=root, at=MOMENT)
    with pytest.raises(Refusal, match=r"key\.chain_incomplete"):
        authority.revocation_source.gather([stranger.seal_credential.whole_chain], after=MOMENT, at=MOMENT)


# ----------------------------------------------------------------------------------------------------- over HTTP


@dataclass
class Responder:
    """A certification authority's web server: OCSP for what the intermediate issued, lists for both levels."""

    served: Served
    tree: Hierarchy
    seal: Credential
    delegate: x509.Certificate
    delegated: bool = True
    revoked: datetime | None = None
    entries: int = 0
    produced: datetime = MOMENT + timedelta(minutes=30)
    broken: frozenset[str] = frozenset()

    @classmethod
    def over(cls, served: Served) -> Responder:
        """A three-level authority whose certificates name ``served``, which answers for it from now on."""
        tree = hierarchy(2, lists=f"{served.url}/root.crl")
        seal = tree.credential("Sealed by HTTP", key("p256", 31), responder=f"{served.url}/ocsp", lists=f"{served.url}/middle.crl")
        delegate = tree.leaf("Responder", key("rsa2048", 30), purpose=ExtendedKeyUsageOID.OCSP_SIGNING, no_check=True)
        made = cls(served, tree, seal, delegate)
        served.behave = made.answer
        return made

    def stamper(self) -> EmbeddedTimestamper:
        return self.tree.timestamper(lists=f"{self.served.url}/middle.crl")

    def answer(self, path: str, body: bytes) -> Answer:
        if path in self.broken:
            return 500, {}, [b"out of order"]
        if path == "/ocsp":
            return good(self._ocsp(body))
        issuer, private = (self.tree.root, self.tree.root_key) if path == "/root.crl" else (self.tree.middle, self.tree.middle_key)
        return good(self._list(issuer, private))

    def _ocsp(self, body: bytes) -> bytes:
        asked = ocsp.load_der_ocsp_request(body)
        leaf = x509.load_der_x509_certificate(self.seal.certificate)
        assert asked.serial_number == leaf.serial_number
        status = ocsp.OCSPCertStatus.REVOKED if self.revoked else ocsp.OCSPCertStatus.GOOD
        builder = ocsp.OCSPResponseBuilder().add_response(
            leaf,
            self.tree.middle,
            hashes.SHA1(),  # noqa: S303 - as common responders name certificates
            status,
            self.produced,
            self.produced + timedelta(days=3),
            self.revoked,
            None,
        )
        signer, private = (self.delegate, key("rsa2048", 30)) if self.delegated else (self.tree.middle, self.tree.middle_key)
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer)
        if self.delegated:
            builder = builder.certificates([self.delegate])
        return builder.sign(private, hashes.SHA256()).public_bytes(Encoding.DER)

    def _list(self, issuer: x509.Certificate, private: object) -> bytes:
        draft = x509.CertificateRevocationListBuilder(issuer_name=issuer.subject)
        draft = draft.last_update(MOMENT - timedelta(hours=1)).next_update(MOMENT + timedelta(days=30))
        gone = dict.fromkeys(range(1, self.entries + 1), MOMENT) if issuer is self.tree.middle else {}
        if self.revoked:
            gone[x509.load_der_x509_certificate(self.seal.certificate).serial_number] = self.revoked
        for serial, since in gone.items():
            draft = draft.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build())
        return draft.sign(private, hashes.SHA256()).public_bytes(Encoding.DER)  # type: ignore[arg-type]

    def gather(self, *, used: dict[bytes, datetime] | None = None, **details: object) -> Revocation:
        """Asked by a source that has heard nothing yet."""
        options = {"allow_private": True, "timeout": 3.0, **details}
        source = HttpRevocation([self.tree.root_der], **options)  # type: ignore[arg-type]
        return source.gather([self.seal.whole_chain], after=MOMENT, at=LATER, used=used)


@pytest.fixture
def responder() -> Iterator[Responder]:
    with serving(lambda _path, _body: good(b"")) as served:
        yield Responder.over(served)


def test_asks_the_responder_first_and_lists_where_there_is_none(responder: Responder) -> None:
    found = responder.gather()
    assert (len(found.ocsps), len(found.crls)) == (1, 1)
    assert responder.delegate.public_bytes(Encoding.DER) in found.certs
    assert found.fresh, "the intermediate's list is older than the last signature, as lists of authorities are"
    assert [path for _c, _m, path, _a in responder.served.seen] == ["/ocsp", "/root.crl"]


def test_falls_back_to_the_list_when_the_responder_fails(responder: Responder) -> None:
    responder.broken = frozenset({"/ocsp"})
    found = responder.gather()
    assert (len(found.ocsps), len(found.crls), found.fresh) == (0, 2, False)
    (older,) = found.older
    assert (older.certificate, older.produced, older.soon) == (responder.seal.certificate, MOMENT - timedelta(hours=1), True)


def test_joins_a_list_to_an_answer_the_deep_verifier_cannot_follow(responder: Responder) -> None:
    responder.delegated = False
    found = responder.gather()
    assert (len(found.ocsps), len(found.crls), found.fresh) == (1, 2, True)
    responder.broken = frozenset({"/middle.crl"})
    found = responder.gather()
    assert (len(found.ocsps), len(found.crls), found.fresh) == (1, 1, True)


def test_a_long_list_waits_for_the_responder_it_stands_beside(responder: Responder) -> None:
    """It would be carried by every contract for ever; where only lists exist, it has to be."""
    responder.entries = 6000
    responder.broken = frozenset({"/ocsp"})
    with pytest.raises(Outage, match="too large"):
        responder.gather()
    responder.delegated, responder.broken = False, frozenset()
    assert (len(responder.gather().ocsps), len(responder.gather().crls)) == (1, 1), "the root's is short"
    alone = responder.tree.credential("Lists only", key("p256", 34), lists=f"{responder.served.url}/middle.crl")
    source = HttpRevocation([responder.tree.root_der], allow_private=True, timeout=3)
    found = source.gather([alone.whole_chain], after=MOMENT, at=LATER)
    assert max(len(held) for held in found.crls) > revocation_http.LARGEST_BESIDE


def test_revocation_before_the_signature_is_a_refusal_whoever_says_it(responder: Responder) -> None:
    responder.revoked = MOMENT - timedelta(hours=2)
    with pytest.raises(Refusal, match=r"key\.revoked") as caught:
        responder.gather()
    assert caught.value.facts["since"] == responder.revoked
    responder.broken = frozenset({"/ocsp"})
    with pytest.raises(Refusal, match=r"key\.revoked"):
        responder.gather()


def test_revocation_after_the_signature_leaves_it_standing(responder: Responder) -> None:
    responder.revoked = MOMENT + timedelta(seconds=1)
    assert responder.gather().revoked == (responder.seal.certificate,)
    responder.broken = frozenset({"/ocsp"})
    assert responder.gather().revoked == (responder.seal.certificate,)
    responder.revoked = MOMENT
    with pytest.raises(Refusal, match=r"key\.revoked"):
        responder.gather()


def test_what_was_signed_before_counts_although_stamps_came_later(responder: Responder) -> None:
    """At a top-up the last timestamp is the document's own; the seal under it was made, and proven, earlier."""
    responder.revoked = MOMENT - timedelta(minutes=10)
    found = responder.gather(used={responder.seal.certificate: MOMENT - timedelta(minutes=11)})
    assert found.revoked == (responder.seal.certificate,)


@pytest.mark.parametrize(
    ("reason", "stands"), [("superseded", True), ("cessationOfOperation", True), ("keyCompromise", False), ("", False)]
)
def test_a_compromised_authority_takes_its_earlier_tokens_with_it(reason: str, stands: bool) -> None:
    stamp = hierarchy().credential("TSA", key("p256", 35), purpose=ExtendedKeyUsageOID.TIME_STAMPING).certificate
    answer = CheckedAnswer(b"", LATER, LATER, revoked=Revoked(LATER, reason))
    if stands:
        refuse_revoked(answer, certificate=stamp, proven=MOMENT)
        return
    with pytest.raises(Refusal, match=r"key\.revoked"):
        refuse_revoked(answer, certificate=stamp, proven=MOMENT)


def test_no_acceptable_answer_is_an_outage_that_tells_why(responder: Responder) -> None:
    responder.broken = frozenset({"/ocsp", "/middle.crl"})
    with pytest.raises(Outage, match="HTTP 500") as caught:
        responder.gather()
    assert caught.value.code == "revocation.unreachable"
    responder.broken, responder.produced = frozenset({"/middle.crl"}), MOMENT - timedelta(days=9)
    with pytest.raises(Outage, match="has run out"):
        responder.gather()


def test_redirects_floods_and_other_schemes_lead_nowhere(responder: Responder) -> None:
    responder.served.behave = lambda _path, _body: (302, {"Location": f"{responder.served.url}/ocsp"}, [b""])
    with pytest.raises(Outage, match="HTTP 302"):
        responder.gather()
    responder.served.behave = lambda _path, _body: good(bytes(revocation_http.LARGEST_ANSWER + 1))
    with pytest.raises(Outage, match="too large"):
        responder.gather()
    local = responder.tree.credential("Odd places", key("p256", 32), responder="ldap://127.0.0.1/x", lists="file:///etc/passwd")
    with pytest.raises(Outage, match="ldap scheme"):
        HttpRevocation([responder.tree.root_der], allow_private=True).gather([local.whole_chain], after=MOMENT, at=LATER)


def test_private_addresses_are_refused_before_any_connection(responder: Responder) -> None:
    with pytest.raises(Outage, match=r"port \d+"):
        responder.gather(allow_private=False)
    assert responder.served.seen == []


def test_a_chain_nobody_pinned_is_not_asked_about(responder: Responder) -> None:
    stranger = hierarchy(3)
    with pytest.raises(Outage, match="no pinned root"):
        HttpRevocation([stranger.root_der], allow_private=True).gather([responder.seal.whole_chain], after=MOMENT, at=LATER)
    assert responder.served.seen == []


def test_each_root_has_its_own_source(authority: EmbeddedAuthority, responder: Responder) -> None:
    """The embedded seal under timestamps of another authority, as an operator begins."""
    other = HttpRevocation([responder.tree.root_der], allow_private=True, timeout=1)
    source = RevocationByRoot((authority.roots, authority.revocation_source), ([responder.tree.root_der], other))
    found = source.gather([authority.seal_credential.whole_chain, responder.seal.whole_chain], after=MOMENT, at=LATER)
    assert (len(found.ocsps), len(found.crls), found.fresh) == (2, 1, True)
    with pytest.raises(Refusal, match=r"key\.chain_incomplete"):
        source.gather([hierarchy(3).credential("nobody's", key("p256", 33)).whole_chain], after=MOMENT, at=LATER)
