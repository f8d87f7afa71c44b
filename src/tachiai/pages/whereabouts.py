"""On which pages something is used: everything that a page leads to, inside a child. Only asked where there is something to find."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

from tachiai.crypto.page_boxes import inherited

MOST_ON_A_PAGE = 20_000
MOST_IN_ALL = 400_000
MOST_NAMED = 20

# Ways up, back and across, and long lists of numbers: nothing that a page shows lies there.
_NOT_FOLLOWED = frozenset(
    {"/Parent", "/P", "/Dest", "/Popup", "/IRT", "/StructParent", "/StructParents", "/StructTreeRoot", "/B", "/Widths", "/W", "/W2"}
    | {"/CIDToGIDMap", "/ToUnicode", "/FontFile", "/FontFile2", "/FontFile3", "/Metadata", "/PieceInfo", "/Thumb", "/Next", "/Prev"}
)
_PAGES = (Name.Page, Name.Pages)

Key = TypeVar("Key")
Place = tuple[int, int]  # the number and generation of an indirect object


def seen_from_pages(document: Pdf) -> Iterator[tuple[int, Any]]:
    """The number of a page and each dictionary (a stream's too) that it leads to, itself first; what is shared comes once for each."""
    left = MOST_IN_ALL
    for number, page in enumerate(document.pages, 1):
        yield number, page.obj
        visited: set[Place] = {page.obj.objgen}
        waiting: list[object] = [*_values(page.obj), inherited(page.obj, Name.Resources)]
        room = min(left, MOST_ON_A_PAGE)
        while waiting and room > 0:
            here = waiting.pop()
            if not isinstance(here, (Dictionary, Array, Stream)) or (here.is_indirect and here.objgen in visited):
                continue
            room, left = room - 1, left - 1
            if here.is_indirect:
                visited.add(here.objgen)
            if isinstance(here, Array):
                waiting.extend(list(here)[:MOST_ON_A_PAGE])
            elif here.get(Name.Type) not in _PAGES:
                yield number, here
                waiting.extend(_values(here))


def pages_of(document: Pdf, wanted: Mapping[Place, Iterable[Key]]) -> dict[Key, list[int]]:
    """For each of what is ``wanted``, by the objects that have it, the first pages that lead to one of them."""
    found: dict[Key, list[int]] = {}
    if wanted:
        for number, here in seen_from_pages(document):
            for key in wanted.get(here.objgen, ()):
                pages = found.setdefault(key, [])
                if number not in pages and len(pages) < MOST_NAMED:
                    pages.append(number)
    return found


def _values(here: Object) -> list[object]:
    return [value for key, value in here.items() if key not in _NOT_FOLLOWED]
