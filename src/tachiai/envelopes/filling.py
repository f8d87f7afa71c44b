"""What signers put into their fields, as a seal is told of it: the consent says what, the entries hold what is seen of it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Iterable, Sequence

from tachiai import vault
from tachiai.ceremony import Instruction
from tachiai.crypto.appearances import Appearance, BadAppearance, read_appearance
from tachiai.crypto.fields import value_field
from tachiai.crypto.pades import FieldValue
from tachiai.envelopes.field_models import Field, FieldEntry
from tachiai.envelopes.laying_in import TICKED, look_name, value_name, values_in
from tachiai.envelopes.models import Document
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, among
from tachiai.sealing import Filling
from tachiai.vault import Blob

Entries = dict[tuple[uuid.UUID, uuid.UUID], list[FieldEntry]]


def entries_of(recipients: Collection[uuid.UUID]) -> Entries:
    """Everything that these recipients have entered, by recipient and document, each with its field."""
    found: Entries = {}
    for entry in _ENTRIES.all(recipients=set(recipients)) if recipients else ():
        found.setdefault((entry.recipient_id, entry.field.document_id), []).append(entry)
    return found


_ENTRIES = Prepared(
    lambda: (
        FieldEntry.objects.filter(recipient__in=among("recipients", FieldEntry, "recipient")).select_related("field").order_by("field_id")
    )
)


def kept_appearance(appearance: Appearance, blob: Blob, field: Field, text: str) -> bytes:
    """The appearance as it is kept beside ``text``: under the key of the document's blob, and for this text in this field alone."""
    return vault.lock_note(blob, appearance.encode(), about=_about(field, text))


def _about(field: Field, text: str) -> str:
    return f"{field.pk}:{hashlib.sha256(text.encode()).hexdigest()}"


def filling_of(document: Document, said: Instruction, entries: Sequence[FieldEntry]) -> Filling:
    """What the consent instructs to be filled into this document, with what is kept of how it looks.

    Refuses with ``seal.not_instructed`` where the two do not agree, and ``vault.altered`` for an appearance that was exchanged.
    """
    wanted = values_in(document, said.slot, said.values)
    looks = look_name(said.slot, document.pk) in said.values
    if not wanted and not looks:
        return Filling()
    kept = {value_name(entry.field): entry for entry in entries}
    values = {
        number: FieldValue(text, _appearance(document, said, kept.get(value_field(said.slot, number))))
        for number, text in wanted.items()
        if text is not False
    }
    look = _appearance(document, said, kept.get(look_name(said.slot, document.pk))) if looks else None
    return Filling(values, look)


def _appearance(document: Document, said: Instruction, entry: FieldEntry | None) -> Appearance:
    """How an entry looks, if it is of just what the consent says."""
    if entry is None or said.values.get(value_name(entry.field)) != entry.text:
        raise Refusal("seal.not_instructed", document=str(document.pk))
    try:
        return read_appearance(vault.unlock_note(document.blob, bytes(entry.appearance or b""), about=_about(entry.field, entry.text)))
    except BadAppearance as bad:
        raise Refusal("vault.altered", field=str(entry.field_id)) from bad


def is_filled(entry: FieldEntry | None) -> bool:
    """Whether an entry says anything: a box that is not ticked and words that were taken out say nothing."""
    return entry is not None and bool(entry.text) and (entry.field.kind != "check" or entry.text == TICKED)


def values_said(entries: Iterable[FieldEntry]) -> dict[str, str]:
    """The values of a consent: name → text, of everything that was entered."""
    return {value_name(entry.field): entry.text for entry in entries if entry.text}
