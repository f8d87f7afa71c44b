"""Sentences that both kinds of link say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import get_language

from tachiai import clock
from tachiai.errors import Refusal
from tachiai.web.problems import sentence


def code_sentence(refusal: Refusal) -> str:
    """A refusal of a code, with the end of a lock as a time of day: it is never far away."""
    facts: dict[str, Any] = dict(refusal.facts)
    until = facts.get("until")
    if isinstance(until, datetime):
        hour = until.astimezone(clock.JAPAN).strftime("%H:%M")
        facts["until"] = f"{hour} JST" if (get_language() or "").startswith("en") else hour
    return sentence(refusal.code, facts)
