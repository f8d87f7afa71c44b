"""Strangers' files, judged: every reason a signature can be given, by a file that gives it, and honest files that give none."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from asn1crypto import cms
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.sign import fields

from crypto import hand_made
from crypto.contract import Contract
from crypto.foreign_files import (
    LATER,
    SIGNER,
    Authority,
    archived,
    contents_of,
    der,
    refilled,
    signed,
    stamped,
    with_field,
    with_store,
)
from pki import MOMENT, hierarchy, key
from tachiai.crypto.examining import examine
from tachiai.crypto.judgement import Report, Row
from tachiai.crypto.sunsets import Era, Policy
from tachiai.crypto.trust_lists import TrustList
from tachiai.errors import Refusal

SOON = MOMENT + timedelta(minutes=5)
BOX = (100, 100, 300, 150)


@pytest.fixture(scope="module")
def outside() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def honest(outside: Authority) -> bytes:
    """B-T, as somebody else's program makes it."""
    return signed(hand_made.with_form_file(), outside.signer(), stamper=outside.stamper(MOMENT))


@pytest.fixture(scope="module")
def lasting(outside: Authority, honest: bytes) -> bytes:
    return archived(honest, outside)


def told(
    pdf: bytes, outside: Authority, *, at: datetime = LATER, lists: list[TrustList] | None = None, policy: Policy | None = None
) -> Report:
    more = {} if policy is None else {"policy": policy}
    return examine(pdf, roots=[], tsa_roots=[], at=at, lists=[outside.listed] if lists is None else lists, **more)


def first(pdf: bytes, outside: Authority, **more: object) -> Row:
    return told(pdf, outside, **more).rows[0]  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------------- honest


def test_an_archived_file_of_others_is_valid_by_a_list(outside: Authority, lasting: bytes) -> None:
    report = told(lasting, outside)
    row, stamp = report.rows
    assert (report.sound, report.closed, report.whole_file) == (True, True, True)
    assert (row.verdict, row.code, row.level, row.revocation) == ("valid", "", "B-LTA", "good")
    assert (row.trust, row.trust_list, row.time_trust, row.time_list) == ("listed", "Imaginary list", "listed", "Imaginary list")
    assert "Outside Signer" in row.signer_subject
    assert (row.name, row.gen_time, row.coverage) == ("Somebody (a claim)", MOMENT, "earlier_revision")
    assert [change.kind for change in row.changes] == ["validation_data", "timestamp"]
    assert (stamp.kind, stamp.verdict, stamp.coverage, stamp.gen_time) == ("timestamp", "valid", "whole_file", MOMENT + timedelta(hours=1))
    assert [link.subject.split(",")[0] for link in row.chain] == ["CN=Outside Signer", "CN=Fictional Intermediate", "CN=Fictional Root"]
    assert {(one.use, one.name) for one in row.algorithms} >= {("digest", "SHA-256"), ("key", "P-256"), ("timestamp_key", "RSA-2048")}


def test_it_is_provable_until_the_timestamps_certificate_ends(outside: Authority, lasting: bytes) -> None:
    report = told(lasting, outside)
    ends = outside.stamp_certificate().not_valid_after_utc
    assert (report.until, report.until_cause) == (ends, "timestamp_certificate")
    short = Policy("a short one", (Era(112, date(2026, 1, 1), date(2030, 1, 1)),))
    sooner = told(lasting, outside, policy=short)
    assert (sooner.until, sooner.until_cause) == (datetime(2030, 1, 1, 14, 59, 59, tzinfo=UTC), "algorithm")


def test_an_unknown_root_is_told_as_that_and_everything_else_too(outside: Authority, lasting: bytes) -> None:
    row, stamp = told(lasting, outside, lists=[]).rows
    assert (row.verdict, row.code, row.trust, row.time_trust) == ("attention", "unknown_root", "unknown_root", "unknown_root")
    assert (row.level, row.revocation) == ("B-LTA", "good")
    assert stamp.problems == ("timestamp_untrusted",)


def test_validation_data_may_follow_the_last_signature_unsigned(outside: Authority, honest: bytes) -> None:
    report = told(with_store(honest, certificates=[outside.tree.middle_der], lists=outside.lists(SOON)), outside)
    assert (report.sound, report.closed, report.whole_file) == (True, False, True)
    assert report.rows[0].level == "B-LT"


def test_several_signers_in_fields_of_their_own_or_unseen(outside: Authority) -> None:
    pdf = with_field(hand_made.plain(), "Second", BOX)
    pdf = signed(pdf, outside.signer(), stamper=outside.stamper(MOMENT))
    pdf = signed(pdf, outside.signer("Another"), name="Second", stamper=outside.stamper(SOON))
    pdf = archived(signed(pdf, outside.signer("Third"), name="Unseen", stamper=outside.stamper(SOON)), outside)
    report = told(pdf, outside)
    assert [row.verdict for row in report.rows] == ["valid"] * 4
    assert [(change.kind, change.pages) for change in report.rows[0].changes if change.kind == "signature"] == [
        ("signature", (1,)),
        ("signature", ()),
    ]


def test_of_a_document_timestamp_alone_the_signature_has_its_time(outside: Authority) -> None:
    row = first(archived(signed(hand_made.plain(), outside.signer()), outside), outside)
    assert (row.verdict, row.gen_time) == ("valid", MOMENT + timedelta(hours=1))


@pytest.mark.parametrize("kind", [("rsa2048", 1), ("p384", 1), ("p521", 1)])
def test_other_keys(outside: Authority, kind: tuple[str, int]) -> None:
    pdf = signed(hand_made.plain(), outside.signer(private=key(*kind)), stamper=outside.stamper(MOMENT), digest="sha512")
    assert first(archived(pdf, outside), outside).verdict == "valid"


def test_what_was_signed_as_iso_32000_1_has_it_is_no_pades(outside: Authority) -> None:
    adobe = fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED
    row = first(archived(signed(hand_made.plain(), outside.signer(), subfilter=adobe, stamper=outside.stamper(MOMENT)), outside), outside)
    assert row.verdict == "valid"


# ------------------------------------------------------------------------------------------- whose, and how strong


def test_without_its_issuers_a_chain_is_incomplete(outside: Authority) -> None:
    leaf = outside.tree.leaf("Alone", key(*SIGNER))
    row = first(signed(hand_made.plain(), outside.signer_with(leaf, key(*SIGNER), whole=False)), outside, lists=[])
    assert (row.verdict, row.code, row.trust) == ("attention", "chain_incomplete", "incomplete")
    assert (row.revocation, row.until_cause) == ("missing", "certificate")


def test_without_a_timestamp_only_the_signers_clock_says_when(outside: Authority) -> None:
    row = first(signed(hand_made.plain(), outside.signer()), outside)
    assert row.problems == ("timestamp_missing", "revocation_missing")
    assert row.signed_at is not None
    late = first(signed(hand_made.plain(), outside.signer(until=LATER - timedelta(days=1))), outside)
    assert (late.verdict, late.code) == ("attention", "certificate_expired")


@pytest.mark.parametrize("purpose", [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.TIME_STAMPING])
def test_a_key_for_something_else_is_unfit(outside: Authority, purpose: object) -> None:
    pdf = archived(signed(hand_made.plain(), outside.signer(purpose=purpose), stamper=outside.stamper(MOMENT)), outside)
    row = first(pdf, outside)
    assert (row.verdict, row.code) == ("attention", "certificate_unfit")


def test_a_key_that_is_no_authority_issues_nobody(outside: Authority) -> None:
    """A leaf whose owner makes certificates of his own: the chain reaches the list's root, and is not followed."""
    between = outside.tree.leaf("Only a leaf", key("rsa2048", 710))
    forged = replace(outside.tree, middle=between, middle_key=key("rsa2048", 710))
    leaf = forged.leaf("Forged", key(*SIGNER))
    from pyhanko.sign import signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    from crypto.foreign_files import loaded, private_info

    above = [loaded(one) for one in (der(between), outside.tree.middle_der, outside.root)]
    signer = signers.SimpleSigner(loaded(der(leaf)), private_info(key(*SIGNER)), SimpleCertificateStore.from_certs(above))
    row = first(signed(hand_made.plain(), signer), outside)
    assert (row.trust, row.verdict) == ("listed", "attention")
    assert "certificate_unfit" in row.problems


def test_sha1_and_short_keys_say_nothing(outside: Authority) -> None:
    weak = first(signed(hand_made.plain(), outside.signer(private=key("rsa2048", 1)), digest="sha1"), outside)
    assert (weak.verdict, weak.code) == ("unverifiable", "algorithm_broken")
    short = first(signed(hand_made.plain(), outside.signer(private=key("rsa1024"))), outside)
    assert (short.verdict, short.code) == ("unverifiable", "algorithm_broken")
    assert ("key", "RSA-1024", None) in {(one.use, one.name, one.verify_until) for one in short.algorithms}


def test_a_sunset_ends_what_nothing_stronger_covers(outside: Authority, lasting: bytes) -> None:
    era = Era(112, date(2025, 12, 31), date(2025, 12, 31))
    strong = Policy("soon", (era, replace(era, bits=128, sign_until=date(2050, 1, 1), verify_until=date(2050, 1, 1))))
    before = told(lasting, outside, at=datetime(2025, 12, 31, tzinfo=UTC), policy=strong)
    after = told(lasting, outside, at=datetime(2026, 1, 1, tzinfo=UTC), policy=strong)
    assert before.sound
    # The signature was covered in time; its cover, by RSA of 2048 bits, is over.
    assert [row.verdict for row in after.rows] == ["valid", "unverifiable"]
    assert after.rows[1].code == "algorithm_broken"


# ------------------------------------------------------------------------------------------------------ revocation


def revoking(since: datetime) -> tuple[Authority, bytes]:
    outside = Authority()
    leaf = outside.tree.leaf("Revoked", key(*SIGNER))
    outside.revoked[leaf.serial_number] = since
    return outside, signed(hand_made.plain(), outside.signer_with(leaf, key(*SIGNER)), stamper=outside.stamper(MOMENT))


def test_what_was_revoked_before_it_signed_is_invalid() -> None:
    outside, pdf = revoking(MOMENT - timedelta(hours=2))
    row = first(archived(pdf, outside), outside)
    assert (row.verdict, row.code, row.revocation) == ("invalid", "certificate_revoked", "revoked")
    assert row.revocation_at == MOMENT - timedelta(hours=2)


def test_by_a_time_that_nobody_believes_it_is_for_somebody_to_look_at() -> None:
    outside, pdf = revoking(MOMENT - timedelta(hours=2))
    row = first(archived(pdf, outside), outside, lists=[TrustList("signers only", (outside.root,), ())])
    assert (row.verdict, row.code) == ("attention", "certificate_revoked")


def test_what_was_revoked_after_its_timestamp_stands() -> None:
    outside, pdf = revoking(MOMENT + timedelta(minutes=30))
    row = first(archived(pdf, outside), outside)
    assert (row.verdict, row.revocation, row.revocation_at) == ("valid", "revoked", MOMENT + timedelta(minutes=30))


def test_adobes_attribute_holds_proofs_too(outside: Authority) -> None:
    """adbe-revocationInfoArchival (ISO 32000-2, 12.8.3.3.2): within the signature, before there was a store."""
    pdf = signed(
        hand_made.plain(),
        outside.signer(),
        stamper=outside.stamper(MOMENT),
        subfilter=fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED,
        proofs=outside.lists(MOMENT - timedelta(minutes=1)),
    )
    row = first(pdf, outside)
    assert (row.verdict, row.revocation) == ("valid", "good")


def test_without_proofs_in_the_file_revocation_is_open(outside: Authority, honest: bytes) -> None:
    row = first(honest, outside)
    assert (row.verdict, row.problems, row.level, row.revocation) == ("attention", ("revocation_missing",), "B-T", "missing")


@pytest.mark.parametrize("at", [MOMENT - timedelta(days=30), LATER + timedelta(days=1)], ids=["stale", "from the future"])
def test_a_list_of_another_time_proves_nothing(outside: Authority, honest: bytes, at: datetime) -> None:
    assert first(with_store(honest, lists=outside.lists(at)), outside).problems == ("revocation_missing",)


def test_a_list_of_somebody_else_proves_nothing(outside: Authority, honest: bytes) -> None:
    """The same names, other keys."""
    other = Authority(hierarchy(8))
    assert first(with_store(honest, lists=other.lists(SOON)), outside).problems == ("revocation_missing",)


# -------------------------------------------------------------------------------------------------------- timestamps


def test_a_timestamp_of_an_unknown_authority_proves_no_time(outside: Authority) -> None:
    other = Authority(hierarchy(8))
    row = first(signed(hand_made.plain(), outside.signer(), stamper=other.stamper(MOMENT)), outside)
    assert row.problems == ("timestamp_untrusted", "revocation_missing")
    assert (row.trust, row.time_trust, row.gen_time) == ("listed", "unknown_root", MOMENT)


def test_a_timestamp_taken_from_another_signature_is_a_replay(outside: Authority) -> None:
    from asn1crypto import cms

    def attributes(pdf: bytes) -> cms.ContentInfo:
        return cms.ContentInfo.load(contents_of(pdf))

    signer = outside.signer()
    early = attributes(signed(hand_made.plain(), signer, stamper=outside.stamper(MOMENT - timedelta(hours=5))))
    pdf = signed(hand_made.plain(), signer, stamper=outside.stamper(MOMENT))
    taken = attributes(pdf)
    taken["content"]["signer_infos"][0]["unsigned_attrs"] = early["content"]["signer_infos"][0]["unsigned_attrs"]
    row = first(refilled(pdf, taken.dump(force=True)), outside)
    assert (row.verdict, row.code, row.gen_time) == ("invalid", "timestamp_mismatch", None)


def test_a_file_of_timestamps_alone_is_not_valid(outside: Authority) -> None:
    report = told(stamped(hand_made.plain(), outside.stamper(MOMENT)), outside)
    assert "no_signature" in report.problems
    assert "no_signature" in told(archived(hand_made.plain(), outside), outside).problems


def test_when_the_last_timestamp_has_aged_out_nothing_proves_itself(outside: Authority) -> None:
    held = signed(hand_made.plain(), outside.signer(), stamper=outside.stamper(MOMENT))
    held = with_store(held, certificates=[outside.tree.middle_der], lists=outside.lists(SOON))
    short = outside.stamper(MOMENT + timedelta(hours=1), until=LATER)
    late = told(stamped(held, short), outside, at=LATER + timedelta(days=1))
    assert (late.problems, late.rows[0].verdict) == (("archive_expired",), "valid")
    fresh = with_store(stamped(held, short), lists=outside.lists(LATER - timedelta(days=1)))
    renewed = stamped(fresh, outside.stamper(LATER - timedelta(days=1)), name="Renewed")
    assert [row.verdict for row in told(renewed, outside, at=LATER + timedelta(days=1)).rows] == ["valid"] * 3
    missed = stamped(stamped(held, short), outside.stamper(LATER + timedelta(days=1)), name="Renewed")
    assert told(missed, outside, at=LATER + timedelta(days=2)).rows[1].code == "certificate_expired"


# ------------------------------------------------------------------------------------------- what happened afterwards


def other_words(pdf: bytes) -> bytes:
    return hand_made.updated(pdf, {4: hand_made.stream(b"BT /F1 14 Tf 72 760 Td (Fictional contract, 9000 yen) Tj ET")})


def other_value(pdf: bytes) -> bytes:
    return hand_made.updated(pdf, {7: (hand_made.WIDGET % b"(remarks)").replace(b"as agreed", b"otherwise")})


def comment(pdf: bytes) -> bytes:
    note = b"<< /Type /Annot /Subtype /FreeText /Rect [72 700 400 790] /DA (/F1 14 Tf) /Contents (9000 yen) >>"
    kept = re.findall(rb"/Annots \[ ?([0-9 R]+?) ?\]", pdf)[-1]
    return hand_made.updated(pdf, {3: hand_made.PAGE % b" /Annots [%b 90 0 R]" % kept, 90: note})


@pytest.mark.parametrize(
    ("change", "code", "kind"),
    [(other_words, "modified", "content"), (other_value, "changed_after", "form_filled")],
    ids=["words", "value"],
)
def test_a_change_that_a_timestamp_covers_is_still_told(
    outside: Authority, honest: bytes, change: Callable[[bytes], bytes], code: str, kind: str
) -> None:
    """Whoever changes a file and stamps it has a file whose last signature covers all of it."""
    report = told(archived(change(honest), outside), outside)
    assert report.whole_file
    row = report.rows[0]
    assert row.code == code
    assert kind in {found.kind for found in row.changes}
    assert row.verdict == ("invalid" if code == "modified" else "attention")
    bare = told(change(honest), outside)
    assert not bare.whole_file
    assert bare.problems == ("not_whole_file",)


def test_a_comment_is_told_with_its_page(outside: Authority) -> None:
    pdf = signed(hand_made.with_form_file(), outside.signer(), certify=3, stamper=outside.stamper(MOMENT))
    row = first(comment(pdf), outside)
    assert row.kind == "certification"
    assert row.code == "changed_after"
    assert [(one.kind, one.allowed, one.pages) for one in row.changes] == [("annotation", True, (1,))]
    strict = signed(hand_made.with_form_file(), outside.signer(), certify=2, stamper=outside.stamper(MOMENT))
    assert first(comment(strict), outside).code == "modified"


@pytest.mark.parametrize("certify", [None, 2])
def test_a_signature_drawn_over_the_page_is_for_somebody_to_look_at(outside: Authority, certify: int | None) -> None:
    """A new field with a place: allowed, and the way to write over a certified contract."""
    pdf = signed(hand_made.plain(), outside.signer(), certify=certify, stamper=outside.stamper(MOMENT))
    pdf = archived(signed(pdf, outside.signer("Over it"), name="Over", box=BOX, stamper=outside.stamper(SOON)), outside)
    row, over, _stamp = told(pdf, outside).rows
    assert (row.code, over.verdict) == ("changed_after", "valid")
    assert ("signature", True, (1,)) in [(one.kind, one.allowed, one.pages) for one in row.changes]


def test_a_locked_field_that_is_filled_is_a_breach(outside: Authority) -> None:
    lock = fields.FieldMDPSpec(fields.FieldMDPAction.ALL)
    pdf = signed(hand_made.with_form_file(), outside.signer(), lock=lock, stamper=outside.stamper(MOMENT))
    row = first(archived(other_value(pdf), outside), outside)
    assert (row.verdict, row.code) == ("invalid", "modified")


def test_another_catalogue_that_lay_hidden_in_what_was_signed(outside: Authority) -> None:
    """A shadow attack that touches no object: only the trailer names another root, and a timestamp covers it all."""
    held = hand_made.with_form()
    held[20] = b"<< /Type /Catalog /Pages 21 0 R /AcroForm << /Fields [7 0 R 25 0 R] /SigFlags 3 >> >>"
    held[21] = b"<< /Type /Pages /Kids [22 0 R] /Count 1 >>"
    held[22] = hand_made.PAGE.replace(b"/Parent 2", b"/Parent 21").replace(b"/Contents 4", b"/Contents 23") % b""
    held[23] = hand_made.stream(b"BT /F1 14 Tf 72 760 Td (Fictional contract, 9000 yen) Tj ET")
    pdf = signed(hand_made.laid(held).table(), outside.signer(), stamper=outside.stamper(MOMENT))
    assert told(archived(pdf, outside), outside).sound
    assert re.search(rb"\n25 0 obj\s*<<[^>]*/T \(Outside\)", pdf)
    more = hand_made.updated(pdf, {96: b"null"})
    forged = more[: len(pdf)] + more[len(pdf) :].replace(b"/Root 1 0 R", b"/Root 20 0 R")
    for attack in (forged, stamped(forged, outside.stamper(SOON)), with_store(forged, lists=outside.lists(SOON))):
        assert not told(attack, outside).sound


def test_a_font_for_forms_that_is_replaced_is_told(outside: Authority, honest: bytes) -> None:
    """What a field shows may change with the font that its value is set in."""
    other = hand_made.updated(honest, {5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"})
    row = told(archived(other, outside), outside).rows[0]
    assert row.verdict == "invalid"
    assert {"content", "form_filled"} <= {change.kind for change in row.changes}


def test_two_fields_of_one_name_are_not_one_field_in_its_place(outside: Authority) -> None:
    """The empty field that stood there is signed; a namesake of it is drawn somewhere else."""
    pdf = signed(with_field(hand_made.plain(), "Second", BOX), outside.signer(), stamper=outside.stamper(MOMENT))
    pdf = signed(pdf, outside.signer("Another"), name="Second", stamper=outside.stamper(SOON))

    def latest(number: int) -> bytes:
        return re.findall(rb"\n%d 0 obj\s*(.*?)\s*endobj" % number, pdf, re.DOTALL)[-1]  # type: ignore[no-any-return]

    twin = latest(8).replace(b"100 100 300 150", b"100 700 500 790")
    assert b"(Second)" in twin
    assert twin != latest(8)
    page, form = (latest(number).replace(b"[ 8 0 R", b"[ 97 0 R 8 0 R") for number in (3, 7))
    forged = hand_made.updated(pdf, {3: page, 7: form, 97: twin})
    assert not told(archived(forged, outside), outside).sound


@pytest.mark.parametrize("tail", [b"\n%\n", b" " * 30, b"9 0 obj\n<< /Type /Page >>\nendobj\n"])
def test_bytes_behind_the_end_are_told(outside: Authority, lasting: bytes, tail: bytes) -> None:
    report = told(lasting + tail, outside)
    assert (report.whole_file, report.sound) == (False, False)
    # No signature vouches for what nobody has signed; and objects that no table lists wait for a reader that mends the file.
    code, verdict = ("modified", "invalid") if b"obj" in tail else ("not_whole_file", "attention")
    assert [(row.code, row.verdict) for row in report.rows] == [(code, verdict)] * 2
    assert report.problems[0] == code


def test_a_timestamp_whose_own_signature_was_altered_is_told_as_that(outside: Authority, lasting: bytes) -> None:
    stamp = cms.ContentInfo.load(contents_of(lasting))
    value = stamp["content"]["signer_infos"][0]["signature"].native
    told_of = told(refilled(lasting, contents_of(lasting).replace(value, bytes([value[0], value[1] ^ 1]) + value[2:])), outside)
    assert (told_of.rows[-1].code, told_of.rows[-1].verdict) == ("broken", "invalid")


def test_validation_data_that_brings_something_else_is_not_taken_for_it(outside: Authority, honest: bytes) -> None:
    """Unreferenced objects, and objects that no table lists, wait for a reader that mends the file."""
    held = with_store(honest, certificates=[outside.tree.middle_der], lists=outside.lists(SOON))
    assert told(held, outside).whole_file
    orphan = hand_made.updated(held, {95: b"<< /Type /Pages /Kids [] /Count 0 >>"})
    assert told(orphan, outside).problems == ("not_whole_file",)
    place = held.rindex(b"startxref")
    unlisted = held[:place] + b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n" + held[place:]
    assert told(unlisted, outside).problems == ("not_whole_file",)


# -------------------------------------------------------------------------------------------- what cannot be believed


def test_altered_bytes_are_broken(outside: Authority, lasting: bytes) -> None:
    report = told(hand_made.swapped(lasting, b"1000 yen", b"9000 yen"), outside)
    assert [(row.verdict, row.code) for row in report.rows] == [("invalid", "broken")] * 2


@pytest.mark.parametrize("key_name", [b"/ByteRange", b"/Contents"])
def test_a_signature_without_its_parts_is_unreadable(outside: Authority, lasting: bytes, key_name: bytes) -> None:
    """Universal forgery: the value of the field is no signature, and everything else is beautiful."""
    place = lasting.rindex(key_name)
    forged = lasting[:place] + key_name.swapcase() + lasting[place + len(key_name) :]
    report = told(forged, outside)
    assert not report.sound
    assert "unverifiable" in {row.verdict for row in report.rows}


def test_a_kind_that_nobody_reads_is_not_passed_over(outside: Authority, honest: bytes) -> None:
    odd = archived(hand_made.swapped(honest, b"/ETSI.CAdES.detached", b"/ETSI.CAdES.detacheX"), outside)
    row = next(row for row in told(odd, outside).rows if row.kind != "timestamp")
    assert (row.verdict, row.code, row.name) == ("unverifiable", "unknown_signature", "Somebody (a claim)")


def test_a_signature_that_was_taken_out_of_the_form_is_found(outside: Authority, honest: bytes) -> None:
    """Its bytes are still there, and a later timestamp covers a file that lists nobody."""
    bare = hand_made.updated(honest, {1: b"<< /Type /Catalog /Pages 2 0 R >>"})
    report = told(archived(bare, outside), outside)
    assert "unknown_signature" in report.problems


def test_a_file_of_this_house_that_lacks_a_signer(contract: Contract) -> None:
    held = contract.close(contract.seal(contract.freeze(hand_made.plain(), (1, 2)), 1))
    roots = contract.authority.roots
    report = examine(held, roots=roots, tsa_roots=roots, at=MOMENT + timedelta(days=2))
    assert report.problems == ("signer_missing",)
    assert report.rows[0].trust == "house"


def test_no_file_at_all_is_refused_in_two_ways(outside: Authority) -> None:
    with pytest.raises(Refusal, match=r"seal\.no_signature"):
        told(hand_made.plain(), outside)
    with pytest.raises(Refusal, match=r"seal\.unreadable"):
        told(b"%PDF-1.7\nnothing", outside)
