"""文書情報: what describes a transaction, item by item. A new item is a line here, its words and its box: no column and no migration."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tachiai.errors import Refusal

Value = str | date
LONGEST_RENEWAL, LONGEST_KEPT = 120, 100
LONGEST_KIND, MOST_KINDS = 40, 50
NEVER_RENEWED = "none"


class Sort(StrEnum):
    LINE = "line"
    TEXT = "text"
    DAY = "day"
    CHOICE = "choice"
    NUMBER = "number"
    RENEWAL = "renewal"  # NEVER_RENEWED, or by how many months it goes on


@dataclass(frozen=True)
class Item:
    """One item. ``longest`` is in characters, or the largest number."""

    code: str
    sort: Sort
    longest: int = 200
    choices: tuple[str, ...] = ()


# The tax law's three, which an envelope and its record keep in columns of their own because everything is found by them.
FOUND_BY = ("transaction_date", "counterparty", "amount")
AMOUNT_TAX = "amount_tax"  # belongs to the amount: is shown with it, and asked for with it
UNTAXED = "excluded"
# 文書の種類 as long as an organization keeps no list of its own; what it writes into one stands as it is written.
KINDS = ("service", "construction", "purchase", "lease", "confidentiality", "employment", "memorandum", "order", "other")
ITEMS = {
    one.code: one
    for one in (
        Item("contract_name", Sort.LINE),
        Item(AMOUNT_TAX, Sort.CHOICE, choices=(UNTAXED,)),
        Item("starts_on", Sort.DAY),
        Item("ends_on", Sort.DAY),
        Item("renewal", Sort.RENEWAL, longest=LONGEST_RENEWAL),
        Item("notice_by", Sort.DAY),
        Item("decision_number", Sort.LINE, longest=60),
        Item("kind", Sort.LINE, longest=LONGEST_KIND),
        Item("retention_years", Sort.NUMBER, longest=LONGEST_KEPT),
        Item("note1", Sort.TEXT, longest=500),
        Item("note2", Sort.TEXT, longest=500),
        Item("note3", Sort.TEXT, longest=500),
        Item("parent", Sort.LINE, longest=40),
    )
}
# As a reader goes through them. What belongs to another item is asked for and shown with it.
IN_ORDER = (
    *("contract_name", "counterparty", "transaction_date", "amount", "starts_on", "ends_on", "renewal", "notice_by"),
    *("decision_number", "kind", "retention_years", "note1", "note2", "note3", "parent"),
)
# What stands in the contract itself may be shown unless an organization says otherwise; everything else is its own business.
USUALLY_SHOWN = ("contract_name", *FOUND_BY, "starts_on", "ends_on", "renewal")


def judged(given: Mapping[str, Value]) -> dict[str, Value]:
    """What was given, as it is kept: without empty items, stray spaces and characters that nobody sees.

    Refuses with ``information.unknown`` or ``information.unreadable`` (item), and with ``information.ends_before_start`` or
    ``information.notice_after_end`` for days that cannot be meant.
    """
    if given.keys() - ITEMS.keys():
        raise Refusal("information.unknown", item=", ".join(sorted(given.keys() - ITEMS.keys())))
    kept = {code: _judged(ITEMS[code], value) for code, value in given.items() if value != ""}
    found = {code: value for code, value in kept.items() if value != ""}
    _in_time(found)
    return found


def _in_time(found: Mapping[str, Value]) -> None:
    start, end, notice = (found.get(code) for code in ("starts_on", "ends_on", "notice_by"))
    if isinstance(start, date) and isinstance(end, date) and end < start:
        raise Refusal("information.ends_before_start")
    if isinstance(notice, date) and isinstance(end, date) and notice > end:
        raise Refusal("information.notice_after_end")


def _judged(item: Item, value: Value) -> Value:
    if isinstance(value, date) != (item.sort == Sort.DAY):
        raise Refusal("information.unreadable", item=item.code)
    if isinstance(value, date):
        return value
    words = _legible(value, lines=item.sort == Sort.TEXT)
    if not _fits(item, words):
        raise Refusal("information.unreadable", item=item.code)
    return words


def _fits(item: Item, words: str) -> bool:
    match item.sort:
        case Sort.CHOICE:
            return words in item.choices
        case Sort.NUMBER:
            return _counts(words, item.longest)
        case Sort.RENEWAL:
            return words == NEVER_RENEWED or _counts(words, item.longest)
        case _:
            return len(words) <= item.longest


def _counts(words: str, largest: int) -> bool:
    return words.isascii() and words.isdecimal() and len(words) < 5 and 1 <= int(words) <= largest


def _legible(value: str, *, lines: bool) -> str:
    """Without characters that steer the text or cannot be seen; on one line unless ``lines``."""
    kept = "\n".join(value.splitlines()) if lines else " ".join(value.split())
    return "".join(char for char in kept if char == "\n" or unicodedata.category(char) not in ("Cc", "Cf", "Zl", "Zp")).strip()
