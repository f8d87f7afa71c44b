"""署名者変更: somebody else is asked in the place of one who has not answered. The place stays, the link of the old one is dead."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tachiai import ceremony
from tachiai.accounts.models import Member
from tachiai.ceremony import Purpose
from tachiai.counterparties.models import Registration
from tachiai.envelopes.access import may_manage
from tachiai.envelopes.addressing import Typed, may_be_named, person_of
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope, Gate, Kind, Proof, Recipient, Side
from tachiai.envelopes.places import documents_meant, said_of
from tachiai.envelopes.routing import must_go_on, request_signature
from tachiai.envelopes.signing import still_open
from tachiai.envelopes.states import RecipientState, move
from tachiai.envelopes.telling import tell_reassigned
from tachiai.errors import Refusal
from tachiai.rowwise import insert_each

S = RecipientState
# Whoever has answered has answered; whoever was never asked can still be exchanged by the sender.
BY_THEMSELVES = (S.REQUESTED, S.OPENED)
BY_SENDER = (S.WAITING, S.REQUESTED, S.OPENED, S.EXPIRED)
LONGEST_REASON = 1000


def reassign(
    recipient: Recipient,
    who: Registration | Member | Typed,
    *,
    by: Recipient | Member,
    at: datetime,
    reason: str = "",
    keeps_copy: bool = False,
    language: str = "",
) -> Recipient:
    """Ask ``who`` in the place of ``recipient``; the value is the new one. ``keeps_copy``: the old one is told of the conclusion.

    By the recipient, where the sender allowed it and before any answer (the caller has authenticated them); or by who may manage the
    envelope, again and again. Whoever takes over a registered code's place without a registration proves the mailbox by a one-time
    code instead. Refuses with ``reassign.not_allowed``, ``reassign.same_person``, ``reassign.other_side``, ``reassign.proof`` (the
    place asks for an app or a passkey, which only a registration has), ``reason.missing`` or ``reason.too_long`` (from the
    recipient), ``recipient.not_asked``, ``envelope.moved``, ``envelope.not_allowed``, ``link.expired``, or as ``may_be_named`` does.
    """
    words = reason.strip()
    _may(recipient, by, words)
    with transaction.atomic(durable=True):
        envelope = Envelope.objects.select_for_update(of=("self",)).select_related("organization", "sender").get(pk=recipient.envelope_id)
        old = Recipient.objects.get(pk=recipient.pk)
        old.envelope = envelope
        _still_theirs(old, by, at=at)
        _fits(old, who, envelope)
        fresh = _put_in_place(old, who, language=language, keeps_copy=keeps_copy, at=at)
        place = said_of(fresh, documents_meant(envelope.pk).get(fresh.pk, ()))
        data: dict[str, object] = {"recipient": str(old.pk), "keeps_copy": keeps_copy, "place": place}
        note(envelope, "recipient.reassigned", by=by, at=at, data=data, personal={"reason": words[:LONGEST_REASON], **_named(fresh)})
        tell_reassigned(old, fresh, by_sender=isinstance(by, Member), at=at)
        if old.requested_at is not None:
            request_signature(fresh, at=at)
    recipient.refresh_from_db()
    return fresh


def _may(recipient: Recipient, by: Recipient | Member, words: str) -> None:
    if isinstance(by, Member):
        if not may_manage(by, recipient.envelope):
            raise Refusal("envelope.not_allowed")
        return
    if by.pk != recipient.pk or not recipient.may_reassign:
        raise Refusal("reassign.not_allowed")
    if len(words) < 2:  # as short as the reason for declining may be
        raise Refusal("reason.missing")
    if len(words) > LONGEST_REASON:
        raise Refusal("reason.too_long", limit=LONGEST_REASON)


def _still_theirs(old: Recipient, by: Recipient | Member, *, at: datetime) -> None:
    if isinstance(by, Member):
        must_go_on(old.envelope, at=at)
    else:
        still_open(old, at=at)
    if old.kind == Kind.COPY or old.state not in (BY_SENDER if isinstance(by, Member) else BY_THEMSELVES):
        raise Refusal("recipient.not_asked", state=old.state)


def _fits(old: Recipient, who: Registration | Member | Typed, envelope: Envelope) -> None:
    """The contract is between two sides: whoever takes a place takes it on the same side, and proves as much."""
    if isinstance(who, Member) != (old.side == Side.OWN):
        raise Refusal("reassign.other_side")
    may_be_named(who, envelope, kind=Kind(old.kind))
    if old.proof != Proof.PLAIN and isinstance(who, Typed):
        raise Refusal("reassign.proof")
    same = who.pk == old.member_id if isinstance(who, Member) else who.mail.lower() == old.mail.lower()
    if same:
        raise Refusal("reassign.same_person")


def _put_in_place(old: Recipient, who: Registration | Member | Typed, *, language: str, keeps_copy: bool, at: datetime) -> Recipient:
    """The new row at the next free place, with the same field; the old one is over and its link closed."""
    last = old.envelope.recipients.order_by("-position").values_list("position", flat=True)[0]
    gate = Gate.OTP if isinstance(who, Typed) and old.gate == Gate.REGISTERED else Gate(old.gate)
    fresh = Recipient(
        envelope=old.envelope,
        position=last + 1,
        kind=old.kind,
        slot=old.slot,
        order=old.order,
        any_one=old.any_one,
        gate=gate,
        proof=old.proof,
        deadline=old.deadline,
        may_reassign=old.may_reassign,
        replaces=old,
        **{**person_of(who), **({"language": language} if language else {})},
    )
    insert_each([fresh])
    fresh.documents.set(old.documents.all())
    move(old, RecipientState.FORWARDED, ended_at=at, wants_copy=keeps_copy)
    ceremony.close_invitation(Purpose.SIGN, old.pk, at=at)
    return fresh


def _named(fresh: Recipient) -> dict[str, object]:
    return {"organization": fresh.organization_name, "title": fresh.title, "name": fresh.name, "mail": fresh.mail}
