"""Renewal: before the proof of a filed file ages out, a further one is put behind it (docs/operations/renewal.md).

The archive says which file is due and when; appending to it is the work of whoever keeps its revisions (``envelopes.renewing``).
A renewal row is written once for each state of a file and is never lost: an outage puts it off, and so does an authority that has
nothing better to give.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from tachiai import sealing, vault, work
from tachiai.accounts.models import Organization
from tachiai.archive.filing import proof_columns
from tachiai.archive.models import Record, RecordFile, RenewalTask
from tachiai.errors import Refusal
from tachiai.work.alarms import clear_alarm, raise_alarm
from tachiai.work.models import Alarm, TaskState

# One look at the clock does so many at most; there is another soon.
BATCH = 50
_AT_ONCE = 500
# An authority that has nothing better to give is asked again after so long.
LOOK_AGAIN = timedelta(days=7)
# A file that cannot be read is looked at again after so long.
READ_AGAIN = timedelta(days=1)
# How far behind a renewal may be before operators hear of it.
OVERDUE = timedelta(days=30)
HELD_UP = ("renewal.no_better_authority", "renewal.no_stronger_algorithm")


def watch_renewals(*, at: datetime) -> int:
    """Called by the clock: look at files nobody has looked at, write rows for what is due, and sound the alarms. How much was done."""
    done = assess_files(_unassessed(at)[:BATCH], at=at)
    written = schedule_renewals(at=at)
    _sound_alarms(at=at)
    return done + written


# -------------------------------------------------------------------------------------------- until when it stands


def _unassessed(at: datetime) -> QuerySet[RecordFile]:
    rows = RecordFile.objects.select_related("blob", "record").filter(verifiable_until=None, blob__shredded_at=None)
    return rows.filter(Q(assessed_at=None) | Q(assessed_at__lt=at - READ_AGAIN)).order_by("pk")


def assess_files(files: Iterable[RecordFile], *, at: datetime) -> int:
    """Work out from their bytes until when ``files`` prove themselves; how many were readable.

    One that is not what was filed, or no closed file, raises the alarm ``renewal.unreadable`` and is looked at again after a day.
    """
    return sum(_assess(file, at=at) for file in files)


def recompute_all(*, at: datetime) -> int:
    """Look at every file anew: after the dates of algorithms or the roots that are trusted have changed. How many were readable."""
    standing = RecordFile.objects.select_related("blob", "record").filter(blob__shredded_at=None)
    return assess_files(standing.order_by("pk").iterator(chunk_size=100), at=at)


def _assess(file: RecordFile, *, at: datetime) -> bool:
    seen = RecordFile.objects.filter(pk=file.pk, sha256=bytes(file.sha256))
    try:
        columns = proof_columns(sealing.longevity_of(_as_filed(file)), at=at)
    except Refusal as refusal:
        seen.update(assessed_at=at)
        raise_alarm("renewal.unreadable", f"file {file.pk}", detail=f"{file.record.number}: {refusal}", at=at)
        return False
    # Whoever has appended meanwhile knows better.
    seen.update(**columns)
    clear_alarm("renewal.unreadable", f"file {file.pk}", at=at)
    return True


def _as_filed(file: RecordFile) -> bytes:
    whole = vault.read_whole(file.blob)
    if whole.sha256 != bytes(file.sha256):
        raise Refusal("document.altered", file=str(file.pk))
    return whole.data


# ------------------------------------------------------------------------------------------------ what has to be done


def schedule_renewals(*, at: datetime) -> int:
    """A row for each file that is due and still provable, unless its present state has one; how many were written."""
    due = RecordFile.objects.filter(renew_at__lte=at, verifiable_until__gt=at, blob__shredded_at=None)
    has_row = RenewalTask.objects.filter(file=OuterRef("pk"), head=OuterRef("sha256")).exclude(state=TaskState.CANCELLED)
    files = list(due.exclude(Exists(has_row)).order_by("verifiable_until", "pk")[:BATCH])
    return _write(files, at=at) if files else 0


def ask_for_renewal(files: Sequence[RecordFile], *, at: datetime) -> int:
    """Have ``files`` renewed now, due or not; how many rows that concerns. Refuses ``renewal.too_late`` when all of them have expired.

    One that waits for a better authority, or is stuck, is tried again.
    """
    provable = RecordFile.objects.filter(pk__in=[file.pk for file in files], verifiable_until__gt=at, blob__shredded_at=None)
    standing = list(provable.order_by("pk"))
    if not standing:
        raise Refusal("renewal.too_late")
    with transaction.atomic(durable=True):
        open_rows = RenewalTask.objects.filter(file__in=standing, state__in=(TaskState.WAITING, TaskState.STUCK))
        tasks = [task for task in open_rows.select_for_update(of=("self",)).select_related("file") if bytes(task.head) == task.file.sha256]
        work.resume(tasks, at=at)
        RenewalTask.objects.filter(pk__in=[task.pk for task in tasks]).update(early=True, held_up="")
    asked = {task.file_id for task in tasks}
    return len(tasks) + _write([file for file in standing if file.pk not in asked], at=at, early=True)


def ask_for_everything(organization: Organization | None, *, at: datetime) -> int:
    """The same for every file that is still provable, of one organization or of all: when an authority or an algorithm has failed."""
    files = RecordFile.objects.filter(verifiable_until__gt=at, blob__shredded_at=None).order_by("verifiable_until", "pk")
    if organization is not None:
        files = files.filter(record__organization=organization)
    keys = list(files.values_list("pk", flat=True))
    batches = (keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE))
    return sum(ask_for_renewal(list(RecordFile.objects.filter(pk__in=batch)), at=at) for batch in batches)


def find_files(number: str, organization: Organization | None) -> list[RecordFile]:
    """The files of the record with this 管理番号. Refuses ``record.unknown``, and ``record.ambiguous`` when several have it."""
    records = Record.objects.filter(number=number)
    found = list(records if organization is None else records.filter(organization=organization))
    if len(found) != 1:
        raise Refusal("record.ambiguous" if found else "record.unknown", number=number)
    return list(found[0].files.order_by("position"))


def _write(files: Sequence[RecordFile], *, at: datetime, early: bool = False) -> int:
    rows = [RenewalTask(file=file, head=bytes(file.sha256), early=early, due_at=at, created_at=at) for file in files]
    with transaction.atomic(durable=True):
        # Two clocks may look at the same time: the constraint lets one row stand.
        RenewalTask.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def renewal_wanted(task: RenewalTask, *, at: datetime) -> bool:
    """Whether the file is still the one the row was written for, still provable, and due or asked for. Reads the file afresh."""
    file = task.file
    file.refresh_from_db()
    if bytes(file.sha256) != bytes(task.head) or file.verifiable_until is None or file.renew_at is None:
        return False
    return at < file.verifiable_until and (task.early or file.renew_at <= at)


def hold_renewal(task: RenewalTask, refusal: Refusal, *, at: datetime) -> None:
    """The present authority cannot carry the proof further: nothing is appended, operators are told, and it is tried again later."""
    RenewalTask.objects.filter(pk=task.pk, attempt=task.attempt, state=TaskState.WAITING).update(held_up=refusal.code)
    work.put_off(task, until=at + LOOK_AGAIN, at=at)
    facts = refusal.facts
    detail = f"A timestamp of {facts['authority']} lasts until {facts['until']} ({facts['algorithm']}), no longer than one on file."
    raise_alarm(refusal.code, "authority", detail=detail, at=at)


# ------------------------------------------------------------------------------------------------------- alarms


def _sound_alarms(*, at: datetime) -> None:
    """``renewal.missed`` and ``renewal.overdue`` for each organization concerned, and what is over is cleared."""
    standing = RecordFile.objects.filter(blob__shredded_at=None)
    expired = standing.filter(verifiable_until__lte=at)
    late = standing.filter(renew_at__lte=at - OVERDUE, verifiable_until__gt=at)
    _sound(
        "renewal.missed", expired, "{count} files can no longer be proven from themselves; a new timestamp would not change that.", at=at
    )
    _sound("renewal.overdue", late, "{count} files should have been renewed a month ago and more; they can still be proven.", at=at)
    waiting = RenewalTask.objects.filter(state=TaskState.WAITING, held_up__in=HELD_UP).values_list("held_up", flat=True).distinct()
    held = set(waiting)
    for kind in HELD_UP:
        if kind not in held:
            clear_alarm(kind, "authority", at=at)


def _sound(kind: str, files: QuerySet[RecordFile], words: str, *, at: datetime) -> None:
    counted = dict(files.order_by().values_list("record__organization__slug").annotate(count=Count("pk")))
    for subject in Alarm.objects.filter(kind=kind, cleared_at=None).exclude(subject__in=counted).values_list("subject", flat=True):
        clear_alarm(kind, subject, at=at)
    for slug, count in counted.items():
        raise_alarm(kind, slug, detail=words.format(count=count), at=at)
