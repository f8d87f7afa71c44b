"""What must hold of a file as a whole: nothing unsigned behind the last signature, and no signature that its form does not list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pyhanko.pdf_utils import generic

from tachiai.crypto.reading import Reader
from tachiai.crypto.revisions import Story
from tachiai.crypto.standing import Standing, entry

_ENDS = (b"", b"\n", b"\r", b"\r\n")
_OBJECT = re.compile(rb"(?<![0-9])(\d{1,10})[\x00\t\n\f\r ]+(\d{1,5})[\x00\t\n\f\r ]+obj\b")
_RANGE = re.compile(rb"/ByteRange[\x00\t\n\f\r ]*\[[\x00\t\n\f\r ]*(\d+)[\x00\t\n\f\r ]+(\d+)[\x00\t\n\f\r ]+(\d+)[\x00\t\n\f\r ]+(\d+)")
_HOLE = re.compile(rb"<[0-9A-Fa-f\s]*>")


def covers_whole_file(pdf: bytes, last: Standing, story: Story, reader: Reader) -> bool:
    """Whether ``last`` covers everything, or nothing follows it but the end of a line, or revisions of validation data alone."""
    if not last.shaped:
        return False
    rest = pdf[last.end :]
    if rest in _ENDS:
        return pdf[: last.end].endswith(b"%%EOF") or not rest
    return _is_validation_data(rest, last, story, reader)


def adds_unlisted_objects(pdf: bytes, last: Standing, story: Story) -> bool:
    """Whether objects lie behind ``last`` that no cross-reference section lists: readers that mend files would show them.

    No program saves a file so; whoever appends a revision lists what is in it, and that is judged as a revision.
    """
    return last.shaped and story.last == story.signed_at(last) and _OBJECT.search(pdf, last.end) is not None


def _is_validation_data(rest: bytes, last: Standing, story: Story, reader: Reader) -> bool:
    """Each later revision brings objects that only the security store leads to, lies behind the signature whole, and hides nothing."""
    behind = range(story.signed_at(last) + 1, story.last + 1)
    if not behind or b"/XRefStm" in rest or re.search(rb"%%EOF[\r\n]{0,2}$", rest[-16:]) is None:
        return False
    for number in behind:
        revision = story.revision(number)
        if revision.kinds != {"validation_data"} or revision.orphans:
            return False
        if reader.xrefs.get_startxref_for_revision(number) < last.end:
            return False
    # A reader that mends a broken file looks for objects itself: there must be none that the tables do not list.
    written = {(int(found[1]), int(found[2])) for found in _OBJECT.finditer(rest)}
    listed = {(ref.idnum, ref.generation) for number in behind for ref in reader.xrefs.explicit_refs_in_revision(number)}
    return written <= listed and rest.count(b"%%EOF") == len(behind)


def has_unlisted_signature(pdf: bytes, reader: Reader, standing: Sequence[Standing]) -> bool:
    """Whether the bytes hold a signature in proper shape that no field of the form has for its value.

    Rights that a program granted to readers (/UR3, ISO 32000-1, 12.8.2.3) are no signature of the document.
    """
    known = {_numbers(found.deep.byte_range) for found in standing} | _usage_rights(reader)
    for found in _RANGE.finditer(pdf):
        ranges = tuple(int(number) for number in found.groups())
        start, before, after, rest = ranges
        shaped = start == 0 and before < after and after + rest <= len(pdf) and _HOLE.fullmatch(pdf, before, after)
        if shaped and ranges not in known:
            return True
    return False


def _numbers(ranges: Any) -> tuple[int, ...]:
    return tuple(int(part) for part in ranges)


def _usage_rights(reader: Reader) -> set[tuple[int, ...]]:
    perms = entry(reader.root, "/Perms") or {}
    held = [perms[key] for key in ("/UR", "/UR3") if key in perms]
    return {_numbers(one["/ByteRange"]) for one in held if isinstance(one, generic.DictionaryObject) and "/ByteRange" in one}
