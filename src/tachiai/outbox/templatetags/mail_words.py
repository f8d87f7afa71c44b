"""What letters say in the reader's language: dates and deadlines of Japan, and text set apart or laid out as HTML.

A mail's facts wait as JSON, so dates come as ISO 8601 text. The active language decides, as everywhere.
"""

from __future__ import annotations

from datetime import date, datetime

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from tachiai.clock import JAPAN

register = template.Library()

# Written out because strftime("%b") follows the process's locale, not the reader's language.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
BRIEF = 60


def _english() -> bool:
    return (get_language() or "ja").startswith("en")


def _day(value: date) -> str:
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}" if _english() else f"{value.year}年{value.month}月{value.day}日"


@register.filter
def deadline_words(value: str) -> str:
    """The last minute of a day in Japan: 「2026年12月23日 23:59まで（日本時間）」, ``23 Dec 2026, 23:59 JST (Japan time)``."""
    day = _day(date.fromisoformat(value))
    return f"{day}, 23:59 JST (Japan time)" if _english() else f"{day} 23:59まで（日本時間）"


@register.filter
def month_day(value: str) -> str:
    """A day short enough for a subject: 「12月23日」, ``23 Dec 2026`` (an English reader is not told the order of the year)."""
    day = date.fromisoformat(value)
    return _day(day) if _english() else f"{day.month}月{day.day}日"


@register.filter
def moment_words(value: str) -> str:
    """An instant to the minute in Japan's time: 「2026年12月23日 17:05（日本時間）」, ``23 Dec 2026, 17:05 JST (Japan time)``."""
    local = datetime.fromisoformat(value).astimezone(JAPAN)
    day, clock = _day(local.date()), local.strftime("%H:%M")
    return f"{day}, {clock} JST (Japan time)" if _english() else f"{day} {clock}（日本時間）"


@register.filter
def until_words(value: str) -> str:
    """The instant at which something ends, as a sentence names it: 「2026年12月23日 17:05まで（日本時間）」."""
    words = moment_words(value)
    return words if _english() else words.replace("（", "まで（")


@register.filter
def days_after(until: str, since: str) -> int:
    """How many whole days lie between two instants: how long a link lives, from the mail's own rows and not from memory."""
    return (datetime.fromisoformat(until) - datetime.fromisoformat(since)).days


@register.filter
def brief(value: str) -> str:
    """A name short enough to leave room for the rest of a subject; the body has it whole."""
    return value if len(value) <= BRIEF else f"{value[: BRIEF - 1]}…"


@register.filter
def quoted(value: str) -> str:
    """Somebody's own words, every line marked: nobody can write a passage that looks like ours."""
    return "\n".join(f"> {line}".rstrip() for line in value.strip().splitlines())


@register.filter
def letter(text: str, link: str) -> SafeString:
    """The plain text as HTML, escaped. Only our own link becomes one, wherever a line is exactly that link."""
    return mark_safe("\n".join(_paragraph(part, link) for part in text.strip().split("\n\n")))  # noqa: S308  every part is escaped below


def _paragraph(part: str, link: str) -> SafeString:
    lines = part.strip("\n").split("\n")
    if set(lines[0]) == {"-"}:
        return format_html('<hr>\n<p class="small">{}</p>', _lines(lines[1:], link))
    if all(line.startswith(">") for line in lines):
        return format_html("<blockquote>{}</blockquote>", _lines([line[1:].strip() for line in lines], link=""))
    return format_html("<p>{}</p>", _lines(lines, link))


def _lines(lines: list[str], link: str) -> SafeString:
    shown = [format_html('<a href="{}">{}</a>', line, line) if link and line == link else conditional_escape(line) for line in lines]
    return mark_safe("<br>\n".join(shown))  # noqa: S308  every line is escaped above
