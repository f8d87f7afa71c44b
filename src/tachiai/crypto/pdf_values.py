"""Reading PDF values (ISO 32000-2, 7.3) from bytes, strictly and into a canonical form, so that equal values compare equal.

A dictionary becomes a ``dict``, an array a ``list``, everything else ``bytes`` that say what it is by their beginning: ``/Name``,
``(`` and a string's content, ``7 0 R``, or the shortest spelling of a number or keyword. However a file spells a value, its form
here is one. What is not a single, whole, closed value is an :class:`OddValue`; comments are odd too, for nobody writes them there.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

# A value is as deep as its type says: dictionaries of dictionaries. A recursive type would be an ``Any`` at every place of use.
Value = Any
Entries = dict[bytes, Value]

LARGEST: Final = 4 * 1024 * 1024
_DEEPEST: Final = 32
_SHORT: Final = 1024
_BLANK = rb"[\0\t\n\f\r ]"
_REGULAR = rb"[^\0\t\n\f\r ()<>\[\]{}/%]"
_NESTED = rb"\((?:[^()\\]++|\\.|\((?:[^()\\]++|\\.|\((?:[^()\\]++|\\.)*+\))*+\))*+\)"
# Possessive throughout, and what nothing closes goes on to the end: whatever the bytes are, each is looked at a bounded number of
# times. The last alternative takes any one byte that begins nothing known, so that nothing is ever passed over; it is refused below.
_TOKENS = re.compile(
    _BLANK
    + rb"*+("
    + rb"|".join(
        (
            rb"/" + _REGULAR + rb"*+",
            rb"[0-9]++" + _BLANK + rb"++[0-9]++" + _BLANK + rb"++R(?!" + _REGULAR + rb")",
            _REGULAR + rb"++",
            rb"<<|>>|\[|\]",
            rb"<[^>]*+>?",
            _NESTED,
            rb"\(.*+",
            rb"[^\0\t\n\f\r ]",
        )
    )
    + rb")",
    re.DOTALL,
)
_ESCAPED_NAME = re.compile(rb"#([0-9A-Fa-f]{2})")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|.)|\r\n?", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}
_NUMBER = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_KEYWORDS = (b"true", b"false", b"null")
_WHOLE = re.compile(_NESTED, re.DOTALL)
_PLAIN = re.compile(rb"[^()\\\r]*+")
_SLASH, _LESS, _MORE, _OPEN, _CLOSE, _ROUND, _ENDED = b"/<>[]()"


class OddValue(ValueError):
    """The bytes are not one value as it is read here. The message says why; it never holds content."""


def read_value(held: bytes) -> Value:
    """The one value that ``held`` consists of. Raises :class:`OddValue`. What is given out belongs to everybody: never change it."""
    return _read_short(held) if len(held) <= _SHORT else _read_one(held)


def _read_one(held: bytes) -> Value:
    found = read_values(held)
    if len(found) != 1:
        raise OddValue(f"{len(found)} values instead of one")
    return found[0]


# The fields, locks and catalogues of one document are met again at each of its signatures, and much alike in others.
_read_short = lru_cache(maxsize=2048)(_read_one)


def read_dictionary(held: bytes) -> Entries:
    """The one dictionary that ``held`` consists of. Raises :class:`OddValue`."""
    found = read_value(held)
    if not isinstance(found, dict):
        raise OddValue("not a dictionary")
    return found


def read_values(held: bytes) -> list[Value]:
    """The values that stand in ``held`` one after the other. Raises :class:`OddValue`."""
    if len(held) > LARGEST:
        raise OddValue("a value of unusual size")
    here: list[Value] = []
    waiting: list[tuple[list[Value], int]] = []
    escaped = b"#" in held
    for token in _TOKENS.findall(held):
        first = token[0]
        if first == _SLASH:
            here.append(_name(token) if escaped and b"#" in token else token)
        elif first == _OPEN or token == b"<<":
            if len(waiting) == _DEEPEST:
                raise OddValue("nested too deeply")
            waiting.append((here, first))
            here = []
        elif first in (_CLOSE, _MORE):
            here = _closed(here, waiting, token)
        else:
            here.append(hexadecimal(token) if first == _LESS else _literal(token) if first == _ROUND else _word(token))
    if waiting:
        raise OddValue("a bracket that nothing closes")
    return here


def spelled(held: bytes) -> dict[bytes, bytes]:
    """The entries of the one dictionary ``held``, keys and values as they are spelled there, blanks apart. Raises :class:`OddValue`."""
    tokens = _TOKENS.findall(held)
    if tokens[:1] != [b"<<"] or tokens[-1:] != [b">>"]:
        raise OddValue("not a dictionary")
    found: dict[bytes, bytes] = {}
    at = 1
    while at < len(tokens) - 1:
        end, depth = at + 1, 0
        while end < len(tokens) - 1:
            depth += (tokens[end] in (b"<<", b"[")) - (tokens[end] in (b">>", b"]"))
            end += 1
            if depth == 0:
                break
        found[tokens[at]] = b" ".join(tokens[at + 1 : end])
        at = end
    return found


def _closed(here: list[Value], waiting: list[tuple[list[Value], int]], token: bytes) -> list[Value]:
    """End the innermost array or dictionary, and go on in what holds it."""
    if not waiting:
        raise OddValue("a bracket that nothing opens")
    outer, opened = waiting.pop()
    if token != (b"]" if opened == _OPEN else b">>"):
        raise OddValue("brackets that do not match")
    outer.append(here if opened == _OPEN else _paired(here))
    return outer


def _paired(held: list[Value]) -> Entries:
    keys = held[::2]
    for key in keys:
        if type(key) is not bytes or key[0] != _SLASH:
            raise OddValue("a dictionary whose key is no name")
    if len(held) % 2:
        raise OddValue("a dictionary with a key but no value")
    made = dict(zip(keys, held[1::2], strict=True))
    if len(made) != len(keys):
        raise OddValue("the same key twice")
    # An entry that is null is no entry (ISO 32000-2, 7.3.7).
    return {key: value for key, value in made.items() if value != b"null"} if b"null" in made.values() else made


def _name(token: bytes) -> bytes:
    return _ESCAPED_NAME.sub(lambda found: bytes((int(found[1], 16),)), token)


def hexadecimal(token: bytes) -> bytes:
    """A string that is written ``<…>``, in its canonical form. Raises :class:`OddValue`."""
    digits = token[1:-1]
    if token[-1:] != b">":
        raise OddValue("a string that nothing closes")
    try:
        return b"(" + bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        packed = re.sub(_BLANK + rb"+", b"", digits)
    try:
        # An odd last digit counts as if a nought followed (ISO 32000-2, 7.3.4.3).
        return b"(" + bytes.fromhex((packed + b"0" * (len(packed) % 2)).decode("ascii"))
    except ValueError:
        raise OddValue("a string that is not hexadecimal") from None


def _literal(token: bytes) -> bytes:
    inner = token[1:-1]
    if token[-1] == _ENDED and _PLAIN.fullmatch(inner) is not None:
        return token[:-1]
    if _WHOLE.fullmatch(token) is None:
        raise OddValue("a string that nothing closes, or one nested too deeply")
    return b"(" + _ESCAPE.sub(_unescaped, inner)


def _unescaped(found: re.Match[bytes]) -> bytes:
    what: bytes | None = found[1]
    if what is None:
        return b"\n"
    if what[0] in b"01234567":
        return bytes((int(what, 8) & 0xFF,))
    return _LETTERS.get(what, what)


@lru_cache(maxsize=4096)
def _word(token: bytes) -> bytes:
    """A reference, number or keyword in its one spelling; whatever else a token may be is refused here."""
    if token in _KEYWORDS:
        return token
    if token[-1:] == b"R" and len(token.replace(b"\0", b" ").split()) == 3:
        number, generation, _r = token.replace(b"\0", b" ").split()
        return b"%d %d R" % (_whole(number), _whole(generation))
    if len(token) > 32 or _NUMBER.fullmatch(token) is None:
        raise OddValue("something that is no value")
    if b"." not in token:
        return b"%d" % _whole(token)
    short = Decimal(token.decode("ascii")).normalize()
    return f"{short if short else Decimal(0):f}".encode()


def _whole(digits: bytes) -> int:
    if len(digits) > 12:
        raise OddValue("a number too large")
    return int(digits)


# ------------------------------------------------------------------------------------------- what a value says


def reference(value: Value) -> tuple[int, int] | None:
    """Object number and generation, when ``value`` is a reference."""
    return _reference(value) if type(value) is bytes and value[-2:] == b" R" else None


@lru_cache(maxsize=4096)
def _reference(value: bytes) -> tuple[int, int] | None:
    if value[:1] in (b"/", b"("):
        return None
    number, generation, _r = value.split(b" ")
    return int(number), int(generation)


def whole_number(value: Value) -> int:
    """An integer. Raises :class:`OddValue`."""
    if type(value) is bytes and value.lstrip(b"-").isdigit():
        return int(value)
    raise OddValue("not a whole number")


def string(value: Value) -> bytes:
    """The content of a string. Raises :class:`OddValue`."""
    if type(value) is bytes and value[:1] == b"(":
        return value[1:]
    raise OddValue("not a string")


def text(value: Value) -> str:
    """The words of a text string (ISO 32000-2, 7.9.2.2); without a mark it is read as Latin-1. Raises :class:`OddValue`."""
    held = string(value)
    if held[:2] == b"\xfe\xff":
        return held[2:].decode("utf-16-be", "replace")
    return held[3:].decode("utf-8", "replace") if held[:3] == b"\xef\xbb\xbf" else held.decode("latin-1")


def references(value: Value) -> list[tuple[int, int]]:
    """Every reference anywhere within ``value``."""
    if isinstance(value, dict | list):
        return [at for held in (value.values() if isinstance(value, dict) else value) for at in references(held)]
    at = reference(value)
    return [] if at is None else [at]
