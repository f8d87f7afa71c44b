"""What the desk's own templates need beside ``look``."""

from __future__ import annotations

from django import template
from django.forms.boundfield import BoundField

from tachiai.web.desk.dates import parts_of

register = template.Library()


@register.filter
def date_parts(field: BoundField) -> list[dict[str, object]]:
    """The boxes of a date: see ``parts_of``."""
    return parts_of(field)
