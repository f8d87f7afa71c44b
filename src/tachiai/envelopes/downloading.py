"""Taking the concluded files home: behind a link of its own, with the code asked again, singly or all in one ZIP."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction

from tachiai import ceremony, vault
from tachiai.accounts.models import Member
from tachiai.archive.models import FileKind, RecordFile
from tachiai.ceremony import Level
from tachiai.clock import JAPAN
from tachiai.envelopes.events import note
from tachiai.envelopes.holding import documents_of
from tachiai.envelopes.models import Envelope, Gate, Recipient
from tachiai.envelopes.opening import try_code
from tachiai.envelopes.places import documents_meant
from tachiai.envelopes.reading import concluded_copy, concluded_files
from tachiai.envelopes.visiting import Visit
from tachiai.errors import Refusal
from tachiai.piecewise import Pipe


def open_download(found: Visit, *, code: str, address: str, agent: str, at: datetime) -> str:
    """Judge the code at a download link; on success the value is the key for the visitor's cookie.

    ``found`` is a ``download_visit``, which has refused an expired link. Tries are counted and refused as by
    ``open_envelope``; a revoked or suspended registration opens nothing.
    """
    personal: dict[str, object] = {"address": address, "agent": agent[:300]}
    gate = found.holder.gate
    attempt = None if gate == Gate.NONE else try_code(found, code, address=address, personal=personal, at=at)
    level = Level.MAIL_AND_CODE if gate == Gate.REGISTERED else Level.MAIL_ONLY
    with transaction.atomic(durable=True):
        if attempt is not None:
            ceremony.settle_attempt(attempt, right=True)
        visit, key = ceremony.begin(found.invitation, level=level, at=at)
        data: dict[str, object] = {"recipient": str(found.recipient.pk), "ceremony": str(visit.pk), "level": str(level)}
        note(found.envelope, "download.opened", by=found.recipient, at=at, data=data, personal=personal)
    return key


def files_of(recipient: Recipient) -> list[RecordFile]:
    """The concluded files that somebody is to have: the certificate, and their documents."""
    meant = documents_meant(recipient.envelope_id).get(recipient.pk)
    files = concluded_files(recipient.envelope)
    if meant is None:
        return files
    theirs = {document.blob_id for document in documents_of(recipient.envelope) if document.pk in meant}
    return [file for file in files if file.kind == FileKind.CERTIFICATE or file.blob_id in theirs]


def concluded_file(recipient: Recipient, position: int) -> RecordFile:
    """One concluded file of theirs by its place in the record. Refuses with ``page.unknown``."""
    found = next((file for file in files_of(recipient) if file.position == position), None)
    if found is None:
        raise Refusal("page.unknown")
    return found


def standing_files(envelope: Envelope, *, by: Recipient | Member) -> list[RecordFile]:
    """The concluded files whose bytes were not destroyed; a recipient's are :func:`files_of` them.

    Refuses ``vault.shredded`` when there were some and none is left.
    """
    files = files_of(by) if isinstance(by, Recipient) else concluded_files(envelope)
    standing = [file for file in files if file.blob.shredded_at is None]
    if files and not standing:
        vault.must_stand(files[0].blob)
    return standing


def zip_concluded(envelope: Envelope, *, by: Recipient | Member, at: datetime) -> Iterator[bytes]:
    """A ZIP of all files of :func:`standing_files`, which refuses before anything is sent."""
    return _zipped(standing_files(envelope, by=by), envelope, by=by, at=at)


def _zipped(files: Sequence[RecordFile], envelope: Envelope, *, by: Recipient | Member, at: datetime) -> Iterator[bytes]:
    """The ZIP, piece by piece: one file at a time is in memory, and each is on record as downloaded.

    Two files of one name are told apart by a number. Entries are deflated although PDFs hardly shrink: readers that take a
    ZIP from a stream cannot find the end of an entry that is merely stored.
    """
    pipe = Pipe()
    taken: set[str] = set()
    moment = (envelope.concluded_at or at).astimezone(JAPAN).timetuple()[:6]
    with zipfile.ZipFile(pipe, "w") as bundle:
        for file in files:
            copy = concluded_copy(file, envelope, by=by, at=at)
            entry = zipfile.ZipInfo(_untaken(copy.name, taken), moment)
            entry.external_attr = 0o644 << 16
            bundle.writestr(entry, copy.pdf, zipfile.ZIP_DEFLATED, compresslevel=1)
            yield pipe.drained()
    yield pipe.drained()


def _untaken(name: str, taken: set[str]) -> str:
    stem, number, free = name.removesuffix(".pdf"), 1, name
    while free in taken:
        number += 1
        free = f"{stem} ({number}).pdf"
    taken.add(free)
    return free
