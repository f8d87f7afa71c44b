"""Which of the two languages a page is in."""

from __future__ import annotations

from django.utils.translation import get_language


def spoken() -> str:
    return "en" if (get_language() or "").startswith("en") else "ja"
