"""The names of what a certificate, a list and an algorithm say of themselves, short enough to be read."""

from __future__ import annotations

import re
from datetime import datetime

from django.utils.translation import gettext as _

from tachiai.archive.carrying import Report
from tachiai.archive.verification import Row
from tachiai.clock import JAPAN
from tachiai.web.templatetags.look import day


def common_name(subject: str) -> str:
    """The part of a certificate's name by which its owner is known; all of it where it has no such part."""
    found = re.search(r"(?:^|[,;+]\s*)CN=(.*?)(?:(?<!\\)[,;+]\s*[A-Za-z0-9.]+=|$)", subject)
    return re.sub(r"\\(.)", r"\1", found.group(1)).strip() if found else subject


def until_words(held: Row | Report, rows: tuple[Row, ...]) -> str:
    """Until when it can be verified and what ends first: 「2040年12月31日（RSA-2048の利用期限）」; empty when that was not judged."""
    if held.until is None:
        return ""
    if held.until_cause == "algorithm":
        return _algorithm(held.until, rows)
    causes = {
        "timestamp_certificate": _("タイムスタンプの証明書の有効期限"),
        "certificate": _("署名者の証明書の有効期限"),
    }
    return _ends(day(held.until), causes.get(held.until_cause, _("理由は確認していません")))


def _algorithm(until: datetime, rows: tuple[Row, ...]) -> str:
    """The algorithm whose day it is, and that day, which ends in Japan."""
    last = until.astimezone(JAPAN).date()
    for one in (one for row in rows for one in row.algorithms):
        if one.verify_until == last:
            return _ends(day(one.verify_until), _("{name}の利用期限").format(name=one.name))
    return _ends(day(until), _("暗号の利用期限"))


def _ends(when: str, cause: str) -> str:
    return _("{day}（{cause}）").format(day=when, cause=cause)
