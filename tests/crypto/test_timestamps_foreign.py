"""Replies of other authorities: what is allowed is accepted, BER becomes DER, and nothing hostile is believed or brings us down."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from crypto.foreign_tokens import POLICY, Foreign, by_named_digest, by_sha1, in_pieces, indefinite, info, roomy, stated_name
from pki import MOMENT, Hierarchy, hierarchy, key
from tachiai.crypto import ber, chains, cms, der, timestamp_requests, timestamps
from tachiai.crypto.keys import Credential
from tachiai.crypto.timestampers import EmbeddedTimestamper
from tachiai.crypto.timestamps import Token
from tachiai.errors import Outage

DIGEST = hashlib.sha256(b"a contract").digest()
NONCE = 0x36A44F9F4A391FD3
ACCURACY = der.sequence(der.integer(1), der.tlv(0x80, b"\x05"))


@pytest.fixture(scope="module")
def tree() -> Hierarchy:
    return hierarchy()


@pytest.fixture(scope="module")
def stamp(tree: Hierarchy) -> Credential:
    return tree.credential("Foreign TSA", key("p256", 61), purpose=ExtendedKeyUsageOID.TIME_STAMPING)


@pytest.fixture(scope="module")
def sound(stamp: Credential) -> Foreign:
    return Foreign(stamp, info(DIGEST, nonce=NONCE, at=MOMENT, between=[ACCURACY], after=[stated_name(stamp.certificate)]))


def accept(reply: bytes, tree: Hierarchy, **details: object) -> Token:
    asked: dict[str, object] = {"digest": DIGEST, "nonce": NONCE, "at": MOMENT, "roots": [tree.root_der]}
    return timestamps.accept_reply(reply, accredited=True, embedded=False, **{**asked, **details})  # type: ignore[arg-type]


def refused(reply: bytes, tree: Hierarchy, **details: object) -> str:
    with pytest.raises(Outage) as caught:
        accept(reply, tree, **details)
    assert caught.value.code == "tsa.bad_reply"
    return caught.value.detail


# -------------------------------------------------------------------------------------------------- what is allowed


def test_a_foreign_reply_is_read_whole(sound: Foreign, tree: Hierarchy) -> None:
    reply = sound.reply()
    token = accept(reply, tree)
    assert (token.policy, token.gen_time, token.imprint, token.accredited) == (POLICY, MOMENT, DIGEST, True)
    assert token.serial == 0x2592B90A434B2C0799A6B0BCC425079EA56EE5F6
    assert token.tsa_subject.startswith("CN=Foreign TSA")
    assert (len(token.chain), token.der) == (3, der.read(reply).children()[1].raw)


@pytest.mark.parametrize("named", [by_sha1, by_named_digest("sha256"), by_named_digest("sha384"), by_named_digest("sha512")])
def test_either_way_of_naming_the_certificate_is_read(sound: Foreign, tree: Hierarchy, named: Callable[[bytes], bytes]) -> None:
    assert accept(replace(sound, named=named).reply(), tree)


def test_both_ways_of_naming_it_may_stand_together(sound: Foreign, tree: Hierarchy, stamp: Credential) -> None:
    assert accept(replace(sound, more_attributes=[by_sha1(stamp.certificate)]).reply(), tree)


@pytest.mark.parametrize("status", [der.integer(1), der.integer(0) + der.sequence(der.tlv(0x0C, b"with pleasure"))])
def test_granted_with_changes_or_words_is_granted(sound: Foreign, tree: Hierarchy, status: bytes) -> None:
    assert accept(replace(sound, status=der.sequence(status)).reply(), tree)


def test_the_root_may_be_shown_and_strangers_beside_it(sound: Foreign, tree: Hierarchy, stamp: Credential) -> None:
    others = hierarchy(1)
    shown = [others.root_der, tree.root_der, others.middle_der, tree.middle_der, stamp.certificate]
    assert accept(replace(sound, certificates=shown).reply(), tree).chain[-1] == tree.root_der


def test_an_extension_that_is_not_critical_is_passed_over(tree: Hierarchy, stamp: Credential) -> None:
    def extended(critical: bytes) -> bytes:
        extension = der.sequence(der.oid("0.4.0.19422.1.1"), critical, der.octet_string(b"\x05\x00"))
        return Foreign(stamp, info(DIGEST, nonce=NONCE, at=MOMENT, after=[der.tlv(0xA1, extension)])).reply()

    assert accept(extended(b""), tree)
    assert accept(extended(der.boolean(False)), tree)
    assert refused(extended(der.boolean(True)), tree) == "a critical extension that is not understood"


def test_the_name_it_states_is_that_of_its_certificate(tree: Hierarchy, stamp: Credential) -> None:
    def told(name: bytes) -> bytes:
        return Foreign(stamp, info(DIGEST, nonce=NONCE, at=MOMENT, after=[name])).reply()

    subject = chains.named(stamp.certificate).subject
    assert accept(told(der.explicit(0, der.explicit(4, subject.replace(b"Foreign", b"FOREIGN")))), tree)
    said = "the token names another authority than its certificate"
    assert refused(told(stated_name(tree.middle_der)), tree) == said
    assert refused(told(der.explicit(0, der.tlv(0x86, b"https://tsa.example.jp"))), tree) == said


def test_a_fraction_of_a_second_is_kept(tree: Hierarchy, stamp: Credential) -> None:
    held = info(DIGEST, nonce=NONCE, at=MOMENT)
    finer = der.tlv(der.GENERALIZED_TIME, MOMENT.strftime("%Y%m%d%H%M%S.25Z").encode())
    content = der.sequence(der.read(held).content.replace(der.generalized_time(MOMENT), finer))
    assert accept(Foreign(stamp, content).reply(), tree).gen_time == MOMENT + timedelta(milliseconds=250)


# ------------------------------------------------------------------------------------------------ what is not believed


def test_what_must_be_there_is_missed(sound: Foreign, tree: Hierarchy, stamp: Credential) -> None:
    assert refused(replace(sound, named=None).reply(), tree) == "no signing-certificate attribute"
    assert refused(replace(sound, certificates=[]).reply(), tree) == "the signer's certificate is not included"
    assert "no issuer is known" in refused(replace(sound, certificates=[stamp.certificate]).reply(), tree)
    assert refused(Foreign(stamp, info(DIGEST, nonce=None, at=MOMENT)).reply(), tree) == "no nonce"
    assert refused(der.sequence(der.sequence(der.integer(0))), tree) == "granted, but without a token"


def test_another_certificate_named_is_noticed(sound: Foreign, tree: Hierarchy) -> None:
    for way in (by_sha1, by_named_digest("sha256")):
        other = replace(sound, named=lambda _own, way=way: way(tree.middle_der))
        assert refused(other.reply(), tree) == "the signing-certificate attribute names another certificate"


@pytest.mark.parametrize(
    ("torn", "said"),
    [
        (der.sequence(), "the signer's information is incomplete"),
        (der.sequence(der.sequence()), "the signer's information is incomplete"),
        (der.sequence(der.sequence(der.sequence())), "the signer's information is incomplete"),
        (der.null(), "has no members"),
    ],
)
def test_a_torn_naming_is_noticed(sound: Foreign, tree: Hierarchy, torn: bytes, said: str) -> None:
    for kind in (cms.SIGNING_CERTIFICATE, cms.SIGNING_CERTIFICATE_V2):
        assert said in refused(replace(sound, named=lambda _own, kind=kind: cms.attribute(kind, torn)).reply(), tree)


def test_a_signed_statement_of_another_form_is_not_read(tree: Hierarchy, stamp: Credential) -> None:
    def told(**details: object) -> str:
        given: dict[str, object] = {"nonce": NONCE, "at": MOMENT, **details}
        return refused(Foreign(stamp, info(DIGEST, **given)).reply(), tree)  # type: ignore[arg-type]

    assert told(version=2) == "not a TSTInfo of version 1"
    assert "is not accepted" in told(algorithm=cms.algorithm("1.3.14.3.2.26"))
    assert "is not accepted" in told(algorithm=cms.algorithm(cms.DIGESTS["sha512"]))
    assert told(algorithm=der.sequence()) == "a torn imprint"
    assert told(after=[ACCURACY]) == "members out of order"
    assert told(after=[der.integer(NONCE)]) == "members out of order"
    assert told(between=[der.null()]) == "members out of order"
    assert refused(Foreign(stamp, der.sequence(der.integer(1))).reply(), tree) == "not a TSTInfo of version 1"


def test_a_key_that_is_not_for_signatures_does_not_stamp(tree: Hierarchy) -> None:
    leaf = (
        x509.CertificateBuilder(subject_name=tree.middle.subject, issuer_name=tree.middle.subject)
        .public_key(key("p256", 62).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(MOMENT - timedelta(days=1))
        .not_valid_after(MOMENT + timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    )
    bits = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign"]

    def told(allowed: str | None) -> bytes:
        usage = {bit: bit == allowed for bit in bits} | {"crl_sign": False, "encipher_only": False, "decipher_only": False}
        made = leaf if allowed is None else leaf.add_extension(x509.KeyUsage(**usage), critical=True)
        return made.sign(tree.middle_key, hashes.SHA256()).public_bytes(Encoding.DER)

    for fine in (None, "digital_signature", "content_commitment"):
        timestamps.check_purpose(told(fine))
    with pytest.raises(timestamps.BadToken, match="not for signatures"):
        timestamps.check_purpose(told("key_encipherment"))


def test_a_rejection_is_told_by_its_bit_and_its_words_in_one_line(tree: Hierarchy) -> None:
    words = der.sequence(der.tlv(0x0C, "Error during\r\nserial number\x1b[31m generation. 番号".encode()))
    for bit, name in timestamp_requests.FAILURES.items():
        octets, rest = divmod(bit, 8)
        flag = der.tlv(der.BIT_STRING, bytes((7 - rest,)) + bytes(octets) + bytes((0x80 >> rest,)))
        with pytest.raises(Outage) as caught:
            accept(der.sequence(der.sequence(der.integer(2), words, flag)), tree)
        assert caught.value.code == "tsa.refused"
        assert caught.value.detail == f"status 2 (rejection) {name} Error during serial number [31m generation. 番号"


# ------------------------------------------------------------------------------------------------------------- BER


@pytest.mark.parametrize("octets", [der.octet_string, in_pieces])
@pytest.mark.parametrize("wrap", [indefinite, roomy, der.tlv])
def test_ber_around_the_signed_parts_becomes_der(
    sound: Foreign, tree: Hierarchy, wrap: Callable[[int, bytes], bytes], octets: Callable[[bytes], bytes]
) -> None:
    sent = replace(sound, wrap=wrap, octets=octets)
    token = accept(sent.reply(), tree)
    # The signature is a new one each time; apart from it this is the token that was sent, in DER.
    data = cms.read_signed_data(token.der)
    assert (data.content, data.certificates) == (sound.content, stamp_chain(sound))
    assert timestamps.read_token(token.der, digest=DIGEST, roots=[tree.root_der]).serial == token.serial
    assert ber.definite(token.der) == token.der
    assert b"\x24\x80" not in token.der


def stamp_chain(sent: Foreign) -> tuple[bytes, ...]:
    return tuple(sent.credential.shown_chain)


def test_openssl_believes_what_was_brought_into_der(
    sound: Foreign, tree: Hierarchy, program: Callable[..., object], tmp_path: Path
) -> None:
    (tmp_path / "token").write_bytes(accept(replace(sound, wrap=indefinite, octets=in_pieces).reply(), tree).der)
    (tmp_path / "root.pem").write_bytes(tree.root.public_bytes(Encoding.PEM))
    (tmp_path / "middle.pem").write_bytes(tree.middle.public_bytes(Encoding.PEM))
    common = ("openssl", "ts", "-verify", "-in", "token", "-token_in", "-CAfile", "root.pem", "-untrusted", "middle.pem")
    told = program(*common, "-attime", str(int(MOMENT.timestamp())), "-digest", DIGEST.hex())
    assert "Verification: OK" in told.stdout  # type: ignore[attr-defined]


def test_a_signed_part_that_is_not_der_is_refused(sound: Foreign, tree: Hierarchy, stamp: Credential) -> None:
    """Rewriting it would break the signature, or show others something else than was signed."""

    def reopened(held: bytes) -> bytes:
        element = der.read(held)
        return indefinite(element.tag, element.content)

    said = "a signed part is not encoded in DER"
    assert refused(replace(sound, attributes_as_sent=reopened).reply(), tree) == said
    shown = [stamp.certificate, reopened(tree.middle_der)]
    assert refused(replace(sound, certificates=shown).reply(), tree) == said
    statement = der.read(sound.content)
    assert "indefinite" in refused(Foreign(stamp, indefinite(der.SEQUENCE, statement.content)).reply(), tree)
    assert "shortest" in refused(Foreign(stamp, roomy(der.SEQUENCE, statement.content)).reply(), tree)


@pytest.mark.parametrize(
    "torn",
    [
        b"",
        b"\x30",
        b"\x30\x80",
        b"\x30\x80\x00",
        b"\x04\x80\x00\x00",
        b"\x24\x80\x02\x01\x01\x00\x00",
        b"\x30\x80\x1f\x81\x01\x00\x00\x00",
        b"\x30\x89" + bytes(9),
        b"\x30\x84\x00\x00\x00\x05\x05\x00",
        b"\x30\x80\x00\x00\x00",
        b"\x30\x80" * 40 + b"\x00\x00" * 40,
        b"\x30\x80" * 100_000,
    ],
)
def test_torn_or_bottomless_ber_is_refused(torn: bytes, tree: Hierarchy) -> None:
    with pytest.raises(der.DerError):
        ber.definite(torn)
    assert refused(torn, tree)


NESTED = some.recursive(
    some.binary(max_size=40).map(der.octet_string),
    lambda inner: some.lists(inner, max_size=4).map(lambda members: der.sequence(*members)),
    max_leaves=12,
)


@given(NESTED)
def test_der_stays_as_it_is_and_ber_comes_back_to_it(held: bytes) -> None:
    def reopened(element: der.Element, rng: random.Random) -> bytes:
        if not element.tag & 0x20:
            return rng.choice((element.raw, roomy(element.tag, element.content), in_pieces(element.content)))
        inner = b"".join(reopened(child, rng) for child in element.children())
        return rng.choice((der.tlv, roomy, indefinite))(element.tag, inner)

    assert ber.definite(held) == held
    assert ber.definite(reopened(der.read(held), random.Random(len(held)))) == held  # noqa: S311  # nothing secret


@given(some.binary(max_size=80))
def test_noise_gives_definite_lengths_or_the_one_error(noise: bytes) -> None:
    try:
        settled = ber.definite(noise)
    except der.DerError:
        return
    assert ber.definite(settled) == settled


# ------------------------------------------------------------------------------------------------------- the hostile


@pytest.fixture(scope="module")
def sent(sound: Foreign) -> list[bytes]:
    return [replace(sound, wrap=wrap, octets=octets).reply() for wrap, octets in ((der.tlv, der.octet_string), (indefinite, in_pieces))]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(change=some.data())
def test_no_altered_reply_brings_anything_but_the_token_or_an_outage(change: some.DataObject, sent: list[bytes], tree: Hierarchy) -> None:
    """Bytes exchanged, taken out and put in, in DER and in BER: the token is the one that was signed, or there is none."""
    held = bytearray(change.draw(some.sampled_from(sent)))
    for _ in range(change.draw(some.integers(1, 4))):
        place = change.draw(some.integers(0, len(held) - 1))
        kind = change.draw(some.sampled_from(["exchange", "remove", "insert"]))
        if kind == "exchange":
            held[place] = change.draw(some.integers(0, 255))
        elif kind == "remove":
            del held[place : place + change.draw(some.integers(1, 9))]
        else:
            held[place:place] = change.draw(some.binary(min_size=1, max_size=9))
    try:
        token = accept(bytes(held), tree)
    except Outage:
        return
    assert (token.gen_time, token.imprint, token.policy) == (MOMENT, DIGEST, POLICY)


# ------------------------------------------------------------------------------------------------------ other judges


class Through(TimeStamper):
    """pyHanko's client, whose requests our responder answers without a network between."""

    def __init__(self, responder: EmbeddedTimestamper) -> None:
        super().__init__(include_nonce=True)
        self._responder = responder

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._responder.respond(req.dump(), at=MOMENT))


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384"])
def test_pyhanko_asks_and_believes_ours(tree: Hierarchy, kind: str) -> None:
    async def judge() -> object:
        token = await Through(tree.timestamper(private=key(kind, 70))).async_timestamp(DIGEST, "sha256")
        trust = ValidationContext(
            trust_roots=[asn1_x509.Certificate.load(tree.root_der)],
            other_certs=[asn1_x509.Certificate.load(tree.middle_der)],
            moment=MOMENT,
            allow_fetching=False,
            revocation_mode="soft-fail",
        )
        return await validate_tst_signed_data(token["content"], trust, lambda _algorithm: DIGEST)

    told = asyncio.run(judge())
    assert (told["intact"], told["valid"], told["trust_problem_indic"]) == (True, True, None)  # type: ignore[index]
    assert told["timestamp"] == MOMENT  # type: ignore[index]
