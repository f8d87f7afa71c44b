"""What templates say in the reader's language: icons, chips, form controls, and Japanese or English dates, amounts and sizes.

The active language decides (``django.utils.translation``): English for ``en``, Japanese for everything else.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from tachiai.clock import JAPAN
from tachiai.web.chips import CHIPS, Chip
from tachiai.web.icons import ICONS

register = template.Library()

# English month names are written out here because strftime("%b") follows the process's locale, not the reader's language.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WIDTHS = {"code", "short", "medium", "long"}


def _english() -> bool:
    return (get_language() or "ja").startswith("en")


def _unstated() -> str:
    return "Not stated" if _english() else "記載なし"


# --- dates, amounts, sizes -----------------------------------------------------------------------------------------


@register.filter
def day(value: date | datetime | None) -> str:
    """A calendar day in Japan: 「2026年11月23日」, ``23 Nov 2026``; nothing given says so in words."""
    if value is None or value == "":
        return _unstated()
    if isinstance(value, datetime):
        value = value.astimezone(JAPAN).date()
    if _english():
        return f"{value.day} {MONTHS[value.month - 1]} {value.year}"
    return f"{value.year}年{value.month}月{value.day}日"


def _moment(value: datetime | None, pattern: str) -> str:
    if value is None or value == "":
        return _unstated()
    local = value.astimezone(JAPAN)
    clock = local.strftime(pattern)
    return f"{day(local)}, {clock} JST" if _english() else f"{day(local)} {clock}"


@register.filter
def jst(value: datetime | None) -> str:
    """An aware instant, to the minute, in Japan's time: 「2026年11月23日 17:05」, ``23 Nov 2026, 17:05 JST``."""
    return _moment(value, "%H:%M")


@register.filter
def jst_seconds(value: datetime | None) -> str:
    """An aware instant, to the second, in Japan's time, for timelines and certificates."""
    return _moment(value, "%H:%M:%S")


@register.filter
def iso(value: date | datetime | None) -> str:
    """The same instant for a machine: the value of ``<time datetime>``."""
    return value.isoformat() if value else ""


@register.filter
def yen(value: int | Decimal | None) -> str:
    """An amount in yen: 「1,100,000円」, ``JPY 1,100,000``; an amount that was never stated is not zero and says so."""
    if value is None or value == "":
        return _unstated()
    return f"JPY {value:,}" if _english() else f"{value:,}円"


@register.filter
def size(value: int | None) -> str:
    """A file's size from its bytes, in powers of 1000 as telephones count: ``980 B``, ``12 KB``, ``1.2 MB``."""
    if value is None:
        return _unstated()
    if value < 1000:
        return f"{value} B"
    if value < 999_500:
        return f"{max(1, round(value / 1000))} KB"
    if value < 999_950_000:
        return f"{value / 1_000_000:.1f} MB"
    return f"{value / 1_000_000_000:.1f} GB"


# --- drawings ------------------------------------------------------------------------------------------------------


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, extra: str = "") -> SafeString:
    """A drawing hidden from screen readers: words always stand beside it. An unknown name raises KeyError."""
    classes = f"icon {extra}".strip()
    drawing = mark_safe(ICONS[name])  # noqa: S308  the drawings are constants of this project
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">{}</svg>', classes, drawing
    )


@register.inclusion_tag("parts/chip.html")
def chip(kind: str, state: str, note: str = "") -> dict[str, object]:
    """The chip of a state. A state that nobody described is shown by its code in grey rather than hidden."""
    shown = CHIPS[kind].get(str(state)) or Chip(str(state), "gray", "dot")
    return {"word": shown.word, "colour": shown.colour, "icon_name": shown.icon, "note": note}


# --- forms ---------------------------------------------------------------------------------------------------------


@register.filter
def anchor(field: BoundField) -> str:
    """The id that a link from the error summary must lead to: a group's first choice, otherwise the control itself."""
    if isinstance(field.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return f"{field.auto_id}_0"
    return field.id_for_label or field.auto_id


@register.filter
def shape(field: BoundField) -> str:
    """Which form of parts/field.html a bound field takes: ``check``, ``group``, ``select``, ``file``, ``hidden`` or ``line``."""
    widget = field.field.widget
    if field.is_hidden:
        return "hidden"
    # A group of choices is itself a kind of select in Django, so it is asked for first.
    kinds: tuple[tuple[type[forms.Widget], str], ...] = (
        (forms.RadioSelect, "group"),
        (forms.CheckboxSelectMultiple, "group"),
        (forms.CheckboxInput, "check"),
        (forms.Select, "select"),
        (forms.FileInput, "file"),
    )
    return next((name for kind, name in kinds if isinstance(widget, kind)), "line")


def _described_by(field: BoundField, support: object) -> str:
    """The error is read before the support text, because it is what the reader has to act on."""
    ids = [f"{field.auto_id}_error"] if field.errors else []
    if support != "none" and (support or field.help_text):
        ids.append(f"{field.auto_id}_helptext")
    return " ".join(ids)


@register.simple_tag
def control(field: BoundField, width: str = "", support: object = "") -> SafeString:
    """The control of a bound field with our classes, its error named first in ``aria-describedby``."""
    widget = field.field.widget
    base = "textarea" if isinstance(widget, forms.Textarea) else "select" if isinstance(widget, forms.Select) else "input"
    plain = isinstance(widget, forms.CheckboxInput | forms.FileInput)
    names = [] if plain else [base]
    if width in WIDTHS:
        names.append(f"width-{width}")
    attrs: dict[str, Any] = {"class": " ".join([*names, widget.attrs.get("class", "")]).strip()}
    if not attrs["class"]:
        del attrs["class"]
    if widget.attrs.get("placeholder"):
        attrs["placeholder"] = False  # a placeholder never stands in for a label, and libraries bring theirs
    if described := _described_by(field, support):
        attrs["aria-describedby"] = described
    return field.as_widget(attrs=attrs)
