"""What the release gate and the public examination must find. Every forgery starts from a file that passes."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from crypto import pdfs
from crypto.contract import HOUSE, Contract, at_once, consent, words
from pki import MOMENT, embedded, hierarchy
from tachiai.crypto import cms, cms_writing, pades
from tachiai.crypto.authority import EmbeddedAuthority
from tachiai.crypto.pades_verify import Expected, Report, examine
from tachiai.crypto.revocation import Chain, Revocation
from tachiai.crypto.timestamps import Token
from tachiai.errors import Refusal

UPLOADS = {"classic": lambda: pdfs.plain(form=True), "stream": lambda: pdfs.plain(form=True, stream_xref=True)}


@pytest.fixture(scope="module", params=UPLOADS)
def upload(request: pytest.FixtureRequest) -> bytes:
    made: Callable[[], bytes] = UPLOADS[request.param]
    return made()


@pytest.fixture(scope="module")
def frozen(contract: Contract, upload: bytes) -> bytes:
    return contract.freeze(upload, (1, 2))


@pytest.fixture(scope="module")
def once(contract: Contract, frozen: bytes) -> bytes:
    return contract.seal(frozen, 1)


@pytest.fixture(scope="module")
def twice(contract: Contract, once: bytes) -> bytes:
    return contract.seal(once, 2)


@pytest.fixture(scope="module")
def closed(contract: Contract, twice: bytes) -> bytes:
    return contract.close(twice)


def refused(contract: Contract, pdf: bytes, expected: Expected) -> str:
    with pytest.raises(Refusal) as caught:
        contract.verify(pdf, expected)
    return caught.value.code.removeprefix("seal.")


def looked_at(contract: Contract, pdf: bytes) -> Report:
    roots = contract.authority.roots
    return examine(pdf, roots=roots, tsa_roots=roots, at=MOMENT + timedelta(days=2))


def is_sound(contract: Contract, pdf: bytes) -> bool:
    """Whether the public would be told that nothing is wrong."""
    try:
        return looked_at(contract, pdf).sound
    except Refusal as told:
        if told.code not in ("seal.unreadable", "seal.no_signature"):
            raise
        return False


def remarks(pdf: bytes) -> bytes:
    """The upload's own field says something else."""
    number, body = pdfs.field_number(pdf, "remarks")
    forged = re.sub(rb"/V\s*\([^)]*\)", b"/V (at half the price)", body)
    assert forged != body
    return pdfs.appended(pdf, replace={number: forged})


def page(pdf: bytes) -> bytes:
    """The first page shows another content."""
    import io

    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        number = document.pages[0].Contents.objgen[0]
    words = b"BT /F1 14 Tf 72 760 Td (Fictional contract, page 1, 9000 yen) Tj ET"
    return pdfs.appended(pdf, replace={number: b"<< /Length %d >>\nstream\n%b\nendstream" % (len(words), words)})


def other_value(pdf: bytes) -> bytes:
    """The first slot's field shows the second slot's signature."""
    number, body = pdfs.field_number(pdf, "TachiaiSlot001")
    _number, second = pdfs.field_number(pdf, "TachiaiSlot002")
    found = re.search(rb"/V \d+ 0 R", second)
    return pdfs.appended(pdf, replace={number: re.sub(rb"/V \d+ 0 R", found.group(0) if found else b"", body)})


def unlock(pdf: bytes) -> bytes:
    """The second slot loses its lock before it is signed."""
    number, body = pdfs.field_number(pdf, "TachiaiSlot002")
    return pdfs.appended(
        pdf, replace={number: re.sub(rb"/Lock \d+ 0 R", b"/Lock << /Type /SigFieldLock /Action /Include /Fields [] >>", body)}
    )


def new_tree(pdf: bytes) -> bytes:
    """An incremental saving attack: a new page tree, behind everything that is signed."""
    import io

    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        pages, leaf = document.Root.Pages.objgen[0], int(document.trailer.Size)
    tree = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % leaf
    return pdfs.appended(pdf, replace={pages: tree, leaf: b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 9 9] >>" % pages})


# --------------------------------------------------------------------------- appended behind the last signature


@pytest.mark.parametrize("change", [remarks, page, other_value, new_tree], ids=lambda change: change.__name__)
def test_nothing_may_follow_a_closed_file(contract: Contract, upload: bytes, closed: bytes, change: Callable[[bytes], bytes]) -> None:
    forged = change(closed)
    assert refused(contract, forged, contract.expected(upload, (1, 2), closed=True)) in ("not_whole_file", "byte_range")
    report = looked_at(contract, forged)
    assert not report.sound
    assert not report.whole_file


@pytest.mark.parametrize("junk", [b"\n", b"%", b"%%EOF\n", b" " * 2000, b"\nstartxref\n0\n%%EOF\n"])
def test_no_byte_may_follow_the_last_end(contract: Contract, upload: bytes, closed: bytes, junk: bytes) -> None:
    assert refused(contract, closed + junk, contract.expected(upload, (1, 2), closed=True)) in ("not_whole_file", "unreadable")


@pytest.mark.parametrize("change", [remarks, page, new_tree], ids=lambda change: change.__name__)
def test_nothing_may_follow_an_open_file_either(contract: Contract, upload: bytes, once: bytes, change: Callable[[bytes], bytes]) -> None:
    assert refused(contract, change(once), contract.expected(upload, (1,))) == "not_whole_file"


# ------------------------------------------------------- changed between our revisions, then honestly sealed over


@pytest.mark.parametrize("change", [remarks, page, new_tree, unlock], ids=lambda change: change.__name__)
def test_a_change_between_freezing_and_sealing_is_found(
    contract: Contract, upload: bytes, frozen: bytes, change: Callable[[bytes], bytes]
) -> None:
    forged = contract.seal(change(frozen), 1)
    assert refused(contract, forged, contract.expected(upload, (1,))) == "modified"


@pytest.mark.parametrize("change", [remarks, page, new_tree, unlock], ids=lambda change: change.__name__)
def test_a_change_between_two_seals_is_found(contract: Contract, upload: bytes, once: bytes, change: Callable[[bytes], bytes]) -> None:
    forged = contract.seal(change(once), 2)
    assert refused(contract, forged, contract.expected(upload, (1, 2))) in ("modified", "lock")
    forged = contract.close(forged)
    assert refused(contract, forged, contract.expected(upload, (1, 2), closed=True)) in ("modified", "lock")
    if change is not unlock:  # without expectations, locks are only as strong as the signatures that state them
        assert not looked_at(contract, forged).sound


@pytest.mark.parametrize("change", [remarks, page, other_value, new_tree], ids=lambda change: change.__name__)
def test_a_change_between_sealing_and_closing_is_found(
    contract: Contract, upload: bytes, twice: bytes, change: Callable[[bytes], bytes]
) -> None:
    forged = contract.close(change(twice))
    assert refused(contract, forged, contract.expected(upload, (1, 2), closed=True)) in ("modified", "consent")
    assert not looked_at(contract, forged).sound


def test_a_change_between_uploading_and_freezing_is_found(contract: Contract, upload: bytes) -> None:
    forged = contract.freeze(page(upload))
    assert refused(contract, forged, contract.expected(upload)) == "modified"


def test_the_upload_must_be_the_one_that_was_uploaded(contract: Contract, upload: bytes, closed: bytes) -> None:
    expected = contract.expected(upload, (1, 2), closed=True)
    assert refused(contract, closed, replace(expected, upload_size=len(upload) - 1)) == "upload_changed"
    assert refused(contract, closed, replace(expected, upload_sha256=bytes(32))) == "upload_changed"
    assert refused(contract, closed[1:], expected) == "upload_changed"


# ----------------------------------------------------------------------------------------------- flipped bytes


def test_one_flipped_byte_anywhere_is_found(contract: Contract, upload: bytes, closed: bytes) -> None:
    expected = contract.expected(upload, (1, 2), closed=True)
    dice = random.Random(20250602)  # noqa: S311 - places to try, not secrets
    gaps = [found.span() for found in re.finditer(rb"/Contents <[0-9a-f]{1000,}>", closed)]
    places = [place for place in dice.sample(range(len(closed)), 1000) if not any(a <= place < b for a, b in gaps)][:50]
    assert len(places) == 50
    for place in places:
        forged = closed[:place] + bytes([closed[place] ^ 0x01]) + closed[place + 1 :]
        refused(contract, forged, expected)
        assert not is_sound(contract, forged), place


def test_one_flipped_byte_inside_a_signature_is_found(contract: Contract, upload: bytes, once: bytes) -> None:
    expected = contract.expected(upload, (1,))
    start, end = [found.span() for found in re.finditer(rb"<[0-9a-f]{1000,}>", once)][-1]
    digits = len(once[start + 1 : end - 1].rstrip(b"0"))
    for place in range(start + 1, start + digits, 997):
        other = b"1" if once[place : place + 1] != b"1" else b"2"
        forged = once[:place] + other + once[place + 1 :]
        assert refused(contract, forged, expected) in ("broken", "untrusted", "timestamp_wrong", "timestamp_missing", "unreadable")


def test_torn_and_hostile_bytes_are_unreadable_and_nothing_else(contract: Contract, upload: bytes, closed: bytes) -> None:
    expected = contract.expected(upload, (1, 2), closed=True)
    for cut in range(len(upload), len(closed), 1999):
        refused(contract, closed[:cut], expected)
    for noise in (b"", b"%PDF-1.7\n", b"%PDF-1.7\nstartxref\n9\n%%EOF", bytes(1000), closed[len(upload) :], b"[" * 100_000):
        with pytest.raises(Refusal, match=r"seal\.(unreadable|no_signature)"):
            looked_at(contract, noise)


# ------------------------------------------------------------------------------- who has signed, and with what


def test_exactly_the_expected_signers(contract: Contract, upload: bytes, frozen: bytes, once: bytes, closed: bytes) -> None:
    assert refused(contract, once, contract.expected(upload)) == "signer_unexpected"
    assert refused(contract, once, contract.expected(upload, (1, 2))) == "signer_missing"
    assert refused(contract, once, contract.expected(upload, (2,))) == "signer_missing"
    assert refused(contract, upload, contract.expected(upload)) == "no_signature"
    assert refused(contract, once, contract.expected(upload, (1,), closed=True)) == "not_archival"
    assert refused(contract, closed, contract.expected(upload, (1, 2))) == "signer_unexpected"
    assert refused(contract, frozen, contract.expected(upload, certification=False)) == "certification"
    assert refused(contract, frozen, replace(contract.expected(upload), permission=1)) == "certification"
    assert refused(contract, frozen, replace(contract.expected(upload), every_slot=(1,))) == "lock"
    contract.verify(frozen, replace(contract.expected(upload), every_slot=(1, 2)))


def test_each_signer_has_its_own_consent(contract: Contract, upload: bytes, closed: bytes) -> None:
    expected = contract.expected(upload, (1, 2), closed=True)
    assert refused(contract, closed, replace(expected, slots={1: consent(2), 2: consent(1)})) == "consent"
    assert refused(contract, closed, replace(expected, slots={1: consent(1), 2: consent(1)})) == "consent"


def sealed_by(contract: Contract, frozen: bytes, *, by: EmbeddedAuthority, stamps: object = None) -> bytes:
    made = pades.seal(
        frozen,
        slot=1,
        credential=by.seal_credential,
        timestamper=stamps or contract.stamps,  # type: ignore[arg-type]
        text=words(1),
        consent_digest=consent(1),
        at=MOMENT + timedelta(hours=1),
    )
    return frozen + made.tail


def test_a_namesakes_seal_is_not_trusted(contract: Contract, stranger: EmbeddedAuthority, upload: bytes, frozen: bytes) -> None:
    forged = sealed_by(contract, frozen, by=stranger)
    assert refused(contract, forged, contract.expected(upload, (1,))) == "untrusted"
    assert looked_at(contract, forged).rows[-1].problems[:1] == ("chain_incomplete",)


class Lying:
    """A timestamper that gives a true token, over something else."""

    name, accredited, embedded = "lying", False, True

    def __init__(self, authority: EmbeddedAuthority) -> None:
        self._real = authority.timestamper
        self.reserve = self._real.reserve

    def timestamp(self, digest: bytes, *, at: datetime) -> Token:
        true = self._real.timestamp(hashlib.sha256(digest).digest(), at=at)
        return true._replace(imprint=digest)  # the maker would notice an honest one

    def submit(self, digest: bytes, *, at: datetime) -> Future[Token]:
        return at_once(self.timestamp(digest, at=at))


def test_a_token_over_something_else_or_of_somebody_else_is_found(
    contract: Contract, stranger: EmbeddedAuthority, upload: bytes, frozen: bytes
) -> None:
    expected = contract.expected(upload, (1,))
    for stamps in (Lying(contract.authority), stranger.timestamper, hierarchy(5).timestamper()):
        forged = sealed_by(contract, frozen, by=contract.authority, stamps=stamps)
        assert refused(contract, forged, expected) == "timestamp_wrong"


def test_a_token_moved_from_another_signature_is_found(contract: Contract, upload: bytes, once: bytes, twice: bytes) -> None:
    (_house, first, second) = [found.span() for found in re.finditer(rb"<[0-9a-f]{1000,}>", twice)]
    tokens = []
    for start, end in (first, second):
        data = cms.read_signed_data(bytes.fromhex(twice[start + 1 : end - 1].decode()), padded=True)
        tokens.append(data.signer.unsigned[cms.SIGNATURE_TIME_STAMP][0].raw.hex().encode())
    assert len(tokens[0]) == len(tokens[1])
    forged = twice[: second[0]] + twice[second[0] : second[1]].replace(tokens[1], tokens[0]) + twice[second[1] :]
    assert forged != twice
    assert refused(contract, forged, contract.expected(upload, (1, 2))) == "timestamp_wrong"


def test_a_signature_without_a_token_is_found(contract: Contract, upload: bytes, frozen: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = cms_writing.signed_data

    def bare(*given: object, **details: object) -> bytes:
        return whole(*given, **{**details, "token": None})  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(cms_writing, "signed_data", bare)
        forged = contract.seal(frozen, 1)
    assert refused(contract, forged, contract.expected(upload, (1,))) == "timestamp_missing"
    row = looked_at(contract, forged).rows[-1]
    assert (row.level, row.problems) == ("B-B", ("timestamp_missing", "revocation_missing"))


class Silent:
    """A revocation source that has nothing to say, and says it."""

    def gather(self, chains: Sequence[Chain], *, after: datetime, at: datetime, used: Mapping[bytes, datetime] | None = None) -> Revocation:
        return Revocation((), (), tuple(cert for chain in chains for cert in chain), fresh=True)


def test_a_closing_without_validation_data_is_found(contract: Contract, upload: bytes, twice: bytes) -> None:
    at = MOMENT + timedelta(days=1)
    roots = contract.authority.roots
    made = pades.close(twice, timestamper=contract.stamps, revocation=Silent(), roots=roots, at=at)
    assert refused(contract, twice + made.tail, contract.expected(upload, (1, 2), closed=True)) == "not_archival"
    report = looked_at(contract, twice + made.tail)
    assert (report.problems, report.sound) == (("not_archival",), False)


def test_a_second_house_certification_cannot_be_smuggled_in(contract: Contract, stranger: EmbeddedAuthority, upload: bytes) -> None:
    """Somebody freezes the upload first, with a certificate of the same name; the gate wants ours."""
    forged = Contract(stranger).freeze(upload)
    assert refused(contract, forged, contract.expected(upload)) in ("untrusted", "timestamp_wrong")


def test_a_closing_whose_chain_nobody_pinned_is_refused(contract: Contract, twice: bytes) -> None:
    other = embedded("架空別会社")
    with pytest.raises(Refusal, match=r"seal\.chain_unknown"):
        pades.close(twice, timestamper=other.timestamper, revocation=other.revocation_source, roots=other.roots, at=MOMENT)


def test_what_passes_is_sound_for_the_public_too(contract: Contract, upload: bytes, closed: bytes, once: bytes) -> None:
    contract.verify(closed, contract.expected(upload, (1, 2), closed=True))
    report = looked_at(contract, closed)
    assert (report.sound, report.closed, report.whole_file) == (True, True, True)
    assert [row.consent for row in report.rows] == [None, consent(1).hex(), consent(2).hex(), None]
    assert report.rows[1].name == words(1).name
    assert report.rows[0].reason == HOUSE.reason
    open_report = looked_at(contract, once)
    # Before it is closed it holds no proof that nothing was revoked, and not every signer has signed.
    assert {code for row in open_report.rows for code in row.problems} == {"revocation_missing"}
    assert (open_report.problems, open_report.closed) == (("signer_missing",), False)
