"""A signature taken apart and put together again with something changed in it; signed anew by whoever's key the forger has."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from asn1crypto import algos, core, tsp
from asn1crypto import cms as asn1_cms
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from pki import MOMENT, PrivateKey
from tachiai.crypto import asn1_mending  # noqa: F401 - without it this library takes minutes over some lengths
from vectors.attacks import bytework, service

Signer = asn1_cms.SignerInfo
Change = Callable[[Any], None]
_RANGE = re.compile(rb"/ByteRange \[\s*(\d+) (\d+) (\d+) (\d+)\s*\]")


def covered(pdf: bytes) -> bytes:
    """What the last signature is over."""
    _start, before, after, rest = (int(number) for number in _RANGE.findall(pdf)[-1])
    return pdf[:before] + pdf[after : after + rest]


def recast(pdf: bytes, change: Change, *, private: PrivateKey | None = None, digest: str = "sha256") -> bytes:
    """The last signature with ``change`` made to its SignedData; with ``private`` its attributes are signed and stamped again."""
    held = asn1_cms.ContentInfo.load(bytework.contents(pdf))
    data = held["content"]
    change(data)
    if private is not None:
        signer = data["signer_infos"][0]
        signer["signature"] = signature(private, signer["signed_attrs"].untag().dump(), digest)
        imprint = hashlib.sha256(signer["signature"].native).digest()
        with_tokens(data, service.stamper().timestamp(imprint, at=MOMENT).der)
    return bytework.refilled(pdf, held.dump())


def signature(private: PrivateKey, message: bytes, digest: str) -> bytes:
    chosen = {"sha256": hashes.SHA256(), "sha1": hashes.SHA1(), "md5": hashes.MD5()}[digest]  # noqa: S303 - weak on purpose
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return private.sign(message, ec.ECDSA(chosen))
    return private.sign(message, padding.PKCS1v15(), chosen)


def attribute(data: Any, name: str) -> Any:
    """A signed attribute by its name."""
    return next(one for one in data["signer_infos"][0]["signed_attrs"] if one["type"].native == name)


def drop_attribute(data: Any, name: str) -> None:
    signer = data["signer_infos"][0]
    signer["signed_attrs"] = asn1_cms.CMSAttributes([one for one in signer["signed_attrs"] if one["type"].native != name])


def with_tokens(data: Any, *tokens: bytes) -> None:
    """These signature timestamps and no other unsigned attribute."""
    signer = data["signer_infos"][0]
    values = [asn1_cms.ContentInfo.load(token) for token in tokens]
    made = [asn1_cms.CMSAttribute({"type": "signature_time_stamp_token", "values": values})] if values else []
    signer["unsigned_attrs"] = asn1_cms.CMSAttributes(made)


def token_of(pdf: bytes, which: int = -1) -> bytes:
    """The signature timestamp inside a signature."""
    data = asn1_cms.ContentInfo.load(bytework.contents(pdf, which))["content"]
    held = data["signer_infos"][0]["unsigned_attrs"]
    return bytes(next(one for one in held if one["type"].native == "signature_time_stamp_token")["values"][0].dump())


def value_of(pdf: bytes) -> bytes:
    """The raw signature a timestamp has to be over."""
    data = asn1_cms.ContentInfo.load(bytework.contents(pdf))["content"]
    return bytes(data["signer_infos"][0]["signature"].native)


def name_certificate(data: Any, certificate: bytes) -> None:
    """The signed attribute that says which certificate is meant, rewritten to mean ``certificate``."""
    named = attribute(data, "signing_certificate_v2")
    held = tsp.ESSCertIDv2(
        {"hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}), "cert_hash": hashlib.sha256(certificate).digest()}
    )
    named["values"] = [tsp.SigningCertificateV2({"certs": [held]})]


def set_digest(data: Any, digest: bytes) -> None:
    attribute(data, "message_digest")["values"] = [core.OctetString(digest)]
