"""Japanese first, English complete: every word on a page or in a mail has its English."""

from __future__ import annotations

import io
import re
from pathlib import Path

from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

import tachiai

SOURCE = Path(tachiai.__file__).parent
JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def used() -> set[tuple[str | None, str]]:
    """(context, message) of every marked string in Python and templates."""
    found: set[tuple[str | None, str]] = set()
    for path in SOURCE.rglob("*"):
        if path.suffix == ".py":
            text = path.read_text()
        elif path.suffix in (".html", ".txt") and "templates" in path.parts:
            text = templatize(path.read_text(), origin=str(path))
        else:
            continue
        for _line, message, _comments, context in extract("python", io.BytesIO(text.encode()), keywords=KEYWORDS):
            for one in message if isinstance(message, tuple) else (message,):
                if one and JAPANESE.search(one):
                    found.add((context, one))
    return found


def translated() -> dict[tuple[str | None, str], str]:
    found: dict[tuple[str | None, str], str] = {}
    for path in (SOURCE / "locale").glob("*/en/LC_MESSAGES/*.po"):
        with path.open("rb") as given:
            for message in read_po(given):
                for one in message.id if isinstance(message.id, tuple) else (message.id,):
                    words = message.string if isinstance(message.string, str) else next(iter(message.string or ("",)))
                    if one and words and not message.fuzzy:
                        found[(message.context, one)] = words
    return found


def test_everything_marked_is_translated() -> None:
    marked, english = used(), translated()
    assert len(marked) > 100
    assert {message for message in marked if message not in english} == set()


def test_english_holds_no_japanese() -> None:
    left = {words for words in translated().values() if JAPANESE.search(words)}
    assert {words for words in left if not re.search(r"日本語|[（(].*[）)]", words)} == set()
