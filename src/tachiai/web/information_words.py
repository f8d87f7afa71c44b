"""文書情報 in words: what its items are called and how their values are read, at the desk and by whoever is asked from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai.archive.items import ITEMS, NEVER_RENEWED, Sort, Value
from tachiai.envelopes.describing import Told
from tachiai.web.templatetags.look import day, yen

LABELS = {
    "contract_name": gettext_lazy("契約名"),
    "counterparty": gettext_lazy("取引先"),
    "transaction_date": gettext_lazy("取引年月日"),
    "amount": gettext_lazy("取引金額"),
    "amount_tax": gettext_lazy("税込・税抜"),
    "starts_on": gettext_lazy("契約開始日"),
    "ends_on": gettext_lazy("契約終了日"),
    "renewal": gettext_lazy("自動更新"),
    "notice_by": gettext_lazy("解約通知期限"),
    "decision_number": gettext_lazy("決裁番号"),
    "kind": gettext_lazy("文書の種類"),
    "retention_years": gettext_lazy("保存年限"),
    "note1": gettext_lazy("備考1"),
    "note2": gettext_lazy("備考2"),
    "note3": gettext_lazy("備考3"),
    "parent": gettext_lazy("親契約の管理番号"),
}
KIND_WORDS = {
    "service": gettext_lazy("業務委託"),
    "construction": gettext_lazy("工事請負"),
    "purchase": gettext_lazy("物品売買"),
    "lease": gettext_lazy("賃貸借"),
    "confidentiality": gettext_lazy("秘密保持"),
    "employment": gettext_lazy("雇用"),
    "memorandum": gettext_lazy("覚書"),
    "order": gettext_lazy("発注書"),
    "other": gettext_lazy("その他"),
}


def kind_choices(kinds: Iterable[str], *, kept: str = "") -> list[tuple[str, str]]:
    """文書の種類 as choices; ``kept`` is one that stands already, though it may be on the list no more."""
    codes = dict.fromkeys([*kinds, *([kept] if kept else [])])
    return [(code, str(KIND_WORDS.get(code, code))) for code in codes]


def kinds_written(lines: Iterable[str]) -> list[str]:
    """What an administrator wrote, line by line: what we have a word for is kept as that, and so is read in both languages."""
    known: dict[str, str] = {}
    for language in ("ja", "en"):
        with translation.override(language):
            known |= {str(words): code for code, words in KIND_WORDS.items()}
    return [known.get(line.strip(), line.strip()) for line in lines]


def sheet_heads() -> list[str]:
    """The columns of every further item in a CSV sheet."""
    return [str(LABELS[code]) for code in ITEMS]


def sheet_cells(items: Mapping[str, Value]) -> list[str]:
    """Their values, as another program can read and sort them: days as ISO 8601, numbers bare, choices in words."""
    return [_cell(code, items.get(code, "")) for code in ITEMS]


def _cell(code: str, value: Value) -> str:
    if isinstance(value, date):
        return value.isoformat()
    bare = value == "" or code in ("retention_years",) or (code == "renewal" and value != NEVER_RENEWED)
    return value if bare else value_words(code, value)


def item_names(codes: Iterable[str]) -> str:
    """Several items by name, in one line."""
    return _("、").join(str(LABELS.get(code, code)) for code in codes)


def value_words(code: str, value: Any, *, untaxed: bool = False) -> str:
    """One value as it is read; what was not stated says so."""
    if code == "amount":
        return amount_words(value, untaxed=untaxed)
    if isinstance(value, date) or value in (None, ""):
        return day(value)
    match code:
        case "kind":
            return str(KIND_WORDS.get(value, value))
        case "renewal":
            return _("なし") if value == NEVER_RENEWED else _("あり（{months}か月ごと）").format(months=value)
        case "retention_years":
            return _("{years}年").format(years=value)
        case "amount_tax":
            return _("税抜")
        case _:
            return str(value)


def recorded_words(code: str, value: Any) -> str:
    """A value as the ledger keeps it: days as ISO 8601 writes them."""
    is_day = code == "transaction_date" or (code in ITEMS and ITEMS[code].sort == Sort.DAY)
    return value_words(code, date.fromisoformat(value) if is_day and value else value)


def amount_words(amount: int | None, *, untaxed: bool) -> str:
    words = yen(amount)
    return _("{amount}（税抜）").format(amount=words) if untaxed and amount is not None else words


def rows_of(told: Iterable[Told]) -> list[dict[str, Any]]:
    """Lines of ``parts/information.html``: what it is, what it says, and whether the other side sees it."""
    return [
        {"code": one.code, "term": LABELS[one.code], "value": value_words(one.code, one.value, untaxed=one.untaxed), "shown": one.shown}
        for one in told
    ]
