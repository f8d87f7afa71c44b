"""Reading from a page, and from the tree above it, what of it is seen: boxes, turn and unit, as a real parser gives them."""

from __future__ import annotations

import math
from decimal import Decimal

from pikepdf import Array, Dictionary, Name, Object

from tachiai.crypto.views import Box, View, view

_HIGHEST = 64
_FARTHEST = 1e7


def view_of(page: Object) -> View:
    """What is seen of ``page``. /MediaBox, /CropBox and /Rotate may be inherited (ISO 32000-2, table 31), /UserUnit may not."""
    return view(
        media=_box(inherited(page, Name.MediaBox)),
        crop=_box(inherited(page, Name.CropBox)),
        turned=int(_number(inherited(page, Name.Rotate)) or 0.0),
        unit=_number(page.get(Name.UserUnit)) or 1.0,
    )


def inherited(node: Object, name: Name) -> object:
    """What ``node`` says under ``name``, or the nearest node above it that says something."""
    # The bound is for a /Parent that leads round.
    here: object = node
    for _ in range(_HIGHEST):
        if not isinstance(here, Dictionary):
            return None
        if name in here:
            return here[name]
        here = here.get(Name.Parent)
    return None


def _box(value: object) -> Box | None:
    if not isinstance(value, Array) or len(value) != 4:
        return None
    numbers = [_number(item) for item in value]
    if any(number is None for number in numbers):
        return None
    x0, y0, x1, y1 = (number or 0.0 for number in numbers)
    box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    return box if box[2] > box[0] and box[3] > box[1] else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    number = float(value)
    return number if math.isfinite(number) and abs(number) < _FARTHEST else None
