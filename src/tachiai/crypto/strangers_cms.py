"""What a stranger's CMS says: one signer, what it signed, and what it brings along. Read tolerantly, and believed only as far as it holds.

The strict reader of this house (:mod:`tachiai.crypto.cms`) takes one form alone. Whoever asks about a file from elsewhere deserves an
answer for every form that is in use: ISO 32000-1 without a named certificate, lengths that are left open, SHA-1, several timestamps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from asn1crypto import algos, cms, core, parser, tsp
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from pyhanko.sign.general import extract_signer_info
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import extract_certs_for_validation, get_signing_cert_attr, validate_sig_integrity
from pyhanko.sign.validation.utils import DEFAULT_ALGORITHM_USAGE_POLICY
from pyhanko_certvalidator.util import get_pyca_cryptography_hash

from tachiai.crypto import (
    asn1_mending,  # noqa: F401 - mends when it is imported
    sunsets,
)

_MOST_TOKENS = 16
_MOST_CERTIFICATES = 64
_MOST_PROOFS = 64
_OCSP_WITHIN_CMS = "1.3.6.1.5.5.7.16.2"
_KNOWN_DIGESTS = frozenset(("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "shake256"))


class Unsound(ValueError):
    """The signature does not hold, or cannot be judged. ``code`` is a problem's, without its prefix."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Signed:
    """A signature that holds over what it covers. Certificates, OCSP answers and lists are DER; ``tokens`` stamp ``signature``.

    ``digest`` is the weaker of the digests that it rests on; ``named``: its certificate stands in a signed attribute (CAdES).
    """

    certificate: bytes
    pool: tuple[bytes, ...]
    digest: str
    named: bool
    signature: bytes
    tokens: tuple[bytes, ...]
    answers: tuple[bytes, ...]
    lists: tuple[bytes, ...]


@dataclass(frozen=True)
class Stamp:
    """A timestamp token that holds: its time, and which digest it stamps."""

    signed: Signed
    gen_time: datetime
    digest: str
    imprint: bytes


def digest_by(name: str, stretches: Iterable[bytes]) -> bytes:
    """The digest of ``stretches`` by its name in a signature. Raises ``ValueError`` for a name that nobody here knows."""
    if name not in _KNOWN_DIGESTS:
        raise ValueError(f"an unknown digest: {name}")
    running = hashes.Hash(get_pyca_cryptography_hash(name))
    for stretch in stretches:
        running.update(stretch)
    return running.finalize()


def read_signature(contents: bytes, digest_of: Callable[[str], bytes]) -> Signed:
    """The signature over what ``digest_of`` gives the digest of, by its name. Raises :class:`Unsound`.

    ``broken`` where the bytes are others than were signed; ``algorithm_unknown`` and ``unknown_signature`` where nobody can tell.
    """
    data = _signed_data(contents)
    return _checked(data, "data", digest_of)


def read_stamp(token: bytes, digest_of: Callable[[str], bytes]) -> Stamp:
    """The token over what ``digest_of`` gives the digest of. Raises :class:`Unsound`: ``timestamp_wrong``, or ``timestamp_mismatch``."""
    try:
        data = _signed_data(token)
        content = bytes(data["encap_content_info"]["content"].contents)
        signed = _checked(data, "tst_info", lambda name: digest_by(name, [content]))
        info = tsp.TSTInfo.load(content, strict=True)
        algorithm = str(info["message_imprint"]["hash_algorithm"]["algorithm"].native)
        imprint = bytes(info["message_imprint"]["hashed_message"].native)
        gen_time = info["gen_time"].native.astimezone(UTC)
        extended = info["extensions"].native
    except Unsound as wrong:
        raise Unsound("timestamp_wrong") from wrong
    except Exception as torn:
        # asn1crypto raises several kinds for what is not what it should be, and promises none.
        raise Unsound("timestamp_wrong") from torn
    if extended and any(one["critical"] for one in extended):
        raise Unsound("timestamp_wrong")
    if algorithm not in _KNOWN_DIGESTS:
        raise Unsound("timestamp_wrong")
    if digest_of(algorithm) != imprint:
        raise Unsound("timestamp_mismatch")
    return Stamp(signed, gen_time, algorithm, imprint)


def _signed_data(contents: bytes) -> cms.SignedData:
    try:
        _demand_padding(contents)
        message = cms.ContentInfo.load(contents)
        kind, held = message["content_type"].native, message["content"]
    except Unsound:
        raise
    except Exception as torn:
        raise Unsound("unknown_signature") from torn
    if kind != "signed_data":
        raise Unsound("unknown_signature")
    return held


def _demand_padding(contents: bytes) -> None:
    """Behind the value only zeros may follow: anything else is a place to hide something in."""
    _class, _method, _tag, header, content, trailer = parser.parse(contents, strict=False)
    if contents[len(header) + len(content) + len(trailer) :].strip(b"\x00"):
        raise Unsound("unknown_signature")


def _checked(data: cms.SignedData, kind: Literal["data", "tst_info"], digest_of: Callable[[str], bytes]) -> Signed:
    try:
        signer = extract_signer_info(data)
        digest, made_by = str(signer["digest_algorithm"]["algorithm"].native), signer["signature_algorithm"]
        held = extract_certs_for_validation(data)
    except Exception as torn:
        raise Unsound("unknown_signature") from torn
    if digest not in _KNOWN_DIGESTS:
        raise Unsound("algorithm_unknown")
    intact, holds = _integrity(signer, held.signer_cert, kind, digest_of(digest))
    if not (intact and holds):
        raise Unsound("broken")
    answers, lists = _brought_proofs(data, signer)
    return Signed(
        certificate=held.signer_cert.dump(),
        pool=tuple(other.dump() for other in list(held.other_certs)[:_MOST_CERTIFICATES]),
        digest=_weaker(digest, made_by),
        named=_is_named(signer),
        signature=bytes(signer["signature"].native),
        tokens=_tokens(signer),
        answers=answers,
        lists=lists,
    )


def _integrity(signer: cms.SignerInfo, certificate: Any, kind: str, digest: bytes) -> tuple[bool, bool]:
    """Whether the digest is the one that was signed, and whether the signature over it holds."""
    made_by = signer["signature_algorithm"]
    # Parameters of digests may be left out or null (RFC 5754, 2); pyHanko compares encodings, so it is given the one it would write.
    named = algos.DigestAlgorithm({"algorithm": signer["digest_algorithm"]["algorithm"].native})
    if not DEFAULT_ALGORITHM_USAGE_POLICY.digest_combination_allowed(made_by, named, None):
        raise Unsound("algorithm_unknown")
    try:
        return validate_sig_integrity(signer, certificate, kind, digest)
    except SignatureValidationError as other:
        raise Unsound("unknown_signature") from other
    except (UnsupportedAlgorithm, NotImplementedError) as unknown:
        raise Unsound("algorithm_unknown") from unknown
    except Exception as trouble:
        # Keys and parameters that no library takes end in whatever that library raises.
        raise Unsound("algorithm_unknown") from trouble


def _weaker(digest: str, made_by: Any) -> str:
    """The message's digest, or the one that the signature algorithm uses, whichever gives way first."""
    try:
        other = str(made_by.hash_algo)
    except (ValueError, KeyError):
        return digest
    return min((digest, other), key=lambda name: sunsets.of_digest(name).bits)


def _is_named(signer: cms.SignerInfo) -> bool:
    attributes = signer["signed_attrs"]
    return attributes is not core.VOID and len(attributes) > 0 and get_signing_cert_attr(attributes) is not None


def _values(attributes: Any, kind: str) -> list[Any]:
    """Every value of the attributes of one kind. An attribute's kind is its name, or its number where it has none."""
    if not isinstance(attributes, cms.CMSAttributes):
        return []
    return [value for attribute in attributes if attribute["type"].native == kind for value in attribute["values"]]


def _tokens(signer: cms.SignerInfo) -> tuple[bytes, ...]:
    held = _values(signer["unsigned_attrs"], "signature_time_stamp_token")
    if len(held) > _MOST_TOKENS:
        raise Unsound("unknown_signature")
    return tuple(value.dump() for value in held)


def _brought_proofs(data: cms.SignedData, signer: cms.SignerInfo) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """OCSP answers and lists that come with the signature: Adobe's signed attribute, and those of the SignedData (RFC 5652, 10.2.1).

    What cannot be read proves nothing, and is left out.
    """
    answers: list[bytes] = []
    lists: list[bytes] = []
    try:
        for archived in _values(signer["signed_attrs"], "adobe_revocation_info_archival"):
            answers += [one.dump() for one in archived["ocsp"] or ()]
            lists += [one.dump() for one in archived["crl"] or ()]
        for choice in data["crls"] if isinstance(data["crls"], cms.RevocationInfoChoices) else ():
            if choice.name == "crl":
                lists.append(choice.chosen.dump())
            elif choice.chosen["other_rev_info_format"].dotted == _OCSP_WITHIN_CMS:
                answers.append(choice.chosen["other_rev_info"].dump())
    except Exception:
        return tuple(answers[:_MOST_PROOFS]), tuple(lists[:_MOST_PROOFS])
    return tuple(answers[:_MOST_PROOFS]), tuple(lists[:_MOST_PROOFS])
