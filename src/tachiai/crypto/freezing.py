"""The house's own signature: fields and locks laid in, and what was sent certified."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from tachiai.crypto import planning
from tachiai.crypto.fields import HOUSE_FIELD, Lock, Slot, lock_for
from tachiai.crypto.filling import Ground, Made, Unstamped
from tachiai.crypto.keys import Credential
from tachiai.crypto.plans import Plan
from tachiai.crypto.signing import SealText, begin, fitting, references, refuse_locked, stamped, words
from tachiai.crypto.timestamps import Timestamper
from tachiai.crypto.updates import Update
from tachiai.errors import Refusal

FORMS_ALLOWED, NOTHING_ALLOWED = 2, 1


def certifiable(pdf: bytes) -> bool:
    """Whether the house may certify ``pdf``: nobody has signed it yet. Refuses as :func:`freeze`."""
    known = planning.plan(pdf)
    refuse_locked(known)
    return not known.signed


def freeze(
    pdf: bytes,
    *,
    slots: Sequence[int | Slot],
    credential: Credential,
    timestamper: Timestamper,
    text: SealText,
    at: datetime,
    plan: Plan | None = None,
) -> Made:
    """Lay in one locked signature field per slot with its value fields, and certify what stands (DocMDP P=2, B-T).

    A file that others have signed is not certified, because a certification must come first (ISO 32000-2, 12.8.2.2.1): it gets an
    approval signature of the house instead. Refuses ``file.locked_by_signature``, ``file.field_name_taken``, ``file.xfa``,
    ``file.unwritable``, ``file.unreadable``, ``file.encrypted``, ``file.page_missing`` and, for visible fields beside signatures
    of others or in a form that readers draw anew (/NeedAppearances), ``file.signed_by_others`` and ``file.fields_redrawn``.
    """

    def begin(reserve: int) -> Unstamped:
        return begin_freeze(pdf, slots=slots, credential=credential, reserve=reserve, text=text, at=at, plan=plan)

    return stamped(begin, timestamper, at=at)


def begin_freeze(
    pdf: bytes, *, slots: Sequence[int | Slot], credential: Credential, reserve: int, text: SealText, at: datetime, plan: Plan | None = None
) -> Unstamped:
    """:func:`freeze` up to its timestamp, for which ``reserve`` bytes are kept."""
    wanted = [Slot(slot) if isinstance(slot, int) else slot for slot in slots]
    if not wanted or len({slot.number for slot in wanted}) != len(wanted):
        raise ValueError("one or more different slots")
    ground = Ground(pdf)
    known = fitting(plan, pdf, ground, pages=pages_of(wanted))
    refuse_locked(known)
    visible = any(slot.place is not None or slot.values for slot in wanted)
    if visible:
        _refuse_unseen(known)
    terms = Terms(lock_for(wanted, None), None if known.signed else FORMS_ALLOWED)
    return begin_house(known, ground, wanted, terms, credential=credential, reserve=reserve, text=text, at=at)


def _refuse_unseen(plan: Plan) -> None:
    """What is to be seen must stay as it was drawn: not where pages may not change any more, nor where readers draw fields anew."""
    if plan.signed:
        raise Refusal("file.signed_by_others")
    if plan.form is not None and plan.form.entries.get(b"/NeedAppearances", b"false") != b"false":
        raise Refusal("file.fields_redrawn")


class Terms(NamedTuple):
    """What the house's own signature locks, and the P of its certification; None for an approval."""

    lock: Lock
    permission: int | None


def begin_house(
    plan: Plan, ground: Ground, slots: Sequence[Slot], terms: Terms, *, credential: Credential, reserve: int, text: SealText, at: datetime
) -> Unstamped:
    """The house's own signature, with the fields of ``slots`` in the same revision."""
    update = Update(plan)
    value = update.new()
    update.lay_fields(slots, lock=terms.lock, value=value)
    if terms.permission is not None:
        update.certify(value)
    update.lock(HOUSE_FIELD, by="DocMDP" if terms.permission == NOTHING_ALLOWED else "FieldMDP")
    head = words(text, at) + references(plan, permission=terms.permission, lock=terms.lock)
    return begin(update, ground, value, head=head, field=HOUSE_FIELD, credential=credential, reserve=reserve)


def pages_of(slots: Sequence[Slot]) -> set[int]:
    """Every page that gets a widget; invisible ones stand on the first."""
    seen = [slot.place.page for slot in slots if slot.place is not None]
    return {1, *seen, *[value.place.page for slot in slots for value in slot.values]}
