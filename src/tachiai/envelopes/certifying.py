"""What the certificate of conclusion says, gathered from the rows and from nothing else."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby

from django.conf import settings

from tachiai import ledger
from tachiai.accounts.models import Organization
from tachiai.archive import Anchor
from tachiai.archive.items import FOUND_BY
from tachiai.ceremony import Level
from tachiai.counterparties.models import Method
from tachiai.envelopes.approval_models import Approval, ApprovalPlace, ApprovalState, PlaceState
from tachiai.envelopes.describing import is_untaxed
from tachiai.envelopes.instructing import check_people, has_signed
from tachiai.envelopes.models import Document, Envelope, Kind, Recipient, Revision, RevisionKind, Side
from tachiai.envelopes.states import RecipientState
from tachiai.errors import Refusal
from tachiai.pages.certificate import (
    AuthorityKind,
    CertificateApproval,
    CertificateChange,
    CertificateCheckpoint,
    CertificateDecliner,
    CertificateDocument,
    CertificateFacts,
    CertificateOperator,
    CertificatePerson,
    CertificateReviewer,
    CertificateTimestamp,
    Registration,
)
from tachiai.prepared import Prepared, given
from tachiai.sealing import stamping_authority

PRINTED_LEVELS = {
    Level.MAIL_ONLY: "mail",
    Level.MAIL_AND_CODE: "mail+code",
    Level.MAIL_CODE_AND_TOTP: "mail+code+totp",
    Level.MAIL_CODE_AND_PASSKEY: "mail+code+passkey",
    Level.PASSWORD: "desk",
    Level.PASSWORD_AND_TOTP: "desk+totp",
}


def certificate_facts(envelope: Envelope, *, number: str, anchor: Anchor, at: datetime) -> CertificateFacts:
    """The facts of a closed envelope: everything on the paper can be found again in rows, signatures and ledger.

    Refuses with ``seal.not_instructed`` when a signer's row does not say of them what they consented as, or what a reviewer's or a
    decliner's says is not on record of them.
    """
    revisions = _REVISIONS.all(envelope=envelope.pk)
    people = _PEOPLE.all(envelope=envelope.pk)
    check_people(envelope, people)
    stamped = [row for row in revisions if row.stamped_at is not None]
    organization = envelope.organization
    return CertificateFacts(
        number=number,
        verification_url=f"{settings.TACHIAI.public_url}/v/{number}",
        operator=CertificateOperator(organization.operator.name, organization.operator.name_en, organization.is_operator),
        envelope_name=envelope.name,
        control_number=envelope.number,
        sender_organization=organization.name,
        sender_person=" ".join(part for part in (envelope.sender.department, envelope.sender.name) if part),
        concluded_at=max(row.stamped_at for row in stamped if row.stamped_at),
        issued_at=at,
        contract_date=envelope.transaction_date,
        counterparty=envelope.counterparty,
        amount=envelope.amount,
        untaxed=is_untaxed(envelope),
        internal=frozenset(FOUND_BY) - {*envelope.shown_items},
        authority_name=_authority_name(stamped),
        authority_kind=_authority_kind(stamped),
        documents=_documents(revisions),
        people=tuple(_person(recipient, people) for recipient in people if has_signed(recipient)),
        reviewers=_reviewers(envelope, people),
        timestamps=tuple(_timestamp(row) for row in stamped),
        checkpoint=_checkpoint(anchor),
        approvals=tuple(_approval(place) for place in _APPROVED.all(envelope=envelope.pk)),
        decliners=_decliners(envelope, people),
    )


_REVISIONS = Prepared(
    lambda: (
        Revision.objects.select_related("document")
        .filter(document__envelope=given("envelope", Document, "envelope"))
        .order_by("document__position", "number")
    )
)
_PEOPLE = Prepared(
    lambda: Recipient.objects.select_related("registration").filter(envelope=given("envelope", Recipient, "envelope")).order_by("position")
)


# Who decided: of a request that was granted, whoever said yes.
_APPROVED = Prepared(
    lambda: (
        ApprovalPlace.objects.filter(
            approval__envelope_id=given("envelope", Approval, "envelope"), approval__state=ApprovalState.APPROVED, state=PlaceState.APPROVED
        )
        .select_related("member", "decided_by")
        .order_by("decided_at", "step")
    )
)


def _approval(place: ApprovalPlace) -> CertificateApproval:
    decider, at = place.decided_by, place.decided_at
    if decider is None or at is None:
        raise RuntimeError("what was approved has somebody who approved it, and when")
    instead_of = place.member.name if decider.pk != place.member_id else ""
    return CertificateApproval(place.step, decider.department, decider.title, decider.name, instead_of, at)


def _documents(revisions: Sequence[Revision]) -> tuple[CertificateDocument, ...]:
    """Every document with what was uploaded and what it was closed as; ``revisions`` are all there are, in order."""
    return tuple(_document(list(rows)) for _, rows in groupby(revisions, key=lambda row: row.document_id))


def _document(revisions: Sequence[Revision]) -> CertificateDocument:
    document = revisions[0].document
    (upload,) = (row for row in revisions if row.kind == RevisionKind.UPLOAD)
    closed = next((row for row in revisions if row.kind == RevisionKind.CLOSED), None)
    if closed is None:
        raise Refusal("document.not_closed", document=str(document.pk))
    return CertificateDocument(document.name, document.pages, bytes(upload.sha256).hex(), bytes(closed.sha256).hex())


def _person(recipient: Recipient, people: Sequence[Recipient]) -> CertificatePerson:
    return CertificatePerson(
        order=recipient.order,
        organization=recipient.organization_name,
        title=recipient.title,
        name=recipient.name,
        mail=recipient.mail,
        level=PRINTED_LEVELS[Level(recipient.level)],
        registration=_registered(recipient),
        requested_at=recipient.requested_at,
        opened_at=recipient.opened_at,
        consented_at=recipient.consented_at,
        sealed_at=recipient.signed_at,
        address=recipient.address or "",
        history=_history(recipient, people),
    )


def _history(recipient: Recipient, people: Sequence[Recipient]) -> tuple[CertificateChange, ...]:
    """The changes of signer that led to ``recipient``, the oldest first; ``people`` are everybody of the envelope."""
    known = {one.pk: one for one in people}
    changes, present = list[CertificateChange](), recipient
    while present.replaces_id is not None:
        before = known[present.replaces_id]
        if before.ended_at is None:
            raise Refusal("seal.not_instructed", recipient=str(present.pk))
        changes.append(CertificateChange(_named(before), _named(present), before.ended_at))
        present = before
    return tuple(reversed(changes))


def _named(person: Recipient) -> str:
    return f"{person.organization_name} {person.name} <{person.mail}>"


def _reviewers(envelope: Envelope, people: Sequence[Recipient]) -> tuple[CertificateReviewer, ...]:
    """Who confirmed without a seal. There is no consent of theirs, so each is held against the entry of their confirming."""
    confirmed = [one for one in people if one.state == RecipientState.REVIEWED]
    if not confirmed:
        return ()
    told = {str(entry.data["recipient"]): entry for entry in ledger.entries(envelope.stream, events=["recipient.reviewed"])}
    for one in confirmed:
        entry = told.get(str(one.pk))
        if entry is None or (entry.data["level"], entry.at) != (one.level, one.signed_at) or not _is_person(one, entry.personal):
            raise Refusal("seal.not_instructed", recipient=str(one.pk))
    return tuple(_reviewer(one, people, envelope.organization) for one in confirmed)


def _decliners(envelope: Envelope, people: Sequence[Recipient]) -> tuple[CertificateDecliner, ...]:
    """Who declined where another of whom any one suffices has done it: each held against the entry of their word."""
    declined = [one for one in people if one.state == RecipientState.DECLINED]
    if not declined:
        return ()
    told = {str(entry.data["recipient"]): entry.at for entry in ledger.entries(envelope.stream, events=["recipient.declined"])}
    for one in declined:
        if one.ended_at is None or told.get(str(one.pk)) != one.ended_at:
            raise Refusal("seal.not_instructed", recipient=str(one.pk))
    return tuple(_decliner(one, people, envelope.organization) for one in declined)


def _decliner(recipient: Recipient, people: Sequence[Recipient], organization: Organization) -> CertificateDecliner:
    role, role_en = ("署名者", "Signer") if recipient.kind == Kind.SIGNER else _role(recipient, organization)
    return CertificateDecliner(
        order=recipient.order,
        role=role,
        role_en=role_en,
        organization=recipient.organization_name,
        title=recipient.title,
        name=recipient.name,
        mail=recipient.mail,
        requested_at=recipient.requested_at,
        opened_at=recipient.opened_at,
        declined_at=recipient.ended_at,
        history=_history(recipient, people),
    )


def _role(recipient: Recipient, organization: Organization) -> tuple[str, str]:
    return organization.approver_words if recipient.kind == Kind.APPROVER else ("確認者", "Reviewer")


def _is_person(recipient: Recipient, personal: Mapping[str, object]) -> bool:
    columns = {
        "name": recipient.name,
        "mail": recipient.mail,
        "title": recipient.title,
        "organization": recipient.organization_name,
    }
    return columns.items() <= dict(personal).items()


def _reviewer(recipient: Recipient, people: Sequence[Recipient], organization: Organization) -> CertificateReviewer:
    role, role_en = _role(recipient, organization)
    return CertificateReviewer(
        order=recipient.order,
        role=role,
        role_en=role_en,
        organization=recipient.organization_name,
        title=recipient.title,
        name=recipient.name,
        mail=recipient.mail,
        level=PRINTED_LEVELS[Level(recipient.level)],
        registration=_registered(recipient),
        requested_at=recipient.requested_at,
        opened_at=recipient.opened_at,
        confirmed_at=recipient.signed_at,
        address=recipient.address or "",
        history=_history(recipient, people),
    )


def _registered(recipient: Recipient) -> Registration:
    if recipient.registration is None:
        return "desk" if recipient.side == Side.OWN else "typed"
    return "paper" if recipient.registration.method == Method.PAPER else "online"


def _timestamp(row: Revision) -> CertificateTimestamp:
    return CertificateTimestamp(
        document=row.document.name,
        revision=row.number,
        at=row.stamped_at or row.made_at,
        authority=_common_name(row.stamped_by),
        accredited=bool(row.accredited),
    )


def _checkpoint(anchor: Anchor) -> CertificateCheckpoint:
    digest = hashlib.sha256(anchor.note.encode()).hexdigest()
    return CertificateCheckpoint(anchor.origin, anchor.size, b64encode(anchor.root).decode(), digest, anchor.stamped_at)


def _common_name(subject: str) -> str:
    """The name by which an authority is known; its whole subject stands once on the paper."""
    found = re.search(r"(?:^|, ?)CN=((?:[^,(]|\([^)]*\))+)", subject)
    return found.group(1) if found else subject


def _authority_name(stamped: list[Revision]) -> str:
    return "、".join(dict.fromkeys(row.stamped_by for row in stamped))


def _authority_kind(stamped: list[Revision]) -> AuthorityKind:
    """The weakest authority among the stamps: one that is not accredited makes the whole paper say so."""
    if all(row.accredited for row in stamped):
        return "accredited"
    return "embedded" if stamping_authority().embedded else "other"
