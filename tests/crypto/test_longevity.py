"""Until when a closed file proves itself: what gives way first, and what a renewal changes about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crypto import pdfs
from crypto.contract import Contract
from generations import Line, day, generation, three
from tachiai.crypto import longevity, pades, sunsets
from tachiai.crypto.longevity import Longevity
from tachiai.crypto.sunsets import CRYPTREC, Policy
from tachiai.errors import Refusal

CLOSED = day(2026, 6, 10)
# The last second of 2040 in Japan.
SUNSET = datetime(2040, 12, 31, 14, 59, 59, tzinfo=UTC)


def closed_by(line: Line) -> bytes:
    first = Contract(line.generations[0])
    held = first.seal(first.freeze(pdfs.plain(), at=day(2026, 6)), at=day(2026, 6, 2))
    made = pades.close(held, timestamper=first.stamps, revocation=line.revocation, roots=line.roots, at=CLOSED)
    return held + made.tail


def renewed(pdf: bytes, line: Line, number: int, *, at: datetime) -> bytes:
    stamps = line.generations[number - 1].timestamper
    return pdf + pades.renew(pdf, timestamper=stamps, revocation=line.revocation, roots=line.roots, at=at).tail


def read(pdf: bytes, line: Line, policy: Policy = CRYPTREC) -> Longevity:
    return longevity.read(pdf, roots=line.roots, tsa_roots=line.roots, policy=policy)


def aging() -> Line:
    """A first authority of RSA-2048, whose certificates outlast what is believed of its keys."""
    first = generation(7, begins=day(2025), ends=day(2046), kind="rsa2048")
    second, third = three().generations[1:]
    return Line((first, second, third))


@pytest.fixture(scope="module")
def line() -> Line:
    return three()


@pytest.fixture(scope="module")
def closed(line: Line) -> bytes:
    return closed_by(line)


@pytest.fixture(scope="module")
def old() -> bytes:
    return closed_by(aging())


def test_a_file_lasts_as_long_as_the_certificate_of_its_last_timestamp(line: Line, closed: bytes) -> None:
    assert read(closed, line) == Longevity(
        stamped_at=CLOSED,
        authority="CN=Fictional TSA G1, O=架空認証",
        until=day(2036),
        cause="timestamp_certificate",
        weakest=sunsets.Strength("P-256", 128),
        renew_at=day(2035),
        stamps=1,
    )


def test_a_renewal_carries_it_on(line: Line, closed: bytes) -> None:
    second = renewed(closed, line, 2, at=day(2035))
    found = read(second, line)
    assert (found.until, found.cause, found.stamps, found.weakest.name) == (day(2047), "timestamp_certificate", 2, "P-256")
    third = read(renewed(second, line, 3, at=day(2046)), line)
    assert (third.until, third.stamps, third.weakest) == (day(2058), 3, ("SHA-256", 128))


def test_an_algorithm_ends_before_its_certificate(old: bytes) -> None:
    found = read(old, aging())
    assert (found.until, found.cause, found.weakest) == (SUNSET, "algorithm", ("RSA-2048", 112))
    assert found.renew_at == SUNSET - timedelta(days=365)


def test_a_stronger_stamp_in_time_keeps_the_weak_signature_proven(old: bytes) -> None:
    """RSA-2048 is believed until 2040. What a stronger stamp covered before then, is proven to have been made before then."""
    found = read(renewed(old, aging(), 2, at=day(2040)), aging())
    assert (found.until, found.cause, found.weakest) == (day(2047), "timestamp_certificate", ("P-256", 128))


def test_a_stronger_stamp_too_late_does_not(old: bytes) -> None:
    found = read(renewed(old, aging(), 2, at=day(2042)), aging())
    assert (found.until, found.cause) == (SUNSET, "algorithm")
    assert found.stamps == 2


def test_a_stamp_of_the_same_strength_gains_nothing(old: bytes) -> None:
    assert read(renewed(old, aging(), 1, at=day(2039)), aging()).until == SUNSET


def test_an_operators_own_dates(line: Line, closed: bytes) -> None:
    policy = sunsets.read_policy('name = "own"\n[[era]]\nbits = 128\nsign_until = 2028-12-31\nverify_until = 2030-12-31\n')
    found = read(closed, line, policy)
    assert (found.until, found.cause) == (datetime(2030, 12, 31, 14, 59, 59, tzinfo=UTC), "algorithm")
    nothing = sunsets.read_policy('name = "own"\n[[era]]\nbits = 192\nsign_until = 2028-12-31\nverify_until = 2030-12-31\n')
    assert read(closed, line, nothing).until < day(1971)


@pytest.mark.parametrize(("began", "until", "due"), [(0, 3650, 3285), (0, 730, 365), (0, 400, 200), (0, 10, 5), (20, 10, 10)])
def test_when_to_renew(began: int, until: int, due: int) -> None:
    """A year ahead; half way where there are less than two; at once where the end came first."""
    start = day(2026)
    found = longevity.renewal_due(start + timedelta(days=began), start + timedelta(days=until))
    assert found == start + timedelta(days=due)


def test_an_authority_is_judged_by_one_token(line: Line) -> None:
    token = line.generations[1].timestamper.timestamp(bytes(32), at=day(2035))
    found = longevity.outlook(token.der, token.chain, policy=CRYPTREC)
    assert (found.until, found.cause, found.weakest.name, found.timely) == (day(2047), "timestamp_certificate", "P-256", True)
    weak = aging().generations[0].timestamper
    for year, timely in ((2030, True), (2031, False)):
        token = weak.timestamp(bytes(32), at=day(year))
        assert longevity.outlook(token.der, token.chain, policy=CRYPTREC).timely is timely


def test_what_is_no_closed_file_of_ours(line: Line, closed: bytes) -> None:
    first = Contract(line.generations[0])
    sealed = first.seal(first.freeze(pdfs.plain(), at=day(2026, 6)), at=day(2026, 6, 2))
    for held in (pdfs.plain(), b"", sealed, closed + b"%\n", closed[:-1]):
        with pytest.raises(Refusal) as caught:
            read(held, line)
        assert caught.value.code == "seal.not_archival"


def test_the_last_timestamp_is_held_against_the_bytes(line: Line, closed: bytes) -> None:
    altered = bytearray(closed)
    altered[20] ^= 1
    with pytest.raises(Refusal, match=r"seal\.timestamp_wrong"):
        read(bytes(altered), line)
    with pytest.raises(Refusal, match=r"seal\.timestamp_wrong"):
        longevity.read(closed, roots=line.roots, tsa_roots=aging().generations[2].roots, policy=CRYPTREC)


def test_signatures_of_strangers_in_the_upload_promise_nothing(line: Line, closed: bytes) -> None:
    """An upload may hold bytes in the very form of our own signatures: of others, torn, or pointing elsewhere."""
    forms = [
        b"/ByteRange [0 10 20 30] /Contents <00>",
        b"/ByteRange [0 45 48 1] /Contents <zz>",
        b"/ByteRange [0 999999999999 999999999999 999999999999] /Contents <",
    ]
    upload = pdfs.plain() + b"\n".join(b"%" + form for form in forms) + b"\n"
    first = Contract(line.generations[0])
    held = first.seal(first.freeze(upload, at=day(2026, 6)), at=day(2026, 6, 2))
    made = pades.close(held, timestamper=first.stamps, revocation=line.revocation, roots=line.roots, at=CLOSED)
    assert read(held + made.tail, line) == read(closed, line)
