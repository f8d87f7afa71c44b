"""How a stranger's PDF spells its names and strings, inside a child: read so that nothing in them can make a reader fail."""

from __future__ import annotations

import re
import unicodedata

from pikepdf import Name, String

# Controls, halves of letters, what no standard gives a meaning, and ends of lines and paragraphs.
_BLANK = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}


def word(value: object) -> str:
    """``value`` as text. Names keep their slash; names in Shift_JIS, common in older Japanese fonts, are read as such."""
    if isinstance(value, Name):
        escaped = value.unparse()
        return _decoded(re.sub(rb"#([0-9A-Fa-f]{2})", lambda match: bytes([int(match.group(1), 16)]), escaped))
    if isinstance(value, String):
        raw = bytes(value)
        return _decoded(raw) if not raw.startswith((b"\xfe\xff", b"\xff\xfe")) else raw.decode("utf-16", "replace")
    return "" if value is None else str(value)


def _decoded(raw: bytes) -> str:
    for encoding in ("utf-8", "cp932"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def claimed(text: str, *, most: int) -> str:
    """``text`` as a stranger has written it, fit for a sentence of ours: no controls, nothing that turns its direction, shortened."""
    plain = "".join(" " if unicodedata.category(letter) in _BLANK else letter for letter in text if unicodedata.category(letter) != "Cf")
    return " ".join(plain.split())[:most]
