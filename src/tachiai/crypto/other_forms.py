"""Signatures of others in forms that this house neither makes nor accepts for its own: what may still be said of them to the public.

Older programs sign as ISO 32000-1 had it, without naming the certificate they mean, or with algorithms that the strict reader does not
know. Such a signature is no PAdES. But whoever asks whether the signed bytes were altered deserves a true answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from asn1crypto.cms import SignerInfo
from asn1crypto.x509 import Certificate
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.utils import DEFAULT_ALGORITHM_USAGE_POLICY


@dataclass(frozen=True)
class Stands:
    """The signature holds over the bytes it covers. ``certificate`` made it, ``pool`` came with it (DER)."""

    certificate: bytes
    pool: tuple[bytes, ...]


def integrity(deep: EmbeddedPdfSignature) -> Stands | str:
    """What pyHanko makes of the signature itself: that it stands, ``broken``, or ``unknown_signature`` where it cannot tell.

    Nothing is said of trust, of time, or of what happened in the file afterwards.
    """
    try:
        signer, certificate = deep.signer_info, deep.signer_cert
        if not _is_acceptable(signer, certificate):
            return "unknown_signature"
        intact, holds = validate_sig_integrity(signer, certificate, "data", deep.compute_digest())
        pool = tuple(other.dump() for other in deep.other_embedded_certs)
        own = certificate.dump()
    except Exception:
        # pyHanko and asn1crypto raise dozens of kinds for what they do not know, and a few for what is damaged beyond knowing.
        return "unknown_signature"
    return Stands(own, pool) if intact and holds else "broken"


def _is_acceptable(signer: SignerInfo, certificate: Certificate) -> bool:
    """Digests that anybody can forge say nothing about whether bytes were altered; nor do algorithms that do not belong together."""
    made, digest = signer["signature_algorithm"], signer["digest_algorithm"]
    policy = DEFAULT_ALGORITHM_USAGE_POLICY
    judged = (
        policy.digest_algorithm_allowed(digest, None),
        policy.signature_algorithm_allowed(made, None, certificate.public_key),
        policy.digest_combination_allowed(made, digest, None),
    )
    return all(one.allowed for one in judged)
