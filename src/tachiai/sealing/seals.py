"""The acts themselves. Each takes a prepared intent, makes one appended revision, and lets it out only verified."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tachiai.crypto import longevity, pades
from tachiai.crypto.appearances import Appearance
from tachiai.crypto.fields import Slot
from tachiai.crypto.freezing import pages_of
from tachiai.crypto.pades import FieldValue, Made, SealText, Unstamped
from tachiai.crypto.pades_verify import Expected
from tachiai.crypto.revocation import Older, PatientRevocation, fresher_at
from tachiai.crypto.timestamps import Timestamper, Token
from tachiai.errors import Refusal
from tachiai.sealing.handles import handles
from tachiai.sealing.lasting import algorithm_policy, check_gain
from tachiai.sealing.models import Seal
from tachiai.sealing.planning import fitting_plan
from tachiai.sealing.preparing import Outcome, Prepared, record
from tachiai.sealing.verifying import verify


@dataclass(frozen=True)
class Sealed:
    """A verified revision: the bytes to append, the digest of the whole, and whose clock stamped it when.

    ``plan`` is the encoded plan of the new file (docs/formats/plan.md), to be kept beside it for the next seal. ``older`` are the
    certificates for which a closing had to make do with answers older than the last timestamp: a top-up has to follow.
    """

    intent: Seal
    tail: bytes
    sha256: bytes
    stamped_at: datetime
    stamped_by: str
    accredited: bool
    plan: bytes
    older: tuple[Older, ...] = ()

    def record(self) -> None:
        """Commit the outcome to the intent, in the caller's transaction."""
        record_many([self])

    def newer_at(self, at: datetime) -> datetime | None:
        """When answers newer than those of ``older`` are worth asking for; None when nothing was older."""
        return fresher_at(self.older, at=at) if self.older else None


def record_many(sealed: Sequence[Sealed]) -> None:
    """Commit the outcomes to their intents, in the caller's transaction. Refuses as ``preparing.record``, all or none."""
    record([Outcome(one.intent, one.sha256, one.stamped_at, one.stamped_by, one.accredited) for one in sealed])


def freeze(
    prepared: Prepared, *, slots: Sequence[int | Slot], text: SealText, expected: Expected, at: datetime, plan: bytes = b""
) -> Sealed:
    """Lay in one field and lock per slot, with its blanks, and certify what was sent (docs/formats/seal-revisions.md)."""
    house, pdf = handles(), prepared.use()
    pages = tuple(sorted(pages_of([slot for slot in slots if isinstance(slot, Slot)])))
    credential, known = house.credential_named(prepared.intent.key), fitting_plan(prepared.intent, pdf, plan, pages=pages)
    made = pades.freeze(pdf, slots=slots, credential=credential, timestamper=house.timestamper, text=text, at=at, plan=known)
    return _released(prepared.intent, pdf, made, expected=expected, at=at)


@dataclass(frozen=True)
class Filling:
    """What a signer's seal is to be seen as, and what it fills into the slot's blanks, by their numbers."""

    values: Mapping[int, FieldValue] = field(default_factory=dict)
    look: Appearance | None = None


_NOTHING = Filling()


def seal(
    prepared: Prepared,
    *,
    slot: int,
    text: SealText,
    consent_digest: bytes,
    expected: Expected,
    at: datetime,
    plan: bytes = b"",
    filling: Filling = _NOTHING,
) -> Sealed:
    """One signer's signature (PAdES B-T), on the instruction of a recorded consent whose digest it carries."""
    begun = begin(prepared, slot=slot, text=text, consent_digest=consent_digest, expected=expected, at=at, plan=plan, filling=filling)
    return begun.finish()


def begin(
    prepared: Prepared,
    *,
    slot: int,
    text: SealText,
    consent_digest: bytes,
    expected: Expected,
    at: datetime,
    plan: bytes = b"",
    filling: Filling = _NOTHING,
) -> Begun:
    """:func:`seal` up to its timestamp, which is asked for and not waited for. The key has been used when this returns."""
    house, pdf = handles(), prepared.use()
    credential, known = house.credential_named(prepared.intent.key), fitting_plan(prepared.intent, pdf, plan)

    def sign(reserve: int) -> Unstamped:
        return pades.begin_seal(
            pdf,
            slot=slot,
            credential=credential,
            reserve=reserve,
            text=text,
            consent_digest=consent_digest,
            at=at,
            values=filling.values,
            appearance=filling.look,
            plan=known,
        )

    return Begun(prepared.intent, pdf, sign, house.timestamper, expected=expected, at=at)


class Begun:
    """A signature that waits for its timestamp. ``token`` is what it waits for; ``finish`` waits, if need be, and is called once."""

    def __init__(
        self, intent: Seal, pdf: bytes, sign: Callable[[int], Unstamped], timestamper: Timestamper, *, expected: Expected, at: datetime
    ) -> None:
        self._intent, self._pdf, self._sign, self._timestamper = intent, pdf, sign, timestamper
        self._expected, self._at = expected, at
        self._unstamped = sign(timestamper.reserve)
        self.token = timestamper.submit(self._unstamped.imprint, at=at)

    def finish(self) -> Sealed:
        """The verified revision. Raises what the timestamper raised, or refuses what the release gate does not let out."""
        made = self._made(self.token.result())
        return _released(self._intent, self._pdf, made, expected=self._expected, at=self._at)

    def _made(self, token: Token) -> Made:
        try:
            return self._unstamped.finish(token)
        except pades.TokenTooLarge as small:
            # The authority has grown; signed anew with room enough, which happens once for each size it ever had.
            unstamped = self._sign(small.needed)
            return unstamped.finish(self._timestamper.timestamp(unstamped.imprint, at=self._at))


def close(prepared: Prepared, *, expected: Expected, at: datetime, plan: bytes = b"") -> Sealed:
    """Validation data of every chain, then the document timestamp over the whole file (PAdES B-LTA).

    Raises ``Outage("revocation.not_fresh")`` for a while where newer answers may yet come. Refuses ``key.revoked``.
    """
    return _closed(prepared, PatientRevocation(handles().revocation), expected=expected, at=at, plan=plan)


def extend(prepared: Prepared, *, expected: Expected, at: datetime, plan: bytes = b"") -> Sealed:
    """:func:`close` once more, behind a closed file, with answers newer than its last timestamp; ``not_fresh`` while there are none."""
    return _closed(prepared, PatientRevocation(handles().revocation, patience=None), expected=expected, at=at, plan=plan)


def renew(prepared: Prepared, *, expected: Expected, at: datetime, beyond: datetime, plan: bytes = b"") -> Sealed:
    """A further timestamp behind a closed file whose proof ends at ``beyond``, with the proof of its last one; both judges have agreed.

    Refuses ``renewal.no_better_authority`` and ``renewal.no_stronger_algorithm`` when that would carry it no further, and
    ``seal.archive_expired`` when it comes too late.
    """
    house, pdf = handles(), prepared.use()
    # Any answer in force is newer than a timestamp of years ago; what was stamped today is proven by what is to be had today.
    asked = PatientRevocation(house.revocation, patience=timedelta(0))
    known = fitting_plan(prepared.intent, pdf, plan)
    roots = (*house.roots, *house.tsa_roots)
    made = pades.renew(pdf, timestamper=house.timestamper, revocation=asked, roots=roots, at=at, plan=known)
    token = made.tokens[-1]
    check_gain(longevity.outlook(token.der, token.chain, policy=algorithm_policy()), beyond=beyond)
    return _released(prepared.intent, pdf, made, expected=expected, at=at, asked=asked, deep=True)


def _closed(prepared: Prepared, asked: PatientRevocation, *, expected: Expected, at: datetime, plan: bytes) -> Sealed:
    house, pdf = handles(), prepared.use()
    roots = (*house.roots, *house.tsa_roots)
    known = fitting_plan(prepared.intent, pdf, plan)
    made = pades.close(pdf, timestamper=house.timestamper, revocation=asked, roots=roots, at=at, plan=known)
    return _released(prepared.intent, pdf, made, expected=expected, at=at, asked=asked)


def attest(prepared: Prepared, *, text: SealText, at: datetime) -> Sealed:
    """One of the house's own papers: certified by the house and closed (PAdES B-LTA). It needs nobody's consent."""
    house, pdf = handles(), prepared.use()
    # Each attempt signs anew, so that waiting would never make an answer newer than the signature.
    asked = PatientRevocation(house.revocation, patience=timedelta(0))
    made = pades.attest(
        pdf,
        credential=house.credential_named(prepared.intent.key),
        timestamper=house.timestamper,
        revocation=asked,
        text=text,
        at=at,
    )
    return _released(prepared.intent, pdf, made, expected=expected_paper(pdf), at=at, asked=asked)


def expected_paper(paper: bytes) -> Expected:
    """What a paper of the house's own must be once it is sealed: ``paper`` is as it was before."""
    return Expected(
        certification=True,
        slots={},
        closed=True,
        upload_size=len(paper),
        upload_sha256=hashlib.sha256(paper).digest(),
        permission=1,
    )


def _released(
    intent: Seal,
    pdf: bytes,
    made: Made,
    *,
    expected: Expected,
    at: datetime,
    asked: PatientRevocation | None = None,
    deep: bool | None = None,
) -> Sealed:
    """Nothing leaves unverified: the finished bytes are read afresh and judged before anybody records them."""
    token = made.tokens[-1]
    found = asked.found if asked is not None else None
    if found is not None and token.chain[0] in found.revoked:
        # What it stamped before stands; the document timestamp has to be another's.
        raise Refusal("key.revoked", subject=token.tsa_subject)
    verify(pdf + made.tail, expected=expected, at=at, deep=deep)
    older = found.older if found is not None else ()
    return Sealed(intent, made.tail, made.digest, token.gen_time, token.tsa_subject, token.accredited, made.plan.encode(), older)
