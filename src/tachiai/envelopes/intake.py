"""Intake: an upload becomes a document at once, or is held: because its inspection takes long, or because it had to be rewritten.

An ordinary file is inspected while its sender waits for the page. One that is not done when their patience ends is kept in the
vault with a row of work, and a worker goes on with it: nothing of it depends on the request, the browser or this process.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import Future
from datetime import datetime, timedelta
from time import monotonic

from django.db import transaction

from tachiai import vault, work
from tachiai.accounts.models import Member
from tachiai.envelopes.drafting import add_inspected, file_name_of, make_room, still_draft, told
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Document, Envelope, HeldUpload, InspectTask
from tachiai.pages.findings import Stage
from tachiai.pages.inspect import Finding, Inspection, inspect

PATIENCE_SECONDS = 1.5
HOLD_FOR = timedelta(days=7)


class Patience:
    """How long somebody is kept waiting for all the files of one request together."""

    def __init__(self) -> None:
        self._until = monotonic() + PATIENCE_SECONDS

    def left(self) -> float:
        """Seconds; never less than 0."""
        return max(0.0, self._until - monotonic())


def take_in(envelope: Envelope, *, file_name: str, pdf: bytes, by: Member, at: datetime, patience: Patience) -> Document | HeldUpload:
    """The upload as a document of the draft, or held for inspection.

    Refuses with a ``file.…`` code for what cannot be taken, and as ``add_document`` where the draft cannot take it.
    """
    make_room(envelope, len(pdf))
    inspection = _inspected_within(pdf, patience.left())
    if inspection is None or inspection.reasons_to_normalise:
        reasons = inspection.reasons_to_normalise if inspection else ()
        return hold_upload(envelope, file_name=file_name, pdf=pdf, by=by, at=at, reasons=reasons)
    return add_inspected(envelope, inspection, file_name=file_name, pdf=pdf, by=by, at=at)


def hold_upload(envelope: Envelope, *, file_name: str, pdf: bytes, by: Member, at: datetime, reasons: Iterable[Finding] = ()) -> HeldUpload:
    """Keep an upload for a worker to inspect, and to rewrite if there are ``reasons`` to.

    Refuses as ``add_document`` where the draft cannot take it.
    """
    stored = vault.put(pdf, kind="document")
    with transaction.atomic(durable=True):
        still_draft(envelope, by=by)
        make_room(envelope, len(pdf))
        upload = HeldUpload.objects.create(
            envelope=envelope,
            given_by=by,
            file_name=file_name_of(file_name),
            given=vault.keep(stored, at=at),
            given_sha256=stored.sha256,
            size=stored.size,
            reasons=told(reasons),
            created_at=at,
            expires_at=at + HOLD_FOR,
        )
        InspectTask.objects.create(upload=upload, due_at=at, created_at=at)
        work.ring(InspectTask)
        note(envelope, "upload.held", by=by, at=at, data={"upload": str(upload.pk), "sha256": stored.sha256.hex()})
    return upload


class _GivenUp(Exception):
    """Nobody waits for this inspection any more."""


def _inspected_within(pdf: bytes, seconds: float) -> Inspection | None:
    """The inspection, if it is done within ``seconds`` of its beginning. Waiting for a free child is the house's business, not the file's.

    An inspection that nobody waits for any more is ended at the next word of its progress: a worker begins it anew.
    """
    if not seconds:
        return None
    begun, given_up = threading.Event(), threading.Event()
    answer: Future[Inspection] = Future()

    def go_on(stage: Stage) -> None:
        del stage
        begun.set()
        if given_up.is_set():
            raise _GivenUp

    def run() -> None:
        try:
            answer.set_result(inspect(pdf, progress=go_on))
        except BaseException as problem:  # whatever it is, it is for whoever waits
            answer.set_exception(problem)
        finally:
            begun.set()

    threading.Thread(target=run, name="inspection", daemon=True).start()
    begun.wait()
    try:
        return answer.result(timeout=seconds)
    except TimeoutError:
        if answer.done():
            raise
        given_up.set()
        return None
