"""The pictures of the home page: where each bar lies, and the same numbers as a table. Drawn by ``templates/desk/parts/chart_*.html``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tachiai.envelopes.picturing import SPAN_DAYS, Funnel, Spans, Week

# In the picture's own units; it is drawn as wide as its place, so that its text is about as large as the page's on a phone.
WIDTH, LABEL, BAR_END, ROW, FLOOR = 360, 104, 316, 28, 150


@dataclass(frozen=True)
class Bar:
    """One bar that lies: its word at the left, its number behind its end."""

    word: str
    number: int
    y: int
    width: float
    text_y: int
    number_x: float


@dataclass(frozen=True)
class Lying:
    """Bars that lie, one below another."""

    key: str
    title: str
    summary: str
    heads: tuple[str, str]
    bars: list[Bar]
    height: int
    url: str
    link: str


@dataclass(frozen=True)
class Pair:
    """Two bars that stand side by side: a week's."""

    word: str
    first: int
    second: int
    x: float
    first_y: float
    first_height: float
    second_x: float
    second_y: float
    second_height: float
    labelled: bool


@dataclass(frozen=True)
class Standing:
    key: str
    title: str
    summary: str
    heads: tuple[str, str, str]
    pairs: list[Pair]
    thick: float
    grid: list[tuple[float, int]]
    url: str
    link: str


def funnel_chart(found: Funnel, *, url: str) -> Lying:
    steps = [
        (pgettext("funnel", "依頼"), found.asked),
        (pgettext("funnel", "開封・認証"), found.opened),
        (pgettext("funnel", "同意"), found.consented),
        (pgettext("funnel", "署名"), found.signed),
        (pgettext("funnel", "締結"), found.concluded),
    ]
    summary = _("今月依頼した相手方{asked}名のうち、署名済み{signed}名、締結まで{concluded}名。").format(
        asked=found.asked, signed=found.signed, concluded=found.concluded
    )
    heads = (pgettext("funnel", "段階"), _("人数"))
    return _lying("funnel", _("今月の依頼の進み具合"), summary, heads, steps, url=url, link=_("署名待ちの封筒を見る"))


def spans_chart(found: Spans, *, url: str) -> Lying:
    words = [_("1時間以内"), _("6時間以内"), _("24時間以内"), _("2日以内"), _("7日以内"), _("14日以内"), _("30日以内"), _("30日を超える")]
    if found.median is None:
        summary = _("この{days}日間に同意した相手方はいません。").format(days=SPAN_DAYS)
    else:
        summary = _("この{days}日間の中央値は{span}です。").format(days=SPAN_DAYS, span=span_words(found.median))
    heads = (_("依頼から同意まで"), _("人数"))
    rows = list(zip(words, found.counts, strict=True))
    return _lying("spans", _("署名までの時間"), summary, heads, rows, url=url, link=_("締結済みの封筒を見る"))


def weeks_chart(found: list[Week], *, url: str) -> Standing:
    most = max([1, *(week.sent for week in found), *(week.concluded for week in found)])
    top = _round_up(most)
    summary = _("この12週間に送信{sent}件、締結{concluded}件。").format(
        sent=sum(week.sent for week in found), concluded=sum(week.concluded for week in found)
    )
    left, step = 36, (WIDTH - 36) / len(found)
    pairs = [_pair(week, left + place * step, step, top, labelled=place % 2 == 1) for place, week in enumerate(found)]
    grid = [(round(FLOOR - (FLOOR - 16) * part / 2, 1), top * part // 2) for part in ((0, 1, 2) if top > 1 else (0, 2))]
    heads = (_("週（月曜から）"), pgettext("weeks", "送信"), pgettext("funnel", "締結"))
    return Standing("weeks", _("送信と締結の推移（12週間）"), summary, heads, pairs, round(step * 0.36, 1), grid, url, _("封筒一覧を見る"))


def span_words(span: timedelta) -> str:
    """A length of time as people say it: minutes up to an hour, hours up to two days, then days."""
    minutes = round(span.total_seconds() / 60)
    if minutes < 60:
        return pgettext("span", "{count}分").format(count=minutes)
    hours = round(minutes / 60)
    if hours < 48:
        return pgettext("span", "{count}時間").format(count=hours)
    days = round(hours / 24)
    return pgettext("span", "{count}日").format(count=days)


def _lying(key: str, title: str, summary: str, heads: tuple[str, str], rows: list[tuple[str, int]], *, url: str, link: str) -> Lying:
    most = max([1, *(number for _word, number in rows)])
    bars = []
    for place, (word, number) in enumerate(rows):
        width = round((BAR_END - LABEL) * number / most, 1)
        bars.append(Bar(word, number, place * ROW + 6, width, place * ROW + 18, LABEL + width + 6))
    return Lying(key, title, summary, heads, bars, len(rows) * ROW + 4, url, link)


def _pair(week: Week, x: float, step: float, top: int, *, labelled: bool) -> Pair:
    tall, wide = FLOOR - 16, step * 0.36
    first, second = round(tall * week.sent / top, 1), round(tall * week.concluded / top, 1)
    word = f"{week.begins.month}/{week.begins.day}"
    second_x = round(x + wide + step * 0.06, 1)
    return Pair(
        word, week.sent, week.concluded, round(x, 1), round(FLOOR - first, 1), first, second_x, round(FLOOR - second, 1), second, labelled
    )


def _round_up(most: int) -> int:
    """The next even number with one figure that counts, so that the middle line has a whole number too."""
    if most <= 2:
        return most
    power: int = 10 ** (len(str(most)) - 1)
    rounded = -(-most // power) * power
    return rounded if rounded % 2 == 0 else rounded + 1
