"""Amounts of yen as people type them. An empty box is 'not stated' and never becomes 0."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LARGEST = 10**15
MINUS = str.maketrans({"−": "-", "－": "-", "ー": "-", "‐": "-", "–": "-", "△": "-", "▲": "-"})  # what Japanese keyboards give


def read_amount(text: str) -> int:
    """「1,100,000」「１１０万」 is refused, 「¥1,100,000」「1100000円」「△5,000」 are read. Raises ``ValueError``."""
    plain = unicodedata.normalize("NFKC", text.translate(MINUS))
    plain = re.sub(r"[\s,、¥\\]", "", plain).removesuffix("円").removesuffix("-") if text.strip() else ""
    if not re.fullmatch(r"-?\d{1,16}", plain) or abs(int(plain)) > LARGEST:
        raise ValueError(text)
    return int(plain)


class AmountField(forms.CharField):
    """An amount of yen, or None for an empty box."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_amount(text)
        except ValueError:
            raise ValidationError(_("金額は数字で入力してください（例：1,100,000）。"), code="invalid") from None
