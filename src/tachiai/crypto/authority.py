"""The embedded authority: a certification authority, a seal and a timestamping authority for demonstrations and tests.

Nothing it issues is accredited, and every name it writes says so. Its files live in one folder, made at once or not at all.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from tachiai.crypto import keys
from tachiai.crypto.keys import Credential, load_credential
from tachiai.crypto.revocation import EmbeddedRevocation
from tachiai.crypto.timestampers import EmbeddedTimestamper
from tachiai.errors import Refusal

MARK = "（デモ用・非認定）"
ENGLISH_MARK = "demo, not accredited"
_LONGEST_NAME = 64
# Readers look at embedded OCSP answers only for certificates that name a responder. Nobody answers at a name under .invalid
# (RFC 2606); the answers themselves stand in every closed file.
RESPONDER = "http://ocsp.tachiai.invalid/"
ROOT_VALIDITY = timedelta(days=20 * 366)
LEAF_VALIDITY = timedelta(days=5 * 365)

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class EmbeddedAuthority:
    """What :func:`load_authority` found. ``roots`` are DER and are all that verifiers of its seals need to pin."""

    root: Credential
    seal_credential: Credential
    stamp_credential: Credential
    responder_credential: Credential

    @property
    def roots(self) -> tuple[bytes, ...]:
        return self.root.roots

    @cached_property
    def timestamper(self) -> EmbeddedTimestamper:
        return EmbeddedTimestamper(self.stamp_credential)

    @cached_property
    def revocation_source(self) -> EmbeddedRevocation:
        return EmbeddedRevocation(self.root.certificate, responder=self.responder_credential)


def create_authority(folder: Path, *, operator: str, at: datetime, rsa_bits: int = keys.DEFAULT_RSA_BITS) -> None:
    """Write a root (20 years), the operator's seal and a timestamping certificate (5 years each) with their keys.

    Files are 0600 and appear together. Refuses ``authority.exists`` when the folder holds anything already,
    and ``authority.operator_missing`` for an empty name. A certificate's name holds 64 bytes; a longer one is cut there.
    """
    if not operator.strip():
        raise Refusal("authority.operator_missing")
    if folder.exists() and any(folder.iterdir()):
        raise Refusal("authority.exists", folder=folder.name)
    files = _issue_all(operator.strip(), at=at, rsa_bits=rsa_bits)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
    made.mkdir(mode=0o700)
    try:
        for name, content in files.items():
            _write_private(made / name, content)
        # Renaming onto an empty or absent folder is atomic; onto a filled one it fails, so nothing is ever overwritten.
        made.rename(folder)
    except OSError as lost:
        shutil.rmtree(made, ignore_errors=True)
        raise Refusal("authority.exists", folder=folder.name) from lost


def load_authority(folder: Path) -> EmbeddedAuthority:
    """Read what :func:`create_authority` wrote. Refuses as :func:`~tachiai.crypto.keys.load_credential`."""
    root, seal, stamp, responder = (_load(folder, name) for name in ("root", "seal", "tsa", "ocsp"))
    return EmbeddedAuthority(root=root, seal_credential=seal, stamp_credential=stamp, responder_credential=responder)


def _load(folder: Path, name: str) -> Credential:
    # Files that ``create_authority`` wrote; what a key that rotted would sign, nothing lets out unverified.
    return load_credential(folder / f"{name}.key.pem", chain_file=folder / f"{name}.pem", label=f"embedded-{name}", own=True)


def _write_private(file: Path, content: bytes) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _issue_all(operator: str, *, at: datetime, rsa_bits: int) -> dict[str, bytes]:
    root_key = rsa.generate_private_key(65537, rsa_bits)
    root_name = _name(f"Tachiai Demo Root ({ENGLISH_MARK})", operator)
    root = issue(root_name, root_key.public_key(), issuer=root_name, issuer_key=root_key, at=at, validity=ROOT_VALIDITY, authority=True)
    leaves = {
        "seal": (operator, None),
        "tsa": (f"Tachiai Demo TSA ({ENGLISH_MARK})", ExtendedKeyUsageOID.TIME_STAMPING),
        "ocsp": (f"Tachiai Demo OCSP ({ENGLISH_MARK})", ExtendedKeyUsageOID.OCSP_SIGNING),
    }
    files = _files("root", root_key, (root,))
    for stem, (common, purpose) in leaves.items():
        key = rsa.generate_private_key(65537, rsa_bits)
        leaf = issue(
            _name(common, operator),
            key.public_key(),
            issuer=root_name,
            issuer_key=root_key,
            at=at,
            validity=LEAF_VALIDITY,
            purpose=purpose,
        )
        files |= _files(stem, key, (leaf, root))
    return files


def _files(stem: str, key: PrivateKey, path: Sequence[x509.Certificate]) -> dict[str, bytes]:
    return {
        f"{stem}.key.pem": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        f"{stem}.pem": b"".join(found.public_bytes(Encoding.PEM) for found in path),
    }


def _name(common: str, operator: str) -> x509.Name:
    parts = (
        (NameOID.COUNTRY_NAME, "JP"),
        (NameOID.ORGANIZATION_NAME, _cut(operator, _LONGEST_NAME - len(MARK.encode())) + MARK),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, ENGLISH_MARK),
        (NameOID.COMMON_NAME, _cut(common, _LONGEST_NAME)),
    )
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in parts])


def _cut(text: str, octets: int) -> str:
    """The beginning of ``text`` that fits. X.520 bounds a name to 64 characters, and many programs count bytes instead."""
    return text.encode()[:octets].decode(errors="ignore")


def issue(
    subject: x509.Name,
    public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    *,
    issuer: x509.Name,
    issuer_key: PrivateKey,
    at: datetime,
    validity: timedelta,
    authority: bool = False,
    purpose: x509.ObjectIdentifier | None = None,
    responder: str = RESPONDER,
) -> x509.Certificate:
    """One certificate (RFC 5280). ``authority``: it may sign certificates and lists; ``purpose``: its only, critical, use.

    ``responder``: where its status may be asked (RFC 6960), named in every certificate but those of roots and responders.
    """
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=not authority and purpose is None,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    start = at.replace(microsecond=0)
    draft = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - timedelta(minutes=5))
        .not_valid_after(start + validity)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if purpose == ExtendedKeyUsageOID.OCSP_SIGNING:
        # Nobody can be asked about the one who answers (RFC 6960, 4.2.2.2.1).
        draft = draft.add_extension(x509.OCSPNoCheck(), critical=False)
    elif issuer != subject:
        where = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(responder))
        draft = draft.add_extension(x509.AuthorityInformationAccess([where]), critical=False)
    if purpose is not None:
        draft = draft.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
    return draft.sign(issuer_key, hashes.SHA256())
