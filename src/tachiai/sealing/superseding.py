"""When a seal proves worthless: what may take its place, and the record that it no longer counts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from tachiai.crypto import pades
from tachiai.errors import Refusal
from tachiai.sealing.handles import handles
from tachiai.sealing.models import Act, Seal, SealState


def check_provable(pdf: bytes, *, at: datetime) -> None:
    """Whether everything signed in ``pdf`` can be proven today. Refuses ``key.revoked`` and ``seal.chain_unknown``.

    Raises ``Outage("revocation.unreachable")`` while nobody answers.
    """
    house = handles()
    pades.store(pdf, revocation=house.revocation, roots=(*house.roots, *house.tsa_roots), at=at)


def check_another_key(subjects: Sequence[uuid.UUID]) -> None:
    """Refuse with ``seal.same_key`` while the house would seal with a key that has sealed one of ``subjects`` already."""
    standing = Seal.objects.filter(subject__in=subjects, act=Act.CONSENT, state=SealState.SEALED)
    if standing.filter(key=handles().credential.fingerprint).exists():
        raise Refusal("seal.same_key")


def supersede(subjects: Sequence[uuid.UUID]) -> list[str]:
    """Seals of consents on ``subjects`` and their closings no longer count, in the caller's transaction; which they were, by id."""
    if not connection.in_atomic_block:
        raise RuntimeError("seals are superseded in the transaction that tells of it")
    rows = Seal.objects.filter(subject__in=subjects, act__in=(Act.CONSENT, Act.CLOSE), state=SealState.SEALED)
    found = [str(pk) for pk in rows.order_by("intended_at").values_list("pk", flat=True)]
    rows.update(state=SealState.SUPERSEDED)
    return found
