"""What the product shows of an envelope, beside what the reference model says of it."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import datetime
from typing import Any

from model.approvals import HOUSE, Asking
from model.clockwork import Reference
from model.hand import Hand
from model.people import ASKED, IN_PROGRESS, SENDER, Person
from tachiai.ceremony.models import Invitation, Purpose
from tachiai.envelopes.approval_models import Approval
from tachiai.envelopes.checking import check_envelope
from tachiai.envelopes.models import Document, Envelope, Recipient, Revision
from tachiai.envelopes.visiting import Visit, stopped
from tachiai.ledger.models import Entry, Stream
from tachiai.outbox.models import Mail
from tachiai.prepared import Prepared, among, given
from tachiai.sealing.models import Seal

# Entries of which the model says nothing: what the sender does before sending, and the intents beside the seals that come of them.
UNSPOKEN = (
    "seal.",
    "envelope.created",
    "envelope.described",
    "envelope.recipients",
    "document.added",
    "document.removed",
    "record.",
    "warnings.",
)

REQUESTS = ("M01", "M02", "M03", "M04")

# S-08, as the product's codes say it. What the words do not fix is not compared.
STOPS = {
    "": {None},
    "withdrawn": {"envelope.withdrawn"},
    "declined": {"envelope.declined"},
    "expired": {"link.expired"},
    "done": {"recipient.done"},
    "somebody else is asked": {"recipient.forwarded"},
    "they declined": {"recipient.declined"},
    "not needed": {"recipient.not_needed"},
    "not their turn": {"recipient.waiting"},
    "link ended": {"link.disabled"},
    "filing ended": {"registration.revoked"},
    "filing suspended": {"registration.suspended"},
}
CODES: dict[str, set[str | None]] = {
    **STOPS,  # type: ignore[dict-item]  # a door says nothing where there is nothing to say
    "code malformed": {"code.malformed"},
    "code wrong": {"code.wrong"},
    "code locked": {"code.locked"},
    "code ended": {"code.ended"},
    "no code is live": {"otp.expired"},
    "too soon": {"otp.too_soon"},
    "no visit": {"visit.not_open"},
    "documents unread": {"documents.unseen"},
    "no reason": {"reason.missing"},
    "not theirs": {"envelope.not_allowed"},
    "already heard": {"asked.already"},
    "no deadline": {"deadline.out_of_range"},
    "too old": {"envelope.too_old"},
    "the same person": {"reassign.same_person"},
    "the other side": {"reassign.other_side"},
    "download over": {"download.expired"},
    "nothing is stuck": {"envelope.not_stuck"},
    "the link of before": {"link.replaced"},
    "the request is over": {"approval.over"},
    "not theirs to approve": {"approval.not_yours"},
    "the sender approves nothing": {"approval.is_sender"},
    "one voice at a step": {"approval.twice"},
    "not asked to approve": {"approval.not_asked", "approval.not_yours", "deputy.not_in_force"},
    "something was changed since": {"approval.changed"},
    "no comment": {"comment.missing"},
}
# Reasons that may be said before or instead of one another: where two hold at once, the words do not say which is told.
LOOSE = {"filing ended", "filing suspended", "the same person", "the other side", "no reason", "documents unread", "not theirs", "no visit"}


def may_differ(why: str, code: str) -> bool:
    """Whether ``code`` is as good as the model's own reason."""
    return why not in CODES or code in CODES[why] or why in LOOSE


# The same questions after every act: put into SQL once.
_ENVELOPE = Prepared(lambda: Envelope.objects.filter(pk=given("pk", Envelope)))
_ROWS = Prepared(
    lambda: (
        Recipient.objects.select_related("envelope", "registration")
        .filter(envelope=given("envelope", Recipient, "envelope"))
        .order_by("position")
    )
)
_LINKS = Prepared(
    lambda: Invitation.objects.filter(purpose=Purpose.SIGN.value, subject__in=among("people", Invitation, "subject")).order_by("pk")
)
_MAILS = Prepared(
    lambda: Mail.objects.filter(stream=given("stream", Mail, "stream")).order_by("created_at").values_list("kind", "to", "about", "context")
)
_SEALS: Prepared[Any] = Prepared(lambda: Seal.objects.filter(act="consent", state="sealed").values_list("pk"))
_SIGNED: Prepared[Any] = Prepared(
    lambda: Revision.objects.filter(document__envelope_id=given("envelope", Document, "envelope"), kind="signed").values_list("pk")
)
_EVENTS: Prepared[Any] = Prepared(
    lambda: Entry.objects.filter(stream__name=given("stream", Stream, "name")).order_by("number").values_list("event", flat=True)
)


def shown_by(hand: Hand) -> dict[str, Any]:
    """The product's side."""
    key = hand.envelope.pk
    envelope, rows = _ENVELOPE.one(pk=key), _ROWS.all(envelope=key)
    links = {one.subject: one for one in _LINKS.all(people=[row.pk for row in rows])}
    return {
        "state": str(envelope.state),
        "deadline": envelope.deadline,
        "people": [(row.mail, str(row.kind), row.order, row.any_one, str(row.state), row.undelivered) for row in rows],
        "asked": [row.mail for row in rows if row.state in ASKED] if envelope.state == IN_PROGRESS else [],
        "stops": [stopped(Visit(links[row.pk], row, None), at=hand.now) if row.pk in links else "no link" for row in rows],
        "links": [_link_of(links.get(row.pk)) for row in rows],
        **_mailed(hand, rows),
        "approval": _approval_of(key),
        "seals": len(_SEALS.all()),
        "signed": len(_SIGNED.all(envelope=key)),
    }


def _link_of(link: Invitation | None) -> tuple[int, bool] | None:
    """Which of somebody's links is the live one, and whether it is closed: a row's state may hide a door that was left open."""
    return None if link is None else (link.generation, link.closed_at is not None)


def _mailed(hand: Hand, rows: list[Recipient]) -> dict[str, Any]:
    """Every mail by kind and address, and the deadline in the last request that was mailed to each."""
    sender, mails = hand.member("sender").mail, _MAILS.all(stream=hand.envelope.stream)
    days = {about: context["deadline"] for kind, _, about, context in mails if kind in REQUESTS}
    return {
        "mails": Counter((kind, SENDER if to == sender else to) for kind, to, _, _ in mails),
        "days": [days.get(row.pk) for row in rows],
    }


def said_by(model: Reference, at: datetime) -> dict[str, Any]:
    """The model's side, in the same words; a set of codes where the product may say any of them."""
    people = model.people
    return {
        "state": model.state,
        "deadline": model.deadline,
        "people": [(one.mail, one.seat.kind, one.seat.order, one.seat.any_one, one.state, one.undelivered) for one in people],
        "asked": [one.mail for one in people if one.state in ASKED] if model.state == IN_PROGRESS else [],
        "stops": [_stops_by(model, one, at) for one in people],
        "links": [(one.link.number, one.link.closed) if one.link else None for one in people],
        "mails": model.mails,
        "days": [one.day_told.isoformat() if one.day_told else None for one in people],
        "approval": _approval_by(model),
        "seals": model.seals,
        "signed": model.seals,
    }


def _approval_of(envelope: uuid.UUID) -> tuple[str, list[tuple[int, str, str, str]]] | None:
    """The newest request: where it stands, and each place with whoever answered there."""
    found = Approval.objects.filter(envelope=envelope).order_by("-asked_at", "-pk").first()
    if found is None:
        return None
    places = found.places.values_list("step", "member__mail", "state", "decided_by__mail")
    return str(found.state), sorted((step, who, state, by or "") for step, who, state, by in places)


def _approval_by(model: Reference) -> tuple[str, list[tuple[int, str, str, str]]] | None:
    asking: Asking | None = model.asking
    if asking is None:
        return None
    told = [(one.step, one.who + HOUSE, one.state, one.decided_by + HOUSE if one.decided_by else "") for one in asking.spots]
    return asking.state, sorted(told)


def _stops_by(model: Reference, person: Person, at: datetime) -> set[str | None]:
    if person.link is None:
        return {"no link"}
    return STOPS[model.stop(person, at)]  # type: ignore[return-value]


def differences(hand: Hand, model: Reference) -> list[str]:
    """Every part of the two that is not the same."""
    shown, said = shown_by(hand), said_by(model, hand.now)
    found = []
    for name, one in said.items():
        other = shown[name]
        if name == "stops":
            same = len(one) == len(other) and all(code in codes for code, codes in zip(other, one, strict=True))
        else:
            same = one == other
        if not same:
            found.append(f"{name}: the model says {_plain(one, other)}, the product {_plain(other, one)}")
    return found


def _plain(one: Any, other: Any) -> Any:
    return dict(one - other) if isinstance(one, Counter) else one


class Book:
    """The ledger, read on from where it was read last."""

    def __init__(self, hand: Hand, model: Reference) -> None:
        self._hand, self._model = hand, model
        self._read = len(self._events())
        self._told = len(model.told)

    def _events(self) -> list[str]:
        return list(_EVENTS.all(stream=self._hand.envelope.stream))

    def differences(self, *, in_order: bool) -> list[str]:
        """What the last act put on record, beside what it must have. ``in_order`` False: where several things happen at once."""
        events = self._events()[self._read :]
        self._read += len(events)
        events = [one for one in events if not one.startswith(UNSPOKEN)]
        told, self._told = self._model.told[self._told :], len(self._model.told)
        if not in_order:
            events, told = sorted(events), sorted(told)
        return [] if events == told else [f"ledger: the model tells {told}, the product {events}"]


def findings(hand: Hand, *, quick: bool) -> list[str]:
    """``tachiai fsck`` of this envelope."""
    return [f"fsck: {one.code} {one.subject} {one.detail}" for one in check_envelope(hand.envelope.pk, quick=quick)]
