"""Whom the story writes to: every mail of an envelope, as rows in the transaction of their cause."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import QuerySet

from tachiai import outbox
from tachiai.accounts.models import Member
from tachiai.ceremony import Invitation
from tachiai.envelopes.approval_models import ApprovalPlace
from tachiai.envelopes.holders import Holder, holder_of
from tachiai.envelopes.holding import document_names
from tachiai.envelopes.models import Envelope, Kind, Recipient, Side
from tachiai.envelopes.states import RecipientState

Link = tuple[str, uuid.UUID, int]


def ask_to_sign(recipient: Recipient, invitation: Invitation | None, *, due: date | None, at: datetime, again: bool = False) -> None:
    """M01 to a counterparty with its link, M04 to our own signer with the desk's page; M03 to who reviews; M02 when asked again.

    ``due`` is the day up to which this person may answer.
    """
    kind, context = _request_kind(recipient, again=again), _asking(recipient, due=due, again=again)
    if recipient.side == Side.OWN:
        _to_recipient(kind, recipient, at=at, path=f"/envelopes/{recipient.envelope_id}/sign", context=context)
        return
    if invitation is None:
        raise RuntimeError("a counterparty is asked through a link")
    _to_recipient(kind, recipient, at=at, link=("s", invitation.pk, invitation.generation), context=context)


def _request_kind(recipient: Recipient, *, again: bool) -> str:
    if recipient.kind != Kind.SIGNER:
        return "M03"
    if recipient.side == Side.OWN:
        return "M04"
    return "M02" if again else "M01"


def _asking(recipient: Recipient, *, due: date | None, again: bool) -> dict[str, object]:
    asked: dict[str, object] = {"proof": recipient.proof, "gate": recipient.gate, "kind": recipient.kind, "again": again}
    asked["deadline"] = due.isoformat() if due else None
    return asked | ({"desk": True} if recipient.side == Side.OWN else {})


def acknowledge(recipient: Recipient, *, at: datetime) -> None:
    """M07 to a counterparty: the consent is recorded. Our own signer sees it at the desk."""
    if recipient.side == Side.COUNTERPARTY:
        _to_recipient("M07", recipient, at=at)


def tell_sender(kind: str, envelope: Envelope, *, at: datetime, about: Recipient | None = None, **context: object) -> None:
    """One mail to the sender: M08 sent, M09 signed, M10 declined, M13 expired, M14 undelivered, M15 locked, M19 approved or returned,
    M20 asked again."""
    _to_member(kind, envelope.sender, envelope, at=at, about=about, context=context)


def tell_mailed(
    kind: str, envelope: Envelope, *, at: datetime, reason: str = "", but: Recipient | None = None, by_operator: bool = False
) -> None:
    """One mail to each of ``told_of_end``: M10 declined, M11 withdrawn (perhaps by the operator)."""
    context: dict[str, object] = {"reason": reason, **({"by_operator": True} if by_operator else {})}
    for recipient in told_of_end(envelope):
        if but is None or recipient.pk != but.pk:
            _to_recipient(kind, recipient, at=at, context=context)


def told_of_end(envelope: Envelope) -> QuerySet[Recipient]:
    """Whoever hears that nothing is concluded: everybody who was asked so far, and of those who were replaced who wished for copies.

    The others M12 has told that nothing is asked of them any more, and as of the conclusion they hear nothing of the end.
    """
    asked = envelope.recipients.filter(requested_at__isnull=False).exclude(state=RecipientState.FORWARDED, wants_copy=False)
    return asked.order_by("order", "position")


def tell_declined(recipient: Recipient, *, wish: str, left: Sequence[Recipient], at: datetime) -> None:
    """M10 to the sender: the reason, and with whom of ``left`` the procedure goes on; with nobody left the envelope has ended."""
    context: dict[str, object] = {"reason": recipient.reason, "wish": wish}
    if left:
        context["left"] = [one.name for one in left]
        context["lapsed"] = all(one.state == RecipientState.EXPIRED for one in left)
    tell_sender("M10", recipient.envelope, at=at, about=recipient, **context)


def tell_locked(recipient: Recipient, *, holder: Holder, until: datetime | None, at: datetime) -> None:
    """M15 to the sender and to whoever holds the link: somebody kept entering wrong codes."""
    context: dict[str, object] = {"until": until.isoformat() if until else None}
    _to_recipient("M15", recipient, holder=holder, at=at, context=context)
    tell_sender("M15", recipient.envelope, at=at, about=recipient, **context)


def tell_concluded(recipient: Recipient, invitation: Invitation | None, *, certificate_number: str, checkpoint: str, at: datetime) -> None:
    """M05 to who took part, M06 to who gets a copy: with a download link for a counterparty, else with the desk's page.

    ``checkpoint`` is the log's signed note.
    """
    context: dict[str, object] = {"certificate_number": certificate_number, "checkpoint": checkpoint, "gate": recipient.gate}
    took_part = recipient.state in (RecipientState.SIGNED, RecipientState.REVIEWED)
    kind = "M05" if took_part else "M06"
    if invitation is None:
        path = f"/envelopes/{recipient.envelope_id}"
        _to_recipient(kind, recipient, at=at, path=path, context=context)
        return
    context["expires_at"] = invitation.expires_at.isoformat()
    _to_recipient(kind, recipient, at=at, link=("d", invitation.pk, invitation.generation), context=context)


def tell_reassigned(old: Recipient, fresh: Recipient, *, by_sender: bool, at: datetime) -> None:
    """M12 to the sender and to whoever was asked before: somebody else is asked in their place."""
    context: dict[str, object] = {"fresh": _addressee(fresh)["recipient"], "by_sender": by_sender}
    tell_sender("M12", old.envelope, at=at, about=old, **context)
    if old.requested_at is not None:
        _to_recipient("M12", old, at=at, context=context)


def ask_to_approve(envelope: Envelope, place: ApprovalPlace, member: Member, *, at: datetime, instead_of: Member | None = None) -> None:
    """M17 to an approver whose turn it is; M18 to who stands in for them. Replies go to the sender: they are colleagues."""
    context: dict[str, object] = {"reply_to": envelope.sender.mail, "reader": "approver", "asker": envelope.sender.name}
    if instead_of is not None:
        context["instead_of"] = instead_of.name
    kind, path = "M17" if instead_of is None else "M18", f"/approvals/{place.approval_id}"
    _to_member(kind, member, envelope, at=at, about=None, context=context, path=path, concerning=place.pk)


def send_code(recipient: Recipient, sealed: str, *, holder: Holder, at: datetime) -> None:
    """M16: the one-time code, ``sealed`` until the mail is composed."""
    _to_recipient("M16", recipient, holder=holder, at=at, context={"concealed": {"code": sealed}})


def tell_download_ending(recipient: Recipient, invitation: Invitation, *, at: datetime) -> None:
    """M28 to a counterparty who has not taken the concluded files home: the link of the completion mail once more, and until when."""
    _to_holder("M28", recipient, invitation, at=at)


def tell_reissued(recipient: Recipient, invitation: Invitation, *, at: datetime) -> None:
    """M21 to a counterparty: a new download link. The sender hears of it by M20."""
    _to_holder("M21", recipient, invitation, at=at)
    tell_sender("M20", recipient.envelope, at=at, about=recipient, what="reissued")


def tell_copied(recipient: Recipient, invitation: Invitation, request: str, *, at: datetime) -> None:
    """M21 to whoever the copies were given to on the request of that number. The sender hears of it by M20."""
    _to_holder("M21", recipient, invitation, at=at, copy_request=request)
    tell_sender("M20", recipient.envelope, at=at, about=recipient, what="copied", copy_request=request)


def _to_holder(kind: str, recipient: Recipient, invitation: Invitation, *, at: datetime, **more: object) -> None:
    """A mail with the download link, to whoever holds the copy now."""
    holder = holder_of(recipient)
    context: dict[str, object] = {"expires_at": invitation.expires_at.isoformat(), "gate": holder.gate, **more}
    _to_recipient(kind, recipient, holder=holder, at=at, link=("d", invitation.pk, invitation.generation), context=context)


def _to_recipient(
    kind: str,
    recipient: Recipient,
    *,
    at: datetime,
    link: Link | None = None,
    path: str = "",
    context: dict[str, object] | None = None,
    holder: Holder | None = None,
) -> None:
    """One mail about a recipient: to themselves, or to ``holder``."""
    to = holder or recipient
    outbox.mail(
        kind,
        to=to.mail,
        language=to.language,
        context={**_facts(recipient.envelope), **_addressee(to), "reader": "signer", **(context or {})},
        link=link,
        path=path,
        stream=recipient.envelope.stream,
        about=recipient.pk,
        thread=str(recipient.envelope_id),
        at=at,
    )


def _to_member(
    kind: str,
    member: Member,
    envelope: Envelope,
    *,
    at: datetime,
    about: Recipient | None,
    context: dict[str, object],
    path: str = "",
    concerning: uuid.UUID | None = None,
) -> None:
    person = {"organization": envelope.organization.name, "title": member.title, "name": member.name}
    outbox.mail(
        kind,
        to=member.mail,
        language=member.language,
        context={
            **_facts(envelope),
            "recipient": person,
            "about": _addressee(about)["recipient"] if about else None,
            "reader": "sender",
            **context,
        },
        path=path or f"/envelopes/{envelope.pk}",
        stream=envelope.stream,
        about=concerning,
        thread=str(envelope.pk),
        at=at,
    )


def _addressee(to: Holder) -> dict[str, dict[str, str]]:
    person = {"organization": to.organization_name, "title": to.title, "name": to.name}
    return {"recipient": person}


def _facts(envelope: Envelope) -> dict[str, object]:
    """What every mail of an envelope may name. No link, no code, nothing of a document's content."""
    organization, sender = envelope.organization, envelope.sender
    return {
        "organization": organization.name,
        "organization_en": organization.name_en or organization.name,
        "department": sender.department or organization.department,
        "sender": sender.name,
        "phone": sender.phone or organization.phone,
        "reply_to": organization.mail or sender.mail,
        "envelope": envelope.name,
        "number": envelope.number,
        "documents": _document_names(envelope),
        "deadline": envelope.deadline.isoformat() if envelope.deadline else None,
        "comment": envelope.comment,
    }


def _document_names(envelope: Envelope) -> list[str]:
    if envelope.document_names is not None:
        return envelope.document_names
    return document_names(envelope)


def first_request(recipient: Recipient, *, due: date | None) -> tuple[str, dict[str, object]]:
    """The kind of the mail that will ask ``recipient``, and everything it names but the link, for showing it to the sender beforehand."""
    facts = {**_facts(recipient.envelope), **_addressee(recipient), "reader": "signer", **_asking(recipient, due=due, again=False)}
    return _request_kind(recipient, again=False), facts
