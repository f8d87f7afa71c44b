"""Certificates for tests: the embedded authority, and a three-level one in any algorithm. Keys are made once per run."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from tachiai.crypto.authority import EmbeddedAuthority, create_authority, load_authority
from tachiai.crypto.keys import Credential, credential_of
from tachiai.crypto.timestampers import EmbeddedTimestamper

# A moment safely in the past: the deep verifier compares some proofs of existence with the real clock.
MOMENT = datetime(2025, 6, 2, 3, 0, tzinfo=UTC)
OPERATOR = "架空電子契約株式会社"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@lru_cache(maxsize=4)
def embedded(operator: str = OPERATOR) -> EmbeddedAuthority:
    """The embedded authority as an operator would create it, with short RSA keys because tests are in a hurry."""
    folder = Path(tempfile.mkdtemp(prefix="tachiai-pki-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    create_authority(folder / "authority", operator=operator, at=MOMENT - timedelta(days=1), rsa_bits=2048)
    return load_authority(folder / "authority")


@cache  # a key that was dropped would be another one the next time
def key(kind: str, number: int = 0) -> PrivateKey:
    """A private key, the same one for the same arguments: ``rsa2048``, ``rsa1024``, ``p256``, ``p384`` or ``p521``."""
    curves = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
    if kind in curves:
        return ec.generate_private_key(curves[kind])
    return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))


@dataclass(frozen=True)
class Hierarchy:
    """Root → intermediate → leaf, with the keys of the two authorities so that tests can answer for them."""

    root: x509.Certificate
    middle: x509.Certificate
    root_key: PrivateKey
    middle_key: PrivateKey

    def leaf(
        self,
        name: str,
        public: PrivateKey,
        *,
        purpose: x509.ObjectIdentifier | None = None,
        critical: bool = True,
        more_purposes: Sequence[x509.ObjectIdentifier] = (),
        responder: str | None = None,
        lists: str | None = None,
        no_check: bool = False,
        since: datetime = MOMENT - timedelta(days=1),
        until: datetime = MOMENT + timedelta(days=3600),
    ) -> x509.Certificate:
        draft = _draft(_name(name), self.middle.subject, public, since=since, until=until, authority=False)
        if purpose is not None:
            draft = draft.add_extension(x509.ExtendedKeyUsage([purpose, *more_purposes]), critical=critical)
        if no_check:
            draft = draft.add_extension(x509.OCSPNoCheck(), critical=False)
        draft = _with_places(draft, responder, lists)
        return draft.sign(self.middle_key, _digest(self.middle_key))

    def credential(self, name: str, private: PrivateKey, **details: object) -> Credential:
        found = [self.leaf(name, private, **details), self.middle, self.root]  # type: ignore[arg-type]
        return credential_of(private, [c.public_bytes(Encoding.DER) for c in found], label=name)

    def timestamper(self, name: str = "Fictional TSA", private: PrivateKey | None = None, **details: object) -> EmbeddedTimestamper:
        chosen = private if private is not None else key("rsa2048", 12)
        return EmbeddedTimestamper(self.credential(name, chosen, purpose=ExtendedKeyUsageOID.TIME_STAMPING, **details))

    @property
    def root_der(self) -> bytes:
        return self.root.public_bytes(Encoding.DER)

    @property
    def middle_der(self) -> bytes:
        return self.middle.public_bytes(Encoding.DER)


def hierarchy(
    number: int = 0,
    *,
    responder: str | None = None,
    lists: str | None = None,
    start: datetime = MOMENT - timedelta(days=2),
    far: datetime = MOMENT + timedelta(days=7300),
    kind: str = "rsa2048",
) -> Hierarchy:
    """A fresh three-level authority, with other keys (of ``kind``) for another ``number``, valid from ``start`` to ``far``.

    ``responder`` and ``lists`` are named in the intermediate's certificate.
    """
    root_key, middle_key = key(kind, 100 + number), key(kind, 200 + number)
    root_name, middle_name = _name("Fictional Root"), _name("Fictional Intermediate")
    root = _draft(root_name, root_name, root_key, since=start, until=far, authority=True).sign(root_key, _digest(root_key))
    draft = _draft(middle_name, root_name, middle_key, since=start, until=far, authority=True)
    middle = _with_places(draft, responder, lists).sign(root_key, _digest(root_key))
    return Hierarchy(root, middle, root_key, middle_key)


def _digest(private: PrivateKey) -> hashes.SHA256 | hashes.SHA384:
    """As strong as the key: a chain is no stronger than what its certificates are signed by."""
    strong = isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name == "secp384r1"
    return hashes.SHA384() if strong else hashes.SHA256()


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "架空認証"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _draft(
    subject: x509.Name, issuer: x509.Name, owner: PrivateKey, *, since: datetime, until: datetime, authority: bool
) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(True, not authority, False, False, False, authority, authority, False, False)
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=owner.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )


def _with_places(draft: x509.CertificateBuilder, responder: str | None, lists: str | None) -> x509.CertificateBuilder:
    if responder is not None:
        where = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(responder))
        draft = draft.add_extension(x509.AuthorityInformationAccess([where]), critical=False)
    if lists is not None:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(lists)], None, None, None)
        draft = draft.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    return draft
