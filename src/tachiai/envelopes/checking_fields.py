"""Whether fields stand where the ledger says they were placed, and what was entered is what was consented to."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tachiai.ceremony import Consent
from tachiai.envelopes.checking_documents import Papers
from tachiai.envelopes.field_models import Field, FieldEntry
from tachiai.envelopes.laying_in import laid_of, value_name
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.envelopes.slots import told_of
from tachiai.findings import Finding
from tachiai.ledger import Recorded


def check_fields(envelope: Envelope, people: Iterable[Recipient], papers: Sequence[Papers], told: Sequence[Recorded]) -> Iterator[Finding]:
    """Every field as it was last told of, what was laid into each file, and the entries behind every consent."""
    fields = list(Field.objects.filter(document__envelope=envelope).order_by("number"))
    yield from _check_places(envelope, fields, told)
    for one in papers:
        own = [field for field in fields if field.document_id == one.document.pk]
        frozen = next((entry for entry in one.entries if entry.event == "document.frozen"), None)
        laid = laid_of(own) if frozen is not None else {}
        stated = frozen.data.get("fields", {}) if frozen is not None else {}
        if not laid == one.document.laid == stated:
            yield Finding("document.fields_differ", str(one.document.pk), f"laid in {stated}")
    if fields:
        yield from _check_entries([person.pk for person in people])


def _check_places(envelope: Envelope, fields: Sequence[Field], told: Iterable[Recorded]) -> Iterator[Finding]:
    last: dict[str, dict[str, Any]] = {}
    for entry in told:
        if entry.event in ("field.placed", "field.moved"):
            last[str(entry.data["field"])] = entry.data
        elif entry.event == "field.removed":
            last.pop(str(entry.data["field"]), None)
        elif entry.event == "document.removed":
            last = {key: data for key, data in last.items() if data["document"] != entry.data["document"]}
    rows = {str(field.pk): told_of(field) for field in fields}
    for key in sorted(last.keys() | rows.keys()):
        if last.get(key) != rows.get(key):
            yield Finding("field.unlike_entry", key, envelope.stream)


def _check_entries(people: Sequence[uuid.UUID]) -> Iterator[Finding]:
    """Only of who consented, and whose words were not erased; what others have entered so far is theirs to change."""
    entries: dict[uuid.UUID, dict[str, str]] = {}
    for entry in FieldEntry.objects.filter(recipient__in=people).select_related("field"):
        if entry.text:
            entries.setdefault(entry.recipient_id, {})[value_name(entry.field)] = entry.text
    for consent in Consent.objects.filter(subject__in=people):
        said = json.loads(bytes(consent.body))["values"]
        if bytes(consent.personal) and entries.get(consent.subject, {}) != said:
            yield Finding("entry.unlike_consent", str(consent.pk), str(consent.subject))
