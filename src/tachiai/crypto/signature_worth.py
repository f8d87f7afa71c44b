"""What one signature of ours is worth: its cryptography, its certificates up to a pinned root, and its time.

The same bytes, the same digest of what they cover and the same roots have the same worth whenever they are asked about, so it is
remembered: a document's earlier signatures are met again at each later one. Nothing here knows what a signature is for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from tachiai.crypto import chains, cms, plain_cms, timestamps
from tachiai.crypto.own_signatures import Digests, Signature
from tachiai.crypto.timestamps import Token

_SIGNED_ATTRIBUTES = frozenset((cms.CONTENT_TYPE, cms.MESSAGE_DIGEST, cms.SIGNING_CERTIFICATE_V2))


@dataclass(frozen=True, slots=True)
class Judged:
    """What cryptography and trust say of one signature. ``problem`` is a code without its prefix; ``chain`` leads to a root."""

    problem: str | None
    chain: tuple[bytes, ...] = ()
    token: Token | None = None


def judge(signature: Signature, digests: Digests, roots: tuple[bytes, ...], tsa_roots: tuple[bytes, ...]) -> Judged:
    """Cryptography, trust and time of one signature."""
    if not signature.is_timestamp:
        try:
            algorithm = _signed_data(signature.contents).signer.digest
        except (ValueError, IndexError):
            return Judged("broken")
        return _judge_seal(signature.contents, digests.covered(signature, algorithm), roots, tsa_roots)
    try:
        algorithm = timestamps.imprint_algorithm(signature.contents)
    except timestamps.BadToken:
        return Judged("timestamp_wrong")
    return _judge_stamp(signature.contents, digests.covered(signature, algorithm), tsa_roots)


@lru_cache(maxsize=64)
def _signed_data(contents: bytes) -> cms.SignedData:
    return cms.read_signed_data(contents, padded=True)


@lru_cache(maxsize=256)
def _judge_seal(contents: bytes, digest: bytes, roots: tuple[bytes, ...], tsa_roots: tuple[bytes, ...]) -> Judged:
    data = _signed_data(contents)
    try:
        signer = cms.check_signer(data, content_digest=digest)
    except (ValueError, IndexError):
        return Judged("broken")
    if data.content_type != cms.DATA or data.content is not None or data.signer.attributes.keys() != _SIGNED_ATTRIBUTES:
        return Judged("broken")
    held = data.signer.unsigned.get(cms.SIGNATURE_TIME_STAMP, [])
    if len(held) != 1 or len(data.signer.unsigned) != 1:
        return Judged("timestamp_missing" if not held else "timestamp_wrong")
    try:
        plain_cms.demand_plain(contents, signer=signer)
        token = _read_stamp(held[0].raw, data.signer.signature, tsa_roots)
        return Judged(None, chains.build_chain(signer, pool=data.certificates, roots=roots, at=token.gen_time), token)
    except timestamps.BadToken:
        return Judged("timestamp_wrong")
    except chains.BrokenChain:
        return Judged("untrusted")
    except cms.BadSignature:
        return Judged("broken")


def _read_stamp(token: bytes, signature: bytes, tsa_roots: tuple[bytes, ...]) -> Token:
    """The token over ``signature``. Nearly all stamp its SHA-256; which digest it is is asked only when that does not fit."""
    try:
        return _read_token(token, hashlib.sha256(signature).digest(), tsa_roots)
    except timestamps.OtherImprint:
        algorithm = timestamps.imprint_algorithm(token)
        return _read_token(token, hashlib.new(algorithm, signature).digest(), tsa_roots)


def _read_token(token: bytes, digest: bytes, tsa_roots: tuple[bytes, ...]) -> Token:
    found = timestamps.read_token(token, digest=digest, roots=tsa_roots)
    try:
        plain_cms.demand_plain(token, signer=found.chain[0])
    except cms.BadSignature as odd:
        raise timestamps.BadToken(str(odd)) from odd
    return found


@lru_cache(maxsize=256)
def _judge_stamp(contents: bytes, digest: bytes, tsa_roots: tuple[bytes, ...]) -> Judged:
    try:
        token = _read_token(contents, digest, tsa_roots)
    except timestamps.OtherImprint:
        return Judged("broken")
    except timestamps.BadToken:
        return Judged("timestamp_wrong")
    return Judged(None, token.chain, token)
