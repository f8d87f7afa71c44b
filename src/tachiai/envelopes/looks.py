"""How what a signer enters is seen on the page: one appearance for each value, drawn when it is entered and not when it is sealed."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tachiai.accounts.languages import Language
from tachiai.crypto.appearances import Appearance
from tachiai.envelopes.days import read_day
from tachiai.envelopes.field_models import Field, FieldKind
from tachiai.envelopes.laying_in import EMPTY, TICKED, size_of_box
from tachiai.errors import Refusal
from tachiai.pages.appearances import (
    Stroke,
    centred,
    check_appearance,
    drawn_signature_appearance,
    hanko_appearance,
    seal_image_appearance,
    text_appearance,
    typed_signature_appearance,
)

LONGEST_TEXT = 1000
LONGEST_NAME = 60
_POINT = re.compile(r"(\d{1,4}),(\d{1,4})")
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]


class Manner(StrEnum):
    """How a signature's look came about. ``TYPED`` is always enough."""

    TYPED = "typed"
    DRAWN = "drawn"
    IMAGE = "image"


@dataclass(frozen=True)
class Entered:
    """What was entered into one field. ``text``: words, a name, a drawing's strokes (``x,y x,y;…``) or ``Yes``; ``image``: a picture."""

    text: str = ""
    manner: Manner = Manner.TYPED
    image: bytes = b""


@dataclass(frozen=True)
class Seen:
    """A value as it is kept: its text, and its appearance; None where nothing is to be seen."""

    text: str
    appearance: Appearance | None


NOTHING = Seen("", None)


def seen_of(field: Field, entered: Entered, *, language: str) -> Seen:
    """What is kept of an entry. Refuses as ``pages.appearances`` does, with ``field.no_day``, ``field.too_long`` and ``image.…``."""
    if field.is_look:
        return _look(field, entered)
    text = entered.text.strip()
    if field.kind == FieldKind.CHECK:
        return Seen(TICKED, check_appearance(*size_of_box(field))) if text == TICKED else Seen(EMPTY, None)
    if not text:
        return NOTHING
    if len(text) > LONGEST_TEXT:
        raise Refusal("field.too_long", limit=LONGEST_TEXT)
    if field.kind == FieldKind.DATE:
        text = day_in_words(_day(text), language=language)
    # Lines end as they do in the file, so that what is kept is what is drawn and what is signed.
    text = unicodedata.normalize("NFC", "\n".join(text.splitlines()))
    width, height = size_of_box(field)
    return Seen(text, text_appearance(text, width=width, height=height))


def _look(field: Field, entered: Entered) -> Seen:
    width, height = size_of_box(field)
    if entered.manner == Manner.TYPED:
        return _typed(field, " ".join(entered.text.split()))
    if entered.manner == Manner.DRAWN:
        drawn = drawn_signature_appearance(strokes_of(entered.text), width=width, height=height)
    else:
        drawn = seal_image_appearance(entered.image, width=width, height=height)
    return Seen(f"{entered.manner}:{hashlib.sha256(drawn.encode()).hexdigest()}", drawn)


def _typed(field: Field, name: str) -> Seen:
    """A name as a signature, or its few characters in the ring of a seal."""
    if not name:
        return NOTHING
    if len(name) > LONGEST_NAME:
        raise Refusal("field.too_long", limit=LONGEST_NAME)
    width, height = size_of_box(field)
    if field.kind == FieldKind.SEAL:
        drawn = centred(hanko_appearance(name, size=min(width, height)), width=width, height=height)
    else:
        drawn = typed_signature_appearance(name, width=width, height=height)
    return Seen(f"{Manner.TYPED}:{name}", drawn)


def said_of(text: str) -> tuple[Manner, str]:
    """The manner in which a kept look came about, and the name where it was typed."""
    manner, _, rest = text.partition(":")
    return Manner(manner), rest if manner == Manner.TYPED else ""


def strokes_of(text: str) -> tuple[Stroke, ...]:
    """``x,y x,y;x,y …`` as strokes. Refuses anything else with ``signature.not_drawn``."""
    strokes = []
    for line in text.strip().split(";") if text.strip() else []:
        points = [_POINT.fullmatch(point) for point in line.split()]
        if None in points:
            raise Refusal("signature.not_drawn")
        strokes.append(tuple((int(point[1]), int(point[2])) for point in points if point))
    return tuple(strokes)


def _day(text: str) -> date:
    try:
        return read_day(text)
    except ValueError:
        found = re.fullmatch(r"(\d{1,2}) ([A-Za-z]+) (\d{4})", " ".join(text.split()))
        names = [name for name in MONTHS if found and len(found[2]) >= 3 and name.casefold().startswith(found[2].casefold())]
        try:
            if found and names:
                return date(int(found[3]), MONTHS.index(names[0]) + 1, int(found[1]))
        except ValueError:
            pass
        raise Refusal("field.no_day") from None


def day_in_words(day: date, *, language: str) -> str:
    """A day as it stands in a contract of this language."""
    if language == Language.EN:
        return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


def short_name(name: str) -> str:
    """What is proposed for a seal's ring: the family name, as far as it fits."""
    family = name.split(maxsplit=1)[0] if name.split() else ""
    return family[:4]
