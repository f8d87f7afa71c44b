"""What a field looks like on the page: a Form XObject and everything it needs, numbered from nought, ready to be placed.

An appearance is drawn once, ahead of sealing, by `tachiai.pages.appearances`; a seal only gives its objects their numbers. So nothing of
drawing, fonts or a PDF parser stands between a signer's consent and the signature. The stored form is ``docs/formats/appearance.md``.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tachiai.crypto.views import UPRIGHT

Part = bytes | int

MAGIC: Final = b"TCAP"
VERSION: Final = 1
MAX_OBJECTS: Final = 256
MAX_PARTS: Final = 4096
MAX_BYTES: Final = 8 * 1024 * 1024
MAX_SIDE: Final = 14_400.0  # points; the largest page that readers agree on (ISO 32000-1 annex C.2)

_HEAD = struct.Struct(">4sBxHdd")
_COUNT = struct.Struct(">H")
_LENGTH = struct.Struct(">I")
_IS_BYTES, _IS_REFERENCE = 0, 1

_IDENTITY = b" /Matrix [1 0 0 1 0 0]"
_LENGTH_ENTRY = re.compile(rb"/Length ([0-9]{1,8})(?=[ />])")
_BRACKET = re.compile(rb"<<|>>|[\[\]]")
_CLOSES = {b">>": b"<<", b"]": b"["}
# While an object is judged, a nought byte stands for each reference: it has to be a word of its own, or "1" before "5 0 R" would make
# another one.
_MARK = b"\0"
_LOOSE_MARK = re.compile(rb"(?<![ \[])\0|\0(?![ \]>/])")
# A reference's keyword, standing by itself: ours come as parts, so one in the bytes would point into the file around.
_KEYWORD_R = re.compile(rb"[\t\n\f\r ]R(?![0-9A-Za-z])")


class BadAppearance(Exception):
    """The bytes are not an appearance of this version, are cut short, exceed what is allowed, or hold objects that do not stand alone."""


@dataclass(frozen=True)
class Appearance:
    """A Form XObject (ISO 32000-2, 8.10) of ``width`` by ``height`` points, its lower left corner at the origin.

    ``objects[0]`` is the form. Each object is its body in parts: bytes as they stand, an int is a reference to ``objects[int]``. A
    stream is in one body with its dictionary, ``<< … /Length n … >>\\nstream\\n…\\nendstream``. No object refers outside the tuple.
    """

    width: float
    height: float
    objects: tuple[tuple[Part, ...], ...]

    def encode(self) -> bytes:
        """The stored form, the same for the same appearance. `read_appearance` gives it back."""
        out = [_HEAD.pack(MAGIC, VERSION, len(self.objects), self.width, self.height)]
        for parts in self.objects:
            out.append(_COUNT.pack(len(parts)))
            for part in parts:
                if isinstance(part, bytes):
                    out += [bytes((_IS_BYTES,)), _LENGTH.pack(len(part)), part]
                else:
                    out += [bytes((_IS_REFERENCE,)), _COUNT.pack(part)]
        return b"".join(out)


def placed(appearance: Appearance, numbers: Sequence[int], *, turned: int = 0) -> list[bytes]:
    """The bodies of the appearance's objects, in order, ``objects[i]`` being given the object number ``numbers[i]`` (generation 0).

    On a page that is ``turned`` clockwise the form gets a /Matrix with which it stands upright as the page is seen (ISO 32000-2,
    12.5.5: readers fit what comes of it into the widget's rectangle). Raises `ValueError` when there is not exactly one number for each.
    """
    if len(numbers) != len(appearance.objects):
        raise ValueError(f"{len(appearance.objects)} objects need as many numbers, not {len(numbers)}")
    references = [b"%d 0 R" % number for number in numbers]
    bodies = [b"".join([part if isinstance(part, bytes) else references[part] for part in parts]) for parts in appearance.objects]
    if turned:
        bodies[0] = _upright(bodies[0], UPRIGHT[turned])
    return bodies


def _upright(form: bytes, matrix: bytes) -> bytes:
    """The form with another /Matrix, which stands in its dictionary once or not at all."""
    head, keyword, data = form.partition(b"\nstream\n")
    return head.replace(_IDENTITY, b"", 1).replace(b"<<", b"<< /Matrix [%b]" % matrix, 1) + keyword + data


def read_appearance(held: bytes) -> Appearance:
    """The appearance that ``held`` encodes. Raises `BadAppearance` for anything else, after work bounded by ``len(held)``.

    Besides its framing, each object is held to what a seal relies on when it writes it as it stands: brackets closed, a stream exactly
    as long as it says, references only within the tuple, nothing that would end the object early.
    """
    if len(held) > MAX_BYTES:
        raise BadAppearance(f"larger than {MAX_BYTES} bytes")
    try:
        appearance, end = _unpacked(held)
    except (struct.error, IndexError) as error:
        raise BadAppearance("cut short") from error
    if end != len(held):
        raise BadAppearance("followed by something else")
    heads = [_head_alone(parts, count=len(appearance.objects)) for parts in appearance.objects]
    if b"/Subtype /Form" not in heads[0] or b"/BBox [" not in heads[0]:
        raise BadAppearance("the first object is not a form")
    if b"/Matrix" in heads[0].replace(_IDENTITY, b"", 1):
        raise BadAppearance("a form that is turned already")
    return appearance


def _unpacked(held: bytes) -> tuple[Appearance, int]:
    magic, version, count, width, height = _HEAD.unpack_from(held)
    if magic != MAGIC or version != VERSION or held[5]:
        raise BadAppearance("not an appearance of this version")
    if not 0 < count <= MAX_OBJECTS:
        raise BadAppearance(f"{count} objects")
    if not all(math.isfinite(side) and 0 < side <= MAX_SIDE for side in (width, height)):
        raise BadAppearance("a side that no page has")
    objects, at = [], _HEAD.size
    for _ in range(count):
        parts, at = _unpacked_object(held, at)
        objects.append(parts)
    return Appearance(width, height, tuple(objects)), at


def _unpacked_object(held: bytes, at: int) -> tuple[tuple[Part, ...], int]:
    (count,) = _COUNT.unpack_from(held, at)
    if not 0 < count <= MAX_PARTS:
        raise BadAppearance(f"an object of {count} parts")
    at += _COUNT.size
    parts: list[Part] = []
    for _ in range(count):
        part, at = _unpacked_part(held, at)
        parts.append(part)
    return tuple(parts), at


def _unpacked_part(held: bytes, at: int) -> tuple[Part, int]:
    kind, at = held[at], at + 1
    if kind == _IS_REFERENCE:
        return _COUNT.unpack_from(held, at)[0], at + _COUNT.size
    if kind != _IS_BYTES:
        raise BadAppearance("a part of no known kind")
    (length,) = _LENGTH.unpack_from(held, at)
    start = at + _LENGTH.size
    if start + length > len(held):
        raise BadAppearance("cut short")
    return held[start : start + length], start + length


def _head_alone(parts: tuple[Part, ...], *, count: int) -> bytes:
    """What the object says of itself (all but a stream's data), found to stand alone."""
    references = [part for part in parts if not isinstance(part, bytes)]
    if references and max(references) >= count:
        raise BadAppearance("a reference out of the appearance")
    head = _head(b"".join([part if isinstance(part, bytes) else _MARK for part in parts]))
    if head.count(_MARK) != len(references) or _LOOSE_MARK.search(head):
        raise BadAppearance("a reference that is not a word of its own")
    if b"%" in head or b"endobj" in head or b"stream" in head or _KEYWORD_R.search(head):
        raise BadAppearance("an object that reaches out of itself")
    if not _is_one(head):
        raise BadAppearance("not one closed object")
    return head


def _head(body: bytes) -> bytes:
    """The dictionary of a stream, whose data must be as long as it says; the whole body of anything else."""
    head, keyword, data = body.partition(b"\nstream\n")
    if not keyword:
        return body
    lengths = _LENGTH_ENTRY.findall(head)
    if len(lengths) != 1 or data[int(lengths[0]) :] != b"\nendstream":
        raise BadAppearance("a stream that is not as long as it says")
    return head


def _is_one(head: bytes) -> bool:
    """Whether ``head`` is one dictionary or array with all that it opens closed in order, and nothing around it."""
    opened: list[bytes] = []
    end = 0
    for bracket in _BRACKET.finditer(head):
        if not opened and bracket.start() != 0:
            return False
        word, end = bracket.group(), bracket.end()
        if word not in _CLOSES:
            opened.append(word)
        elif not opened or opened.pop() != _CLOSES[word]:
            return False
    return end == len(head) > 0 and not opened
