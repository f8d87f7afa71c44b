"""Fonts that say another letter than they draw, inside a child: the machine reads one amount, the signer sees another.

A simple font (ISO 32000-2, 9.6) names the glyph behind each code by its encoding, and may say in /ToUnicode what letter that is. Where
both are plain letters or digits and not the same one, one of them lies. Fonts that name no glyphs have nothing to compare with.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator

from pikepdf import Array, Dictionary, Name, Stream

from tachiai.pages.spelling import word

LONGEST_TABLE = 1024 * 1024
SYMBOLIC = 4  # a flag of the descriptor: a TrueType font's encoding then is its own affair

_CODECS = {"/WinAnsiEncoding": "cp1252", "/MacRomanEncoding": "mac_roman", "/StandardEncoding": "ascii"}
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_NAMED = {f"/{name}": str(value) for value, name in enumerate(_DIGITS)}
_BY_NUMBER = re.compile(r"/uni([0-9A-F]{4})$")
_SECTION = re.compile(rb"beginbf(char|range)(.*?)endbf", re.DOTALL)
_PAIR = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_RUN = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")


def is_masked(font: Dictionary) -> bool:
    """Whether a simple font's table of letters contradicts the names of its glyphs."""
    table = font.get(Name.ToUnicode)
    encoding = font.get(Name.Encoding)
    if word(font.get(Name.Subtype)) not in {"/Type1", "/TrueType"} or not isinstance(table, Stream) or encoding is None:
        return False
    if word(font.get(Name.Subtype)) == "/TrueType" and _is_symbolic(font):
        return False
    drawn = _drawn(encoding)
    return any(_contradicts(drawn.get(code, ""), letter) for code, letter in _told(table))


def _is_symbolic(font: Dictionary) -> bool:
    descriptor = font.get(Name.FontDescriptor)
    flags = descriptor.get(Name.Flags) if isinstance(descriptor, Dictionary) else None
    return isinstance(flags, int) and bool(flags & SYMBOLIC)


def _contradicts(drawn: str, told: str) -> bool:
    one, other = (unicodedata.normalize("NFKC", letter) for letter in (drawn, told))
    return len(one) == len(other) == 1 and one.isalnum() and other.isalnum() and one != other


def _drawn(encoding: object) -> dict[int, str]:
    """What the glyph behind each code is named after, where that is a letter or a digit."""
    differing = encoding.get(Name.Differences) if isinstance(encoding, Dictionary) else None
    base = encoding.get(Name.BaseEncoding) if isinstance(encoding, Dictionary) else encoding
    codec = _CODECS.get(word(base))
    letters = {code: bytes([code]).decode(codec, "ignore") for code in range(256)} if codec else {}
    code = 0
    for item in differing if isinstance(differing, Array) else ():
        if isinstance(item, int):
            code = item
        else:
            letters[code] = _letter(word(item))
            code += 1
    return letters


def _letter(name: str) -> str:
    if len(name) == 2:
        return name[1]
    by_number = _BY_NUMBER.match(name)
    return chr(int(by_number.group(1), 16)) if by_number else _NAMED.get(name, "")


def _told(table: Stream) -> Iterator[tuple[int, str]]:
    """Each code of one byte and the one letter that the table gives it (9.10.3)."""
    for section in _SECTION.finditer(unpacked(table)):
        if section.group(1) == b"char":
            for code, letter in _PAIR.findall(section.group(2)):
                yield int(code, 16), _text(int(letter, 16)) if len(letter) <= 4 else ""
        else:
            for first, last, letter in _RUN.findall(section.group(2)):
                low, high = int(first, 16), min(255, int(last, 16))
                for code in range(low, high + 1) if len(letter) <= 4 else ():
                    yield code, _text(int(letter, 16) + code - low)


def _text(number: int) -> str:
    return chr(number) if number < 0x110000 and not 0xD800 <= number <= 0xDFFF else ""


def unpacked(table: Stream) -> bytes:
    """The first `LONGEST_TABLE` bytes of a stream; nothing where they cannot be had."""
    # Only so much is ever inflated, so a table cannot be a bomb here.
    raw = bytes(table.read_raw_bytes())
    if word(table.get(Name.Filter)) == "/FlateDecode":
        try:
            return zlib.decompressobj().decompress(raw, LONGEST_TABLE)
        except zlib.error:
            return b""
    return raw[:LONGEST_TABLE]
