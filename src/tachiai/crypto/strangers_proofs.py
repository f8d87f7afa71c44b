"""What a file itself shows of revocation: OCSP answers and lists it brings, held against one certificate and one moment, without network.

An answer that was given later speaks of the time before it, too (EN 319 102-1, 5.2.5.4), unless the certificate had run out by then. A
proof counts only if its own signature holds by an algorithm that is not broken, and if it comes from the issuer or whom it delegated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tachiai.crypto import sunsets
from tachiai.crypto.judgement import Revocation
from tachiai.crypto.strangers_cms import digest_by
from tachiai.crypto.strangers_paths import is_signed_by, issued, parsed, strength

# Clocks of a timestamping authority and of an OCSP responder may differ by as much as a token's time is allowed to.
DRIFT = timedelta(minutes=2)
# How long an answer speaks for that does not say until when: as long as its responder would hand out no fresher one.
_FRESH = timedelta(days=1)
_MOST_ANSWERS = 200
_NO_REVOCATION_AVAILABLE = "2.5.29.56"


class Status(NamedTuple):
    """What is shown of one certificate, or of a whole path; ``since`` when it is revoked."""

    revocation: Revocation
    since: datetime | None = None


@dataclass(frozen=True)
class Proofs:
    """What a file brings: OCSP answers, lists and certificates, all DER."""

    answers: tuple[bytes, ...] = ()
    lists: tuple[bytes, ...] = ()
    certificates: tuple[bytes, ...] = ()

    def plus(self, other: Proofs) -> Proofs:
        pairs = ((self.answers, other.answers), (self.lists, other.lists), (self.certificates, other.certificates))
        return Proofs(*(tuple(dict.fromkeys((*mine, *more))) for mine, more in pairs))


def path_status(certificates: Sequence[bytes], proofs: Proofs, *, moment: datetime, now: datetime) -> Status:
    """What is shown of a path at ``moment``: revoked if any of it is, missing if anything is, and good only if all is.

    The last certificate is believed or not for itself. ``now``: nothing that claims to be later is believed.
    """
    told = [_status(held, issuer, proofs, moment, now) for held, issuer in pairwise(certificates)]
    revoked = [status for status in told if status.revocation == "revoked"]
    if revoked:
        return min(revoked, key=lambda status: status.since or now)
    if any(status.revocation == "missing" for status in told):
        return Status("missing")
    return Status("good" if any(status.revocation == "good" for status in told) else "not_needed")


def _status(held: bytes, issuer: bytes, proofs: Proofs, moment: datetime, now: datetime) -> Status:
    if any(one["extn_id"].dotted == _NO_REVOCATION_AVAILABLE for one in parsed(held)["tbs_certificate"]["extensions"]):
        return Status("not_needed")
    told = [_tried(_by_list, held, issuer, crl, moment, now) for crl in proofs.lists[:_MOST_ANSWERS]]
    told += [_tried(_by_answer, held, issuer, answer, proofs.certificates, moment, now) for answer in proofs.answers[:_MOST_ANSWERS]]
    revoked = [status for status in told if status.revocation == "revoked"]
    if revoked:
        return min(revoked, key=lambda status: status.since or now)
    return Status("good") if any(status.revocation == "good" for status in told) else Status("missing")


def _tried(look: Callable[..., Status], *asked: Any) -> Status:
    """What cannot be read proves nothing; the libraries raise many kinds over it, and promise none."""
    try:
        return look(*asked)
    except Exception:
        return Status("missing")


def _speaks(this: datetime, following: datetime | None, held: bytes, moment: datetime, now: datetime) -> bool:
    """Whether a proof of ``this`` time speaks of ``moment``."""
    if this > now + DRIFT or this > parsed(held).not_valid_after + DRIFT:
        return False
    until = following if following is not None else this + _FRESH
    return this >= moment - DRIFT or moment <= until + DRIFT


# ---------------------------------------------------------------------------------------------------- lists


def _by_list(held: bytes, issuer: bytes, crl: bytes, moment: datetime, now: datetime) -> Status:
    found = _list(crl, issuer)
    if found is None or not _is_about(found, held):
        return Status("missing")
    entry = found.get_revoked_certificate_by_serial_number(parsed(held).serial_number)
    if entry is not None:
        return Status("revoked", entry.revocation_date_utc)
    speaks = _speaks(found.last_update_utc, found.next_update_utc, held, moment, now)
    return Status("good" if speaks else "missing")


@lru_cache(maxsize=256)
def _list(crl: bytes, issuer: bytes) -> x509.CertificateRevocationList | None:
    """The list, if ``issuer`` made it and it is a whole one."""
    above = parsed(issuer)
    try:
        # Names may be written in two ways; asn1crypto compares them as RFC 5280 wants.
        if asn1_crl.CertificateList.load(crl).issuer != above.subject:
            return None
        found = x509.load_der_x509_crl(crl)
        digest = found.signature_hash_algorithm
        signed = found.is_signature_valid(load_der_public_key(above.public_key.dump()))  # type: ignore[arg-type]
        delta = any(one.oid == x509.DeltaCRLIndicator.oid for one in found.extensions)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return None
    usage = above.key_usage_value
    strong = digest is None or sunsets.of_digest(digest.name).bits > 0
    return found if signed and strong and not delta and (usage is None or "crl_sign" in usage.native) else None


def _is_about(crl: x509.CertificateRevocationList, held: bytes) -> bool:
    """Whether a list's scope takes in the certificate (RFC 5280, 5.2.5)."""
    unknown = [one for one in crl.extensions if one.critical and one.oid != x509.IssuingDistributionPoint.oid]
    if unknown:
        return False
    scope = next((one.value for one in crl.extensions if isinstance(one.value, x509.IssuingDistributionPoint)), None)
    if scope is None:
        return True
    if scope.indirect_crl or scope.only_some_reasons or scope.only_contains_attribute_certs or scope.relative_name:
        return False
    authority = bool(parsed(held).ca)
    if (scope.only_contains_user_certs and authority) or (scope.only_contains_ca_certs and not authority):
        return False
    return not scope.full_name or not _uris(scope.full_name).isdisjoint(_points(held))


def _uris(names: Iterable[x509.GeneralName]) -> set[str]:
    return {name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)}


def _points(held: bytes) -> set[str]:
    points = parsed(held).crl_distribution_points_value
    names = [point["distribution_point"] for point in points or ()]
    return {str(one.native) for name in names if name.name == "full_name" for one in name.chosen}


# -------------------------------------------------------------------------------------------------- answers


def _by_answer(held: bytes, issuer: bytes, answer: bytes, pool: tuple[bytes, ...], moment: datetime, now: datetime) -> Status:
    read = _answer(answer)
    told = [one for one in (read["tbs_response_data"]["responses"] if read else ()) if _means(one["cert_id"], held, issuer)]
    if not told or not _is_by_issuer(answer, issuer, pool):
        return Status("missing")
    for one in told:
        status = one["cert_status"]
        if status.name == "revoked":
            return Status("revoked", status.chosen["revocation_time"].native)
        if status.name == "good" and _speaks(one["this_update"].native, one["next_update"].native, held, moment, now):
            return Status("good")
    return Status("missing")


@lru_cache(maxsize=256)
def _answer(answer: bytes) -> Any:
    """The basic response, or None where there is none, or it cannot be read."""
    try:
        whole = ocsp.OCSPResponse.load(answer, strict=True)
        if whole["response_status"].native != "successful":
            return None
        basic = whole.basic_ocsp_response
        _ = basic.native
    except Exception:
        # asn1crypto raises several kinds for what is not what it should be, and promises none.
        return None
    return basic


def _means(named: Any, held: bytes, issuer: bytes) -> bool:
    above = parsed(issuer)
    if named["serial_number"].native != parsed(held).serial_number:
        return False
    try:
        by = str(named["hash_algorithm"]["algorithm"].native)
        name = digest_by(by, [above.subject.dump()])
        key = digest_by(by, [above.public_key["public_key"].contents[1:]])
    except ValueError:
        return False
    return bool(named["issuer_name_hash"].native == name and named["issuer_key_hash"].native == key)


@lru_cache(maxsize=512)
def _is_by_issuer(answer: bytes, issuer: bytes, pool: tuple[bytes, ...]) -> bool:
    """Whether the issuer signed the answer, or somebody it made its responder (RFC 6960, 4.2.2.2)."""
    basic = _answer(answer)
    algorithm = basic["signature_algorithm"]
    try:
        if sunsets.of_digest(str(algorithm.hash_algo)).bits == 0:
            return False
    except (ValueError, KeyError):
        pass  # Ed25519 and Ed448 bring their own digest
    data = basic["tbs_response_data"]
    brought = tuple(one.dump() for one in basic["certs"] or ())
    for responder in dict.fromkeys((issuer, *brought, *pool)):
        if not _is_responder(responder, issuer, data):
            continue
        if is_signed_by(responder, signature=basic["signature"].native, message=data.dump(), algorithm=algorithm):
            return True
    return False


def _is_responder(held: bytes, issuer: bytes, data: Any) -> bool:
    try:
        found = parsed(held)
        named = data["responder_id"]
        by_name = named.name == "by_name"
        if not (named.chosen == found.subject if by_name else named.chosen.native == found.public_key.sha1):
            return False
        if held == issuer:
            return True
        purposes = found.extended_key_usage_value
        timely = found.not_valid_before <= data["produced_at"].native <= found.not_valid_after
        return bool(
            purposes is not None and "ocsp_signing" in purposes.native and timely and strength(held).bits > 0 and issued(held, issuer)
        )
    except ValueError:
        return False
