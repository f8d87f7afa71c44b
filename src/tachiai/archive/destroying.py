"""Destroying what was kept (消去): the act, its place in the ledger, and the certificate of deletion (消去証明書).

The act is one transaction and is done before any paper speaks of it; the paper tells what the ledger says and can be made again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from tachiai import ledger, sealing, vault, work
from tachiai.accounts.models import Operator
from tachiai.archive.attesting import Attested, authority_kind
from tachiai.archive.models import Record, RecordFile, RenewalTask
from tachiai.clock import JAPAN
from tachiai.errors import Refusal
from tachiai.pages.destruction_paper import DestroyedFile, DestructionFacts, Language, destruction_paper
from tachiai.work.alarms import clear_alarm
from tachiai.work.models import TaskState

EVENT = "document.destroyed"
# The longest that any law asks contracts to be kept for (会社法432条2項: 10 years); a rule of its own for each kind is not known here.
RETENTION_YEARS = 10
LONGEST_REASON = 500


@dataclass(frozen=True)
class Grounds:
    """Why something is destroyed, and by whose word. ``before_retention`` is the operator's express decision to do it before its time.

    ``backups_until``: the day from which no backup holds a key any more that could open a copy of the bytes; None is not known.
    """

    reason: str
    by: str
    before_retention: bool = False
    backups_until: date | None = None

    def __post_init__(self) -> None:
        for name, value in (("reason", self.reason), ("by", self.by)):
            if not value.strip() or len(value) > LONGEST_REASON:
                raise Refusal("destruction.ungrounded", missing=name, limit=LONGEST_REASON)


@dataclass(frozen=True)
class Doomed:
    """One file with everything that was made of it: all their data keys go together. ``about`` names it in the ledger, by ids."""

    name: str
    sha256: bytes
    size: int
    blobs: Sequence[uuid.UUID]
    about: dict[str, object]


def retention_ends(record: Record) -> date:
    """The day until which the record has to be kept: ten years from the end of the day on which it was concluded, in Japan."""
    day = record.concluded_at.astimezone(JAPAN).date()
    try:
        return day.replace(year=day.year + RETENTION_YEARS)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year + RETENTION_YEARS, day=28) + timedelta(days=1)


def check_retention(record: Record | None, grounds: Grounds, *, at: datetime) -> None:
    """Refuses ``destruction.retention`` (until) before the time, unless the operator says so expressly.

    What was never concluded has no record, and no time after which it may go by itself.
    """
    if grounds.before_retention:
        return
    if record is None:
        raise Refusal("destruction.unconcluded")
    until = retention_ends(record)
    if at.astimezone(JAPAN).date() <= until:
        raise Refusal("destruction.retention", until=until)


def destroy(doomed: Iterable[Doomed], grounds: Grounds, *, stream: str, at: datetime) -> uuid.UUID:
    """Destroy in the caller's transaction; gives the act's number (消去番号). Renewals of what is gone are cancelled.

    One entry ``document.destroyed`` for each file that was still there. Refuses ``destruction.done`` when none was.
    """
    number, gone = uuid.uuid4(), False
    for one in doomed:
        destroyed = vault.destroy(one.blobs, shredding=number, at=at)
        if not destroyed:
            continue
        gone = True
        _cancel_renewals(one.blobs, at=at)
        _enter(one, [what.told() for what in destroyed], number, grounds, stream=stream, at=at)
    if not gone:
        raise Refusal("destruction.done")
    return number


def _enter(one: Doomed, told: list[dict[str, object]], number: uuid.UUID, grounds: Grounds, *, stream: str, at: datetime) -> None:
    data: dict[str, object] = {
        "destruction": str(number),
        **one.about,
        "sha256": one.sha256.hex(),
        "size": one.size,
        "destroyed": told,
        "before_retention": grounds.before_retention,
        "backups_until": grounds.backups_until.isoformat() if grounds.backups_until else None,
    }
    personal = {"name": one.name, "reason": grounds.reason.strip(), "by": grounds.by.strip()}
    ledger.append(stream, EVENT, by=ledger.Actor("operator"), at=at, data=data, personal=personal)


def _cancel_renewals(blobs: Sequence[uuid.UUID], *, at: datetime) -> None:
    files = list(RecordFile.objects.filter(blob__in=blobs).values_list("pk", flat=True))
    states = (TaskState.WAITING, TaskState.STUCK)
    work.cancel(list(RenewalTask.objects.select_for_update(of=("self",)).filter(file__in=files, state__in=states)), at=at)
    for file in files:
        clear_alarm("renewal.unreadable", f"file {file}", at=at)


# ------------------------------------------------------------------------------------------------------- the paper


def certify_destruction(number: uuid.UUID, *, stream: str, subject: str, language: Language, at: datetime) -> Attested:
    """The certificate of deletion: what the ledger says of the act, printed, certified and closed (PAdES B-LTA).

    ``subject`` names what it was of, in the operator's words. It costs a seal and a timestamp. Refuses ``destruction.unknown`` and
    ``operator.missing``; raises ``Outage`` while key or authority is away: the act stands, and the paper can be made later.
    """
    entries = [told for told in ledger.entries(stream) if told.event == EVENT and told.data["destruction"] == str(number)]
    if not entries:
        raise Refusal("destruction.unknown", number=str(number))
    operator = Operator.objects.order_by("pk").first()
    if operator is None:
        raise Refusal("operator.missing")
    paper = destruction_paper(_facts(number, entries, operator, stream=stream, subject=subject, language=language, at=at))
    prepared = sealing.prepare(sealing.Act.PAPER, paper, subject=uuid.uuid4(), stream="house", at=at)
    sealed = sealing.attest(prepared, text=_text(operator, language), at=at)
    with transaction.atomic(durable=True):
        sealed.record()
        told: dict[str, object] = {"destruction": str(number), "sha256": sealed.sha256.hex(), "seal": str(sealed.intent.pk)}
        ledger.append("house", "destruction.attested", by=ledger.Actor("operator"), at=at, data=told)
    return Attested(number, paper + sealed.tail, sealed.sha256)


def _facts(
    number: uuid.UUID, entries: Sequence[Any], operator: Operator, *, stream: str, subject: str, language: Language, at: datetime
) -> DestructionFacts:
    first = entries[0]
    digests = dict(ledger.Entry.objects.filter(stream__name=stream).values_list("number", "digest"))
    until = first.data["backups_until"]
    return DestructionFacts(
        number=str(number),
        operator=operator.name_en if language == "en" and operator.name_en else operator.name,
        language=language,
        subject=subject,
        reason=str(first.personal.get("reason", "")),
        by=str(first.personal.get("by", "")),
        before_retention=bool(first.data["before_retention"]),
        backups_until=date.fromisoformat(until) if until else None,
        destroyed_at=first.at,
        issued_at=at,
        stream=stream,
        authority_kind=authority_kind(),
        files=tuple(_file(told, bytes(digests[told.number])) for told in entries),
    )


def _file(told: Any, digest: bytes) -> DestroyedFile:
    data = told.data
    keys = sorted({str(one["kek"]) for one in data["destroyed"]})
    boxes = sum(int(one["boxes"]) for one in data["destroyed"])
    name = str(told.personal.get("name", ""))
    return DestroyedFile(name, data["sha256"], int(data["size"]), len(data["destroyed"]), boxes, ", ".join(keys), told.number, digest.hex())


def _text(operator: Operator, language: Language) -> sealing.SealText:
    reason = "Certificate of deletion" if language == "en" else "消去証明書の発行 (Certificate of deletion)"
    return sealing.SealText(name=operator.name, reason=reason, contact=operator.mail, location=operator.name)
