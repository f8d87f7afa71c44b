"""From a certificate to a pinned root: the small part of path validation that our own chains need (RFC 5280, 6.1).

Strict on purpose: a critical extension that is not understood here, SHA-1, or a short RSA key ends the path.
Foreign files are judged by the deep verifier; this is for keys and timestamping authorities an operator has chosen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtensionOID

from tachiai.crypto import der

LONGEST = 8
# Certificates of one name and key can issue each other round and round; the paths among a dozen of them are beyond counting.
_MOST_TRIED = 64
_MOST_KNOWN = 4
_LARGEST_KNOWN = 64 * 1024
_SHORT = {"2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.5": "SN"}
_UNDERSTOOD = frozenset(
    (
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    )
)


class BrokenChain(ValueError):
    """No acceptable path leads from the certificate to a pinned root. The message says which condition failed."""


@lru_cache(maxsize=512)
def certificate(held: bytes) -> x509.Certificate:
    """The certificate in ``held`` (DER). Raises :class:`BrokenChain` when it is none."""
    try:
        return x509.load_der_x509_certificate(held)
    except (ValueError, x509.InvalidVersion) as unreadable:
        raise BrokenChain("a certificate cannot be read") from unreadable


def extensions(held: bytes) -> x509.Extensions:
    """The certificate's extensions, read as a whole. Raises :class:`BrokenChain` when they cannot be, or one stands there twice."""
    try:
        return certificate(held).extensions
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as unreadable:
        raise BrokenChain("an extension cannot be read") from unreadable


def fingerprint(held: bytes) -> str:
    """SHA-256 of the certificate, in lower-case hex."""
    return hashlib.sha256(held).hexdigest()


@dataclass(frozen=True)
class Named:
    """Parts of a certificate as they are encoded in it: names are compared by bytes and never re-encoded."""

    serial: bytes
    issuer: bytes
    subject: bytes
    key_bits: bytes


@lru_cache(maxsize=512)
def named(held: bytes) -> Named:
    """The encoded serial number, issuer, subject and key bits of a certificate. Raises :class:`BrokenChain`."""
    try:
        members = der.read(held).children()[0].children()
        start = 1 if members[0].tag == 0xA0 else 0
        key = members[start + 5].children()[1].expect(der.BIT_STRING)
        return Named(members[start].raw, members[start + 2].raw, members[start + 4].raw, key.content[1:])
    except (der.DerError, IndexError) as torn:
        raise BrokenChain("a certificate cannot be read") from torn


def self_issued(held: bytes) -> bool:
    return named(held).subject == named(held).issuer


def name_text(name: bytes) -> str:
    """An encoded name for reading, most particular part first: ``CN=…, OU=…, O=…, C=JP``.

    Read here because the library at hand counts a Japanese name's bytes against a limit of characters, and complains.
    """
    return ", ".join(_part_text(part) for group in reversed(der.read(name).children()) for part in group.children())


def _part_text(part: der.Element) -> str:
    kind, value = part.children()
    dotted = der.read_oid(kind)
    coding = {0x1E: "utf-16-be", 0x1C: "utf-32-be", 0x14: "latin-1"}.get(value.tag, "utf-8")
    return f"{_SHORT.get(dotted, dotted)}={value.content.decode(coding, 'replace')}"


@dataclass(frozen=True)
class _Path:
    """A path found once. Nothing about it can change but the time, and it holds from ``start`` to ``end``."""

    certificates: tuple[bytes, ...]
    start: datetime
    end: datetime


@lru_cache(maxsize=512)
def _known_paths(leaf: bytes, pool: tuple[bytes, ...], roots: tuple[bytes, ...]) -> list[_Path]:
    """The paths found so far for the very same certificates: a list that its callers add to."""
    return []


def build_chain(leaf: bytes, *, pool: Iterable[bytes], roots: Sequence[bytes], at: datetime) -> tuple[bytes, ...]:
    """The path ``leaf … root``, every link signed, every certificate valid at ``at``, ending in one of ``roots``.

    Raises :class:`BrokenChain` when there is none. Revocation is not looked at here. Asked again about the same certificates it
    only looks at the time; a path that was not found is looked for anew.
    """
    if leaf in roots:
        return (leaf,)
    pool, roots = tuple(pool), tuple(roots)
    known = _known_paths(leaf, pool, roots) if _worth_keeping(pool, roots) else []
    for path in known:
        if path.start <= at <= path.end:
            return path.certificates
    found = _extend((leaf,), pool=tuple(dict.fromkeys((*roots, *pool))), roots=frozenset(roots), at=at, tries=iter(range(_MOST_TRIED)))
    if len(known) < _MOST_KNOWN:
        links = [certificate(held) for held in found]
        start, end = max(link.not_valid_before_utc for link in links), min(link.not_valid_after_utc for link in links)
        known.append(_Path(found, start, end))
    return found


def _worth_keeping(pool: tuple[bytes, ...], roots: tuple[bytes, ...]) -> bool:
    """Whoever brings heaps of certificates must not fill our memory with them."""
    return sum(map(len, pool)) + sum(map(len, roots)) <= _LARGEST_KNOWN


def _extend(
    path: tuple[bytes, ...], *, pool: tuple[bytes, ...], roots: frozenset[bytes], at: datetime, tries: Iterator[int]
) -> tuple[bytes, ...]:
    _check_link(path[-1], depth=len(path) - 1, at=at)
    if path[-1] in roots:
        return path
    trouble = BrokenChain(f"no issuer is known for {name_text(named(path[-1]).issuer)}")
    for candidate in pool:
        if candidate in path or len(path) >= LONGEST or named(path[-1]).issuer != named(candidate).subject:
            continue
        if next(tries, None) is None:
            raise BrokenChain("too many certificates that might have issued each other")
        if not _issued(path[-1], candidate):
            continue
        try:
            return _extend((*path, candidate), pool=pool, roots=roots, at=at, tries=tries)
        except BrokenChain as dead_end:
            trouble = dead_end
    raise trouble


def _check_link(held: bytes, *, depth: int, at: datetime) -> None:
    found = certificate(held)
    name = name_text(named(held).subject)
    try:
        start, end, key = found.not_valid_before_utc, found.not_valid_after_utc, found.public_key()
    except (ValueError, UnsupportedAlgorithm) as unreadable:
        raise BrokenChain(f"{name} has a key or times that cannot be used") from unreadable
    if not start <= at <= end:
        raise BrokenChain(f"{name} is not valid at {at.isoformat()}")
    unknown = [e.oid.dotted_string for e in extensions(held) if e.critical and e.oid not in _UNDERSTOOD]
    if unknown:
        raise BrokenChain(f"{name} has critical extensions that are not understood: {', '.join(unknown)}")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < 2048:
        raise BrokenChain(f"{name} has an RSA key of {key.key_size} bits")
    if depth:
        _check_authority(held, name, below=depth - 1)


def _check_authority(held: bytes, name: str, *, below: int) -> None:
    """An issuer must be a certification authority, allowed to sign certificates, with room for those below it."""
    found = {e.oid: e.value for e in extensions(held)}
    basic = found.get(ExtensionOID.BASIC_CONSTRAINTS)
    if not isinstance(basic, x509.BasicConstraints) or not basic.ca:
        raise BrokenChain(f"{name} is not a certification authority")
    if basic.path_length is not None and below > basic.path_length:
        raise BrokenChain(f"{name} allows no path this long")
    usage = found.get(ExtensionOID.KEY_USAGE)
    if isinstance(usage, x509.KeyUsage) and not usage.key_cert_sign:
        raise BrokenChain(f"{name} may not sign certificates")


@lru_cache(maxsize=1024)
def _issued(held: bytes, issuer: bytes) -> bool:
    """Whether ``issuer``, whose name is the one that ``held`` gives, has signed it."""
    found = certificate(held)
    try:
        if isinstance(found.signature_hash_algorithm, hashes.SHA1 | hashes.MD5):
            return False
        found.verify_directly_issued_by(certificate(issuer))
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
