"""Typst as the house's printer: packaged fonts only, data as JSON, PDF/A, the same bytes for the same input.

Words of strangers reach the paper only through `sys.inputs` as JSON, never as markup, so nothing in a name is ever an instruction.
"""

from __future__ import annotations

import json
import threading
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import typst

FONT_PACKAGES = ("noto_cjk_sans_jp_regular", "noto_cjk_sans_jp_bold")
FONT_FAMILY = "Noto Sans CJK JP"
# Level A asks for tagged structure besides what level B asks, so that a screen reader finds headings and table cells in order.
PDF_STANDARD: Final = "a-2a"

_LAYOUTS = Path(__file__).parent / "layouts"
_one_at_a_time = threading.Lock()


def typeset(layout: str, *, data: object, at: datetime) -> bytes:
    """The PDF/A-2a of ``layouts/<layout>.typ`` filled with ``data``. ``at`` (aware) becomes the date of creation in the file.

    Raises `typst.TypstError` when a character has no glyph: pass strangers' words through `printable` first.
    """
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    # One compiler at a time keeps the memory of a busy worker bounded; a page takes milliseconds.
    with _one_at_a_time:
        return typst.compile(
            (_LAYOUTS / f"{layout}.typ").read_bytes(),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs=inputs,
            pdf_standards=[PDF_STANDARD],
            timestamp=int(at.timestamp()),
        )


def drawn(layout: str, *, data: object) -> bytes:
    """``layouts/<layout>.typ`` filled with ``data``, without date or tags: one page to be taken apart into a drawing, the same bytes for
    the same input. The rules of PDF/A-2b hold, so `typst.TypstError` is raised rather than a box drawn for a character without a glyph."""
    with _one_at_a_time:
        return typst.compile(
            (_LAYOUTS / f"{layout}.typ").read_bytes(),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            pdf_standards=["a-2b"],
            pdf_tags=False,
            timestamp=0,
        )


def printable(value: Any) -> Any:
    """``value`` (strings in lists and dictionaries) with every character that no font can show, or that steers the direction or
    joins of its neighbours unseen, replaced by its code in corner brackets, ``〔U+1F600〕``: visible, and never lost."""
    if isinstance(value, str):
        return "".join(character if _is_shown(character) else f"〔U+{ord(character):04X}〕" for character in value)
    if isinstance(value, dict):
        return {key: printable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable(item) for item in value]
    return value


@lru_cache(maxsize=65_536)
def _is_shown(character: str) -> bool:
    code = ord(character)
    if character.isascii() or 0x3000 <= code <= 0x30FF or 0x4E00 <= code <= 0x9FA5:
        return character.isprintable() or character in "\n\u3000"
    if 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
        return True  # a variation selector chooses the shape of the ideograph before it, as names in family registers need
    if not character.isprintable() or 0xD800 <= code <= 0xDFFF:
        return False
    # Typst itself is asked, on a paper of one letter: only it knows its fonts, and the fallbacks it brings along.
    try:
        with _one_at_a_time:
            typst.compile(_PROBE, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs={"c": character}, pdf_standards=["a-2b"])
    except typst.TypstError:
        return False
    return True


_PROBE = f'#set text(font: "{FONT_FAMILY}")\n#sys.inputs.c'.encode()


@lru_cache(maxsize=1)
def _fonts() -> Any:
    folders = [str(Path(str(import_module(package).__file__)).parent) for package in FONT_PACKAGES]
    return typst.Fonts(include_system_fonts=False, font_paths=folders)
