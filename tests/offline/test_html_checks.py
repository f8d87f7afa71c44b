"""How the page checks keys, signatures, proofs and answers: each time asked beside the Python verifier, which must say the same."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from offline.test_html_verifier import ARGUMENTS, CHROMIUM
from tachiai.crypto import der
from tachiai.crypto.merkle import consistency_proof, inclusion_proof, leaf_hash, nodes_over, root_of
from tachiai.offline import building
from tachiai.offline import tachiai_verify as program

pytestmark = pytest.mark.browser
# The very functions that the page holds, without the page around them.
ASKED = ("checkFor", "checkForCose", "verifyEd25519ByHand", "readDer", "isIncluded", "isConsistent", "certificate", "answersAbout")
GOOD = ocsp.OCSPCertStatus.GOOD
AT = datetime(2026, 11, 26, 9, tzinfo=UTC)
FORMAT = PublicFormat.SubjectPublicKeyInfo
SHA = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
OIDS = {name: dotted for dotted, name in program.DIGESTS.items()}


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    if not CHROMIUM:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    before = building.SCRIPTS.index("words")
    sources = "\n".join(building.read_sources()[:before])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        opened = browser.new_context(offline=True).new_page()
        opened.goto(building.PAGE.as_uri())
        opened.evaluate(f"() => {{ {sources}\n window.asked = {{ {', '.join(ASKED)} }}; window.bytes = fromBase64; }}")
        yield opened
        browser.close()


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


# ------------------------------------------------------------------------------------------------ keys and signatures

MESSAGE = b"the very bytes"
CHECK = """async (cases) => {
  const said = [];
  for (const { spki, algorithm, digest, signature, message } of cases) {
    try {
      const holds = await asked.checkFor(bytes(spki), asked.readDer(bytes(algorithm)), digest);
      said.push(await holds(bytes(signature), bytes(message)));
    } catch (error) {
      said.push(error.constructor.name);
    }
  }
  return said;
}"""


def _algorithm(dotted: str, *parameters: bytes) -> bytes:
    return der.sequence(der.oid(dotted), *parameters)


def _pss(name: str, salt: int, mask: str = "") -> bytes:
    hashed = _algorithm(OIDS[name])
    masked = _algorithm(program.MASK, _algorithm(OIDS[mask or name]))
    parameters = der.sequence(der.explicit(0, hashed), der.explicit(1, masked), der.explicit(2, der.integer(salt)))
    return _algorithm(program.RSA_PSS, parameters)


def _cases() -> Iterator[tuple[bytes, bytes, str, bytes]]:
    """Key, algorithm, the digest that CMS names beside it, signature."""
    key, short = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 1024)  # noqa: S505  # to be refused
    spki, short_spki = (one.public_key().public_bytes(Encoding.DER, FORMAT) for one in (key, short))
    for dotted, name in program.RSA_KINDS.items():
        signature = key.sign(MESSAGE, padding.PKCS1v15(), SHA[name])
        yield spki, _algorithm(dotted, der.null()), name, signature
        yield spki, _algorithm(dotted), "", signature
        yield spki, _algorithm(program.RSA_PLAIN, der.null()), name, signature
        yield spki, _algorithm(program.RSA_PLAIN, der.null()), "", signature
        yield spki, _algorithm(dotted), "sha256" if name != "sha256" else "sha512", signature
        salted = key.sign(MESSAGE, padding.PSS(padding.MGF1(SHA[name]), 32), SHA[name])
        yield spki, _pss(name, 32), name, salted
        yield spki, _pss(name, 20), name, salted
        yield spki, _pss(name, 32, "sha384" if name != "sha384" else "sha256"), name, salted
    yield spki, _algorithm(program.RSA_PSS, der.sequence()), "sha256", b""
    yield spki, _algorithm("1.2.840.113549.1.1.5", der.null()), "", b""
    yield short_spki, _algorithm(program.RSA_PLAIN), "sha256", short.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    for curve in (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()):
        private = ec.generate_private_key(curve)
        own = private.public_key().public_bytes(Encoding.DER, FORMAT)
        for dotted, name in program.ECDSA_KINDS.items():
            signature = private.sign(MESSAGE, ec.ECDSA(SHA[name]))
            yield own, _algorithm(dotted), name, signature
            yield own, _algorithm(dotted), "", signature + b"\0"
            yield own, _algorithm(program.RSA_PLAIN), name, signature
            yield spki, _algorithm(dotted), name, signature
    edwards = ed25519.Ed25519PrivateKey.generate()
    yield edwards.public_key().public_bytes(Encoding.DER, FORMAT), _algorithm(program.ED25519), "sha512", edwards.sign(MESSAGE)
    yield b"\x30\x00", _algorithm(program.ED25519), "", b""


def _said_by_program(spki: bytes, algorithm: bytes, digest: str, signature: bytes, message: bytes) -> object:
    try:
        return program.check_for(spki, program.read_der(algorithm), digest).holds(signature, message)
    except program.Unknown:
        return "Unaccepted"


def test_signatures_hold_for_both_or_for_neither(page: Any) -> None:
    names = {"": None, "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
    cases, wanted = [], []
    for spki, algorithm, digest, signature in _cases():
        for message in (MESSAGE, MESSAGE + b"."):
            told = {
                "spki": b64(spki),
                "algorithm": b64(algorithm),
                "digest": names[digest],
                "signature": b64(signature),
                "message": b64(message),
            }
            cases.append(told)
            wanted.append(_said_by_program(spki, algorithm, digest, signature, message))
    assert page.evaluate(CHECK, cases) == wanted
    assert {True, False, "Unaccepted"} <= set(wanted)


def test_ed25519_by_hand_is_ed25519(page: Any) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    public, signature = key.public_key().public_bytes_raw(), key.sign(MESSAGE)
    order = 2**252 + 27742317777372353535851937790883648493
    again = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    cases = [(public, signature), (public, signature[:32] + again), (public, bytes(64)), (bytes(31) + b"\x01", signature)]
    cases += [(public, signature[:at] + bytes((signature[at] ^ 1,)) + signature[at + 1 :]) for at in (0, 31, 32, 63)]
    said = page.evaluate(
        """async ([cases, message]) => {
          const given = cases.map((one) => one.map(bytes));
          return Promise.all(given.map(([key, signature]) => asked.verifyEd25519ByHand(key, signature, bytes(message))));
        }""",
        [[[b64(one), b64(other)] for one, other in cases], b64(MESSAGE)],
    )
    assert said == [True] + [False] * (len(cases) - 1)


def _cbor(pairs: dict[int, int | bytes]) -> bytes:
    def number(value: int, major: int = 0) -> bytes:
        kind, size = (1, -1 - value) if value < 0 else (major, value)
        width = 0 if size < 24 else 1 if size < 256 else 2
        return bytes((kind << 5 | (size if not width else 23 + width),)) + (size.to_bytes(width, "big") if width else b"")

    body = b"".join(number(key) + (number(len(v), 2) + v if isinstance(v, bytes) else number(v)) for key, v in pairs.items())
    return number(len(pairs), 5) + body


def test_passkeys_of_all_three_kinds(page: Any) -> None:
    curve, modulus, edwards = (
        ec.generate_private_key(ec.SECP256R1()),
        rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate(),
    )
    point, numbers = curve.public_key().public_numbers(), modulus.public_key().public_numbers()
    x, y = (part.to_bytes(32, "big") for part in (point.x, point.y))
    public = edwards.public_key().public_bytes_raw()
    es256: dict[int, int | bytes] = {1: 2, 3: -7, -1: 1, -2: x, -3: y}
    rs256: dict[int, int | bytes] = {1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: b"\1\0\1"}
    keys = [
        (_cbor(es256), curve.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))),
        (_cbor(rs256), modulus.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())),
        (_cbor({1: 1, 3: -8, -1: 6, -2: public}), edwards.sign(MESSAGE)),
        (_cbor({**es256, -3: x}), b""),
        (_cbor({**es256, 3: -35}), b""),
        (_cbor({**rs256, -1: numbers.n.to_bytes(256, "big")[:128]}), b""),
        (_cbor(es256) + b"\0", b""),
        (_cbor(es256)[:-1], b""),
        (b"\xa2\x01\x02\x01\x02", b""),
    ]
    said = page.evaluate(
        """async ([keys, message]) => Promise.all(keys.map(async ([key, signature]) => {
          try {
            return await (await asked.checkForCose(bytes(key)))(bytes(signature), bytes(message));
          } catch { return "refused"; }
        }))""",
        [[[b64(one), b64(other)] for one, other in keys], b64(MESSAGE)],
    )
    assert said == [_cose_by_program(key, signature) for key, signature in keys]
    assert said == [True, True, True] + ["refused"] * 6


def _cose_by_program(key: bytes, signature: bytes) -> object:
    try:
        return program.cose_check(key).holds(signature, MESSAGE)
    except (ValueError, KeyError, TypeError, IndexError):
        return "refused"


# ------------------------------------------------------------------------------------------------------------ proofs


def test_paths_of_small_trees(page: Any) -> None:
    size = 20
    leaves = [leaf_hash(b"%d" % at) for at in range(size)]
    roots = [root_of(leaves[:count]) for count in range(size + 1)]
    included, consistent = [], []
    for count in range(1, size + 1):
        node = nodes_over(leaves[:count])
        for at in range(count):
            path = inclusion_proof(at, count, node)
            included += [[leaves[at], at, count, one, roots[count]] for one in _spoilt(path)]
        for first in range(1, count + 1):
            path = consistency_proof(first, count, node)
            consistent += [[first, roots[first], count, roots[count], one] for one in _spoilt(path)]
    said = page.evaluate(
        """async ([included, consistent]) => {
          const read = (value) => Array.isArray(value) ? value.map(bytes) : typeof value === "string" ? bytes(value) : value;
          const said = [];
          for (const one of included) said.push(await asked.isIncluded(...one.map(read)));
          for (const one of consistent) said.push(await asked.isConsistent(...one.map(read)));
          return said;
        }""",
        [_encoded(included), _encoded(consistent)],
    )
    assert said == [program.included(*one) for one in included] + [program.consistent(*one) for one in consistent]  # type: ignore[arg-type]
    assert said.count(True) == size * (size + 1)


def _spoilt(path: list[bytes]) -> Iterator[list[bytes]]:
    yield path
    yield [*path, bytes(32)]
    if path:
        yield path[:-1]
        yield [bytes(32), *path[1:]]


def _encoded(cases: list[list[Any]]) -> list[list[Any]]:
    def encode(value: Any) -> Any:
        return b64(value) if isinstance(value, bytes) else [b64(one) for one in value] if isinstance(value, list) else value

    return [[encode(value) for value in case] for case in cases]


# ------------------------------------------------------------------------------------------ answers about certificates


class Authority:
    """An authority with one certificate of its own and one responder, and what they say."""

    def __init__(self) -> None:
        self.key, self.other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.root = self._issue("root", self.key, serial=1, authority=True)
        self.held = self._issue("held", self.other, serial=7)
        self.responder = self._issue("responder", self.other, serial=8, purpose=ExtendedKeyUsageOID.OCSP_SIGNING)
        self.stranger = self._issue("stranger", self.other, serial=9, purpose=ExtendedKeyUsageOID.TIME_STAMPING)

    def _issue(self, name: str, key: Any, *, serial: int, authority: bool = False, purpose: Any = None) -> x509.Certificate:
        named = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in ("root", name)]
        builder = x509.CertificateBuilder(named[0], named[1], key.public_key(), serial, AT - timedelta(days=1), AT + timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        if purpose is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
        return builder.sign(self.key, hashes.SHA256())

    def ocsp(
        self, *, status: Any = ocsp.OCSPCertStatus.GOOD, by: str = "root", named: Any = None, ends: bool = True, reason: Any = None
    ) -> bytes:
        signer, key = (self.root, self.key) if by == "root" else (getattr(self, by), self.other)
        revoked = AT - timedelta(hours=1) if status is ocsp.OCSPCertStatus.REVOKED else None
        builder = ocsp.OCSPResponseBuilder().add_response(
            self.held, self.root, named or hashes.SHA256(), status, AT, AT + timedelta(hours=1) if ends else None, revoked, reason
        )
        if by != "root":
            builder = builder.certificates([signer])
        return builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)

    def crl(self, *, serial: int = 3, reason: Any = None, part: Any = None, key: Any = None) -> bytes:
        entry = x509.RevokedCertificateBuilder(serial, AT - timedelta(hours=2))
        entry = entry.add_extension(x509.CRLReason(reason), critical=False) if reason else entry
        builder = x509.CertificateRevocationListBuilder(self.root.subject, AT, AT + timedelta(days=1), revoked_certificates=[entry.build()])
        builder = builder.add_extension(part, critical=True) if part is not None else builder
        return builder.sign(key or self.key, hashes.SHA256()).public_bytes(Encoding.DER)


def _part(**said: bool) -> x509.IssuingDistributionPoint:
    only = {f"only_contains_{kind}_certs": said.get(kind, False) for kind in ("user", "ca", "attribute")}
    return x509.IssuingDistributionPoint(None, None, only_some_reasons=None, indirect_crl=said.get("indirect", False), **only)


def _answers(held: Authority) -> tuple[list[bytes], list[bytes]]:
    revoked = ocsp.OCSPCertStatus.REVOKED
    replies = [
        held.ocsp(),
        held.ocsp(status=revoked, reason=x509.ReasonFlags.superseded),
        held.ocsp(status=revoked),
        held.ocsp(status=ocsp.OCSPCertStatus.UNKNOWN),
        held.ocsp(by="responder", named=hashes.SHA1()),  # noqa: S303  # it only names the issuer
        held.ocsp(by="stranger"),
        held.ocsp(ends=False),
        held.ocsp()[:-1] + b"\0",
        ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER),
    ]
    lists = [
        held.crl(),
        held.crl(serial=7, reason=x509.ReasonFlags.key_compromise),
        held.crl(serial=7),
        held.crl(part=_part(user=True)),
        held.crl(part=_part(ca=True)),
        held.crl(part=_part(indirect=True)),
        held.crl(key=held.other),
        b"no list",
    ]
    return replies, lists


def test_answers_of_responders_and_lists(page: Any) -> None:
    held = Authority()
    replies, lists = _answers(held)
    about, issuer = (one.public_bytes(Encoding.DER) for one in (held.held, held.root))
    said = page.evaluate(
        """async ([about, issuer, replies, lists]) => {
          const [held, by] = [about, issuer].map((one) => asked.certificate(bytes(one)));
          const found = await asked.answersAbout(held, by, replies.map(bytes), lists.map(bytes));
          return JSON.stringify(found.map((one) => [one.since, one.until, one.revoked, one.reason, Boolean(one.delegate)]));
        }""",
        [b64(about), b64(issuer), [b64(one) for one in replies], [b64(one) for one in lists]],
    )
    found = program.answers_about(program.certificate(about), program.certificate(issuer), replies, lists)
    wanted = [[_micro(one.since), _micro(one.until), _micro(one.revoked), one.reason, one.delegate is not None] for one in found]
    assert json.loads(said) == wanted
    assert len(wanted) == 8


def _micro(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp()) * 1_000_000
