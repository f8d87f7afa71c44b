"""Intent before act: what is about to be sealed is on record before the key is used, and is used up by the act."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from tachiai import ledger
from tachiai.accounts import identity
from tachiai.errors import Outage, Refusal
from tachiai.prepared import Prepared as Question
from tachiai.prepared import among, given
from tachiai.rowwise import Change, change_all, change_each, insert_each
from tachiai.sealing.handles import handles
from tachiai.sealing.models import Act, Seal, SealState


class Prepared:
    """A recorded intent that may be carried out once. A second use raises ``RuntimeError``."""

    def __init__(self, intent: Seal, pdf: bytes) -> None:
        self.intent = intent
        self._pdf: bytes | None = pdf

    def use(self) -> bytes:
        """The bytes to be sealed, given out once."""
        if self._pdf is None:
            raise RuntimeError("a prepared seal is used once; prepare another")
        pdf, self._pdf = self._pdf, None
        return pdf


@dataclass(frozen=True)
class Intent:
    """What is to be sealed: ``pdf`` of ``subject``, told of in ``stream``. ``sha256`` is of ``pdf``, if it was just computed from it."""

    pdf: bytes
    subject: uuid.UUID
    stream: str
    consent: uuid.UUID | None = None
    sha256: bytes = b""

    def digest(self) -> bytes:
        return self.sha256 or hashlib.sha256(self.pdf).digest()


def prepare(act: Act, pdf: bytes, *, subject: uuid.UUID, stream: str, at: datetime, consent: uuid.UUID | None = None) -> Prepared:
    """Record the intent to seal ``pdf`` and return it as something that can be used once.

    An earlier intent for the same act that never came to anything is marked abandoned. Refuses with
    ``seal.done`` when the consent has been sealed on this subject, ``seal.no_consent`` for a consent seal without one.
    """
    (prepared,) = prepare_many(act, [Intent(pdf, subject, stream, consent)], at=at)
    if isinstance(prepared, Refusal):
        raise prepared
    return prepared


def prepare_many(act: Act, intents: Sequence[Intent], *, at: datetime) -> list[Prepared | Refusal]:
    """As :func:`prepare` for several subjects in one transaction; for each the intent on record, or why there is none.

    Raises ``Outage`` in a house that is held, whose keys are another's, or that is a copy with a key of production: nothing is sealed
    there.
    """
    if any((act is Act.CONSENT) != (intent.consent is not None) for intent in intents):
        raise Refusal("seal.no_consent")
    identity.check_acting("seal")
    key = "" if act in (Act.CLOSE, Act.EXTEND) else _own_key()
    with transaction.atomic(durable=True):
        done = _clear(act, intents)
        seals = [_intended(act, intent, key=key, at=at) for intent in intents if (intent.subject, intent.consent) not in done]
        insert_each(seals)
        streams = {(intent.subject, intent.consent): intent.stream for intent in intents}
        ledger.append_many([_told(seal, streams[seal.subject, seal.consent], at=at) for seal in seals])
    left = iter(seals)
    return [
        Refusal("seal.done", consent=str(intent.consent)) if (intent.subject, intent.consent) in done else Prepared(next(left), intent.pdf)
        for intent in intents
    ]


def _own_key() -> str:
    """The fingerprint of the key to be used. A copy has only the embedded authority's, and none with which production ever sealed."""
    house, found = handles(), identity.standing()
    fingerprint = house.credential.fingerprint
    if found.copy and (not house.embedded or Seal.objects.filter(key=fingerprint, intended_at__lt=found.accepted_at).exists()):
        raise Outage("seal.key_of_production", "a copy seals with an embedded authority of its own alone")
    return fingerprint


Key = tuple[uuid.UUID, uuid.UUID | None]


def _clear(act: Act, intents: Sequence[Intent]) -> set[Key]:
    """Mark earlier intents for the same as abandoned; which of them have come true, so that they must not be sealed again."""
    wanted = {(intent.subject, intent.consent) for intent in intents}
    standing = _STANDING.all(act=act, subjects={subject for subject, _ in wanted})
    done: set[Key] = set()
    left = []
    for pk, subject, consent, state in standing:
        if (subject, consent) not in wanted:
            continue
        if state == SealState.INTENDED:
            left.append(pk)
        elif consent is not None:
            done.add((subject, consent))
    change_all(Seal, left, {"state": str(SealState.ABANDONED)}, held={"state": str(SealState.INTENDED)})
    return done


_STANDING: Question[Any] = Question(
    lambda: Seal.objects.filter(
        act=given("act", Seal, "act"), subject__in=among("subjects", Seal, "subject"), state__in=(SealState.INTENDED, SealState.SEALED)
    ).values_list("pk", "subject", "consent", "state")
)


def _intended(act: Act, intent: Intent, *, key: str, at: datetime) -> Seal:
    return Seal(act=act, subject=intent.subject, consent=intent.consent, input_sha256=intent.digest(), key=key, intended_at=at)


def _told(seal: Seal, stream: str, *, at: datetime) -> ledger.Note:
    data = {
        "seal": str(seal.pk),
        "act": str(seal.act),
        "subject": str(seal.subject),
        "consent": str(seal.consent) if seal.consent else None,
        "input": bytes(seal.input_sha256).hex(),
        "key": seal.key or None,
    }
    return ledger.Note(stream, "seal.intended", ledger.Actor.house(), at, data)


@dataclass(frozen=True)
class Outcome:
    """What an intent came to: the digest of the whole new file, and whose clock stamped it when."""

    intent: Seal
    output_sha256: bytes
    stamped_at: datetime
    stamped_by: str
    accredited: bool


def record(outcomes: Sequence[Outcome]) -> None:
    """The intents came true, in the caller's transaction.

    Raises ``Refusal("seal.superseded")`` when another intent took the place of one of them: then none of them may be committed.
    """
    changes = [
        Change(
            outcome.intent.pk,
            {
                "state": SealState.SEALED,
                "output_sha256": outcome.output_sha256,
                "stamped_at": outcome.stamped_at,
                "stamped_by": outcome.stamped_by[:300],
                "accredited": outcome.accredited,
            },
            held={"state": SealState.INTENDED},
        )
        for outcome in outcomes
    ]
    if change_each(Seal, changes) != len(changes):
        raise Refusal("seal.superseded", seals=[str(outcome.intent.pk) for outcome in outcomes])
