"""Drawing contracts by lot for an audit, so that nobody, the house included, chooses which ones are looked at.

The lot: among all records that match, those whose ``SHA-256(seed ‖ record id)`` is smallest (the id's 16 bytes). The seed is 32 random
bytes, told in the ledger together with the digest of everything that was drawn from, before any evidence is given.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Prefetch, QuerySet

from tachiai import ledger, vault, work
from tachiai.accounts.models import Member, Role
from tachiai.accounts.rights import must_see_documents, role_now
from tachiai.archive.finding import found_records
from tachiai.archive.models import Sample, SampleItem, SampleTask
from tachiai.archive.searching import Wanted
from tachiai.errors import Refusal
from tachiai.vault import Blob

LARGEST = 100
KEPT = timedelta(days=30)
Conditions = Sequence[tuple[str, str]]


def may_sample(member: Member) -> bool:
    """Those who may see every contract of the organization: a lot drawn from one's own alone would tell an auditor nothing."""
    return role_now(member) in (Role.ADMIN, Role.MANAGER, Role.AUDITOR)


def draw_sample(wanted: Wanted, *, size: int, conditions: Conditions, language: str, by: Member, at: datetime) -> Sample:
    """Draw ``size`` contracts among those that match ``wanted``, or all if there are fewer; the gathering of their evidence is due at once.

    Refuses with ``sample.not_allowed``, ``sample.size`` (1 to 100) or ``sample.empty`` when nothing matches.
    """
    if not may_sample(by):
        raise Refusal("sample.not_allowed")
    if not 1 <= size <= LARGEST:
        raise Refusal("sample.size", limit=LARGEST)
    with transaction.atomic(durable=True):
        among = sorted(found_records(by, wanted).values_list("pk", flat=True))
        if not among:
            raise Refusal("sample.empty")
        seed = secrets.token_bytes(32)
        sample = Sample.objects.create(
            organization_id=by.organization_id,
            drawn_by=by,
            language=language,
            conditions=[list(one) for one in conditions],
            population=len(among),
            population_sha256=digest_of(among),
            seed=seed,
            drawn_at=at,
            expires_at=at + KEPT,
        )
        drawn = lot(among, seed)[:size]
        SampleItem.objects.bulk_create(SampleItem(sample=sample, position=n, record_id=pk) for n, pk in enumerate(drawn, 1))
        SampleTask.objects.create(sample=sample, due_at=at, created_at=at)
        _note(sample, drawn, by=by, at=at)
        work.ring(SampleTask)
    return sample


def lot(among: Iterable[uuid.UUID], seed: bytes) -> list[uuid.UUID]:
    """The order in which records are drawn with this seed."""
    return sorted(among, key=lambda pk: hashlib.sha256(seed + pk.bytes).digest())


def digest_of(among: Sequence[uuid.UUID]) -> bytes:
    """What a lot was drawn from: SHA-256 over the 16 bytes of every record's id, in ascending order."""
    return hashlib.sha256(b"".join(pk.bytes for pk in sorted(among))).digest()


def _note(sample: Sample, drawn: Sequence[uuid.UUID], *, by: Member, at: datetime) -> None:
    data: dict[str, object] = {
        "sample": str(sample.pk),
        "population": sample.population,
        "population_sha256": sample.population_sha256.hex(),
        "seed": sample.seed.hex(),
        "records": [str(pk) for pk in drawn],
    }
    personal: dict[str, object] = dict(sample.conditions)
    actor = ledger.Actor("member", str(by.pk))
    ledger.append(stream_of(sample), "sample.drawn", by=actor, at=at, data=data, personal=personal or None)


def stream_of(sample: Sample) -> str:
    return f"organization:{sample.organization_id}"


def samples_for(member: Member) -> QuerySet[Sample]:
    """The organization's samples, newest first, each with its contracts; none for who may not draw."""
    rows = Sample.objects.filter(organization_id=member.organization_id) if may_sample(member) else Sample.objects.none()
    items = SampleItem.objects.select_related("record").order_by("position")
    return rows.select_related("drawn_by", "task").prefetch_related(Prefetch("items", items)).order_by("-drawn_at")


def sample_for(member: Member, pk: uuid.UUID) -> Sample:
    """One sample. Refuses with ``sample.unknown`` what one may not see and what does not exist alike, or ``documents.not_allowed``."""
    must_see_documents(member)
    found = samples_for(member).filter(pk=pk).first()
    if found is None:
        raise Refusal("sample.unknown")
    return found


def take_report(sample: Sample, *, by: Member, at: datetime) -> bytes:
    """The sealed report, on record as taken. Refuses with ``sample.unfinished``."""
    if sample.report is None:
        raise Refusal("sample.unfinished")
    pdf = vault.read(sample.report)
    if hashlib.sha256(pdf).digest() != bytes(sample.report_sha256 or b""):
        raise Refusal("document.altered", file=str(sample.pk))
    note_taken(sample, "report", by=by, at=at)
    return pdf


def note_taken(sample: Sample, what: str, *, by: Member, at: datetime) -> None:
    with transaction.atomic(durable=True):
        actor = ledger.Actor("member", str(by.pk))
        ledger.append(stream_of(sample), "sample.taken", by=actor, at=at, data={"sample": str(sample.pk), "what": what})


def forget_conditions(words: Collection[str], *, instead: str) -> int:
    """Put ``instead`` in the place of every condition that was one of ``words``, whatever its case; how many samples had one.

    In the caller's transaction. What was drawn stays drawn, and a report that was sealed stays as it is.
    """
    wanted, changed = {word.casefold() for word in words}, 0
    for sample in Sample.objects.exclude(conditions=[]):
        told = [[label, instead if str(value).casefold() in wanted else value] for label, value in sample.conditions]
        if told != sample.conditions:
            changed += Sample.objects.filter(pk=sample.pk).update(conditions=told)
    return changed


def expire_samples(*, at: datetime) -> int:
    """The bundles of samples past their time are shredded; contracts and reports stay. How many bundles went."""
    gone = 0
    over = SampleItem.objects.filter(sample__expires_at__lte=at, bundle__isnull=False)
    for pk in over.values_list("sample", flat=True).distinct()[:20]:
        gone += _forget_bundles(pk, at=at)
    return gone


def _forget_bundles(pk: uuid.UUID, *, at: datetime) -> int:
    with transaction.atomic(durable=True):
        sample = Sample.objects.select_for_update().get(pk=pk)
        items = SampleItem.objects.filter(sample=sample, bundle__isnull=False)
        blobs = list(Blob.objects.filter(pk__in=items.values("bundle")))
        items.update(bundle=None)
        vault.shred(blobs)
        data: dict[str, object] = {"sample": str(pk), "bundles": len(blobs)}
        ledger.append(stream_of(sample), "sample.expired", by=ledger.Actor.house(), at=at, data=data)
    return len(blobs)
