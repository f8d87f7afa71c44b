"""Filing: what was concluded becomes a record, in the transaction that concludes it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tachiai import ledger
from tachiai.accounts.models import Member
from tachiai.archive.anchoring import Anchor
from tachiai.archive.models import EarlierFile, FileKind, Record, RecordFile
from tachiai.archive.names import comparable
from tachiai.errors import Refusal
from tachiai.sealing import Longevity
from tachiai.vault import Blob


@dataclass(frozen=True)
class FiledFile:
    """A file to be filed: its name for readers, the blob that holds it, SHA-256 and size in bytes of the whole.

    ``proof`` says how long it proves itself; None leaves that to the clock.
    """

    kind: FileKind
    name: str
    blob: Blob
    sha256: bytes
    size: int
    proof: Longevity | None = None


@dataclass(frozen=True)
class Filed:
    """A concluded transaction. ``accredited`` says whether the last token came from an accredited authority,
    ``anchor`` which checkpoint of the log was given out with it.
    """

    origin: uuid.UUID
    owner: Member
    number: str
    title: str
    certificate_number: str
    transaction_date: date | None
    counterparty: str
    amount: int | None
    concluded_at: datetime
    accredited: bool
    files: Sequence[FiledFile]
    anchor: Anchor | None = None
    folder: uuid.UUID | None = None


def admit(filed: Filed, *, stream: str, at: datetime) -> Record:
    """File a concluded transaction, in the caller's transaction.

    ``measure`` (電子帳簿保存法施行規則4条1項) is worked out, never typed: 1号 needs an accredited timestamp.
    """
    record = Record.objects.create(
        organization_id=filed.owner.organization_id,
        origin=filed.origin,
        owner=filed.owner,
        folder_id=filed.folder,
        number=filed.number,
        title=filed.title,
        certificate_number=filed.certificate_number,
        transaction_date=filed.transaction_date,
        counterparty=filed.counterparty,
        counterparty_key=comparable(filed.counterparty),
        amount=filed.amount,
        concluded_at=filed.concluded_at,
        anchor_id=filed.anchor.row if filed.anchor else None,
        measure=1 if filed.accredited else None,
        created_at=at,
    )
    for position, file in enumerate(filed.files, start=1):
        RecordFile.objects.create(
            record=record,
            position=position,
            kind=file.kind,
            name=file.name,
            blob=file.blob,
            sha256=file.sha256,
            size=file.size,
            **proof_columns(file.proof, at=at),
        )
    digests = [file.sha256.hex() for file in filed.files]
    ledger.append(stream, "record.admitted", by=ledger.Actor.house(), at=at, data={"record": str(record.pk), "files": digests})
    return record


def move_record(origin: uuid.UUID, folder: uuid.UUID | None) -> None:
    """The record of ``origin``, if there is one, goes into another folder (None: into none), in the caller's transaction."""
    Record.objects.filter(origin=origin).update(folder_id=folder)


def refile(
    origin: uuid.UUID, blob: Blob, *, before: bytes, sha256: bytes, size: int, at: datetime, proof: Longevity | None = None
) -> RecordFile:
    """Proof was appended to a filed file: it has grown from ``before`` (SHA-256) to ``sha256`` and ``size``, in the caller's transaction.

    ``proof`` as in :class:`FiledFile`. Refuses with ``document.altered`` when the file on record is not the one that was appended to.
    """
    file = RecordFile.objects.select_for_update(of=("self",)).get(record__origin=origin, blob=blob)
    if bytes(file.sha256) != before or size <= file.size:
        raise Refusal("document.altered", file=str(file.pk))
    EarlierFile.objects.create(file=file, sha256=before, size=file.size, until=at)
    columns = {"sha256": sha256, "size": size, **proof_columns(proof, at=at)}
    for name, value in columns.items():
        setattr(file, name, value)
    file.save(update_fields=list(columns))
    return file


def proof_columns(proof: Longevity | None, *, at: datetime) -> dict[str, Any]:
    """What is kept of how long a file proves itself. Where nothing is known the columns are emptied, so that nobody relies on old ones."""
    return {
        "stamped_at": proof.stamped_at if proof else None,
        "stamped_by": proof.authority[:300] if proof else "",
        "verifiable_until": proof.until if proof else None,
        "until_cause": proof.cause if proof else "",
        "weakest": proof.weakest.name[:40] if proof else "",
        "renew_at": proof.renew_at if proof else None,
        "assessed_at": at if proof else None,
    }
