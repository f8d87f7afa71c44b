"""Dates as people type them: three boxes or one, the common era or a Japanese one, half or full width."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai.envelopes.days import plausible, read_day, read_year


class DateParts(forms.MultiWidget):
    """Year, month and day in a box each; ``templates/desk/parts/date.html`` draws it."""

    def __init__(self) -> None:
        super().__init__([forms.TextInput(), forms.TextInput(), forms.TextInput()])

    def decompress(self, value: Any) -> list[Any]:
        return [value.year, value.month, value.day] if isinstance(value, date) else ["", "", ""]

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_0"

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return all(f"{name}_{part}" not in data for part in range(3))


class DateField(forms.MultiValueField):
    """A calendar date from three boxes. Says what is missing rather than that something is invalid."""

    widget = DateParts

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(fields=[forms.CharField(required=False)] * 3, require_all_fields=False, **kwargs)

    def clean(self, value: Any) -> date | None:
        year, month, day = [str(part or "").strip() for part in (value or ["", "", ""])]
        if not (year or month or day):
            if self.required:
                raise ValidationError(_("年・月・日を入力してください。"), code="required")
            return None
        if not (year and month and day):
            raise ValidationError(_("年・月・日をすべて入力してください。"), code="incomplete")
        try:
            in_year, in_month = (int(unicodedata.normalize("NFKC", part).rstrip("月日")) for part in (month, day))
            return plausible(read_year(year), in_year, in_month)
        except ValueError:
            raise ValidationError(_("実在する日付を入力してください（例：2026年4月1日、令和8年4月1日）。"), code="invalid") from None


class DayField(forms.CharField):
    """A calendar date in one box, for searching."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_day(text)
        except ValueError:
            raise ValidationError(_("日付の形で入力してください（例：2026/4/1、令和8年4月1日）。"), code="invalid") from None


PART_WORDS = (gettext_lazy("年"), gettext_lazy("月"), gettext_lazy("日"))


def parts_of(field: forms.BoundField) -> list[dict[str, object]]:
    """What the template needs of each box: its id, name, value and word."""
    value = field.value()
    values = value if isinstance(value, list) else DateParts().decompress(value)
    return [
        {"id": f"{field.auto_id}_{part}", "name": f"{field.html_name}_{part}", "value": "" if given is None else given, "word": word}
        for part, (given, word) in enumerate(zip(values, PART_WORDS, strict=True))
    ]
