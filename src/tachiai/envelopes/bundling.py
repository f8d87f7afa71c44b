"""The evidence bundle (証拠一式) of a concluded envelope: gathered, written, checked by the very program inside it, then given out."""

from __future__ import annotations

import hashlib
import json
import ssl
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import transaction

from tachiai import ceremony, ledger, sealing, vault
from tachiai.accounts.models import Member
from tachiai.archive.bundle_proofs import prove
from tachiai.archive.bundle_writing import (
    OFFLINE,
    Bundled,
    BundledDocument,
    BundledRoot,
    BundledSigner,
    LogProof,
    write_bundle,
)
from tachiai.archive.models import FileKind, RecordFile
from tachiai.crypto.bundle_material import Material, material_of, material_of_token
from tachiai.crypto.canonical import canonical
from tachiai.envelopes.access import check_download
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Document, Envelope, Recipient, Revision, RevisionKind
from tachiai.envelopes.places import documents_meant
from tachiai.envelopes.reading import concluded_files
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.errors import Outage, Refusal
from tachiai.ledger import RawEntry

PIECE = 1024 * 1024
# A bundle of the largest envelope there can be is checked in a fraction of this.
PATIENCE_SECONDS = 600.0
# What the sending organization keeps to itself: amended facts, approvers' words to their sender, and why somebody declined where
# another could sign. A bundle is the counterparty's too, and any other company's that takes part.
INTERNAL = ("information.amended", "envelope.approved", "envelope.returned", "recipient.declined")


@dataclass(frozen=True)
class Bundle:
    """A bundle that was checked, in a file at its beginning, without a name, that goes when it is closed."""

    name: str
    file: IO[bytes]
    size: int
    sha256: bytes


def evidence_bundle(
    envelope: Envelope,
    *,
    by: Recipient | Member | None,
    now: Callable[[], datetime],
    reason: str = "",
    sample: uuid.UUID | None = None,
) -> Bundle:
    """Everything with which anybody can check this envelope without us. ``by`` None is the operator. On record as exported.

    ``sample``: the lot by which it was drawn for an audit, which is what it is taken for.

    Refuses ``page.unknown`` before the conclusion, ``bundle.destroyed`` (at, certificate) once any of its files was destroyed,
    ``document.altered``, and ``bundle.untrue`` (codes) for one that its own verifier does
    not accept. Raises ``Outage`` when the record cannot be brought under a timestamp now.
    """
    if envelope.state != EnvelopeState.CONCLUDED:
        raise Refusal("page.unknown")
    why = check_download(by, reason=reason, drawn=sample is not None)
    files = concluded_files(envelope)
    for blob in (held.blob for held in files):
        if blob.shredded_at is not None:
            raise Refusal("bundle.destroyed", at=blob.shredded_at, certificate=str(blob.shredding or ""))
    # Step 1: the record, under a checkpoint that speaks of all of it.
    entries, log = prove(envelope.stream, files[0].record, now=now)
    # Step 2: everything else, read back and held against its digests, into a file that nobody else can open.
    at = now()
    file = tempfile.TemporaryFile(prefix="tachiai-bundle-")  # noqa: SIM115  # closed by whoever is given it
    try:
        write_bundle(file, gather(envelope, entries, log, at=at))
        # Step 3: as a stranger will check it, before anybody has it.
        check_bundle(file, log, at=at)
        size, digest = _measure(file)
        # Step 4: who took it, by its digest.
        told: dict[str, object] = {"sha256": digest.hex(), "size": size, "checkpoint": log.checkpoint.size}
        drawn = {"sample": str(sample)} if sample is not None else {}
        _note_export(envelope, {**told, **drawn}, by=by, why=why, at=at)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return Bundle(f"{envelope.number}-evidence-bundle.zip", file, size, digest)


def gather(envelope: Envelope, entries: list[RawEntry], log: LogProof, *, at: datetime) -> Bundled:
    """Everything that goes into the bundle. Each file is read back and held against the digest it was filed with."""
    files = concluded_files(envelope)
    by_blob = {file.blob_id: file for file in files if file.kind != FileKind.CERTIFICATE}
    rows = list(Document.objects.filter(envelope=envelope).select_related("blob").order_by("position"))
    documents = [_document(row, by_blob[row.blob_id]) for row in rows]
    certificate = next(file for file in files if file.kind == FileKind.CERTIFICATE)
    paper = _whole(certificate)
    paper_size = sealing.expected_of_paper(paper, subject=envelope.pk).upload_size
    material = Material()
    for document in documents:
        material.add(material_of(document.pdf, behind=document.upload[0]))
    material.add(material_of(paper, behind=paper_size))
    for one in (log.checkpoint, *log.earlier):
        material.certificates.update(material_of_token(one.token).certificates)
    organization, meant = envelope.organization, documents_meant(envelope.pk)
    signers = Recipient.objects.filter(envelope=envelope, state=RecipientState.SIGNED).order_by("slot")
    return Bundled(
        made_at=at,
        house=(organization.operator.name, organization.name, settings.TACHIAI.public_url),
        envelope=(str(envelope.pk), envelope.number, envelope.name, envelope.concluded_at or at),
        documents=documents,
        certificate=(certificate.record.certificate_number, paper, paper_size),
        signers=[_signer(one, meant.get(one.pk, ())) for one in signers],
        roots=_roots(),
        entries=[_outward(entry) for entry in entries],
        log=log,
        material=material,
    )


def _outward(entry: RawEntry) -> RawEntry:
    """An entry as it leaves the house, to everybody: of what was said inside it tells that it was, and not what."""
    return replace(entry, salt=b"", personal=b"") if entry.told()["event"] in INTERNAL else entry


def _document(row: Document, file: RecordFile) -> BundledDocument:
    revisions = {one.kind: one for one in Revision.objects.filter(document=row, kind__in=(RevisionKind.UPLOAD, RevisionKind.FROZEN))}
    upload, frozen = revisions[RevisionKind.UPLOAD], revisions[RevisionKind.FROZEN]
    return BundledDocument(
        id=str(row.pk),
        name=row.name,
        pdf=_whole(file),
        upload=(upload.size, bytes(upload.sha256)),
        frozen=(frozen.size, bytes(frozen.sha256)),
    )


def _whole(file: RecordFile) -> bytes:
    pdf = vault.read(file.blob)
    if hashlib.sha256(pdf).digest() != bytes(file.sha256):
        raise Refusal("document.altered", file=str(file.pk))
    return pdf


def _signer(recipient: Recipient, documents: Sequence[uuid.UUID]) -> BundledSigner:
    consent = ceremony.consent_of(recipient.pk)
    if consent is None:
        raise RuntimeError("whoever signed a concluded envelope has consented")
    proof = ceremony.passkey_proof(consent)
    return BundledSigner(
        slot=recipient.field,
        order=recipient.order,
        recipient=str(recipient.pk),
        consent=bytes(consent.body),
        salt=bytes(consent.salt),
        personal=bytes(consent.personal),
        passkey=canonical(proof) if proof else b"",
        documents=[str(pk) for pk in documents],
    )


def _roots() -> list[BundledRoot]:
    return [BundledRoot(root.certificate, _uses(root), root.embedded, root.accredited) for root in sealing.trusted_roots()]


def _uses(root: sealing.TrustedRoot) -> tuple[str, ...]:
    return (*(("seal",) if root.seals else ()), *(("timestamp",) if root.stamps else ()))


def check_bundle(file: IO[bytes], log: LogProof, *, at: datetime) -> None:
    """Run the verifier that travels in the bundle, in a process that knows nothing of this house but its roots and its log's key.

    Refuses ``bundle.untrue`` (codes); raises ``Outage("bundle.unchecked")`` when the program gave no answer.
    """
    roots = "".join(ssl.DER_cert_to_PEM_cert(root.certificate) for root in sealing.trusted_roots())
    with tempfile.TemporaryDirectory(prefix="tachiai-bundle-") as folder:
        pem = Path(folder) / "roots.pem"
        pem.write_text(roots)
        file.flush()
        file.seek(0)
        program = [sys.executable, "-I", str(OFFLINE / "tachiai_verify.py"), "--json", "--at", at.isoformat(), "--log-key", log.key]
        try:
            done = subprocess.run(  # noqa: S603  # our own program, on our own file
                [*program, "--root", str(pem), "-"], stdin=file, capture_output=True, timeout=PATIENCE_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as trouble:
            raise Outage("bundle.unchecked", str(trouble)) from trouble
    if done.returncode == 0:
        return
    try:
        codes = [problem["code"] for problem in json.loads(done.stdout)["problems"]]
    except (ValueError, KeyError) as trouble:
        raise Outage("bundle.unchecked", done.stderr.decode("utf-8", "replace")[-300:]) from trouble
    raise Refusal("bundle.untrue", codes=", ".join(dict.fromkeys(codes)))


def _measure(file: IO[bytes]) -> tuple[int, bytes]:
    running, size = hashlib.sha256(), 0
    file.seek(0)
    while piece := file.read(PIECE):
        running.update(piece)
        size += len(piece)
    return size, running.digest()


def _note_export(
    envelope: Envelope, data: dict[str, object], *, by: Recipient | Member | None, why: dict[str, object], at: datetime
) -> None:
    with transaction.atomic(durable=True):
        if by is None:
            ledger.append(envelope.stream, "evidence.exported", by=ledger.Actor("operator"), at=at, data=data)
        else:
            note(envelope, "evidence.exported", by=by, at=at, data=data, personal=why or None)
