"""What a rewrite puts in order besides the file's own construction, inside a child.

A reader passes over them, and the parser keeps them: a page whose content is partly not there, annotations and fields that are null,
a page that is turned by anything but quarters, layers that are not the same on paper as on the screen.
"""

from __future__ import annotations

from collections.abc import Iterator

from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

from tachiai.crypto.page_boxes import inherited
from tachiai.pages import layers
from tachiai.pages.findings import Finding

_TRAILER_KEYS = {"/Root", "/Info", "/ID", "/Size", "/Encrypt", "/Prev"}


def tidy(document: Pdf) -> list[Finding]:
    """Puts ``document`` in order, in memory. A reason to normalise where a checker of files would call the original faulty."""
    faulty = [fault for page in document.pages for fault in _tidy_page(page.obj)]
    _tidy_form(document)
    layers.make_alike(document)
    for key in set(document.trailer.keys()) - _TRAILER_KEYS:
        del document.trailer[key]
    return [Finding("file.repaired", "normalise", {"warnings": len(faulty), "examples": sorted(set(faulty))})] if faulty else []


def _tidy_page(page: Object) -> Iterator[str]:
    _keep(page, Name.Annots, Dictionary)
    if _keep(page, Name.Contents, Stream):
        yield "page contents that are not there"
    turned = inherited(page, Name.Rotate)
    if isinstance(turned, int) and turned % 90:
        # Pages turn by quarters (ISO 32000-2, table 31). Of others each reader makes something else; this is what has been shown.
        page[Name.Rotate] = int(turned / 90) * 90 % 360
        yield "a page turned askew"


def _tidy_form(document: Pdf) -> None:
    form = document.Root.get(Name.AcroForm)
    if not isinstance(form, Dictionary):
        return
    _keep(form, Name.Fields, Dictionary)
    fields = form.get(Name.Fields)
    if isinstance(fields, Array):
        for index, field in enumerate(list(fields)):
            # A field stands by itself (ISO 32000-2, 12.7.3): some readers find none that is written inside the list.
            if not field.is_indirect:
                fields[index] = document.make_indirect(field)


def _keep(holder: Object, key: Name, kind: type) -> int:
    """Leaves only members of ``kind`` in the array under ``key``; how many went."""
    held = holder.get(key)
    if not isinstance(held, Array):
        return 0
    members = list(held)
    # isinstance tells streams from dictionaries as pikepdf does: a stream is one kind, a plain dictionary the other.
    kept = [member for member in members if isinstance(member, kind)]
    if len(kept) != len(members):
        holder[key] = Array(kept)
    return len(members) - len(kept)
