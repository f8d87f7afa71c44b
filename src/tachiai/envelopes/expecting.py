"""What a document must look like at each step of its life; the release gate holds every revision against it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tachiai import ceremony
from tachiai.envelopes.laying_in import every_field, values_in
from tachiai.envelopes.models import Document, Recipient, Revision, RevisionKind
from tachiai.prepared import Prepared, among
from tachiai.sealing import Expected


class Stage(NamedTuple):
    """One revision that stands; ``signer`` and ``digest`` are of the consent that a signed one was made on."""

    number: int
    kind: str
    size: int
    sha256: bytes
    signer: uuid.UUID | None
    digest: bytes


def expected(document: Document, *, adding: dict[int, bytes] | None = None, closed: bool = False) -> Expected:
    """The seals that must be there: one per consent recorded as sealed, and those being added (slot → consent digest).

    Whoever has sealed must have filled in what their consent says. Refuses with ``seal.not_instructed`` a consent that is not ours.
    """
    slots = slots_of([document.envelope_id])[document.envelope_id]
    stages = stages_of([document.pk])[document.pk]
    return expected_of(document, stages, slots, adding=adding, closed=closed, values=_values_of(document, stages))


def _values_of(document: Document, stages: Iterable[Stage]) -> dict[int, dict[int, str | bool]]:
    """What every seal's blanks must hold, by the consent it was made on; nothing is asked of a document without fields."""
    signers = [stage.signer for stage in stages if stage.signer is not None]
    if not document.laid or not signers:
        return {}
    said = [ceremony.instruction_of(consent) for consent in ceremony.consents_of(signers)]
    return {one.slot: values_in(document, one.slot, one.values) for one in said}


def stages_of(documents: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Stage]]:
    """Every revision of several documents, in order."""
    found: dict[uuid.UUID, list[Stage]] = {pk: [] for pk in documents}
    for pk, number, kind, size, sha256, signer, digest in _STAGES.all(documents=documents):
        found[pk].append(Stage(number, kind, size, bytes(sha256), signer, bytes(digest or b"")))
    return found


class SignatureField(NamedTuple):
    """Where a signer signs: the slot, and in which documents; in all of them if none is named."""

    slot: int
    documents: frozenset[uuid.UUID] = frozenset()

    def is_in(self, document: uuid.UUID) -> bool:
        return not self.documents or document in self.documents


def slots_of(envelopes: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[uuid.UUID, SignatureField]]:
    """Where every signer of several envelopes signs."""
    found: dict[uuid.UUID, dict[uuid.UUID, SignatureField]] = {pk: {} for pk in envelopes}
    for envelope, pk, slot, document in _SLOTS.all(envelopes=envelopes):
        known = found[envelope].get(pk, SignatureField(slot))
        found[envelope][pk] = known if document is None else SignatureField(slot, known.documents | {document})
    return found


_STAGES: Prepared[Any] = Prepared(
    lambda: (
        Revision.objects.filter(document__in=among("documents", Revision, "document"))
        .order_by("number")
        .values_list("document_id", "number", "kind", "size", "sha256", "consent__subject", "consent__digest")
    )
)
_SLOTS: Prepared[Any] = Prepared(
    lambda: Recipient.objects.filter(envelope__in=among("envelopes", Recipient, "envelope"), slot__isnull=False).values_list(
        "envelope_id", "pk", "slot", "documents"
    )
)


def expected_of(
    document: Document,
    stages: Iterable[Stage],
    slots: Mapping[uuid.UUID, SignatureField],
    *,
    adding: dict[int, bytes] | None = None,
    closed: bool = False,
    values: Mapping[int, Mapping[int, str | bool]] = MappingProxyType({}),
) -> Expected:
    """As :func:`expected`, from all of the document's stages and where everybody signs; ``values`` for the slots it names."""
    rows = list(stages)
    (first,) = (row for row in rows if row.number == 0)
    present = {slots[row.signer].slot: row.digest for row in rows if row.kind == RevisionKind.SIGNED and row.signer is not None}
    return Expected(
        certification=document.foreign_signatures == 0,
        slots={**present, **(adding or {})},
        closed=closed,
        upload_size=first.size,
        upload_sha256=first.sha256,
        every_slot=tuple(sorted({field.slot for field in slots.values() if field.is_in(document.pk)})),
        values=values,
        every_field=every_field(document),
    )
