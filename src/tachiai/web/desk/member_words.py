"""The history of a member as P-16 shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from tachiai.administration.member_history import Step
from tachiai.web.desk.ledger_words import event_words
from tachiai.web.desk.me import role_words

LOOKS = {
    "member.created": ("plus", "blue"),
    "member.invited": ("mail", "blue"),
    "member.invited_again": ("mail", ""),
    "member.joined": ("check-circle", "green"),
    "member.rights_changed": ("pencil", "yellow"),
    "member.stopped": ("ban", "red"),
    "member.restarted": ("return", "green"),
}


def told_steps(steps: list[Step]) -> list[dict[str, Any]]:
    """What ``parts/timeline.html`` shows."""
    return [_told(step) for step in steps]


def _told(step: Step) -> dict[str, Any]:
    icon, colour = LOOKS.get(step.code, ("dot", ""))
    return {
        "at": step.at,
        "word": event_words(step.code),
        "who": step.actor,
        "detail": _("、").join(_changed(name, before, after) for name, (before, after) in step.changes.items()),
        "icon_name": icon,
        "colour": colour,
    }


def _changed(name: str, before: Any, after: Any) -> str:
    words: Mapping[str, str] = {
        "role": _("役割"),
        "may_sign": _("署名権限"),
        "may_approve": _("承認権限"),
        "reads_from": _("閲覧期間の開始日"),
        "reads_until": _("閲覧期間の終了日"),
        "groups": _("グループ"),
    }
    if name == "groups":
        return _("{what}を変更").format(what=words[name])
    return _("{what}：{before}→{after}").format(what=words[name], before=_value(name, before), after=_value(name, after))


def _value(name: str, value: Any) -> str:
    if name == "role":
        return role_words(str(value))
    if name in ("may_sign", "may_approve"):
        return _("あり") if value else _("なし")
    return str(value or _("指定なし"))
