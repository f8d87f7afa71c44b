"""Tokens: what the embedded responder gives stands before other programs, and nothing wrong is ever believed."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import TimestampRequestBuilder, VerifierBuilder, decode_timestamp_response

from crypto.server import Served, good, serving
from pki import MOMENT, Hierarchy, hierarchy, key
from tachiai.crypto import chains, cms, cms_writing, der, timestamp_requests, timestamps
from tachiai.crypto.authority import EmbeddedAuthority
from tachiai.crypto.timestampers import EMBEDDED_POLICY, LARGEST_REPLY, EmbeddedTimestamper, HttpTimestamper
from tachiai.errors import Outage

DIGEST = hashlib.sha256(b"a contract").digest()
ASKED = (der.integer(1), der.sequence(cms.algorithm(cms.DIGESTS["sha256"]), der.octet_string(DIGEST)))


@pytest.fixture(scope="module")
def tree() -> Hierarchy:
    return hierarchy()


@pytest.fixture(scope="module")
def tsa(tree: Hierarchy) -> EmbeddedTimestamper:
    return tree.timestamper()


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with serving(lambda _path, _body: good(b"")) as served:
        yield served


# ------------------------------------------------------------------------------------- the embedded responder


def test_gives_a_token_with_the_askers_time(authority: EmbeddedAuthority) -> None:
    token = authority.timestamper.timestamp(DIGEST, at=MOMENT + timedelta(milliseconds=700))
    assert token.gen_time == MOMENT
    assert (token.imprint, token.policy) == (DIGEST, EMBEDDED_POLICY)
    assert (token.embedded, token.accredited) == (True, False)
    assert "demo, not accredited" in token.tsa_subject
    assert len(token.der) <= authority.timestamper.reserve


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384"])
def test_openssl_verifies_its_tokens(tree: Hierarchy, program: Callable[..., object], tmp_path: Path, algorithm: str, kind: str) -> None:
    digest = hashlib.new(algorithm, b"a contract").digest()
    (tmp_path / "token").write_bytes(tree.timestamper(private=key(kind, 20)).timestamp(digest, at=MOMENT).der)
    (tmp_path / "root.pem").write_bytes(tree.root.public_bytes(Encoding.PEM))
    (tmp_path / "middle.pem").write_bytes(tree.middle.public_bytes(Encoding.PEM))
    moment = str(int(MOMENT.timestamp()))
    common = ("openssl", "ts", "-verify", "-in", "token", "-token_in", "-CAfile", "root.pem", "-untrusted", "middle.pem")
    told = program(*common, "-attime", moment, "-digest", digest.hex())
    assert "Verification: OK" in told.stdout  # type: ignore[attr-defined]
    wrong = program(*common, "-attime", moment, "-digest", hashlib.new(algorithm, b"another").hexdigest())
    assert wrong.returncode != 0  # type: ignore[attr-defined]


def test_rfc3161_client_verifies_its_replies(tree: Hierarchy, tsa: EmbeddedTimestamper) -> None:
    asked = TimestampRequestBuilder().data(b"a contract").nonce(nonce=True).build()
    reply = decode_timestamp_response(tsa.respond(asked.as_bytes(), at=MOMENT))
    judge = VerifierBuilder.from_request(asked).add_root_certificate(tree.root).build()
    # The judge compares certificates with the clock; these were valid at the token's own time, which is what counts.
    assert judge.verify_message(reply, b"a contract")
    assert reply.tst_info.gen_time == MOMENT


def test_embeds_certificates_only_when_asked(tsa: EmbeddedTimestamper) -> None:
    asked = timestamp_requests.request(DIGEST, nonce=7).removesuffix(der.boolean(True))
    shorter = der.tlv(der.SEQUENCE, der.read_first(asked[:1] + bytes([asked[1] - 3]) + asked[2:])[0].content)
    reply = der.read(tsa.respond(shorter, at=MOMENT)).children()
    assert cms.read_signed_data(reply[1].raw).certificates == ()


@pytest.mark.parametrize(
    ("asked", "bit"),
    [
        (b"", 5),
        (b"noise", 5),
        (der.sequence(der.integer(2)), 5),
        (der.sequence(der.integer(1), der.sequence(cms.algorithm("1.3.14.3.2.26"), der.octet_string(bytes(20)))), 0),
        (der.sequence(der.integer(1), der.sequence(cms.algorithm(cms.DIGESTS["sha256"]), der.octet_string(bytes(20)))), 5),
        (der.sequence(der.integer(1), der.sequence(der.sequence(), der.octet_string(bytes(32)))), 5),
        (der.sequence(*ASKED, der.boolean(True), der.integer(7)), 5),
        (der.sequence(*ASKED, der.null()), 5),
        (der.sequence(*ASKED, der.explicit(0, der.sequence(der.oid("1.2.3"), der.octet_string(b"")))), 16),
        (timestamp_requests.request(DIGEST, nonce=1, policy="1.2.3.4"), 15),
    ],
)
def test_rejects_what_it_cannot_stamp_and_says_why(tsa: EmbeddedTimestamper, asked: bytes, bit: int) -> None:
    status = der.read(tsa.respond(asked, at=MOMENT)).children()[0].children()
    assert der.read_integer(status[0]) == 2
    unused, bits = status[1].content[0], status[1].content[1:]
    assert int.from_bytes(bits, "big") == 1 << unused  # this bit and no other, and none behind it (X.690, 11.2.2)
    assert (len(bits) * 8 - unused - 1) == bit


# -------------------------------------------------------------------------------------- over HTTP, and its faults


def client(server: Served, tree: Hierarchy, **details: object) -> HttpTimestamper:
    return HttpTimestamper(f"{server.url}/tsa", roots=[tree.root_der], accredited=True, timeout=0.5, **details)  # type: ignore[arg-type]


def outage(stamper: HttpTimestamper) -> tuple[str, str]:
    with pytest.raises(Outage) as caught:
        stamper.timestamp(DIGEST, at=MOMENT)
    return caught.value.code, caught.value.detail


def test_asks_over_one_kept_connection_and_learns_the_size(server: Served, tree: Hierarchy, tsa: EmbeddedTimestamper) -> None:
    server.behave = lambda _path, body: good(tsa.respond(body, at=MOMENT))
    server.seen.clear()
    stamper = client(server, tree, username="operator", password="secret")
    tokens = [stamper.timestamp(DIGEST, at=MOMENT) for _ in range(3)]
    assert all(token.accredited and not token.embedded for token in tokens)
    assert len({connection for connection, *_rest in server.seen}) == 1
    assert all(authorization and authorization.startswith("Basic ") for *_rest, authorization in server.seen)
    assert len(tokens[-1].der) < stamper.reserve < len(tokens[-1].der) + 200


def test_an_authority_that_is_not_there_or_ill_is_an_outage(server: Served, tree: Hierarchy) -> None:
    gone = HttpTimestamper("http://127.0.0.1:9/tsa", roots=[tree.root_der], accredited=True, timeout=0.5)
    assert outage(gone)[0] == "tsa.unreachable"
    for status in (500, 503, 404, 302):
        server.behave = lambda _path, _body, s=status: (s, {"Location": "http://127.0.0.1:9/"}, [b"sorry"])  # type: ignore[misc]
        code, detail = outage(client(server, tree))
        assert (code, str(status) in detail) == ("tsa.unreachable", True)


def test_an_authority_that_hangs_or_trickles_is_an_outage(server: Served, tree: Hierarchy) -> None:
    release = threading.Event()
    server.behave = lambda _path, _body: (200, {}, [lambda: release.wait(5), b"late"])
    assert outage(client(server, tree))[0] == "tsa.unreachable"
    release.set()
    slow = threading.Event()
    server.behave = lambda _path, _body: (200, {}, [piece for _ in range(12) for piece in (b"x" * 1024, lambda: slow.wait(0.1))])
    assert outage(client(server, tree)) == ("tsa.unreachable", f"{server.url}/tsa did not finish within 0.5 s")
    slow.set()


def test_garbage_and_floods_are_bad_replies(server: Served, tree: Hierarchy) -> None:
    for garbage in (b"", b"<html>maintenance</html>", b"\x30\x80\x00\x00", bytes(range(256)), der.sequence()):
        server.behave = lambda _path, _body, g=garbage: good(g)  # type: ignore[misc]
        assert outage(client(server, tree))[0] == "tsa.bad_reply"
    server.behave = lambda _path, _body: good(b"\x30" * (LARGEST_REPLY + 1))
    assert outage(client(server, tree))[0] == "tsa.bad_reply"


def test_a_rejection_is_told_with_its_words(server: Served, tree: Hierarchy) -> None:
    words = der.sequence(der.tlv(0x0C, b"too many requests today"))
    server.behave = lambda _path, _body: good(der.sequence(der.sequence(der.integer(2), words)))
    assert outage(client(server, tree)) == ("tsa.refused", "status 2 (rejection) too many requests today")


def test_a_token_for_something_else_is_not_believed(server: Served, tree: Hierarchy, tsa: EmbeddedTimestamper) -> None:
    def answers(digest: bytes = DIGEST, nonce: int | None = None, late: timedelta = timedelta(0)) -> str:
        def behave(_path: str, body: bytes) -> tuple[int, dict[str, str], list[object]]:
            asked = body if nonce is None and digest == DIGEST else timestamp_requests.request(digest, nonce=nonce or nonce_of(body))
            return good(tsa.respond(asked, at=MOMENT + late))  # type: ignore[return-value]

        server.behave = behave  # type: ignore[assignment]
        code, detail = outage(client(server, tree))
        assert code == "tsa.bad_reply"
        return detail

    assert answers(digest=hashlib.sha256(b"another").digest()) == "the token stamps another digest"
    assert answers(nonce=42) == "the nonce of another request"
    assert "more than 60 s" in answers(late=timedelta(seconds=61))
    assert "more than 60 s" in answers(late=timedelta(seconds=-61))


def nonce_of(request: bytes) -> int:
    return next(der.read_integer(m) for m in der.read(request).children()[2:] if m.tag == der.INTEGER)


def test_a_token_of_the_wrong_authority_is_not_believed(server: Served, tree: Hierarchy) -> None:
    def told(other: EmbeddedTimestamper) -> str:
        server.behave = lambda _path, body: good(other.respond(body, at=MOMENT))
        code, detail = outage(client(server, tree))
        assert code == "tsa.bad_reply"
        return detail

    stamping = ExtendedKeyUsageOID.TIME_STAMPING
    purpose = "not timestamping alone, or not critical"
    assert "no issuer is known" in told(hierarchy(1).timestamper())
    assert purpose in told(tree.timestamper("careless", critical=False))
    assert purpose in told(tree.timestamper("versatile", more_purposes=[ExtendedKeyUsageOID.CODE_SIGNING]))
    assert "no extended key usage" in told(EmbeddedTimestamper(tree.credential("purposeless", key("p256", 3))))
    ended = tree.credential("ended", key("p256", 4), purpose=stamping, until=MOMENT - timedelta(hours=1))
    assert "is not valid at" in told(EmbeddedTimestamper(ended))


def test_a_policy_that_was_asked_for_is_insisted_on(server: Served, tree: Hierarchy, tsa: EmbeddedTimestamper) -> None:
    asked = client(server, tree, policy="1.2.3.4")
    server.behave = lambda _path, body: good(tsa.respond(timestamp_requests.request(DIGEST, nonce=nonce_of(body)), at=MOMENT))
    assert outage(asked) == ("tsa.bad_reply", f"policy {EMBEDDED_POLICY} instead of 1.2.3.4")


# --------------------------------------------------------------------------------------------- a token's inside


def test_every_flipped_byte_of_a_token_is_found(tree: Hierarchy, tsa: EmbeddedTimestamper) -> None:
    token = tsa.timestamp(DIGEST, at=MOMENT).der
    unsigned_parts = 0
    for place in range(0, len(token), 23):
        forged = token[:place] + bytes([token[place] ^ 1]) + token[place + 1 :]
        try:
            read = timestamps.read_token(forged, digest=DIGEST, roots=[tree.root_der])
        except timestamps.BadToken:
            continue
        # What may change unnoticed is what nobody signed: it must not change anything that is said.
        assert (read.gen_time, read.imprint, read.chain) == (MOMENT, DIGEST, tsa.timestamp(DIGEST, at=MOMENT).chain)
        unsigned_parts += 1
    assert unsigned_parts <= 3


def test_two_signers_or_another_certificate_are_not_believed(tree: Hierarchy) -> None:
    credential = tree.credential("TSA", key("p256", 5), purpose=ExtendedKeyUsageOID.TIME_STAMPING)
    namesake = tree.credential("TSA", key("p256", 5), purpose=ExtendedKeyUsageOID.TIME_STAMPING)
    token = EmbeddedTimestamper(credential).timestamp(DIGEST, at=MOMENT).der
    data = cms.read_signed_data(token)
    # The same key with another certificate: only the signing-certificate attribute can tell (RFC 5035).
    moved = cms_writing.signed_data(
        namesake,
        attributes=data.signer.attributes_raw,
        signature=data.signer.signature,
        content_type=cms.TST_INFO,
        content=data.content,
    )
    with pytest.raises(timestamps.BadToken, match="names another certificate"):
        timestamps.read_token(moved, digest=DIGEST, roots=[tree.root_der])
    info = der.read(der.read(token).children()[1].content).children()[-1].children()[0].raw
    doubled = token.replace(der.tlv(der.SET, info), der.tlv(der.SET, info + info))
    body = der.read(token).children()[1].content
    inner = der.read(body).content.replace(der.tlv(der.SET, info), der.tlv(der.SET, info + info))
    doubled = der.sequence(der.oid(cms.SIGNED_DATA), der.explicit(0, der.sequence(inner)))
    with pytest.raises(timestamps.BadToken, match="2 signers"):
        timestamps.read_token(doubled, digest=DIGEST, roots=[tree.root_der])


def test_a_root_is_pinned_and_never_taken_from_the_token(tree: Hierarchy, tsa: EmbeddedTimestamper) -> None:
    token = tsa.timestamp(DIGEST, at=MOMENT).der
    with pytest.raises(timestamps.BadToken):
        timestamps.read_token(token, digest=DIGEST, roots=[])
    found = timestamps.read_token(token, digest=DIGEST, roots=[tree.root_der])
    assert [chains.fingerprint(c) for c in found.chain[1:]] == [chains.fingerprint(c) for c in (tree.middle_der, tree.root_der)]
    assert isinstance(x509.load_der_x509_certificate(found.chain[0]), x509.Certificate)
