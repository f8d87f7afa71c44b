"""What a rewrite puts in order besides the file's own construction, inside a child: members of lists that are nothing.

A reader passes over them, and the parser keeps them: a page whose content is partly not there, annotations and fields that are null.
"""

from __future__ import annotations

from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

from tachiai.pages.findings import Finding

_TRAILER_KEYS = {"/Root", "/Info", "/ID", "/Size", "/Encrypt", "/Prev"}


def tidy(document: Pdf) -> list[Finding]:
    """Puts ``document`` in order, in memory. A reason to normalise where a checker of files would call the original faulty."""
    faulty = sum(_tidy_page(page.obj) for page in document.pages)
    _tidy_form(document)
    for key in set(document.trailer.keys()) - _TRAILER_KEYS:
        del document.trailer[key]
    return [Finding("file.repaired", "normalise", {"warnings": faulty, "examples": ["page contents that are not there"]})] if faulty else []


def _tidy_page(page: Object) -> int:
    _keep(page, Name.Annots, Dictionary)
    return _keep(page, Name.Contents, Stream)


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
