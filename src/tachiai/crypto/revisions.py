"""What each revision of a file brought, told by where the objects it touched are used: for a reader who has to look, and for the judge.

pyHanko's difference analysis says whether it allows a change; this says what the change is, and on which page. The two are independent,
and where they disagree the stricter one is believed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from pyhanko.pdf_utils import generic

from tachiai.crypto.comparing import changed_keys, dictionary, has, is_dated_anew, is_grown, items, same, step_to
from tachiai.crypto.form_fields import fields_of, has_look, kind_of, lost_widgets, places_of, whole_name, widgets_of
from tachiai.crypto.judgement import ChangeKind
from tachiai.crypto.reading import Reader
from tachiai.crypto.standing import Standing
from tachiai.crypto.usages import Path

# What of the catalogue and of a page a reader never shows, or shows only to those who look for it.
_UNSEEN_ROOT = frozenset(("/Metadata", "/StructTreeRoot", "/MarkInfo", "/Lang", "/PieceInfo", "/Info"))
_SILENT_ROOT = frozenset(("/Extensions", "/Version", "/Type"))
_UNSEEN_PAGE = frozenset(("/Metadata", "/Tabs", "/StructParents", "/LastModified", "/PieceInfo", "/Type"))
_WRITERS_NOTES = frozenset(("/ModDate", "/Producer", "/CreationDate"))
_SILENT_FORM = frozenset(("/Fields", "/SigFlags", "/DA", "/DR"))


class Touch(NamedTuple):
    """One kind of change within a revision: the fields it is about, and the pages where it can be seen, from 1."""

    kind: ChangeKind
    fields: frozenset[str] = frozenset()
    pages: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Revision:
    """What one revision brought. ``orphans``: objects that nothing leads to are among it."""

    number: int
    touches: tuple[Touch, ...]
    orphans: bool

    @property
    def kinds(self) -> frozenset[ChangeKind]:
        return frozenset(touch.kind for touch in self.touches)


@dataclass
class _Gathering:
    fields: dict[ChangeKind, set[str]] = field(default_factory=dict)
    pages: dict[ChangeKind, set[int]] = field(default_factory=dict)
    orphans: bool = False

    def add(self, kind: ChangeKind, name: str = "", page: int | None = None) -> None:
        self.fields.setdefault(kind, set()).update([name] if name else [])
        self.pages.setdefault(kind, set()).update([] if page is None else [page])


class Story:
    """The revisions of a file. ``signed`` maps a revision to the fields whose signatures it brought, and whether each is a timestamp."""

    def __init__(self, pdf: bytes, reader: Reader, signed: Mapping[int, Mapping[str, bool]]) -> None:
        self._pdf, self._reader, self._signed = pdf, reader, signed
        self._told: dict[int, Revision] = {}
        self._fields: dict[int, dict[str, Any]] = {}

    def signed_at(self, found: Standing) -> int:
        """The revision that a signature ends: the one its own startxref leads to, which in a linearized file is not where it stands.

        A section that lies in the signed bytes and was not in use when they were signed is not taken for it.
        """
        place = re.search(rb"startxref\s+(\d{1,10})\s+%%EOF\s{0,2}$", self._pdf[max(0, found.end - 64) : found.end])
        stands = self._reader.xrefs.get_startxref_for_revision
        for number in range(found.revision, self.last + 1):
            if place is not None and stands(number) == int(place[1]):
                return number
        return found.revision

    @property
    def last(self) -> int:
        """The number of the newest revision; the first is 0."""
        return int(self._reader.xrefs.total_revisions) - 1

    def revision(self, number: int) -> Revision:
        """What the revision brought over the one before it; a parser's trouble is told as ``unread``."""
        if number not in self._told:
            self._told[number] = self._read(number)
        return self._told[number]

    def fields(self, number: int) -> dict[str, Any]:
        """The fields by their whole names as they stood after a revision."""
        if number not in self._fields:
            self._fields[number] = dict(fields_of(self._view(number).root))
        return self._fields[number]

    def signs(self, number: int) -> bool:
        """Whether the revision brought a signature that is no timestamp."""
        return not all(self._signed.get(number, {"": True}).values())

    def is_in_place(self, name: str, base: int, number: int) -> bool:
        """Whether a field stands at ``number`` just where it stood at ``base``, and nowhere else."""
        before, after = (places_of(self._view(one).root, name) for one in (base, number))
        return bool(before) and before == after

    def is_shown(self, name: str, number: int) -> bool:
        """Whether a field's widget has a place and a look."""
        held = self.fields(number).get(name)
        return held is not None and any(has_look(widget) for widget in widgets_of(held))

    def _view(self, number: int) -> Any:
        return self._reader.get_historical_resolver(number)

    def _read(self, number: int) -> Revision:
        gathered = _Gathering()
        try:
            _Comparison(self, self._reader, number, self._signed.get(number, {}), gathered).gather()
        except RecursionError:
            gathered.add("unread")
        except Exception:
            # pyHanko raises many kinds over hostile objects. What cannot be read is for nobody to call harmless.
            gathered.add("unread")
        touches = [
            Touch(kind, frozenset(names), frozenset(gathered.pages.get(kind, ()))) for kind, names in sorted(gathered.fields.items())
        ]
        return Revision(number, tuple(touches), gathered.orphans)


class _Comparison:
    """One revision against the one before it."""

    def __init__(self, story: Story, reader: Reader, number: int, signed: Mapping[str, bool], gathered: _Gathering) -> None:
        self._story, self._reader, self._number, self._signed, self._gathered = story, reader, number, signed, gathered
        self.before: Any = reader.get_historical_resolver(number - 1)
        self.after: Any = reader.get_historical_resolver(number)

    def gather(self) -> None:
        xrefs = self._reader.xrefs
        # The trailer can name another catalogue without touching any object.
        if self.before.root_ref != self.after.root_ref:
            self._compare_catalogue(self.before.root, self.after.root)
        if "/Encrypt" in self.after.trailer_view:
            self._gathered.add("unread")
        for ref in xrefs.explicit_refs_in_revision(self._number):
            self._place(ref)
        for ref in xrefs.refs_freed_in_revision(self._number):
            for path in self.before.paths_to(ref):
                self._follow(path, None, None)

    def _place(self, ref: generic.Reference) -> None:
        old, new = self._held(self.before, ref), self._held(self.after, ref)
        if self._is_container(ref, new) or (old is not None and new is not None and same(old, new)):
            return
        paths = self.after.paths_to(ref)
        if not paths:
            self._gathered.orphans = True
        for path in paths:
            self._follow(path, old, new)

    def _held(self, view: Any, ref: generic.Reference) -> Any:
        try:
            return view.get_object(ref)
        except (KeyError, IndexError, ValueError, OSError):
            return None
        except Exception:
            return None

    def _is_container(self, ref: generic.Reference, new: Any) -> bool:
        """Cross-reference and object streams hold objects and are none of the document's."""
        holder = self._reader.xrefs.get_xref_container_info(self._number).stream_ref
        if holder is not None and (holder.idnum, holder.generation) == (ref.idnum, ref.generation):
            return True
        return isinstance(new, generic.StreamObject) and new.get("/Type") in ("/ObjStm", "/XRef")

    # ------------------------------------------------------------------------------------ by its path from the trailer

    def _follow(self, path: Path, old: Any, new: Any) -> None:
        if path == ("/Root",):
            self._compare_catalogue(old, new)
        elif path[0] == "/Info":
            # Programs note here when they last wrote, whatever it was.
            if len(path) > 1 or not _WRITERS_NOTES.issuperset(changed_keys(old, new)):
                self._gathered.add("metadata")
        elif path[0] != "/Root":
            self._gathered.add("content")
        elif path == ("/Root", "/Metadata") and is_dated_anew(old, new):
            return
        elif path[1] == "/AcroForm":
            self._follow_form(path, old, new)
        elif path[1] == "/Pages":
            self._follow_page(path, old, new)
        else:
            self._tell_root(str(path[1]))

    def _tell_root(self, key: str) -> None:
        if key == "/DSS":
            self._gathered.add("validation_data")
        elif key in _UNSEEN_ROOT:
            self._gathered.add("metadata")
        elif key == "/Perms" and self._signed:
            return
        elif key not in _SILENT_ROOT:
            self._gathered.add("content")

    def _compare_catalogue(self, old: Any, new: Any) -> None:
        for key in changed_keys(old, new):
            if key == "/AcroForm":
                self._compare_form(dictionary(old, key), dictionary(new, key))
            else:
                self._tell_root(key)

    def _follow_form(self, path: Path, old: Any, new: Any) -> None:
        if len(path) == 2:
            self._compare_form(old, new)
        elif path[2] in ("/DR", "/DA"):
            self._compare_resources(old, new)
        elif path[2] != "/Fields":
            self._gathered.add("content")
        elif len(path) > 3:
            self._tell_field(self._field_at(path))

    def _compare_form(self, old: Any, new: Any) -> None:
        changed = set(changed_keys(old, new))
        if changed - _SILENT_FORM:
            self._gathered.add("content")
        for key in changed & {"/DR", "/DA"}:
            self._compare_resources(dictionary(old, key), dictionary(new, key))
        for name in self._story.fields(self._number - 1).keys() ^ self._story.fields(self._number).keys():
            self._tell_field(name)

    def _compare_resources(self, old: Any, new: Any) -> None:
        """Fonts for forms are added by whoever adds a field. One that is replaced may change what other fields show."""
        if not is_grown(old, new):
            self._gathered.add("form_filled")

    def _field_at(self, path: Path) -> str:
        """The whole name of the field that a path leads into."""
        names: list[str] = []
        held: Any = self.after.root
        for step in path[1:]:
            held = held[step] if has(held, step) else None
            if isinstance(held, generic.DictionaryObject) and "/T" in held:
                names.append(str(held["/T"]))
        return ".".join(names)

    def _tell_field(self, name: str, page: int | None = None) -> None:
        before, after = self._story.fields(self._number - 1), self._story.fields(self._number)
        kind: ChangeKind
        if name in self._signed:
            kind = "timestamp" if self._signed[name] else "signature"
        elif name not in after:
            kind = "annotation"
        elif name not in before:
            kind = "field_added"
        elif kind_of(after[name]) == "/Sig":
            kind = "content"
        else:
            kind = "annotation" if lost_widgets(before[name], after[name]) else "form_filled"
        self._gathered.add(kind, name, page if page is not None and self._story.is_shown(name, self._number) else None)

    def _follow_page(self, path: Path, old: Any, new: Any) -> None:
        page, rest = self._page_at(path)
        if page is None:
            self._gathered.add("content")
        elif not rest:
            self._compare_page(old, new, page)
        elif rest[0] != "/Annots":
            self._gathered.add("metadata" if rest[0] in _UNSEEN_PAGE else "content", page=page)
        elif len(rest) == 1:
            self._compare_notes(old, new, page)
        else:
            self._tell_note(step_to(self.after.root, path[1 : len(path) - len(rest) + 2]), page)

    def _page_at(self, path: Path) -> tuple[int | None, Path]:
        """The page that a path leads to, and the rest of the path within it."""
        for length in range(len(path), 1, -1):
            if path[:length] in self._pages:
                return self._pages[path[:length]], path[length:]
        return None, ()

    @cached_property
    def _pages(self) -> dict[Path, int]:
        ways = self.after.page_tree.values()
        nodes = {("/Root", "/Pages"), *(way[:-2] for way in ways)}
        return {way: number for number, way in enumerate((way for way in ways if way not in nodes), 1)}

    def _compare_page(self, old: Any, new: Any, page: int) -> None:
        for key in changed_keys(old, new):
            if key == "/Annots":
                self._compare_notes(dictionary(old, key), dictionary(new, key), page)
            else:
                self._gathered.add("metadata" if key in _UNSEEN_PAGE else "content", page=page)

    def _compare_notes(self, old: Any, new: Any, page: int) -> None:
        held, now = items(old), items(new)
        for spelled in held.keys() ^ now.keys():
            self._tell_note(now.get(spelled, held.get(spelled)), page)

    def _tell_note(self, note: Any, page: int) -> None:
        found = note.get_object() if note is not None else None
        if isinstance(found, generic.DictionaryObject) and found.get("/Subtype") == "/Widget":
            self._tell_field(whole_name(found), page)
        else:
            self._gathered.add("annotation", page=page)
