"""Describing: the items of a transaction, kept once from its draft to the archive; and which of them an organization asks for."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from tachiai import ledger
from tachiai.accounts.models import Member, Organization
from tachiai.accounts.rights import may_administer
from tachiai.archive.items import FOUND_BY, IN_ORDER, ITEMS, KINDS, LONGEST_KIND, MOST_KINDS, USUALLY_SHOWN, Value, judged
from tachiai.archive.models import DescribedItem, Record
from tachiai.archive.names import comparable
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, given
from tachiai.rowwise import insert_each

# Asked for in any case (電子帳簿保存法施行規則2条6項5号), and so nobody's choice.
ALWAYS_ASKED = FOUND_BY
# So many transactions are asked about in one question.
AT_ONCE = 500


@dataclass(frozen=True)
class ItemRules:
    """What an organization asks of each of its envelopes, and what the other side is shown unless a sender decides otherwise."""

    required: tuple[str, ...] = ()
    shown: tuple[str, ...] = USUALLY_SHOWN
    kinds: tuple[str, ...] = KINDS


def item_rules(organization: Organization) -> ItemRules:
    """The organization's rules; as long as it has set none, nothing further is required."""
    said = organization.item_rules
    required, shown = said.get("required", ()), said.get("shown", USUALLY_SHOWN)
    return ItemRules(_in_order(required), _in_order(shown), tuple(said.get("kinds", KINDS)))


def _in_order(codes: Collection[str]) -> tuple[str, ...]:
    return tuple(code for code in IN_ORDER if code in codes)


def set_item_rules(
    *, required: Collection[str], shown: Collection[str], kinds: Sequence[str] | None = None, by: Member, at: datetime
) -> None:
    """Record the organization's rules; ``kinds`` None keeps the list of 文書の種類 that it has.

    Refuses with ``member.not_allowed``, ``information.unknown`` (item), ``information.kinds_none``, ``information.kinds_too_many`` (limit)
    or ``information.kind_too_long`` (limit, kind).

    What is written already stays as its senders decided: the rules are for what is described from now on.
    """
    if not may_administer(by):
        raise Refusal("member.not_allowed")
    unknown = {*required, *shown} - {*IN_ORDER}
    if unknown:
        raise Refusal("information.unknown", item=", ".join(sorted(unknown)))
    kept = list(item_rules(by.organization).kinds if kinds is None else _kinds(kinds))
    told = {"kinds": kept, "required": list(_in_order(set(required) - {*ALWAYS_ASKED})), "shown": list(_in_order(shown))}
    with transaction.atomic(durable=True):
        before = Organization.objects.select_for_update().get(pk=by.organization_id).item_rules
        Organization.objects.filter(pk=by.organization_id).update(item_rules=told)
        stream, actor = f"organization:{by.organization_id}", ledger.Actor("member", str(by.pk))
        ledger.append(stream, "organization.items_set", by=actor, at=at, data={**told, "before": before})
    by.organization.refresh_from_db()


def _kinds(given: Sequence[str]) -> list[str]:
    """As they are kept: each once, on one line, in the order that was given."""
    named = list(dict.fromkeys(words for one in given if (words := " ".join(one.split()))))
    if not named:
        raise Refusal("information.kinds_none")
    if len(named) > MOST_KINDS:
        raise Refusal("information.kinds_too_many", limit=MOST_KINDS)
    long = next((one for one in named if len(one) > LONGEST_KIND), None)
    if long is not None:
        raise Refusal("information.kind_too_long", limit=LONGEST_KIND, kind=long)
    return named


def items_of(subject: uuid.UUID) -> dict[str, Value]:
    """What is known of a transaction beside the columns it is found by, by item."""
    return {row.code: row.day if row.day is not None else row.text for row in _ITEMS.all(subject=subject)}


def items_of_many(subjects: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, Value]]:
    """The same of several transactions; of one of which nothing more is known there is no entry."""
    found: dict[uuid.UUID, dict[str, Value]] = {}
    keys = list(subjects)
    for start in range(0, len(keys), AT_ONCE):
        for row in DescribedItem.objects.filter(subject__in=keys[start : start + AT_ONCE]):
            found.setdefault(row.subject, {})[row.code] = row.day if row.day is not None else row.text
    return found


_ITEMS = Prepared(lambda: DescribedItem.objects.filter(subject=given("subject", DescribedItem, "subject")).order_by("pk"))


def put_items(subject: uuid.UUID, wanted: Mapping[str, Value]) -> dict[str, tuple[Value, Value]]:
    """Make ``wanted`` all that is known of a transaction, in the caller's transaction: what changed, each with before and after.

    An item that is not there is the empty string. Refuses as ``judged``.
    """
    before, after = items_of(subject), judged(wanted)
    changed = [code for code in ITEMS if before.get(code) != after.get(code)]
    stale = [code for code in changed if code in before]
    if stale:
        DescribedItem.objects.filter(subject=subject, code__in=stale).delete()
    insert_each([_row(subject, code, after[code]) for code in changed if code in after])
    return {code: (before.get(code, ""), after.get(code, "")) for code in changed}


def _row(subject: uuid.UUID, code: str, value: Value) -> DescribedItem:
    if isinstance(value, date):
        return DescribedItem(subject=subject, code=code, day=value)
    return DescribedItem(subject=subject, code=code, text=value)


def redescribe(origin: uuid.UUID, *, transaction_date: date | None, counterparty: str, amount: int | None) -> None:
    """What a record is found by was put right, in the caller's transaction; without a record nothing happens."""
    Record.objects.filter(origin=origin).update(
        transaction_date=transaction_date, counterparty=counterparty, counterparty_key=comparable(counterparty), amount=amount
    )
