"""Three generations of timestamping authorities, as years go by: each has a root, a stamp and a responder of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from pki import PrivateKey, _name, key
from tachiai.crypto.authority import EmbeddedAuthority, issue
from tachiai.crypto.keys import Credential, credential_of
from tachiai.crypto.revocation import RevocationByRoot

KINDS = ("p256", "p256", "p384")


def day(year: int, month: int = 1, number: int = 1, hour: int = 3) -> datetime:
    return datetime(year, month, number, hour, tzinfo=UTC)


@lru_cache(maxsize=32)
def generation(number: int, *, begins: datetime, ends: datetime, kind: str = "p256") -> EmbeddedAuthority:
    """The ``number``-th authority, whose leaves hold from ``begins`` to ``ends``; all its keys are of ``kind``."""
    root_key = key(kind, 1000 + 10 * number)
    root_name = _name(f"Fictional Root G{number}")
    long = ends - begins + timedelta(days=3650)
    root = issue(root_name, root_key.public_key(), issuer=root_name, issuer_key=root_key, at=begins, validity=long, authority=True)

    def leaf(name: str, place: int, purpose: x509.ObjectIdentifier | None = None) -> Credential:
        private: PrivateKey = key(kind, 1000 + 10 * number + place)
        found = issue(
            _name(f"{name} G{number}"),
            private.public_key(),
            issuer=root_name,
            issuer_key=root_key,
            at=begins,
            validity=ends - begins,
            purpose=purpose,
        )
        return credential_of(private, [one.public_bytes(Encoding.DER) for one in (found, root)], label=f"g{number}-{name}")

    return EmbeddedAuthority(
        root=credential_of(root_key, [root.public_bytes(Encoding.DER)], label=f"g{number}-{kind}-root"),
        seal_credential=leaf("Fictional Seal", 1),
        stamp_credential=leaf("Fictional TSA", 2, ExtendedKeyUsageOID.TIME_STAMPING),
        responder_credential=leaf("Fictional OCSP", 3, ExtendedKeyUsageOID.OCSP_SIGNING),
    )


def root_key_of(authority: EmbeddedAuthority) -> PrivateKey:
    """The key of an authority's root, for whoever issues lists in its name."""
    number, kind = authority.root.label.removeprefix("g").split("-")[:2]
    return key(kind, 1000 + 10 * int(number))


@dataclass(frozen=True)
class Line:
    """Authorities in the order in which they follow one another. Whoever is pinned stays pinned."""

    generations: tuple[EmbeddedAuthority, ...]

    @property
    def roots(self) -> tuple[bytes, ...]:
        return tuple(root for one in self.generations for root in one.roots)

    @property
    def revocation(self) -> RevocationByRoot:
        return RevocationByRoot(*((one.roots, one.revocation_source) for one in self.generations))


def three(kinds: tuple[str, str, str] = KINDS) -> Line:
    """2025 to 2036, 2030 to 2047, 2043 to 2058: each overlaps the next, as authorities do."""
    spans = ((day(2025), day(2036)), (day(2030), day(2047)), (day(2043), day(2058)))
    return Line(
        tuple(
            generation(number, begins=begins, ends=ends, kind=kind)
            for number, ((begins, ends), kind) in enumerate(zip(spans, kinds, strict=True), 1)
        )
    )
