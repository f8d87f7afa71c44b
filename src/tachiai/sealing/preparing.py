"""Intent before act: what is about to be sealed is on record before the key is used, and is used up by the act."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime

from django.db import transaction

from tachiai import ledger
from tachiai.errors import Refusal
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


def prepare(act: Act, pdf: bytes, *, subject: uuid.UUID, stream: str, at: datetime, consent: uuid.UUID | None = None) -> Prepared:
    """Record the intent to seal ``pdf`` and return it as something that can be used once.

    An earlier intent for the same act that never came to anything is marked abandoned. Refuses with
    ``seal.done`` when the consent has been sealed on this subject, ``seal.no_consent`` for a consent seal without one.
    """
    if (act is Act.CONSENT) != (consent is not None):
        raise Refusal("seal.no_consent")
    digest = hashlib.sha256(pdf).digest()
    key = "" if act is Act.CLOSE else handles().credential.fingerprint
    with transaction.atomic(durable=True):
        same = Seal.objects.filter(act=act, subject=subject, consent=consent)
        if consent is not None and same.filter(state=SealState.SEALED).exists():
            raise Refusal("seal.done", consent=str(consent))
        same.filter(state=SealState.INTENDED).update(state=SealState.ABANDONED)
        intent = Seal.objects.create(act=act, subject=subject, consent=consent, input_sha256=digest, key=key, intended_at=at)
        ledger.append(
            stream,
            "seal.intended",
            by=ledger.Actor.house(),
            at=at,
            data={
                "seal": str(intent.pk),
                "act": str(act),
                "subject": str(subject),
                "consent": str(consent) if consent else None,
                "input": digest.hex(),
                "key": key or None,
            },
        )
    return Prepared(intent, pdf)


def record(intent: Seal, *, output_sha256: bytes, stamped_at: datetime, stamped_by: str, accredited: bool) -> None:
    """The intent came true, in the caller's transaction. Raises ``Refusal("seal.superseded")`` when another took its place."""
    ours = Seal.objects.filter(pk=intent.pk, state=SealState.INTENDED)
    if not ours.update(
        state=SealState.SEALED,
        output_sha256=output_sha256,
        stamped_at=stamped_at,
        stamped_by=stamped_by[:300],
        accredited=accredited,
    ):
        raise Refusal("seal.superseded", seal=str(intent.pk))
