"""Consents that wait for their seals, made inside a house: ``python -m benchmarks.waiting fill COUNT BITS`` and ``check``.

One envelope goes through the product's own verbs up to the freeze. Its copies have documents, files and keys of their own in the
vault, and rows that say the same; on each of them our own signer, who is first, is shown the document and consents by the real verb.
``check`` re-derives afterwards what must hold: every chain, every file, and that each consent was sealed once.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from datetime import timedelta
from typing import Any

import django

SAMPLE_OF_CHECKS = 100


def fill(count: int, rsa_bits: int) -> dict[str, Any]:
    found = copies(count, rsa_bits)
    for envelope in found:
        consent(envelope)
    document = found[0].documents.get()
    return {"waiting": count, "bytes": document.revisions.get(number=document.head_number).size}


def copies(count: int, rsa_bits: int) -> list[Any]:
    """A house of its own, and so many envelopes in it that wait for our own signer."""
    from tachiai import clock
    from tachiai.administration.embedding import DEMO_OPERATOR
    from tachiai.cli.houses import establish
    from tachiai.crypto.authority import create_authority
    from tachiai.house import read

    create_authority(read().keys / "authority", operator=DEMO_OPERATOR, at=clock.now(), rsa_bits=rsa_bits)
    house = establish()
    from tachiai.cli.demo_people import settle_demo_people

    settle_demo_people(house)
    original = _sent()
    return [_copied(original, number) for number in range(count)]


def _sent() -> Any:
    """An envelope to our own signer and then to a counterparty, frozen by the workers' own verbs."""
    from tachiai import clock
    from tachiai.accounts.models import Member
    from tachiai.cli.demo_people import LOGINS
    from tachiai.config.jobs import FREEZE
    from tachiai.counterparties.models import Registration
    from tachiai.envelopes.drafting import Description, add_document, create_envelope, describe_envelope, name_recipients
    from tachiai.envelopes.sending import send_envelope
    from tachiai.pages.samples import samples
    from tachiai.work import drain

    at, sample = clock.now(), samples()[0]
    clerk, _, own, *_ = (Member.objects.select_related("organization__operator").get(mail=login.mail) for login in LOGINS)
    party = Registration.objects.select_related("counterparty__organization").order_by("pk")[0]
    envelope = create_envelope(by=clerk, at=at)
    add_document(envelope, file_name=sample.file_name, pdf=sample.pdf, by=clerk, at=at)
    today = clock.today(at)
    described = Description("封緘の計測", "", today, party.counterparty.name, 1_100_000, today + timedelta(days=30))
    describe_envelope(envelope, described, by=clerk, at=at)
    name_recipients(envelope, [(1, own), (2, party)], by=clerk, at=at)
    send_envelope(envelope, by=clerk, at=at)
    drain(FREEZE, now=clock.now)
    envelope.refresh_from_db()
    if envelope.state != "in_progress":
        raise SystemExit(f"the original was not frozen: {envelope.state}")
    return envelope


def _copied(original: Any, number: int) -> Any:
    """Another envelope like it: its own rows, its own encrypted files, its own stream."""
    from django.db import transaction

    from tachiai import clock, ledger, vault
    from tachiai.envelopes.models import Envelope
    from tachiai.envelopes.revising import open_head

    at, document = clock.now(), original.documents.get()
    head = open_head(document)
    frozen = document.revisions.get(number=1)
    upload = document.revisions.get(number=0).size
    base = vault.put(head.pdf[:upload], kind="document")
    with transaction.atomic(durable=True):
        blob = vault.keep(base, at=at)
    tail = vault.put_tail(blob, head.pdf[upload:], total_sha256=bytes(frozen.sha256))
    with transaction.atomic(durable=True):
        vault.keep(tail, at=at)
        envelope = _row(original, pk=uuid.uuid4(), number=f"BENCH-{number:06d}")
        plan = vault.lock_note(blob, head.plan, about=head.sha256.hex())
        copy = _row(document, pk=uuid.uuid4(), envelope_id=envelope.pk, blob_id=blob.pk, plan=plan)
        for revision in document.revisions.all():
            _row(revision, pk=None, document_id=copy.pk)
        for recipient in original.recipients.all():
            _row(recipient, pk=uuid.uuid4(), envelope_id=envelope.pk)
        ledger.append(envelope.stream, "envelope.created", by=ledger.Actor.house(), at=at, data={"copy_of": str(original.pk)})
    return Envelope.objects.get(pk=envelope.pk)


def _row(like: Any, **other: Any) -> Any:
    columns = like._meta.concrete_fields  # noqa: SLF001  # Django's public name for it
    facts = {column.attname: getattr(like, column.attname) for column in columns if not column.primary_key}
    fresh = type(like)(**{**facts, **other})
    fresh.save(force_insert=True)
    return fresh


def consent(envelope: Any) -> None:
    """Our own signer is shown the document and agrees, by the real verbs."""
    from tachiai import clock
    from tachiai.ceremony.models import Level
    from tachiai.envelopes.opening import show_document
    from tachiai.envelopes.signing import Circumstances, sign_at_desk

    at = clock.now()
    recipient = envelope.recipients.select_related("member", "envelope__organization__operator", "envelope__sender").get(side="own")
    for document in envelope.documents.all():
        show_document(recipient, document, at=at)
    here = Circumstances("192.0.2.20", "benchmark", "ja")
    sign_at_desk(recipient, here, by=recipient.member, level=Level.PASSWORD_AND_TOTP, at=at)


def check() -> dict[str, Any]:
    """What must hold after everything was sealed. Raises where it does not."""
    from django.db.models import Count

    from tachiai import clock, ledger, sealing, vault
    from tachiai.ceremony.models import Consent, Invitation
    from tachiai.envelopes.expecting import expected
    from tachiai.envelopes.models import Document, Recipient, Revision, SealTask
    from tachiai.ledger.models import Stream
    from tachiai.outbox.models import Mail
    from tachiai.sealing.models import Seal

    consents = Consent.objects.count()
    entries = sum(ledger.check_stream(stream.name) for stream in Stream.objects.filter(name__startswith="envelope:"))
    counted = {
        "tasks done": SealTask.objects.filter(state="done").count(),
        "tasks taken up once": SealTask.objects.filter(attempt=1, strikes=0, outages=0).count(),
        "seals of consents": Seal.objects.filter(act="consent", state="sealed").count(),
        "intents": Seal.objects.filter(act="consent").count(),
        "signed revisions": Revision.objects.filter(kind="signed").count(),
        "signers signed": Recipient.objects.filter(side="own", state="signed").count(),
        "next ones asked": Invitation.objects.filter(purpose="sign", generation=1, subject__in=_asked()).count(),
        "senders told": Mail.objects.filter(kind="M09").count(),
    }
    wrong = {name: count for name, count in counted.items() if count != consents}
    doubled = Seal.objects.filter(state="sealed").values("act", "subject", "consent").annotate(n=Count("id")).filter(n__gt=1)
    if wrong or doubled.exists():
        raise SystemExit(f"of {consents} consents: {wrong}; sealed twice: {list(doubled)}")
    for document in Document.objects.filter(revisions__kind="signed").order_by("pk")[:SAMPLE_OF_CHECKS]:
        pdf = vault.read(document.blob, upto=document.head_number)
        sealing.verify(pdf, expected=expected(document), at=clock.now())
    return {"consents": consents, "ledger entries": entries, "files read and verified": min(consents, SAMPLE_OF_CHECKS)}


def _asked() -> Any:
    from tachiai.envelopes.models import Recipient

    return Recipient.objects.filter(side="counterparty", state="requested", envelope__number__startswith="BENCH-").values("pk")


def main(arguments: list[str]) -> int:
    django.setup() if arguments[0] == "check" else None
    found = fill(int(arguments[1]), int(arguments[2])) if arguments[0] == "fill" else check()
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tachiai.config.settings")
    sys.exit(main(sys.argv[1:]))
