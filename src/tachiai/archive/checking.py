"""Checking the records: every file has its bytes and its entry, and every earlier state of it is how it begins."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from datetime import datetime
from functools import partial

from tachiai import clock, ledger, vault
from tachiai.archive.evidence_exporting import evidence_of
from tachiai.archive.models import EarlierFile, EvidenceMember, Record, RecordFile
from tachiai.errors import Outage, Refusal
from tachiai.findings import Finding, looked_at, walk
from tachiai.vault import Blob


def check_records(*, quick: bool, since: datetime | None = None) -> Iterator[Finding]:
    """Each record against its entry and its bytes; ``quick`` leaves the bytes to the check of the boxes."""
    for records in walk(Record.objects.filter(created_at__gte=since) if since else Record.objects.all()):
        for record in records:
            yield from looked_at(str(record.pk), partial(_record, record.pk, quick=quick))


def _record(pk: uuid.UUID, *, quick: bool) -> Iterator[Finding]:
    record = Record.objects.get(pk=pk)
    files = list(RecordFile.objects.filter(record=record).select_related("blob").order_by("position"))
    told = [one for one in ledger.recorded_at(["record.admitted"], [record.created_at]) if one.data.get("record") == str(pk)]
    filed = [_first_digest(file).hex() for file in files]
    if len(told) != 1 or not files:
        yield Finding("record.unrecorded", str(pk), f"{len(told)} entries, {len(files)} files")
    elif told[0].data.get("files") != filed:
        yield Finding("record.unlike_entry", str(pk), f"{told[0].stream} entry {told[0].number}")
    blobs = vault.blobs([file.blob_id for file in files])
    for file in files:
        yield from _ends(file, blobs[file.blob_id])
        if not quick:
            yield from _bytes(file)


def _first_digest(file: RecordFile) -> bytes:
    """What the file was when it was filed."""
    first = EarlierFile.objects.filter(file=file).order_by("size").first()
    return bytes(first.sha256 if first is not None else file.sha256)


def _ends(file: RecordFile, blob: Blob) -> Iterator[Finding]:
    """That the file, as it is and as it was, ends where one of its segments does, with the digest recorded there."""
    ends = {segment.total_size: bytes(segment.total_sha256) for segment in blob.known_segments or ()}
    states = [(file.size, bytes(file.sha256)), *((one.size, bytes(one.sha256)) for one in file.earlier.all())]
    for size, sha256 in states:
        if ends.get(size) != sha256:
            yield Finding("record.digest_differs", str(file.pk), f"{file.name}: {size} bytes")
    if max(ends, default=0) != file.size:
        yield Finding("record.size_differs", str(file.pk), f"{file.name}: {file.size} of {max(ends, default=0)} bytes")


def _bytes(file: RecordFile) -> Iterator[Finding]:
    """The bytes themselves, and the evidence records in which they are."""
    try:
        data = vault.read(file.blob)
    except (Refusal, Outage) as lost:
        if lost.code != "vault.shredded":  # destroyed on record: the check of the boxes looks at that
            yield Finding("record.bytes_lost", str(file.pk), f"{file.name}: {lost.code}")
        return
    if hashlib.sha256(data).digest() != bytes(file.sha256):
        yield Finding("record.bytes_differ", str(file.pk), file.name)
    if EvidenceMember.objects.filter(file=file).exists():
        try:
            evidence_of(file, at=clock.now())
        except Refusal as doubt:
            yield Finding("record.evidence_fails", str(file.pk), f"{file.name}: {doubt.code}")
