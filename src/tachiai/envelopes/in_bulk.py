"""The same act on several envelopes that were chosen from the list: each by itself, so that one that cannot does not hold the others up."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tachiai.accounts.models import Member
from tachiai.envelopes.access import may_manage
from tachiai.envelopes.foldering import folders_for, move_to_folder
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.envelopes.sending import send_again
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.errors import Refusal

AT_MOST = 50
# Whose own day has passed is waited for as well, until the envelope's has.
ASKED = (RecipientState.REQUESTED, RecipientState.OPENED, RecipientState.EXPIRED)


@dataclass
class Done:
    """What came of it: how many envelopes (or people) it was done to, and the envelopes that it was not done to."""

    count: int = 0
    left: list[Envelope] = field(default_factory=list)


def may_be_moved(by: Member, envelope: Envelope) -> bool:
    return may_manage(by, envelope)


def may_be_asked_again(by: Member, envelope: Envelope) -> bool:
    """Whether somebody is being waited for whom ``by`` may ask again."""
    return may_manage(by, envelope) and envelope.state == EnvelopeState.IN_PROGRESS and bool(_asked(envelope))


def move_together(envelopes: Iterable[Envelope], folder: uuid.UUID | None, *, by: Member, at: datetime) -> Done:
    """Each into ``folder`` (None: into none). Refuses with ``folder.unknown`` before anything is moved."""
    if folder is not None and not folders_for(by).filter(pk=folder).exists():
        raise Refusal("folder.unknown")
    done = Done()
    for envelope in envelopes:
        if may_be_moved(by, envelope):
            move_to_folder(envelope, folder, by=by, at=at)
            done.count += 1
        else:
            done.left.append(envelope)
    return done


def ask_together(envelopes: Iterable[Envelope], *, by: Member, at: datetime) -> Done:
    """A new link for everybody who is being waited for; the count is of people."""
    done = Done()
    for envelope in envelopes:
        asked = _asked_again(envelope, by=by, at=at) if may_be_asked_again(by, envelope) else 0
        done.count += asked
        if not asked:
            done.left.append(envelope)
    return done


def _asked_again(envelope: Envelope, *, by: Member, at: datetime) -> int:
    """How many people were asked; who has answered in the meantime is left in peace."""
    count = 0
    for person in _asked(envelope):
        try:
            send_again(person, by=by, at=at)
        except Refusal as refusal:
            # The last: their day is over, and the envelope has not ended yet. Whoever was asked before must not be asked twice for it.
            if refusal.code not in ("envelope.moved", "recipient.not_asked", "link.expired"):
                raise
        else:
            count += 1
    return count


def _asked(envelope: Envelope) -> list[Recipient]:
    rows = envelope.recipients.select_related("envelope__organization", "envelope__sender")
    return list(rows.filter(state__in=ASKED).order_by("order", "position"))
