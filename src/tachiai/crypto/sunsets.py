"""How strong the algorithms of a signature are, and until when they may be relied upon.

Strengths are those of NIST SP 800-57 part 1 (tables 2 and 3), dates those of CRYPTREC LS-0003 (暗号強度要件に関する設定基準): no new
signature below 128 bits after 2030, none believed below 128 bits after 2040. An operator may state other dates in a file. A policy's days
end in Japan, whose policy it is, wherever a file comes from.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from tachiai.errors import Refusal

_JAPAN = timezone(timedelta(hours=9))
# Collision resistance, in bits. SHA-1 and MD5 are broken in practice: whatever they once promised is not counted.
_DIGESTS = {
    "md5": 0,
    "sha1": 0,
    "sha224": 112,
    "sha256": 128,
    "sha384": 192,
    "sha512": 256,
    "sha3_256": 128,
    "sha3_384": 192,
    "sha3_512": 256,
    "shake256": 256,
}
_RSA = ((15360, 256), (7680, 192), (3072, 128), (2048, 112))
_CURVES = {"secp256r1": ("P-256", 128), "secp384r1": ("P-384", 192), "secp521r1": ("P-521", 256)}


class Strength(NamedTuple):
    """An algorithm by its usual name (``RSA-2048``, ``SHA-256``) and its strength in bits; 0 for what is broken."""

    name: str
    bits: int


@dataclass(frozen=True)
class Era:
    """Algorithms of at least ``bits`` may make new signatures through the day ``sign_until``, and be believed through ``verify_until``."""

    bits: int
    sign_until: date
    verify_until: date


@dataclass(frozen=True)
class Policy:
    """The eras, from the weakest on. Below the weakest, nothing is believed on any day."""

    name: str
    eras: tuple[Era, ...]

    def era(self, strength: Strength) -> Era | None:
        """The strongest era whose demand is met; None for what is not to be believed at all."""
        met = [era for era in self.eras if strength.bits >= era.bits]
        return met[-1] if met else None


CRYPTREC = Policy(
    "CRYPTREC LS-0003-2022",
    (
        Era(112, date(2030, 12, 31), date(2040, 12, 31)),
        Era(128, date(2050, 12, 31), date(2060, 12, 31)),
        Era(192, date(2070, 12, 31), date(2070, 12, 31)),
    ),
)


def of_digest(name: str) -> Strength:
    """The strength of a digest, by its name as in ``hashlib``; an unknown one counts as broken."""
    plain = name.lower().replace("-", "")
    shown = name.upper() if "-" in name or plain[:5] == "shake" else plain.upper().replace("SHA", "SHA-", 1)
    return Strength(shown.replace("SHA-3_", "SHA3-"), _DIGESTS.get(plain, 0))


def of_key(key: object) -> Strength:
    """The strength of a public key of the library ``cryptography``; an unknown kind, and a key too short for any, count as broken."""
    if isinstance(key, rsa.RSAPublicKey):
        return Strength(f"RSA-{key.key_size}", next((bits for size, bits in _RSA if key.key_size >= size), 0))
    if isinstance(key, ec.EllipticCurvePublicKey):
        name, bits = _CURVES.get(key.curve.name, (key.curve.name, min(256, key.curve.key_size // 2)))
        return Strength(name, bits if bits >= 112 else 0)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return Strength("Ed25519", 128)
    if isinstance(key, ed448.Ed448PublicKey):
        return Strength("Ed448", 224)
    return Strength(type(key).__name__.strip("_"), 0)


def end_of(day: date) -> datetime:
    """The last second of a policy's ``day`` in Japan, in UTC."""
    return datetime.combine(day, time(23, 59, 59), _JAPAN).astimezone(UTC)


def weakest(strengths: Sequence[Strength]) -> Strength:
    """The one that gives way first; at least one must be given."""
    return min(strengths, key=lambda strength: strength.bits)


def read_policy(text: str) -> Policy:
    """A policy from TOML: ``name``, and ``[[era]]`` with ``bits``, ``sign_until`` and ``verify_until`` (dates).

    Refuses ``policy.unreadable``.
    """
    try:
        told = tomllib.loads(text)
        eras = [Era(int(one["bits"]), _day(one["sign_until"]), _day(one["verify_until"])) for one in told["era"]]
        name = str(told["name"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as torn:
        raise Refusal("policy.unreadable", detail=str(torn)) from torn
    if not eras or any(era.sign_until > era.verify_until for era in eras):
        raise Refusal("policy.unreadable", detail="an era ends for believing before it ends for signing")
    return Policy(name, tuple(sorted(eras, key=lambda era: era.bits)))


def _day(value: object) -> date:
    if type(value) is not date:
        raise TypeError(f"{value!r} is not a day")
    return value
