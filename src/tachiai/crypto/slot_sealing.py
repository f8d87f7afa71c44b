"""A signer's signature: into the slot laid in for it, with the slot's values in the same revision."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from tachiai.crypto.appearances import Appearance, placed
from tachiai.crypto.fields import Lock, slot_field
from tachiai.crypto.filling import Ground, Made, Unstamped
from tachiai.crypto.keys import Credential
from tachiai.crypto.plans import Entries, Plan, Ref, SlotPlan
from tachiai.crypto.signing import SealText, begin, fitting, references, stamped, words
from tachiai.crypto.timestamps import Timestamper
from tachiai.crypto.updates import Update, reference, text_string, turned_of
from tachiai.errors import Refusal

CONSENT_KEY = "XXTachiaiConsent"


@dataclass(frozen=True)
class FieldValue:
    """What a signer put into a blank: words, or True for a ticked box, and what is seen of it on the page."""

    text: str | bool
    appearance: Appearance


Values = Mapping[int, FieldValue]
_NO_VALUES: Values = MappingProxyType({})


def seal(
    pdf: bytes,
    *,
    slot: int,
    credential: Credential,
    timestamper: Timestamper,
    text: SealText,
    consent_digest: bytes,
    at: datetime,
    values: Values = _NO_VALUES,
    appearance: Appearance | None = None,
    plan: Plan | None = None,
) -> Made:
    """One approval signature (B-T) into ``slot``, carrying SHA-256 of the consent it was made on, and the slot's lock.

    ``values`` fill the slot's blanks in the same revision; ``appearance`` is what is seen of the signature itself.
    Refuses ``seal.slot_missing``, ``seal.slot_taken``, ``seal.slot_unlocked``, ``seal.value_unknown`` and ``seal.value_kind``.
    """

    def begin(reserve: int) -> Unstamped:
        return begin_seal(
            pdf,
            slot=slot,
            credential=credential,
            reserve=reserve,
            text=text,
            consent_digest=consent_digest,
            at=at,
            values=values,
            appearance=appearance,
            plan=plan,
        )

    return stamped(begin, timestamper, at=at)


def begin_seal(
    pdf: bytes,
    *,
    slot: int,
    credential: Credential,
    reserve: int,
    text: SealText,
    consent_digest: bytes,
    at: datetime,
    values: Values = _NO_VALUES,
    appearance: Appearance | None = None,
    plan: Plan | None = None,
) -> Unstamped:
    """:func:`seal` up to its timestamp, for which ``reserve`` bytes are kept. The key has been used when this returns."""
    if len(consent_digest) != hashlib.sha256().digest_size:
        raise ValueError("a consent's digest has 32 bytes")
    ground = Ground(pdf)
    known = fitting(plan, pdf, ground)
    place, lock = _open_slot(known, slot)
    update = Update(known)
    value = update.new()
    entries = {**place.entries, b"/V": reference(value)}
    if appearance is not None:
        entries[b"/AP"] = b"<< /N %b >>" % reference(_draw(update, appearance, turned_of(entries)))
    update.rewrite_slot(slot, entries, values=_filled_in(update, place, values))
    consent = b" /%b <%b>" % (CONSENT_KEY.encode(), consent_digest.hex().encode())
    head = words(text, at) + consent + references(known, permission=None, lock=lock)
    return begin(update, ground, value, head=head, field=slot_field(slot), credential=credential, reserve=reserve)


def _open_slot(plan: Plan, slot: int) -> tuple[SlotPlan, Lock]:
    place = plan.slots.get(slot)
    if place is None:
        raise Refusal("seal.slot_missing", slot=slot)
    if place.signed:
        raise Refusal("seal.slot_taken", slot=slot)
    if place.lock is None:
        raise Refusal("seal.slot_unlocked", slot=slot)
    return place, place.lock


def _filled_in(update: Update, slot: SlotPlan, values: Values) -> dict[int, Entries]:
    """The value fields' new entries, their appearances drawn. Blanks that got nothing stay as they are."""
    for number, value in values.items():
        if number not in slot.values:
            raise Refusal("seal.value_unknown", field=number)
        if slot.values[number].check != isinstance(value.text, bool):
            raise Refusal("seal.value_kind", field=number)
    # A box that was left empty stands as it was laid in.
    given = ((number, values[number]) for number in sorted(values) if values[number].text is not False)
    return {number: _filled(update, slot.values[number].entries, value) for number, value in given}


def _filled(update: Update, entries: Entries, value: FieldValue) -> Entries:
    drawn = reference(_draw(update, value.appearance, turned_of(entries)))
    if isinstance(value.text, bool):
        return {**entries, b"/V": b"/Yes", b"/AS": b"/Yes", b"/AP": b"<< /N << /Yes %b >> >>" % drawn}
    return {**entries, b"/V": text_string(value.text), b"/AP": b"<< /N %b >>" % drawn}


def _draw(update: Update, appearance: Appearance, turned: int) -> Ref:
    """Give the appearance's objects their numbers; the first is the one to refer to."""
    numbers = update.numbers(len(appearance.objects))
    for number, body in zip(numbers, placed(appearance, numbers, turned=turned), strict=True):
        update.put((number, 0), body)
    return numbers[0], 0
