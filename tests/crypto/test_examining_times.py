"""When a stranger's signature was made, by whose clock, and with what: certificates that are not meant for it, or not in force then."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.sign import fields

from crypto import hand_made
from crypto.foreign_files import LATER, Authority, archived, signed, stamped, unnamed, with_store
from pki import MOMENT, hierarchy
from tachiai.crypto.examining import examine
from tachiai.crypto.judgement import Report, Row
from tachiai.crypto.sunsets import CRYPTREC, Era, Policy


@pytest.fixture(scope="module")
def outside() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def lasting(outside: Authority) -> bytes:
    return archived(signed(hand_made.plain(), outside.signer(), stamper=outside.stamper(MOMENT)), outside)


def told(pdf: bytes, outside: Authority, *, at: datetime = LATER, policy: Policy = CRYPTREC) -> Report:
    return examine(pdf, roots=[], tsa_roots=[], at=at, lists=[outside.listed], policy=policy)


def first(pdf: bytes, outside: Authority) -> Row:
    return told(pdf, outside).rows[0]


@pytest.mark.parametrize(
    "kind",
    [
        {"purpose": ExtendedKeyUsageOID.EMAIL_PROTECTION},
        {"more_purposes": (ExtendedKeyUsageOID.SERVER_AUTH,)},
        {"critical": False},
    ],
    ids=["mail", "stamps and a server", "not critical"],
)
def test_a_key_not_for_timestamps_alone_stamps_nothing(outside: Authority, kind: dict[str, object]) -> None:
    """RFC 3161, 2.3: one purpose, in a critical extension."""
    held = signed(hand_made.plain(), outside.signer(), stamper=outside.stamper(MOMENT, **kind))
    row = first(held, outside)
    assert (row.verdict, row.problems) == ("attention", ("timestamp_unfit", "revocation_missing"))
    # A document timestamp gives the signature a time, and makes its token no better.
    row = first(archived(held, outside), outside)
    assert (row.verdict, row.code, row.gen_time) == ("attention", "timestamp_unfit", MOMENT + timedelta(hours=1))
    last = told(stamped(hand_made.plain(), outside.stamper(MOMENT, **kind)), outside).rows[0]
    assert last.code == "timestamp_unfit"


def test_a_token_of_nobody_known_is_told_under_a_document_timestamp_too(outside: Authority) -> None:
    other = Authority(hierarchy(8))
    row = first(archived(signed(hand_made.plain(), outside.signer(), stamper=other.stamper(MOMENT)), outside), outside)
    assert (row.verdict, row.code) == ("attention", "timestamp_untrusted")


def test_a_time_before_the_certificate_began_is_told_as_that(outside: Authority) -> None:
    young = outside.signer("Outside Signer, new", since=MOMENT + timedelta(minutes=1))
    held = signed(hand_made.plain(), young, stamper=outside.stamper(MOMENT))
    for pdf in (held, archived(held, outside)):
        row = first(pdf, outside)
        assert (row.verdict, row.code, row.gen_time) == ("attention", "certificate_not_yet_valid", MOMENT)
    assert first(archived(signed(hand_made.plain(), young), outside), outside).code != "certificate_not_yet_valid"


def test_the_form_of_pades_has_to_say_which_certificate_is_meant(outside: Authority) -> None:
    """EN 319 142-1, 6.3. The older form need not."""
    pades = archived(unnamed(signed(hand_made.plain(), outside.signer(), stamper=outside.stamper(MOMENT))), outside)
    assert (first(pades, outside).verdict, first(pades, outside).problems) == ("attention", ("certificate_unnamed",))
    older = signed(
        hand_made.plain(), outside.signer(), stamper=outside.stamper(MOMENT), subfilter=fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED
    )
    assert first(archived(unnamed(older), outside), outside).problems == ()


def test_what_was_archived_in_time_outlives_its_signers_certificate(outside: Authority) -> None:
    """That is what B-LTA is for. The last list was to be followed by another a week later, so nothing but the stamp is a proof by then."""
    ends = MOMENT + timedelta(days=2)
    brief = outside.signer("Outside Signer, for two days", until=ends)
    held = archived(signed(hand_made.plain(), brief, stamper=outside.stamper(MOMENT)), outside)
    for at in (ends - timedelta(hours=1), ends + timedelta(hours=1), LATER, MOMENT + timedelta(days=3000)):
        report = told(held, outside, at=at)
        assert (report.problems, report.rows[0].verdict, report.rows[0].level) == ((), "valid", "B-LTA"), at
    renewed = stamped(with_store(held, lists=outside.lists(LATER)), outside.stamper(LATER), name="Renewed")
    assert [row.verdict for row in told(renewed, outside, at=LATER + timedelta(days=1)).rows] == ["valid"] * 3


def test_what_was_archived_too_late_does_not(outside: Authority) -> None:
    brief = outside.signer("Outside Signer, for half an hour", until=MOMENT + timedelta(minutes=30))
    untimed = told(archived(signed(hand_made.plain(), brief), outside), outside)
    assert (untimed.problems, untimed.rows[0].code) == (("not_archival",), "certificate_expired")
    revoked = outside.signer("Outside Signer, revoked", until=MOMENT + timedelta(days=2))
    theirs = Authority(outside.tree, revoked={revoked.signing_cert.serial_number: MOMENT - timedelta(minutes=1)})
    late = told(archived(signed(hand_made.plain(), revoked, stamper=outside.stamper(MOMENT)), theirs), outside)
    assert (late.rows[0].verdict, late.rows[0].code) == ("invalid", "certificate_revoked")


def test_a_policys_day_ends_in_japan(outside: Authority, lasting: bytes) -> None:
    end = datetime(2026, 1, 1, 14, 59, 59, tzinfo=UTC)
    short = Policy("a short one", (Era(112, date(2026, 1, 1), date(2026, 1, 1)),))
    assert told(lasting, outside, at=end, policy=short).rows[1].problems == ()
    assert told(lasting, outside, at=end + timedelta(seconds=1), policy=short).rows[1].problems == ("algorithm_broken",)


def test_what_was_signed_after_an_algorithms_last_day_is_for_somebody_to_look_at(outside: Authority, lasting: bytes) -> None:
    """Its timestamp is RSA-2048; that of the archive, too."""
    day = MOMENT.astimezone(timezone(timedelta(hours=9))).date()

    def judged(last: date) -> list[tuple[str, tuple[str, ...], str]]:
        eras = (Era(112, last, date(2040, 12, 31)), Era(128, date(2050, 12, 31), date(2060, 12, 31)))
        report = told(lasting, outside, policy=Policy("a strict one", eras))
        assert report.problems == ()
        return [(row.verdict, row.problems, row.level) for row in report.rows]

    assert judged(day) == [("valid", (), "B-LTA"), ("valid", (), "none")]
    assert judged(day - timedelta(days=1)) == [("attention", ("algorithm_past",), "B-LTA"), ("attention", ("algorithm_past",), "none")]
