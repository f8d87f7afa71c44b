"""Letters: the words of a mail. One file for each kind and language, to be read whole: subject, blank line, body."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.template import Engine
from django.template.loader import render_to_string
from django.utils import translation

FOLDER = Path(__file__).parent / "templates" / "mail"
# Plain text is not HTML: an engine of its own, so that no letter can forget to switch escaping off.
ENGINE = Engine(dirs=[str(FOLDER)], autoescape=False, builtins=["tachiai.outbox.templatetags.mail_words"])
# What people wrote in paragraphs, and a signed note. Every other fact stands on one line.
PROSE = ("comment", "reason", "checkpoint")
DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Letter:
    """What is read: a subject of one line, the text, and the same words as HTML."""

    subject: str
    text: str
    html: str


def write_letter(kind: str, facts: Mapping[str, object], *, language: str) -> Letter:
    """The letter of ``kind`` in ``language``. Raises ``TemplateDoesNotExist`` for a kind without words: nothing is sent then."""
    shown = {name: _legible(value, prose=name in PROSE) for name, value in facts.items()}
    with translation.override(language):
        subject, _, body = ENGINE.render_to_string(f"{language}/{kind}.txt", shown).partition("\n")
        subject, text = one_line(subject), re.sub(r"\n{3,}", "\n\n", body).strip("\n") + "\n"
        html = render_to_string("mail/frame.html", {**shown, "language": language, "subject": subject, "text": text})
    return Letter(subject, text, html)


def one_line(value: str, *, longest: int = 200) -> str:
    """Text that is safe in a header: no line ends, control or direction-changing characters, and not endless."""
    kept = (" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in value)
    plain = "".join(char for char in kept if unicodedata.category(char) != "Cf")
    return " ".join(plain.split())[:longest]


def _legible(value: object, *, prose: bool = False) -> object:
    """A fact as it may stand in a letter: no line end in a name, no control characters, nothing that turns the text round."""
    if isinstance(value, Mapping):
        return {name: _legible(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_legible(item) for item in value]
    if not isinstance(value, str):
        return value
    if prose:
        return "\n".join(_plain(line) for line in value.splitlines()).strip()
    return " ".join(_plain(value).split())


def _plain(line: str) -> str:
    kept = (" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in line if char not in DIRECTIONS)
    return "".join(kept)
