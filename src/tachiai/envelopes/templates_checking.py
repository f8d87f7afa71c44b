"""Whether every template says what it said when somebody last saved it, and its files are the bytes that were kept."""

from __future__ import annotations

from collections.abc import Iterator

from tachiai import ledger, vault
from tachiai.envelopes.template_models import Template
from tachiai.envelopes.templates import files_of
from tachiai.envelopes.templates_shape import content_digest
from tachiai.findings import Finding, walk
from tachiai.ledger import Recorded

EVENTS = ("template.archived", "template.restored", "template.saved")


def check_templates() -> Iterator[Finding]:
    """Each row against its last entry, each entry against its row, each file against its blob."""
    last: dict[str, Recorded] = {}
    for entries in ledger.recorded_as(EVENTS):
        for entry in entries:
            name = str(entry.data["template"])
            if name not in last or entry.number > last[name].number:
                last[name] = entry
    for templates in walk(Template.objects.all()):
        for template in templates:
            yield from _check(template, last.pop(str(template.pk), None))
    for name in sorted(last):
        yield Finding("template.missing", name, last[name].stream)


def _check(template: Template, entry: Recorded | None) -> Iterator[Finding]:
    files = files_of(template)
    stream = f"organization:{template.organization_id}"
    moments = (template.updated_at, template.archived_at or template.updated_at)
    if entry is None or (entry.stream, entry.data["content"]) != (stream, content_digest(template, files)) or set(moments) != {entry.at}:
        yield Finding("template.unlike_entry", str(template.pk), stream)
    for file in files:
        ends = vault.blobs([file.blob_id])[file.blob_id].known_segments or []
        if [(bytes(one.sha256), one.size) for one in ends] != [(bytes(file.sha256), file.size)]:
            yield Finding("template.file_differs", str(file.pk), str(template.pk))
