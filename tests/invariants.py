"""What must hold of a house at any moment, whatever happened to it: re-derived from rows and bytes."""

from __future__ import annotations

import hashlib
import json

from django.db.models import Count

from tachiai import clock, ledger, sealing, vault
from tachiai.archive.models import Record
from tachiai.ceremony.models import Consent
from tachiai.envelopes.expecting import expected
from tachiai.envelopes.models import Document, Envelope, Revision, RevisionKind
from tachiai.ledger.models import Entry, Stream
from tachiai.outbox.models import Mail
from tachiai.sealing.models import Seal


def check_house() -> None:
    for stream in Stream.objects.all():
        ledger.check_stream(stream.name)
    for document in Document.objects.all():
        check_document(document)
    for envelope in Envelope.objects.all():
        check_envelope(envelope)
    doubled = (
        Seal.objects.filter(state="sealed").values("act", "subject", "consent", "input_sha256").annotate(n=Count("id")).filter(n__gt=1)
    )
    assert not doubled.exists(), "something was sealed twice"


def check_document(document: Document) -> None:
    revisions = list(document.revisions.order_by("number"))
    assert [row.number for row in revisions] == list(range(len(revisions)))
    assert document.head_number == len(revisions) - 1
    assert bytes(document.head_sha256) == bytes(revisions[-1].sha256)
    for row in revisions:
        pdf = vault.read(document.blob, upto=row.number)
        assert hashlib.sha256(pdf).digest() == bytes(row.sha256), f"{row} is not its bytes"
        assert len(pdf) == row.size
    consents = [row.consent_id for row in revisions if row.kind == RevisionKind.SIGNED]
    assert len(consents) == len(set(consents)), "a consent was sealed twice"
    if len(revisions) > 1:
        closed = revisions[-1].kind in (RevisionKind.CLOSED, RevisionKind.EXTENDED)
        sealing.verify(vault.read(document.blob), expected=expected(document, closed=closed), at=clock.now())


def check_envelope(envelope: Envelope) -> None:
    concluded = envelope.state == "concluded"
    assert Record.objects.filter(origin=envelope.pk).count() == int(concluded)
    told = events(envelope)
    assert told.count("envelope.concluded") == int(concluded)
    for consent in Consent.objects.filter(subject__in=envelope.recipients.values("pk")):
        assert told.count("recipient.consented") >= 1
        assert hashlib.sha256(bytes(consent.body)).digest() == bytes(consent.digest)
        assert json.loads(bytes(consent.body))["envelope"] == str(envelope.pk)
    if concluded:
        signed = Revision.objects.filter(document__envelope=envelope, kind=RevisionKind.SIGNED).count()
        assert signed == envelope.recipients.count() * envelope.documents.count()
        completion = Mail.objects.filter(kind="M05", thread__contains=str(envelope.pk)).values_list("to", flat=True)
        assert sorted(completion) == sorted({*envelope.recipients.values_list("mail", flat=True), envelope.sender.mail})


def events(envelope: Envelope) -> list[str]:
    return list(Entry.objects.filter(stream__name=envelope.stream).order_by("number").values_list("event", flat=True))
