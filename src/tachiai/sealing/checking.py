"""Checking the intents: each is in the ledger as it stands, none came true twice, and every key that was used is known."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.db.models import Count

from tachiai import ledger
from tachiai.findings import Finding, as_uuid, looked_at, walk
from tachiai.sealing.handles import handles
from tachiai.sealing.models import Act, Seal, SealState

CAME_TRUE = (SealState.SEALED, SealState.SUPERSEDED)


class Standing(NamedTuple):
    """One intent as its row has it, for whoever holds revisions and entries against it."""

    id: uuid.UUID
    act: str
    subject: uuid.UUID
    consent: uuid.UUID | None
    state: str
    input_sha256: bytes
    output_sha256: bytes
    stamped_at: datetime | None
    stamped_by: str
    accredited: bool | None

    @property
    def came_true(self) -> bool:
        return self.state in CAME_TRUE


def seals_about(subjects: Collection[uuid.UUID]) -> dict[str, Standing]:
    """Every intent about these documents and papers, by its id as entries write it."""
    rows = Seal.objects.filter(subject__in=subjects)
    return {str(row.pk): _standing(row) for row in rows}


def _standing(row: Seal) -> Standing:
    came_of = bytes(row.output_sha256 or b"")
    told = (row.stamped_at, row.stamped_by, row.accredited)
    return Standing(row.pk, row.act, row.subject, row.consent, row.state, bytes(row.input_sha256), came_of, *told)


def check_seals(*, since: datetime | None = None) -> Iterator[Finding]:
    """Each intent against its entry, and each entry against its intent; with ``since``, those of that time."""
    known = {key.fingerprint for key in handles().keyring.whole}
    for rows in walk(Seal.objects.filter(intended_at__gte=since) if since else Seal.objects.all()):
        # One question for all of them; only those that differ are looked at by themselves.
        told = {str(one.data.get("seal")) for one in ledger.recorded_at(["seal.intended"], {row.intended_at for row in rows})}
        for row in rows:
            if str(row.pk) not in told or row.state == SealState.INTENDED or _odd(row, known):
                yield from looked_at(str(row.pk), partial(_intent, row.pk, known))
    for entries in ledger.recorded_as(["seal.intended"], since=since):
        yield from _entries(entries)
    yield from _twice()


def _odd(row: Seal, known: Collection[str]) -> bool:
    return any(True for _ in _columns(row, known))


def _intent(pk: uuid.UUID, known: Collection[str]) -> Iterator[Finding]:
    row = Seal.objects.get(pk=pk)
    told = [one for one in ledger.recorded_at(["seal.intended"], [row.intended_at]) if one.data.get("seal") == str(pk)]
    if len(told) != 1:
        yield Finding("seal.unrecorded", str(pk), f"{len(told)} entries tell of this intent")
    yield from _columns(row, known)
    if row.state == SealState.INTENDED:
        yield Finding("seal.open", str(pk), f"{row.act} of {row.subject}: a raw signature may have been spent", note=True)


def _columns(row: Seal, known: Collection[str]) -> Iterator[Finding]:
    """What the columns of an intent must say of each other."""
    outcome = (row.output_sha256 is not None, row.stamped_at is not None, bool(row.stamped_by), row.accredited is not None)
    if row.state not in SealState.values or outcome != (row.state in CAME_TRUE,) * 4:
        yield Finding("seal.outcome_differs", str(row.pk), f"{row.state} with {sum(outcome)} of 4 facts of an outcome")
    if row.act in (Act.CLOSE, Act.EXTEND):
        if row.key:
            yield Finding("seal.key_differs", str(row.pk), "a timestamp alone uses no key")
    elif row.key not in known:
        yield Finding("seal.key_unknown", str(row.pk), row.key)


def _entries(entries: list[ledger.Recorded]) -> Iterator[Finding]:
    """That each entry's intent stands as it was told."""
    named = [pk for one in entries if (pk := as_uuid(one.data.get("seal"))) is not None]
    rows = {str(row.pk): row for row in Seal.objects.filter(pk__in=named)}
    for entry in entries:
        name = str(entry.data.get("seal"))
        row = rows.get(name)
        if row is None:
            yield Finding("seal.missing", name, f"{entry.stream} entry {entry.number}")
            continue
        said = tuple(entry.data.get(member) for member in ("act", "subject", "consent", "input", "key"))
        consent = str(row.consent) if row.consent else None
        if said != (row.act, str(row.subject), consent, bytes(row.input_sha256).hex(), row.key or None):
            yield Finding("seal.unlike_entry", name, f"{entry.stream} entry {entry.number}")


def _twice() -> Iterator[Finding]:
    """What the database forbids, asked all the same: constraints can be dropped."""
    sealed = Seal.objects.filter(state=SealState.SEALED).order_by()
    for subject, consent, count in (
        sealed.exclude(consent=None).values_list("subject", "consent").annotate(n=Count("pk")).filter(n__gt=1).iterator()
    ):
        yield Finding("seal.twice", str(consent), f"{count} seals on {subject}")
    for act, subject, count in (
        sealed.values_list("act", "subject", "input_sha256").annotate(n=Count("pk")).filter(n__gt=1).values_list("act", "subject", "n")
    ):
        yield Finding("seal.twice", str(subject), f"{count} seals of {act} on the same bytes")
