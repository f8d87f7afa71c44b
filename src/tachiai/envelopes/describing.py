"""Describing: what an envelope is about, item by item (文書情報), and which of it the other side is told.

What the tax law wants found stands in the envelope's own columns; every other item is the archive's (``archive.items``), kept once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from tachiai import archive
from tachiai.accounts.models import Member, Role
from tachiai.accounts.rights import role_now
from tachiai.archive.items import AMOUNT_TAX, FOUND_BY, IN_ORDER, UNTAXED, Value
from tachiai.envelopes.access import envelopes_for, may_manage
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.states import EnvelopeState
from tachiai.errors import Refusal
from tachiai.outbox import one_line
from tachiai.prepared import refresh

Fact = Value | int | None


@dataclass(frozen=True)
class Told:
    """One item of an envelope. ``value`` None is 'not stated'; ``shown`` says whether the other side may see it."""

    code: str
    value: Fact
    shown: bool
    untaxed: bool = False  # of the amount alone


@dataclass(frozen=True)
class Amendment:
    """What is to be known from now on of an envelope that was sent: all of it, changed or not."""

    transaction_date: date | None
    counterparty: str
    amount: int | None
    items: Mapping[str, Value] = field(default_factory=dict)


def shown_of(codes: Collection[str], items: Collection[str]) -> list[str]:
    """Of the ``codes`` that may be shown those that say something, with what belongs to them; in the reader's order."""
    shown = [code for code in IN_ORDER if code in codes and (code in FOUND_BY or code in items)]
    return [*shown, *([AMOUNT_TAX] if "amount" in shown and AMOUNT_TAX in items else [])]


def information_of(envelope: Envelope) -> list[Told]:
    """Everything that is known, in the reader's order: for the desk alone."""
    return _told(envelope, archive.items_of(envelope.pk), IN_ORDER)


def information_for_outside(envelope: Envelope) -> list[Told]:
    """What whoever is asked from outside may see; nothing else of it reaches them anywhere."""
    codes = [code for code in envelope.shown_items if code in IN_ORDER]
    further = set(envelope.shown_items) - {*FOUND_BY}
    return _told(envelope, archive.items_of(envelope.pk) if further else {}, codes)


def _told(envelope: Envelope, items: Mapping[str, Value], codes: Collection[str]) -> list[Told]:
    own: dict[str, Fact] = {code: getattr(envelope, code) for code in FOUND_BY}
    untaxed = items.get(AMOUNT_TAX) == UNTAXED
    return [
        Told(code, own.get(code, items.get(code)), code in envelope.shown_items, untaxed and code == "amount")
        for code in IN_ORDER
        if code in codes and (code in own or code in items)
    ]


def is_untaxed(envelope: Envelope) -> bool:
    """Whether the amount that the other side is shown is one without tax. Asks the database only where that was said."""
    return AMOUNT_TAX in envelope.shown_items and archive.items_of(envelope.pk).get(AMOUNT_TAX) == UNTAXED


def missing_items(envelope: Envelope) -> list[str]:
    """The items that the organization requires of each envelope and this one lacks, by code; it is not sent before."""
    required = archive.item_rules(envelope.organization).required
    if not required:
        return []
    known = archive.items_of(envelope.pk)
    return [code for code in required if code not in known]


def put_information(envelope: Envelope, items: Mapping[str, Value]) -> dict[str, tuple[Value, Value]]:
    """Make ``items`` all that is known beside the envelope's own columns, in the caller's transaction; what changed, as ``put_items``.

    Refuses with ``information.parent_unknown``, and as ``archive.items.judged``.
    """
    changes = archive.put_items(envelope.pk, items)
    _before, parent = changes.get("parent", ("", ""))
    if parent and (parent == envelope.number or not _of_same_organization(envelope, str(parent)).exists()):
        raise Refusal("information.parent_unknown", number=parent)
    return changes


def _of_same_organization(envelope: Envelope, number: str) -> QuerySet[Envelope]:
    return Envelope.objects.filter(organization_id=envelope.organization_id, number=number)


def known_parent(member: Member, envelope: Envelope, told: Iterable[Told]) -> Envelope | None:
    """The envelope named as 親契約, if there is one and ``member`` may see it."""
    number = next((one.value for one in told if one.code == "parent"), "")
    return envelopes_for(member).filter(organization_id=envelope.organization_id, number=number).first() if number else None


def may_amend(member: Member, envelope: Envelope) -> bool:
    """Whether ``member`` may put right what is known of an envelope that was sent: staff only until it is concluded."""
    if envelope.state == EnvelopeState.DRAFT or not may_manage(member, envelope):
        return False
    return role_now(member) != Role.STAFF or envelope.state != EnvelopeState.CONCLUDED


def amend_information(envelope: Envelope, amendment: Amendment, *, by: Member, at: datetime) -> list[str]:
    """Put right what is internal, with before and after on record; the codes that changed.

    Refuses with ``envelope.not_allowed``, with ``information.was_shown`` (items) for what the other side was shown, and as
    ``archive.items.judged``.
    """
    if not may_amend(by, envelope):
        raise Refusal("envelope.not_allowed")
    with transaction.atomic(durable=True):
        held = Envelope.objects.select_for_update(of=("self",)).select_related("organization").get(pk=envelope.pk)
        changes: dict[str, tuple[Fact, Fact]] = {**_own_changes(held, amendment), **put_information(held, amendment.items)}
        seen = [code for code in changes if code in held.shown_items or (code == AMOUNT_TAX and "amount" in held.shown_items)]
        if seen:
            raise Refusal("information.was_shown", items=seen)
        if changes:
            _amend(held, amendment, changes, by=by, at=at)
    refresh(envelope)
    return list(changes)


def _own_changes(envelope: Envelope, amendment: Amendment) -> dict[str, tuple[Fact, Fact]]:
    wanted: dict[str, Fact] = {
        "transaction_date": amendment.transaction_date,
        "counterparty": one_line(amendment.counterparty),
        "amount": amendment.amount,
    }
    return {code: (getattr(envelope, code), value) for code, value in wanted.items() if getattr(envelope, code) != value}


def _amend(envelope: Envelope, amendment: Amendment, changes: Mapping[str, tuple[Fact, Fact]], *, by: Member, at: datetime) -> None:
    own = {code: after for code, (_before, after) in changes.items() if code in FOUND_BY}
    Envelope.objects.filter(pk=envelope.pk).update(**own, updated_at=at)
    if own:
        archive.redescribe(
            envelope.pk,
            transaction_date=amendment.transaction_date,
            counterparty=one_line(amendment.counterparty),
            amount=amendment.amount,
        )
    # Notes may name people, so what was written lies beside the entry, where it can be erased.
    before, after = ({code: _plain(pair[which]) for code, pair in changes.items()} for which in (0, 1))
    note(envelope, "information.amended", by=by, at=at, data={"items": list(changes)}, personal={"before": before, "after": after})


def _plain(value: Fact) -> str | int | None:
    return value.isoformat() if isinstance(value, date) else value
