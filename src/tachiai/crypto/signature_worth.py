"""What one signature of ours is worth: its cryptography, its certificates up to a pinned root, and its time.

The same bytes, the same digest of what they cover and the same roots have the same worth whenever they are asked about, so it is
remembered: a document's earlier signatures are met again at each later one. Nothing here knows what a signature is for.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import NamedTuple

from tachiai.crypto import chains, cms, frames, plain_cms, seal_frames, timestamps
from tachiai.crypto.own_signatures import Digests, Signature
from tachiai.crypto.seal_frames import SealFrame
from tachiai.crypto.timestamps import Token

_SIGNED_ATTRIBUTES = frozenset((cms.CONTENT_TYPE, cms.MESSAGE_DIGEST, cms.SIGNING_CERTIFICATE_V2))


class Judged(NamedTuple):
    """What cryptography and trust say of one signature. ``problem`` is a code without its prefix; ``chain`` leads to a root."""

    problem: str | None
    chain: tuple[bytes, ...] = ()
    token: Token | None = None


def judge(signature: Signature, digests: Digests, roots: tuple[bytes, ...], tsa_roots: tuple[bytes, ...]) -> Judged:
    """Cryptography, trust and time of one signature."""
    if not signature.is_timestamp:
        whole = frames.first_value(signature.contents)
        form = None if whole is None else seal_frames.form_for(whole)
        if whole is not None and form is not None:
            found = _judge_known(whole, digests.covered(signature, form.signed.digest), form, roots, tsa_roots)
            if found is not None:
                return found
        try:
            algorithm = _signed_data(signature.contents).signer.digest
        except (ValueError, IndexError):
            return Judged("broken")
        return _judge_seal(signature.contents, digests.covered(signature, algorithm), roots, tsa_roots)
    # Nearly all stamp SHA-256; which digest it is is asked only when that does not fit.
    found = _judge_stamp(signature.contents, digests.covered(signature, "sha256"), tsa_roots)
    if found is not None:
        return found
    algorithm = timestamps.imprint_algorithm(signature.contents)
    return _judge_stamp(signature.contents, digests.covered(signature, algorithm), tsa_roots) or Judged("broken")


@lru_cache(maxsize=256)
def _judge_known(seal: bytes, digest: bytes, form: SealFrame, roots: tuple[bytes, ...], tsa_roots: tuple[bytes, ...]) -> Judged | None:
    """What a seal of a known form is worth; None where the full reading has to say what is wrong with it."""
    signed = form.signed
    if not signed.holds(seal, digest):
        return None
    try:
        token = _read_stamp(seal[form.token], seal[signed.signature], tsa_roots)
        return Judged(None, chains.build_chain(signed.signer, pool=signed.pool, roots=roots, at=token.gen_time), token)
    except (timestamps.BadToken, chains.BrokenChain):
        return None


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
        chain = chains.build_chain(signer, pool=data.certificates, roots=roots, at=token.gen_time)
    except timestamps.BadToken:
        return Judged("timestamp_wrong")
    except chains.BrokenChain:
        return Judged("untrusted")
    except cms.BadSignature:
        return Judged("broken")
    whole = frames.first_value(contents)
    if whole is not None:
        seal_frames.remember(whole, data, held[0].raw)
    return Judged(None, chain, token)


def _read_stamp(token: bytes, signature: bytes, tsa_roots: tuple[bytes, ...]) -> Token:
    """The token over ``signature``. Nearly all stamp its SHA-256; which digest it is is asked only when that does not fit."""
    try:
        return timestamps.read_token(token, digest=hashlib.sha256(signature).digest(), roots=tsa_roots, plain=True)
    except timestamps.OtherImprint:
        digest = hashlib.new(timestamps.imprint_algorithm(token), signature).digest()
        return timestamps.read_token(token, digest=digest, roots=tsa_roots, plain=True)


@lru_cache(maxsize=256)
def _judge_stamp(contents: bytes, digest: bytes, tsa_roots: tuple[bytes, ...]) -> Judged | None:
    """What a document timestamp is worth; None when it stamps another digest than this."""
    try:
        token = timestamps.read_token(contents, digest=digest, roots=tsa_roots, plain=True)
    except timestamps.OtherImprint:
        return None
    except timestamps.BadToken:
        return Judged("timestamp_wrong")
    return Judged(None, token.chain, token)
