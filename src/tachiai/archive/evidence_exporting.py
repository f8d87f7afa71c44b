"""Evidence taken home: a contract's files as they were stamped, a record for each, and what is needed to check them elsewhere."""

from __future__ import annotations

import base64
import hashlib
import io
import uuid
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tachiai import ledger, sealing
from tachiai.accounts.models import Member
from tachiai.archive.evidence_composing import Stamps, check, record_of
from tachiai.archive.evidence_readme import readme
from tachiai.archive.evidence_rehashing import beginning
from tachiai.archive.models import EvidenceMember, Record, RecordFile
from tachiai.clock import JAPAN
from tachiai.crypto.evidence_records import Proof, hashed
from tachiai.errors import Refusal

__all__ = ["Evidence", "Proof", "evidence_of", "has_evidence", "record_named", "zip_evidence"]


@dataclass(frozen=True)
class Evidence:
    """A file as it was stamped, its evidence record (DER), and what that proves."""

    name: str
    data: bytes
    record: bytes
    proof: Proof


def has_evidence(record: Record) -> bool:
    """Whether any file of the record is in a batch."""
    return EvidenceMember.objects.filter(file__record=record, file__blob__shredded_at=None).exists()


def record_named(number: str) -> Record:
    """The record of a certificate number or an id. Refuses ``evidence.unknown``."""
    from tachiai.archive.searching import find_by_certificate

    try:
        found = Record.objects.filter(pk=uuid.UUID(number)).first()
    except ValueError:
        found = find_by_certificate(number)
    if found is None:
        raise Refusal("evidence.unknown", number=number[:60])
    return found


def evidence_of(file: RecordFile, *, at: datetime) -> Evidence:
    """The evidence of one file, judged as a stranger would judge it before it is given to anybody.

    Refuses ``evidence.none`` for a file in no batch, ``evidence.file_altered``, and whatever ``evidence_records.verify`` refuses.
    """
    rows = EvidenceMember.objects.filter(file=file).select_related("batch__stamp", "file__blob").order_by("batch__generation")
    members = list(rows)
    if not members:
        raise Refusal("evidence.none")
    data = beginning(members[0])
    record = record_of(members, Stamps())
    return Evidence(file.name, data, record, check(record, hashed([data]), at=at))


def zip_evidence(record: Record, *, by: Member | None, at: datetime, why: Mapping[str, object] | None = None) -> bytes:
    """A ZIP of the record's files that have evidence, each with its ``.ers``, the pinned certificates and how to check them.

    ``by`` None is the operator. On record as exported, with ``why`` as personal data; refuses as :func:`evidence_of`.
    """
    files = record.files.filter(evidence__isnull=False, blob__shredded_at=None).distinct().order_by("position")
    found = [(file.position, evidence_of(file, at=at)) for file in files]
    if not found:
        raise Refusal("evidence.none")
    packed = io.BytesIO()
    moment = at.astimezone(JAPAN).timetuple()[:6]
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:

        def put(name: str, content: bytes) -> None:
            entry = zipfile.ZipInfo(name, moment)
            entry.external_attr = 0o644 << 16
            bundle.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=1)

        names = [_entry(position, one) for position, one in found]
        for name, (_position, one) in zip(names, found, strict=True):
            put(name, one.data)
            put(f"{name}.ers", one.record)
        put("roots.pem", _pem())
        put("README.txt", readme(record.number, list(zip(names, [one for _position, one in found], strict=True))).encode())
    _note(record, [one for _position, one in found], by=by, at=at, why=why)
    return packed.getvalue()


def _entry(position: int, one: Evidence) -> str:
    """A name that unpacks into one folder on every system; the place keeps two files of one name apart."""
    plain = "".join("_" if letter in '\\/:*?"<>|' or not letter.isprintable() else letter for letter in one.name).strip(". ")
    ending = ".pdf" if one.data.startswith(b"%PDF-") and not plain.lower().endswith(".pdf") else ""
    return f"{position:02d}_{plain or 'file'}{ending}"


def _pem() -> bytes:
    parts = []
    for root in sealing.trust()[1]:
        body = base64.encodebytes(root).decode().replace("\n", "")
        lines = "\n".join(body[start : start + 64] for start in range(0, len(body), 64))
        parts.append(f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
    return "".join(parts).encode()


def _note(record: Record, found: list[Evidence], *, by: Member | None, at: datetime, why: Mapping[str, object] | None) -> None:
    actor = ledger.Actor("operator") if by is None else ledger.Actor("member", str(by.pk))
    digests = [hashlib.sha256(one.record).hexdigest() for one in found]
    with transaction.atomic(durable=True):
        stream = f"organization:{record.organization_id}"
        ledger.append(
            stream, "evidence.exported", by=actor, at=at, data={"record": str(record.pk), "evidence": digests}, personal=why or None
        )
