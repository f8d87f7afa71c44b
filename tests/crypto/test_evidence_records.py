"""Evidence records (RFC 4998): what stands, what a flipped bit or a late renewal does to it, and twenty-five years of one record."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.evidence import YEAR, Held, generation, january, made, many
from pki import Hierarchy, key
from tachiai.crypto import chains, cms, der, evidence_proof, timestamp_requests
from tachiai.crypto import evidence_records as records
from tachiai.crypto import evidence_writing as writing
from tachiai.crypto.evidence_records import Proof
from tachiai.crypto.revocation import EmbeddedRevocation
from tachiai.crypto.sunsets import Era, Policy
from tachiai.crypto.timestamps import read_token
from tachiai.errors import Refusal

VECTOR = Path(__file__).parent.parent / "vectors" / "evidence-record-v1.json"
FIRST, SECOND, THIRD = generation(1, 2026), generation(2, 2035), generation(3, 2044, kind="p384")
ROOTS = (FIRST.root, SECOND.root, THIRD.root)
MADE, LATER = january(2027), january(2028)
# As CRYPTREC's, but that 128 bits give way in 2049: what a sunset of SHA-256 would look like.
EARLY_SUNSET = Policy(
    "early",
    (
        Era(112, date(2030, 12, 31), date(2040, 12, 31)),
        Era(128, date(2045, 12, 31), date(2049, 12, 31)),
        Era(192, date(2070, 12, 31), date(2070, 12, 31)),
    ),
)


def refused(record: bytes, objects: Sequence[bytes], *, at: datetime = LATER, whole: bool = False) -> str:
    with pytest.raises(Refusal) as caught:
        judged(record, objects, at=at, whole=whole)
    return caught.value.code


def judged(record: bytes, objects: Sequence[bytes], *, at: datetime = LATER, whole: bool = False) -> Proof:
    return records.verify(record, records.hashed(objects), roots=ROOTS, at=at, whole=whole)


# ------------------------------------------------------------------------------------------------- what stands


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 300), st.data())
def test_every_object_of_a_batch_has_its_own_record_under_one_token(count: int, data: st.DataObject) -> None:
    batch = made(many(count), FIRST, at=MADE)
    held = batch[data.draw(st.integers(0, count - 1))]
    assert held.verify(roots=ROOTS, at=LATER).since == MADE
    assert len({one.tokens for one in batch}) == 1
    assert held.verify(roots=ROOTS, at=LATER, whole=True).since == MADE
    for other in batch:
        assert other is held or refused(held.der, other.objects) == "evidence.other_object"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=12), st.data())
def test_groups_are_proven_together_and_each_member_by_itself(sizes: list[int], data: st.DataObject) -> None:
    groups = [[f"{place}/{number}".encode() for number in range(size)] for place, size in enumerate(sizes)]
    held = data.draw(st.sampled_from(made(groups, FIRST, at=MADE)))
    if len(held.objects) > 1:
        assert held.verify(roots=ROOTS, at=LATER, whole=True).since == MADE
        assert refused(held.der, held.objects[:-1], whole=True) == "evidence.other_group"
    assert judged(held.der, held.objects[:1]).since == MADE
    assert refused(held.der, [*held.objects, b"a stranger"]) == "evidence.other_object"


def test_a_single_object_is_stamped_without_a_tree() -> None:
    (held,) = made(many(1), FIRST, at=MADE)
    assert records.read_record(held.der).stamps[0].lists is None
    assert held.verify(roots=ROOTS, at=LATER).since == MADE


def test_the_encoding_is_that_of_the_module() -> None:
    """Member by member, by hand: RFC 4998, appendix A, with IMPLICIT tags."""
    held = made(many(3), FIRST, at=MADE)[0]
    version, digests, sequence = der.read(held.der).expect(der.SEQUENCE).children()
    assert version.raw == b"\x02\x01\x01"
    assert digests.raw == bytes.fromhex("300d300b0609608648016503040201")
    (stamp,) = sequence.only_child().children()
    digest, path, token = stamp.children()
    assert digest.raw == bytes.fromhex("a00b0609608648016503040201")
    lists = [[value.content for value in one.expect(der.SEQUENCE).children()] for one in path.expect(0xA2).children()]
    assert lists == [[hashlib.sha256(one).digest()] for (one,) in many(3)]
    assert token.raw == held.tokens[0]


def test_other_shapes_of_trees_are_read_too() -> None:
    """One list of three hashes, and nodes of three children: nobody has to build binary trees (RFC 4998, 4.2)."""
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(9)]
    inner = [writing.node(leaves[start : start + 3], "sha256") for start in (0, 3, 6)]
    token = FIRST.token(writing.node(inner, "sha256"), at=MADE)
    lists = [sorted(leaves[:3], reverse=True), inner[1:]]
    path = der.tlv(0xA2, b"".join(der.sequence(*(der.octet_string(one) for one in values)) for values in lists))
    # Neither the digest beside the token nor the order within a list is necessary for reading.
    record = writing.evidence_record([[der.sequence(path, token)]], digests=("sha256",))
    assert judged(record, [b"\x01"]).since == MADE


def test_what_the_record_keeps_beside_the_tokens_helps_them() -> None:
    (held,) = made(many(1), FIRST, at=MADE)
    members = list(der.read(held.tokens[0]).children()[1].only_child().children())
    bare = der.sequence(*(member.raw for member in members if member.tag != 0xA0))
    token = der.sequence(der.read(held.tokens[0]).children()[0].raw, der.explicit(0, bare))
    stamp = writing.archive_timestamp(token, digest="sha256", path=b"")
    record = der.read(writing.evidence_record([[stamp]], digests=("sha256",))).children()
    assert refused(der.sequence(*(part.raw for part in record)), held.objects) == "evidence.token_broken"
    certificates = [one.raw for one in next(member for member in members if member.tag == 0xA0).children()]
    kept = der.sequence(der.oid("1.2.840.113549.1.9.22.1"), der.tlv(der.SET, b"".join(sorted(certificates))))
    helped = der.sequence(record[0].raw, record[1].raw, der.tlv(0xA0, kept), record[2].raw)
    assert judged(helped, held.objects).since == MADE


# --------------------------------------------------------------------------------------------- what is refused


def renewed_twice() -> Held:
    held = made([[b"contract", b"certificate"], [b"another"], [b"third"]], FIRST, at=MADE)[0]
    held = held.timestamp_renewed(SECOND, at=january(2035), beside=[hashlib.sha256(b"other token").digest()])
    return held.tree_renewed(THIRD, at=january(2044), digest="sha512", beside=[bytes(64), b"\x01" * 64])


STANDING = renewed_twice()
AT = january(2045)


def uncovered(token: bytes) -> list[der.Element]:
    """The parts of a token's SignedData that neither its signature nor, in the last token, anything else covers."""
    members = der.read(token).children()[1].only_child().children()
    return [members[0], members[1], *(member for member in members[3:-1])]


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@settings(max_examples=400, deadline=None)
@given(st.integers(0, len(STANDING.der) * 8 - 1))
def test_any_flipped_bit_is_refused(bit: int) -> None:
    """Everywhere but in what the last token merely brings along, which nothing covers yet: there the answer stays the same."""
    broken = bytearray(STANDING.der)
    broken[bit // 8] ^= 1 << bit % 8
    base = STANDING.der.index(STANDING.tokens[-1])
    free = any(base + part.start <= bit // 8 < base + part.end for part in uncovered(STANDING.tokens[-1]))
    found = outcome(bytes(broken))
    assert found.startswith("evidence.") or (free and found == outcome(STANDING.der))


def outcome(record: bytes) -> str:
    """The code that refuses a record, or everything that is said of it."""
    try:
        return repr(judged(record, STANDING.objects, at=AT))
    except Refusal as refusal:
        return refusal.code


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(STANDING.der) - 1))
def test_any_cut_is_refused(size: int) -> None:
    assert refused(STANDING.der[:size], STANDING.objects, at=AT) == "evidence.unreadable"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_whatever_else_is_no_record(held: bytes) -> None:
    assert refused(held, STANDING.objects) == "evidence.unreadable"


def test_a_record_says_nothing_behind_its_end() -> None:
    assert refused(STANDING.der + b"\x00", STANDING.objects, at=AT) == "evidence.unreadable"
    assert refused(bytes(records.LARGEST_RECORD + 1), STANDING.objects, at=AT) == "evidence.unreadable"


def test_members_of_another_record_do_not_fit() -> None:
    other = made([[b"contract"], [b"x"], [b"y"]], FIRST, at=MADE)[0].timestamp_renewed(SECOND, at=january(2035))
    mine = made([[b"contract"], [b"z"], [b"y"]], FIRST, at=MADE)[0].timestamp_renewed(SECOND, at=january(2035))
    swapped = writing.evidence_record([[mine.chains[0][0], other.chains[0][1]]], digests=("sha256",))
    assert refused(swapped, [b"contract"], at=january(2036)) == "evidence.link_broken"
    path = der.read(other.chains[0][0]).children()[1].raw
    grafted = writing.archive_timestamp(mine.tokens[0], digest="sha256", path=path)
    assert refused(writing.evidence_record([[grafted]], digests=("sha256",)), [b"contract"]) == "evidence.tree_broken"


def test_the_order_of_chains_and_stamps_is_part_of_the_proof() -> None:
    first, second = STANDING.chains
    swapped = writing.evidence_record([second, first], digests=("sha256", "sha512"))
    assert refused(swapped, STANDING.objects, at=AT) == "evidence.other_object"
    within = writing.evidence_record([first[::-1], second], digests=("sha256", "sha512"))
    assert refused(within, STANDING.objects, at=AT) == "evidence.other_object"
    left_out = writing.evidence_record([first[:1], second], digests=("sha256", "sha512"))
    assert refused(left_out, STANDING.objects, at=AT) == "evidence.link_broken"


def test_a_renewal_cannot_be_older_than_what_it_renews() -> None:
    (held,) = made(many(1), FIRST, at=LATER)
    backdated = held.timestamp_renewed(FIRST, at=MADE)
    assert refused(backdated.der, held.objects, at=january(2029)) == "evidence.out_of_order"
    assert refused(held.der, held.objects, at=MADE) == "evidence.from_future"


def test_one_chain_has_one_digest() -> None:
    (held,) = made(many(1), FIRST, at=MADE)
    token = FIRST.token(hashlib.sha512(held.tokens[0]).digest(), at=LATER)
    stamp = writing.archive_timestamp(token, digest="sha512", path=b"")
    record = writing.evidence_record([[held.chains[0][0], stamp]], digests=("sha256", "sha512"))
    assert refused(record, held.objects, at=january(2029)) == "evidence.digest_changed"


def test_digests_are_listed_known_and_of_their_size() -> None:
    (held,) = made(many(1), FIRST, at=MADE)
    unlisted = writing.evidence_record(held.chains, digests=("sha512",))
    assert refused(unlisted, held.objects) == "evidence.unreadable"
    old = held.der.replace(der.oid("2.16.840.1.101.3.4.2.1"), der.oid("2.16.840.1.101.3.4.2.4"), 1)
    assert refused(old, held.objects) == "evidence.digest"
    short = der.tlv(0xA2, der.sequence(der.octet_string(bytes(20)), der.octet_string(bytes(32))))
    stamp = writing.archive_timestamp(held.tokens[0], digest="sha256", path=short)
    assert refused(writing.evidence_record([[stamp]], digests=("sha256",)), held.objects) == "evidence.unreadable"


def test_a_record_of_encrypted_objects_is_refused_by_name() -> None:
    parts = [part.raw for part in der.read(STANDING.der).children()]
    info = der.tlv(0xA1, der.oid("1.2.3.4"))
    assert refused(der.sequence(*parts[:2], info, parts[2]), STANDING.objects, at=AT) == "evidence.encrypted"


def test_an_authority_that_nobody_pinned_proves_nothing() -> None:
    (held,) = made(many(1), generation(9, 2026), at=MADE)
    assert refused(held.der, held.objects) == "evidence.authority_unknown"


def test_a_certificate_for_anything_else_stamps_nothing() -> None:
    wrong = FIRST.hierarchy.timestamper("Fictional TSA 1", None, critical=False, since=FIRST.start, until=FIRST.end)
    digest = hashlib.sha256(many(1)[0][0]).digest()
    reply = wrong.respond(timestamp_requests.request(digest, nonce=5), at=MADE)
    token = der.read(reply).children()[1].raw
    stamp = writing.archive_timestamp(token, digest="sha256", path=b"")
    assert refused(writing.evidence_record([[stamp]], digests=("sha256",)), many(1)[0]) == "evidence.token_broken"


# ------------------------------------------------------------------------------------------------- revocation


def test_answers_travel_in_the_token_and_are_read_there() -> None:
    (held,) = made(many(1), FIRST, at=MADE)
    assert not held.verify(roots=ROOTS, at=LATER).steps[0].proven
    assert proven(held, {}).steps[0].proven


def test_a_revoked_authority_proves_nothing_from_its_answers_on() -> None:
    (held,) = made(many(1), FIRST, at=MADE)
    with pytest.raises(Refusal, match=r"evidence\.revoked"):
        proven(held, {leaf_serial(held): MADE + timedelta(days=100)})


def leaf_serial(held: Held) -> int:
    return chains.certificate(cms.read_signed_data(held.tokens[0]).signer_certificate()).serial_number


def proven(held: Held, revoked: dict[int, datetime]) -> Proof:
    """The record with answers of its authority in it, judged."""
    of = FIRST.hierarchy
    responder = of.credential("OCSP", key("rsa2048", 77), purpose=ExtendedKeyUsageOID.OCSP_SIGNING, since=FIRST.start, until=FIRST.end)
    source = EmbeddedRevocation(of.middle_der, responder=responder, revoked=revoked)
    read = read_token(held.tokens[0], digest=hashlib.sha256(held.objects[0]).digest(), roots=ROOTS)
    answer = source.answer(read.chain[0], at=MADE)
    root_list = crl(of)
    token = writing.proven_token(held.tokens[0], certificates=read.chain, ocsps=[answer], crls=[root_list])
    assert cms.read_signed_data(token).content == cms.read_signed_data(held.tokens[0]).content
    assert writing.proven_token(token, certificates=read.chain, ocsps=[answer], crls=[root_list]) == token
    stamp = writing.archive_timestamp(token, digest="sha256", path=b"")
    return judged(writing.evidence_record([[stamp]], digests=("sha256",)), held.objects)


def crl(of: Hierarchy) -> bytes:
    draft = x509.CertificateRevocationListBuilder(of.root.subject, MADE - timedelta(days=1), MADE + timedelta(days=30))
    return draft.sign(of.root_key, hashes.SHA256()).public_bytes(Encoding.DER)


# ------------------------------------------------------------------------------------------- twenty-five years


def test_one_record_through_twenty_five_years_and_three_authorities() -> None:
    held = made(many(5), FIRST, at=MADE)[2]
    for year in (2027, 2031, 2035):
        assert held.verify(roots=ROOTS, at=january(year)).since == MADE
    assert held.verify(roots=ROOTS, at=january(2035)).until == FIRST.end
    held = held.timestamp_renewed(SECOND, at=january(2035), beside=[hashlib.sha256(b"another batch").digest()])
    held = held.tree_renewed(THIRD, at=january(2044), digest="sha512", beside=[bytes(64)])
    for year in (2044, 2046, 2051):
        proof = held.verify(roots=ROOTS, at=january(year), policy=EARLY_SUNSET)
        assert proof.since == MADE
        assert [step.digest for step in proof.steps] == ["sha256", "sha256", "sha512"]


def test_without_renewal_the_end_of_the_certificate_is_the_end() -> None:
    held = made(many(5), FIRST, at=MADE)[2]
    assert refused(held.der, held.objects, at=FIRST.end + timedelta(days=1)) == "evidence.aged"


def test_a_renewal_that_came_too_late_heals_nothing() -> None:
    held = made(many(5), FIRST, at=MADE)[2]
    late = held.timestamp_renewed(SECOND, at=FIRST.end + timedelta(days=1))
    assert refused(late.der, held.objects, at=january(2038)) == "evidence.lapsed"
    rehashed = held.tree_renewed(SECOND, at=FIRST.end + timedelta(days=1), digest="sha512")
    assert refused(rehashed.der, held.objects, at=january(2038)) == "evidence.lapsed"


def test_only_a_stronger_tree_outlives_its_digest() -> None:
    held = made(many(5), FIRST, at=MADE)[2].timestamp_renewed(SECOND, at=january(2035))
    stamped = held.timestamp_renewed(THIRD, at=january(2044))
    assert stamped.verify(roots=ROOTS, at=january(2049), policy=EARLY_SUNSET).until.year == 2049
    with pytest.raises(Refusal, match=r"evidence\.aged") as caught:
        stamped.verify(roots=ROOTS, at=january(2051), policy=EARLY_SUNSET)
    assert caught.value.facts["why"] in ("SHA-256", "P-256")


def test_the_end_of_belief_is_the_earliest_of_all_ends() -> None:
    (held,) = made(many(1), FIRST, at=MADE)
    read = records.read_record(held.der).stamps[0]
    token = read_token(read.token, digest=hashlib.sha256(held.objects[0]).digest(), roots=ROOTS)
    assert records.renew_before(read.token, token, digest="sha256") == FIRST.end
    soon = Policy("soon", (Era(112, date(2028, 1, 1), date(2029, 6, 30)), Era(128, date(2030, 1, 1), date(2031, 6, 30))))
    assert records.renew_before(read.token, token, digest="sha256", policy=soon) == datetime(2031, 6, 30, 14, 59, 59, tzinfo=UTC)
    assert records.digest_believed_until("sha256").date() == date(2060, 12, 31)
    assert evidence_proof.last_day("md5", soon).year == 1970
    assert FIRST.end - MADE > YEAR


# ---------------------------------------------------------------------------------------------------- vectors


def vector() -> dict[str, object]:
    found: dict[str, object] = json.loads(VECTOR.read_text(encoding="utf-8"))
    return found


def told(text: object) -> bytes:
    return base64.b64decode(str(text))


def test_the_golden_record_stands() -> None:
    held = vector()
    objects = [told(one) for one in held["objects"]]  # type: ignore[attr-defined]
    roots = [told(one) for one in held["roots"]]  # type: ignore[attr-defined]
    at = datetime.fromisoformat(str(held["at"]))
    proof = records.verify(told(held["record"]), records.hashed(objects), roots=roots, at=at, whole=True)
    assert [step.at.isoformat() for step in proof.steps] == held["times"]


@pytest.mark.parametrize("twin", vector()["twins"], ids=lambda twin: str(twin["name"]))  # type: ignore[call-overload]
def test_each_broken_twin_is_refused_for_what_is_broken(twin: dict[str, str]) -> None:
    held = vector()
    objects = [told(one) for one in held["objects"]]  # type: ignore[attr-defined]
    roots = [told(one) for one in held["roots"]]  # type: ignore[attr-defined]
    with pytest.raises(Refusal) as caught:
        records.verify(told(twin["record"]), records.hashed(objects), roots=roots, at=datetime.fromisoformat(str(held["at"])), whole=True)
    assert caught.value.code == twin["refused"]
