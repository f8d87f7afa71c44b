"""Whether nothing that somebody has said or is owed was lost: consents, seals that are due, conclusions, mails."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from tachiai import clock, sealing, vault
from tachiai.archive.models import Record
from tachiai.ceremony import Consent
from tachiai.envelopes.checking_approvals import is_being_decided
from tachiai.envelopes.checking_documents import Papers
from tachiai.envelopes.models import CloseTask, Envelope, FreezeTask, Recipient, RevisionKind, SealTask, Side
from tachiai.envelopes.places import documents_meant
from tachiai.envelopes.routing import OVER, is_told
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.errors import Outage, Refusal
from tachiai.findings import Finding
from tachiai.ledger import Recorded
from tachiai.outbox import Mail
from tachiai.work.models import TaskState

OPEN = (TaskState.WAITING, TaskState.STUCK)
# What the house's clock and an authority's may differ.
CLOCKS = timedelta(minutes=5)
# Where everybody stands in an envelope that was concluded.
DONE = (*OVER, RecipientState.DELIVERED)
GROWN = ("certificate.topped_up", "certificate.renewed")


def check_consents(
    envelope: Envelope, people: Iterable[Recipient], papers: Sequence[Papers], told: Iterable[Recorded]
) -> Iterator[Finding]:
    """Each consent has its entry and each entry its consent, of these very bytes; and each is sealed, or will be, or cannot be."""
    persons = {person.pk: person for person in people}
    meant = documents_meant(envelope.pk)
    rows = {consent.subject: consent for consent in Consent.objects.filter(subject__in=list(persons))}
    entries = {str(entry.data.get("recipient")): entry for entry in told if entry.event == "recipient.consented"}
    for who, person in persons.items():
        consent, entry = rows.get(who), entries.get(str(who))
        if consent is None and entry is not None:
            yield Finding("consent.lost", str(who), f"{envelope.stream} entry {entry.number}")
        elif consent is not None and entry is None:
            yield Finding("consent.unrecorded", str(consent.pk), str(who))
        elif consent is not None and entry is not None:
            theirs = [one for one in papers if one.document.pk in meant.get(who, (one.document.pk,))]
            yield from _check_consent(envelope, person, theirs, consent, entry)
            yield from _check_sealed(envelope, person, theirs, consent)


def _check_consent(envelope: Envelope, person: Recipient, papers: Sequence[Papers], consent: Consent, entry: Recorded) -> Iterator[Finding]:
    if (entry.data.get("consent"), entry.data.get("digest")) != (str(consent.pk), bytes(consent.digest).hex()):
        yield Finding("consent.unlike_entry", str(consent.pk), f"{envelope.stream} entry {entry.number}")
    if entry.at != consent.given_at:
        yield Finding("consent.unlike_entry", str(consent.pk), f"{envelope.stream} entry {entry.number}: another time")
    body = json.loads(bytes(consent.body))
    frozen = [(paper, row) for paper in papers for row in paper.revisions if row.kind == RevisionKind.FROZEN]
    shown = [(str(paper.document.pk), bytes(row.sha256).hex(), row.size, paper.document.pages) for paper, row in frozen]
    said = [(one["document"], one["sha256"], one["size"], one["pages"]) for one in body["documents"]]
    if (body["envelope"], body["slot"], said) != (str(envelope.pk), person.slot, shown):
        yield Finding("consent.of_something_else", str(consent.pk), str(person.pk))
    if (person.level, person.consented_at) != (body["authentication"]["level"], consent.given_at):
        yield Finding("recipient.unlike_consent", str(person.pk), "level or time")
    personal = json.loads(bytes(consent.personal)) if bytes(consent.personal) else None
    if personal is not None and _who(person) != tuple(personal[name] for name in ("organization", "title", "name", "mail", "address")):
        yield Finding("recipient.unlike_consent", str(person.pk), "name, mail or address")


def _who(person: Recipient) -> tuple[str, ...]:
    return person.organization_name, person.title, person.name, person.mail, person.address or ""


def _check_sealed(envelope: Envelope, person: Recipient, papers: Sequence[Papers], consent: Consent) -> Iterator[Finding]:
    lacking = [one.document.pk for one in papers if consent.pk not in {row.consent_id for row in one.revisions}]
    if person.state == RecipientState.SIGNED and lacking:
        yield Finding("recipient.not_signed", str(person.pk), f"{len(lacking)} documents bear no seal")
    if person.state != RecipientState.CONSENTED or envelope.state != EnvelopeState.IN_PROGRESS:
        return
    due = SealTask.objects.filter(consent=consent, document__in=lacking, state__in=OPEN).count()
    if due != len(lacking) or not lacking:
        yield Finding("consent.lost", str(consent.pk), f"{len(lacking)} seals are lacking, {due} are due")


def check_going_on(envelope: Envelope, people: Iterable[Recipient], papers: Sequence[Papers]) -> Iterator[Finding]:
    """That an envelope which is not at its end has somebody or some work that will bring it there."""
    goes_on = True
    if envelope.state == EnvelopeState.SENDING:
        unfrozen = [one.document.pk for one in papers if len(one.revisions) == 1]
        goes_on = bool(unfrozen) and FreezeTask.objects.filter(document__in=unfrozen, state__in=OPEN).count() == len(unfrozen)
    elif envelope.state == EnvelopeState.CLOSING:
        goes_on = CloseTask.objects.filter(envelope=envelope, state__in=OPEN).exists()
    elif envelope.state == EnvelopeState.IN_PROGRESS:
        # Whose own day has passed can be asked again by the sender, until the envelope's day ends it.
        asked = (RecipientState.REQUESTED, RecipientState.OPENED, RecipientState.CONSENTED, RecipientState.EXPIRED)
        goes_on = any(person.state in asked for person in people) or is_being_decided(envelope)
    elif envelope.state == EnvelopeState.AWAITING_APPROVAL:
        goes_on = is_being_decided(envelope)
    if not goes_on:
        yield Finding("envelope.stranded", str(envelope.pk), f"{envelope.state}, and no work is due")


def check_conclusion(
    envelope: Envelope, people: Sequence[Recipient], papers: Sequence[Papers], told: Sequence[Recorded], *, quick: bool
) -> Iterator[Finding]:
    """A concluded envelope has its record, its certificate and every closed file; no other has any of them."""
    entry = next((one for one in told if one.event == "envelope.concluded"), None)
    records = list(Record.objects.filter(origin=envelope.pk))
    if envelope.state != EnvelopeState.CONCLUDED:
        if records or envelope.certificate_id is not None:
            yield Finding("envelope.not_concluded", str(envelope.pk), f"{len(records)} records")
        return
    if entry is None or len(records) != 1 or envelope.certificate_id is None:
        yield Finding("envelope.incomplete", str(envelope.pk), f"{len(records)} records, certificate {envelope.certificate_id}")
        return
    unclosed = [one for one in papers if not any(row.kind == RevisionKind.CLOSED for row in one.revisions)]
    unsigned = [person for person in people if person.state not in DONE]
    fields = {person.slot for person in people if person.slot is not None}
    signed = sorted(person.slot for person in people if person.slot is not None and person.state == RecipientState.SIGNED)
    if unclosed or unsigned or signed != sorted(fields) or not papers:
        yield Finding("envelope.incomplete", str(envelope.pk), f"{len(unclosed)} not closed, {len(unsigned)} not signed")
    yield from _check_record(envelope, records[0], papers, entry)
    yield from _check_certificate(envelope, told, entry, quick=quick)


def _check_record(envelope: Envelope, record: Record, papers: Sequence[Papers], entry: Recorded) -> Iterator[Finding]:
    """What the archive is searched by is what the envelope says, and its files are the envelope's."""
    mine = (envelope.organization_id, envelope.sender_id, envelope.number, envelope.name, entry.data.get("certificate"))
    items = (envelope.transaction_date, envelope.counterparty, envelope.amount, envelope.concluded_at)
    filed = (record.organization_id, record.owner_id, record.number, record.title, record.certificate_number)
    found = (record.transaction_date, record.counterparty, record.amount, record.concluded_at)
    if (mine, items) != (filed, found):
        yield Finding("record.unlike_envelope", str(record.pk), str(envelope.pk))
    anchor, carried = record.anchor, entry.data.get("checkpoint")
    told = {"origin": anchor.epoch.origin, "size": anchor.size, "root": bytes(anchor.root).hex()} if anchor is not None else None
    if told != carried:
        yield Finding("record.unlike_envelope", str(record.pk), "checkpoint")
    stamp = getattr(anchor, "stamp", None)
    if anchor is not None and (stamp is None or stamp.stamped_at - entry.at > CLOCKS):
        # What is stamped only now may hold another history than what was told then.
        yield Finding("record.stamped_late", str(record.pk), f"checkpoint {anchor.size}")
    closings = [row for one in papers for row in one.revisions if row.kind == RevisionKind.CLOSED]
    if record.measure != (1 if all(row.accredited for row in closings) else None):
        yield Finding("record.unlike_envelope", str(record.pk), "measure")
    blobs = {*(one.document.blob_id for one in papers), envelope.certificate_id}
    if {file.blob_id for file in record.files.all()} != blobs:
        yield Finding("record.unlike_envelope", str(record.pk), "files")
    if closings and envelope.concluded_at != max(row.stamped_at or row.made_at for row in closings):
        yield Finding("envelope.concluded_at_differs", str(envelope.pk))


def _check_certificate(envelope: Envelope, told: Sequence[Recorded], entry: Recorded, *, quick: bool) -> Iterator[Finding]:
    name = str(envelope.pk)
    grown = [entry, *(one for one in told if one.event in GROWN)]
    blob = vault.blobs([_present(envelope.certificate_id)])[_present(envelope.certificate_id)]
    ends = [bytes(one.total_sha256).hex() for one in blob.known_segments or ()]
    if ends != [one.data.get("sha256") for one in grown]:
        yield Finding("certificate.unlike_entry", name, f"{len(ends)} revisions, {len(grown)} entries")
    seals = sealing.seals_about([envelope.pk])
    for one in grown:
        seal = seals.get(str(one.data.get("seal")))
        if seal is None or not seal.came_true or seal.output_sha256.hex() != one.data.get("sha256"):
            yield Finding("seal.lost", str(one.data.get("seal")), f"{name}: {one.event}")
    if quick:
        return
    try:
        whole = vault.read(blob)
        sealing.verify(whole, expected=sealing.expected_of_paper(whole, subject=envelope.pk), at=clock.now(), deep=False)
    except (Refusal, Outage) as doubt:
        if doubt.code != "vault.shredded":
            yield Finding("certificate.not_as_expected", name, doubt.code)


def _present(pk: uuid.UUID | None) -> uuid.UUID:
    if pk is None:
        raise RuntimeError("a concluded envelope has its certificate")
    return pk


def check_mails(envelope: Envelope, people: Sequence[Recipient], told: Sequence[Recorded]) -> Iterator[Finding]:
    """One mail for every request, and one completion mail to everybody who is to have it, written down with its cause."""
    rows = list(Mail.objects.filter(stream=envelope.stream).values_list("kind", "to", "about"))
    asked = Counter(str(entry.data.get("recipient")) for entry in told if entry.event in ("recipient.requested", "recipient.reminded"))
    written = Counter(str(about) for kind, _, about in rows if kind in ("M01", "M02", "M03", "M04"))
    for who in sorted(asked.keys() | written.keys()):
        if asked[who] != written[who]:
            yield Finding("mail.request_differs", who, f"asked {asked[who]} times, {written[who]} mails")
    completions = Counter(to for kind, to, _ in rows if kind in ("M05", "M06"))
    wanted = Counter[str]()
    if envelope.state == EnvelopeState.CONCLUDED:
        told_of = [person for person in people if is_told(person)]
        wanted.update(person.mail for person in told_of)
        if envelope.sender_id not in {person.member_id for person in told_of if person.side == Side.OWN}:
            wanted[envelope.sender.mail] += 1
    if completions != wanted:
        yield Finding("mail.completion_differs", str(envelope.pk), f"{completions.total()} of {wanted.total()}")
