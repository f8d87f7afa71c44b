"""Gathering the evidence of a drawn sample: one contract after the other, each committed by itself, so that a restart goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tachiai import archive, ledger, vault, work
from tachiai.archive.models import RecordFile, SampleItem, SampleTask
from tachiai.archive.sample_reporting import Gathered, keep_gathered, report_sample
from tachiai.envelopes.bundling import evidence_bundle
from tachiai.envelopes.models import Envelope
from tachiai.errors import Refusal

# So many contracts, and then the row is given back: a long sample does not hold a lease, and others get their turn.
AT_A_TIME = 3


def gather_sample(task: SampleTask, *, now: Callable[[], datetime]) -> None:
    """Do some of a sample, or its report when every contract has been looked at."""
    waiting = SampleItem.objects.filter(sample=task.sample_id, sound=None).select_related("record", "sample__drawn_by").order_by("position")
    some = list(waiting[:AT_A_TIME])
    for item in some:
        keep_gathered(task, item, _gathered(item, now=now), at=now())
    if some:
        work.put_off(task, until=now(), at=now())
    else:
        report_sample(task, _checkpoint(), at=now())


def _gathered(item: SampleItem, *, now: Callable[[], datetime]) -> Gathered:
    """What is found in a contract is told, never raised: an altered one is what a sample is for. An outage is another matter."""
    files = tuple(_judged(file, at=now()) for file in item.record.files.select_related("blob").order_by("position"))
    try:
        envelope = Envelope.objects.get(pk=item.record.origin)
        # The lot is on record with who drew it, from what and when: that is the reason, for each contract of it.
        bundle = evidence_bundle(envelope, by=item.sample.drawn_by, now=now, sample=item.sample.pk)
        with bundle.file:
            return Gathered(files, vault.put(bundle.file.read(), kind="sample"))
    except Refusal as refusal:
        return Gathered(files, None, refusal.code)


def _judged(file: RecordFile, *, at: datetime) -> dict[str, Any]:
    named = {"name": file.name, "kind": str(file.kind)}
    try:
        pdf = vault.read(file.blob)
    except Refusal as refusal:
        return {**named, "sha256": bytes(file.sha256).hex(), "verdict": "unverifiable", "reasons": [refusal.code], "filed": False}
    digest = hashlib.sha256(pdf).digest()
    found = archive.judge(pdf, at=at)
    filed = digest == bytes(file.sha256)
    return {**named, "sha256": digest.hex(), "verdict": str(found.verdict), "reasons": list(found.reasons), "filed": filed}


def _checkpoint() -> tuple[str, str, str] | None:
    """The newest stamped checkpoint, as its note says it."""
    found = ledger.latest_checkpoint(stamped=True)
    if found is None:
        return None
    origin, size, root = found.note.split("\n")[:3]
    return origin, size, root
