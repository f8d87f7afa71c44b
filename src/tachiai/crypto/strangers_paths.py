"""From a stranger's certificate to whoever issued it in the end, known here or not: tolerant in form, and plain about what is wrong.

Unlike :mod:`tachiai.crypto.chains`, which only knows yes and no, this finds the best path there is and says what would have to be
overlooked to follow it. A path that nothing is wrong with is walked once more by pyHanko's validator (RFC 5280, 6.1), which also knows
name constraints and policies: both must agree.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from asn1crypto import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator
from pyhanko_certvalidator.validate import async_validate_path

from tachiai.crypto import chains, sunsets
from tachiai.crypto.archival import settled
from tachiai.crypto.judgement import Link, Trust
from tachiai.crypto.sunsets import Strength
from tachiai.crypto.trust_lists import Anchors

Use = Literal["signing", "timestamps", "answers"]

LONGEST = 10
_MOST_TRIED = 200
_MOST_PATHS = 16
_RANK: dict[Trust, int] = {"house": 0, "listed": 1, "unknown_root": 2, "incomplete": 3, "unjudged": 4}
# Extensions that may be critical and are understood here or by pyHanko's validator.
_UNDERSTOOD = frozenset(
    (
        "basic_constraints", "key_usage", "extended_key_usage", "certificate_policies", "subject_alt_name", "name_constraints",
        "policy_constraints", "policy_mappings", "inhibit_any_policy", "crl_distribution_points", "authority_key_identifier",
        "key_identifier", "qc_statements",
    )
)  # fmt: skip
# What none of a signer's purposes may be alone: such a key signs something else than documents.
_NOT_FOR_DOCUMENTS = frozenset(("server_auth", "time_stamping", "ocsp_signing", "code_signing"))


@dataclass(frozen=True)
class Path:
    """``certificates`` (DER) from the signer on. ``problems`` are codes: empty when every link holds at the moment it was asked for."""

    certificates: tuple[bytes, ...]
    trust: Trust
    trust_list: str
    problems: tuple[str, ...]

    @property
    def links(self) -> tuple[Link, ...]:
        return tuple(link_of(held) for held in self.certificates)

    @property
    def anchor(self) -> bytes | None:
        """The certificate that it ends in, to be believed or not; None where it does not end."""
        return None if self.trust == "incomplete" else self.certificates[-1]


@lru_cache(maxsize=256)
def parsed(held: bytes) -> Any:
    """The certificate. Raises ``ValueError``."""
    try:
        found = x509.Certificate.load(held, strict=True)
        # It is read only where it is asked about; what cannot be read must not be found out half-way.
        _ = found.native, found.not_valid_before, found.not_valid_after, found.critical_extensions
    except Exception as torn:
        # asn1crypto raises several kinds for what is not what it should be, and promises none.
        raise ValueError("a certificate that cannot be read") from torn
    return found


@lru_cache(maxsize=256)
def strength(held: bytes) -> Strength:
    """How strong a certificate's key is."""
    try:
        return sunsets.of_key(load_der_public_key(parsed(held).public_key.dump()))
    except Exception:
        # A key that the library does not take: its kind is told, and it counts as broken.
        return Strength(str(parsed(held).public_key.algorithm), 0)


@lru_cache(maxsize=256)
def link_of(held: bytes) -> Link:
    found = parsed(held)
    return Link(
        name_of(held),
        _name_text(found.issuer),
        found.not_valid_before,
        found.not_valid_after,
        chains.fingerprint(held),
        strength(held).name,
    )


def name_of(held: bytes) -> str:
    """Its subject, for reading."""
    return _name_text(parsed(held).subject)


def _name_text(name: Any) -> str:
    try:
        return chains.name_text(name.dump())
    except ValueError:
        # Not DER; asn1crypto reads it all the same.
        return str(name.human_friendly)


def is_signed_by(issuer: bytes, *, signature: bytes, message: bytes, algorithm: Any) -> bool:
    """Whether ``issuer``'s key made ``signature`` over ``message``."""
    try:
        DefaultSignatureValidator().validate_signature(signature, message, parsed(issuer).public_key, algorithm)
    except InvalidSignature:
        return False
    except Exception:
        # An algorithm or a key that the library does not take signs nothing that could be shown.
        return False
    return True


@lru_cache(maxsize=1024)
def issued(held: bytes, issuer: bytes) -> bool:
    """Whether ``issuer`` is named by ``held`` and has signed it, by whatever algorithm."""
    below, above = parsed(held), parsed(issuer)
    if below.issuer.dump() != above.subject.dump() and below.issuer != above.subject:
        return False
    signed = below["tbs_certificate"].dump()
    return is_signed_by(issuer, signature=below["signature_value"].native, message=signed, algorithm=below["signature_algorithm"])


def is_self_signed(held: bytes) -> bool:
    return issued(held, held)


def find_path(leaf: bytes, pool: Iterable[bytes], anchors: Anchors, *, use: Use, at: datetime) -> Path:
    """The best path from ``leaf``: one that leads to somebody known, then one that nothing is wrong with at ``at``.

    It depends on nothing but the certificates: their order changes no verdict. Raises ``ValueError`` when ``leaf`` cannot be read.
    """
    parsed(leaf)
    candidates = _readable((*anchors.certificates, *pool))
    found = [_judged(chain, anchors, use=use, at=at) for chain in _chains(leaf, candidates, anchors)]
    best = min(found, key=lambda path: (_RANK[path.trust], len(path.problems), path.certificates))
    return _walked_again(best, at) if not best.problems and len(best.certificates) > 1 else best


def _readable(pool: Iterable[bytes]) -> dict[bytes, list[bytes]]:
    """The certificates by their subject's hash. What cannot be read issued nothing."""
    found: dict[bytes, list[bytes]] = {}
    for held in dict.fromkeys(pool):
        try:
            found.setdefault(parsed(held).subject.hashable.encode(), []).append(held)
        except ValueError:
            continue
    return found


def _chains(leaf: bytes, pool: dict[bytes, list[bytes]], anchors: Anchors) -> list[tuple[bytes, ...]]:
    """Every way up from ``leaf``, up to a bound, each to its end."""
    tries = iter(range(_MOST_TRIED))
    ends: list[tuple[bytes, ...]] = []
    waiting: list[tuple[bytes, ...]] = [(leaf,)]
    while waiting and len(ends) < _MOST_PATHS:
        path = waiting.pop()
        above = list(_issuers(path, pool, tries)) if _goes_on(path, anchors) else []
        waiting += [(*path, issuer) for issuer in above]
        if not above:
            ends.append(path)
    return ends or [(leaf,)]


def _goes_on(path: tuple[bytes, ...], anchors: Anchors) -> bool:
    return anchors.known(path[-1]) is None and len(path) < LONGEST and not is_self_signed(path[-1])


def _issuers(path: tuple[bytes, ...], pool: dict[bytes, list[bytes]], tries: Iterator[int]) -> Iterator[bytes]:
    for candidate in pool.get(parsed(path[-1]).issuer.hashable.encode(), ()):
        if candidate not in path and next(tries, None) is not None and issued(path[-1], candidate):
            yield candidate


def _judged(chain: tuple[bytes, ...], anchors: Anchors, *, use: Use, at: datetime) -> Path:
    known = anchors.known(chain[-1])
    if known is not None:
        trust, name = known
    else:
        trust, name = ("unknown_root" if is_self_signed(chain[-1]) else "incomplete"), ""
    problems = [] if _is_fit(chain[0], use) else ["timestamp_unfit" if use == "timestamps" else "certificate_unfit"]
    for depth, held in enumerate(chain):
        if depth and not _may_issue(held, below=depth - 1):
            problems.append("certificate_unfit")
        if any(name.native not in _UNDERSTOOD for name in _critical(held)):
            problems.append("certificate_unfit")
        if at < parsed(held).not_valid_before:
            problems.append("certificate_not_yet_valid")
        if at > parsed(held).not_valid_after:
            problems.append("certificate_expired")
    return Path(chain, trust, name, tuple(dict.fromkeys(problems)))


def _critical(held: bytes) -> list[Any]:
    extensions = parsed(held)["tbs_certificate"]["extensions"]
    return [one["extn_id"] for one in extensions if one["critical"].native]


def _may_issue(held: bytes, *, below: int) -> bool:
    """A certification authority with room below it (RFC 5280, 4.2.1.3 and 4.2.1.9). Roots of version 1 say nothing of it."""
    found = parsed(held)
    basic, usage = found.basic_constraints_value, found.key_usage_value
    if basic is None:
        return found["tbs_certificate"]["version"].native == "v1" and is_self_signed(held)
    longest = basic["path_len_constraint"].native
    return bool(basic["ca"].native) and (longest is None or below <= longest) and (usage is None or "key_cert_sign" in usage.native)


def _is_fit(held: bytes, use: Use) -> bool:
    """Whether a key is meant for what it was used for. Who states no purpose excludes none, except for timestamps.

    A key for timestamps has that purpose alone, and says so in a critical extension (RFC 3161, 2.3): whatever else it is used for could
    be made to look like a time.
    """
    found = parsed(held)
    usage, purposes = found.key_usage_value, found.extended_key_usage_value
    if usage is not None and usage.native.isdisjoint(("digital_signature", "non_repudiation")):
        return False
    stated = set() if purposes is None else set(purposes.native)
    if use == "timestamps":
        return stated == {"time_stamping"} and "extended_key_usage" in found.critical_extensions
    if use == "answers":
        return "ocsp_signing" in stated
    return not stated or not stated <= _NOT_FOR_DOCUMENTS


def _walked_again(path: Path, at: datetime) -> Path:
    trouble = _trouble(path.certificates, at)
    return path if not trouble else Path(path.certificates, path.trust, path.trust_list, ("certificate_unfit",))


@lru_cache(maxsize=128)
def _trouble(certificates: tuple[bytes, ...], at: datetime) -> str:
    """What pyHanko's validator finds on the way down from the last certificate; empty when it finds nothing."""
    leaf, *between, top = map(parsed, certificates)
    context = ValidationContext(trust_roots=[top], moment=at, allow_fetching=False, revocation_mode="soft-fail", weak_hash_algos=set())
    way = ValidationPath(CertTrustAnchor(top), interm=list(reversed(between)), leaf=leaf)
    try:
        settled(async_validate_path(context, way))
    except asyncio.CancelledError:
        raise
    except Exception as trouble:
        # It raises several kinds, for paths that do not hold as for forms that it does not take. Either way it does not agree.
        return f"{type(trouble).__name__}: {trouble}"
    return ""


def weak_links(certificates: Sequence[bytes]) -> list[Strength]:
    """What a path rests on: every key, and the digest of every signature but the last certificate's own, which nobody relies on."""
    keys = [strength(held) for held in certificates]
    return keys + [_digest_of(held) for held in certificates[:-1]]


def _digest_of(held: bytes) -> Strength:
    algorithm = parsed(held)["signature_algorithm"]
    try:
        return sunsets.of_digest(str(algorithm.hash_algo))
    except (ValueError, KeyError):
        # Ed25519 and Ed448 bring their own; they are as strong as the key.
        name = str(algorithm["algorithm"].native)
        return Strength({"ed25519": "Ed25519", "ed448": "Ed448"}.get(name, name), {"ed25519": 128, "ed448": 224}.get(name, 0))
