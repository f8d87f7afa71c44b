"""The acts themselves. Each takes a prepared intent, makes one appended revision, and lets it out only verified."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tachiai.crypto import pades
from tachiai.crypto.pades import Made, SealText
from tachiai.crypto.pades_verify import Expected
from tachiai.sealing.handles import handles
from tachiai.sealing.models import Seal
from tachiai.sealing.preparing import Outcome, Prepared, record
from tachiai.sealing.verifying import verify


@dataclass(frozen=True)
class Sealed:
    """A verified revision: the bytes to append, the digest of the whole, and whose clock stamped it when."""

    intent: Seal
    tail: bytes
    sha256: bytes
    stamped_at: datetime
    stamped_by: str
    accredited: bool

    def record(self) -> None:
        """Commit the outcome to the intent, in the caller's transaction."""
        record_many([self])


def record_many(sealed: Sequence[Sealed]) -> None:
    """Commit the outcomes to their intents, in the caller's transaction. Refuses as ``preparing.record``, all or none."""
    record([Outcome(one.intent, one.sha256, one.stamped_at, one.stamped_by, one.accredited) for one in sealed])


def freeze(prepared: Prepared, *, slots: Sequence[int], text: SealText, expected: Expected, at: datetime) -> Sealed:
    """Lay in one field and lock per slot and certify what was sent (docs/formats/seal-revisions.md)."""
    house, pdf = handles(), prepared.use()
    made = pades.freeze(pdf, slots=slots, credential=house.credential, timestamper=house.timestamper, text=text, at=at)
    return _released(prepared, pdf, made, expected=expected, at=at)


def seal(prepared: Prepared, *, slot: int, text: SealText, consent_digest: bytes, expected: Expected, at: datetime) -> Sealed:
    """One signer's signature (PAdES B-T), on the instruction of a recorded consent whose digest it carries."""
    house, pdf = handles(), prepared.use()
    made = pades.seal(
        pdf,
        slot=slot,
        credential=house.credential,
        timestamper=house.timestamper,
        text=text,
        consent_digest=consent_digest,
        at=at,
    )
    return _released(prepared, pdf, made, expected=expected, at=at)


def close(prepared: Prepared, *, expected: Expected, at: datetime) -> Sealed:
    """Validation data of every chain, then the document timestamp over the whole file (PAdES B-LTA)."""
    house, pdf = handles(), prepared.use()
    roots = (*house.roots, *house.tsa_roots)
    made = pades.close(pdf, timestamper=house.timestamper, revocation=house.revocation, roots=roots, at=at)
    return _released(prepared, pdf, made, expected=expected, at=at)


def attest(prepared: Prepared, *, text: SealText, at: datetime) -> Sealed:
    """One of the house's own papers: certified by the house and closed (PAdES B-LTA). It needs nobody's consent."""
    house, pdf = handles(), prepared.use()
    made = pades.attest(
        pdf,
        credential=house.credential,
        timestamper=house.timestamper,
        revocation=house.revocation,
        text=text,
        at=at,
    )
    expected = Expected(
        certification=True,
        slots={},
        closed=True,
        upload_size=len(pdf),
        upload_sha256=hashlib.sha256(pdf).digest(),
        permission=1,
    )
    return _released(prepared, pdf, made, expected=expected, at=at)


def _released(prepared: Prepared, pdf: bytes, made: Made, *, expected: Expected, at: datetime) -> Sealed:
    """Nothing leaves unverified: the finished bytes are read afresh and judged before anybody records them."""
    verify(pdf + made.tail, expected=expected, at=at)
    token = made.tokens[-1]
    return Sealed(prepared.intent, made.tail, made.digest, token.gen_time, token.tsa_subject, token.accredited)
