"""The form of a PDF as far as sealing needs it: signature fields, their locks, and what earlier signatures forbid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pikepdf import Array, Dictionary, Name, Object, String

from tachiai.crypto.revisions import Revision
from tachiai.errors import Refusal

HOUSE_FIELD = "TachiaiHouse"
SLOT_FIELDS = "TachiaiSlot"
_ARCHIVE_FIELD = "TachiaiArchive"
_DEEPEST = 32
_LONGEST_WALK = 10_000


def slot_field(number: int) -> str:
    """The name of a slot's signature field. Numbers start at 1; three digits keep any name from being another's beginning."""
    if not 1 <= number <= 999:
        raise ValueError("slots are numbered from 1 to 999")
    return f"{SLOT_FIELDS}{number:03d}"


def is_seal(name: str) -> bool:
    """Whether a field of this name bears a seal of the house: its own signature's, or a slot's."""
    return name == HOUSE_FIELD or name.startswith(SLOT_FIELDS)


@dataclass(frozen=True)
class Lock:
    """A SigFieldLock: ``Exclude`` locks everything but the named fields, ``All`` everything (ISO 32000-2, table 236)."""

    action: str
    fields: tuple[str, ...]

    def entries(self) -> Dictionary:
        made = Dictionary(Action=Name(f"/{self.action}"))
        if self.action != "All":
            made.Fields = Array([String(name) for name in self.fields])
        return made


def lock_for(slots: Sequence[int], own: int | None) -> Lock:
    """What the signature of slot ``own`` (None: the house) must lock: everything but the fields of the other slots."""
    others = tuple(slot_field(number) for number in sorted(slots) if number != own)
    return Lock("Exclude", others) if others else Lock("All", ())


def walk(revision: Revision) -> Iterator[tuple[str, Object]]:
    """Every terminal field with its full name. Refuses ``file.unwritable`` for a form that loops."""
    form = revision.catalog.get("/AcroForm")
    held = form.get("/Fields") if isinstance(form, Object) else None
    if isinstance(held, Array):
        yield from _walk(held, "", 0)


def _walk(held: Object, prefix: str, depth: int) -> Iterator[tuple[str, Object]]:
    if depth > _DEEPEST:
        raise Refusal("file.unwritable", why="the form is nested too deeply")
    for field in held:
        if not isinstance(field, Dictionary):
            continue
        own = field.get("/T")
        name = prefix if own is None else f"{prefix}.{own}" if prefix else str(own)
        kids = field.get("/Kids")
        if isinstance(kids, Array) and any("/T" in kid for kid in kids if isinstance(kid, Dictionary)):
            yield from _walk(kids, name, depth + 1)
        else:
            yield name, field


def signed_fields(revision: Revision) -> list[tuple[str, Object]]:
    """Fields that bear a signature value, in the form's order."""
    return [(name, field) for name, field in walk(revision) if _is_signature_value(field.get("/V"))]


def _is_signature_value(value: object) -> bool:
    return isinstance(value, Dictionary) and "/ByteRange" in value and "/Contents" in value


def find_slot(revision: Revision, slot: int) -> Object:
    """The unsigned field of ``slot``. Refuses ``seal.slot_missing`` and ``seal.slot_taken``."""
    name = slot_field(slot)
    found = next((field for known, field in walk(revision) if known == name), None)
    if found is None:
        raise Refusal("seal.slot_missing", slot=slot)
    if "/V" in found:
        raise Refusal("seal.slot_taken", slot=slot)
    return found


def read_lock(field: Object) -> Lock | None:
    held = field.get("/Lock")
    if not isinstance(held, Dictionary):
        return None
    names = held.get("/Fields")
    return Lock(str(held.get("/Action", "/All"))[1:], tuple(str(n) for n in names) if isinstance(names, Array) else ())


def refuse_locked(revision: Revision) -> bool:
    """Whether the file bears signatures of others. Refuses ``file.locked_by_signature`` when one of them forbids ours.

    That is a certification with P=1, and a FieldMDP that also locks fields yet to be added (ISO 32000-2, 12.8.2.2 and 12.8.2.4).
    """
    signed = signed_fields(revision)
    for name, field in signed:
        lock = field.get("/Lock")
        if isinstance(lock, Dictionary) and lock.get("/P") == 1:
            raise Refusal("file.locked_by_signature", field=name, by="Lock")
        references = field.V.get("/Reference")
        for reference in references if isinstance(references, Array) else ():
            _refuse_reference(reference, name)
    return bool(signed)


def _refuse_reference(reference: Object, name: str) -> None:
    params = reference.get("/TransformParams")
    if not isinstance(params, Dictionary):
        return
    method = reference.get("/TransformMethod")
    if method == Name.DocMDP and params.get("/P", 2) == 1:
        raise Refusal("file.locked_by_signature", field=name, by="DocMDP")
    locks_new = params.get("/Action") != Name.Include or params.get("/P") == 1
    if method == Name.FieldMDP and locks_new:
        raise Refusal("file.locked_by_signature", field=name, by="FieldMDP")


def add_fields(revision: Revision, wanted: Sequence[tuple[str, Lock]]) -> list[Object]:
    """Invisible signature fields with their locks, widgets on the first page. Refuses ``file.field_name_taken``."""
    taken = {name for name, _field in walk(revision)}
    for name, _lock in wanted:
        if name in taken:
            raise Refusal("file.field_name_taken", field=name)
    page = first_page(revision)
    made = [_new_field(revision, name, lock=lock, page=page) for name, lock in wanted]
    _append_to(revision, page, "/Annots", made)
    _append_to_form(revision, made)
    return made


def add_archive_field(revision: Revision) -> Object:
    """A field for a document timestamp. It has no widget on a page, so that no page is touched after signing."""
    taken = {name for name, _field in walk(revision)}
    name = next(n for n in (f"{_ARCHIVE_FIELD}{number}" for number in range(1, 10_000)) if n not in taken)
    made = _new_field(revision, name, lock=None, page=None)
    _append_to_form(revision, [made])
    return made


def _new_field(revision: Revision, name: str, *, lock: Lock | None, page: Object | None) -> Object:
    field = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T=String(name), F=132, Rect=[0, 0, 0, 0])
    if page is not None:
        field.P = page
    if lock is not None:
        entries = lock.entries()
        entries.Type = Name.SigFieldLock
        field.Lock = revision.add(entries)
    return revision.add(field)


def first_page(revision: Revision) -> Object:
    """The first leaf of the page tree as it stands. The reader's own list of pages is not used, because it repairs as it goes."""
    waiting = [revision.catalog.get("/Pages")]
    for _step in range(_LONGEST_WALK):
        node = waiting.pop() if waiting else None
        if not isinstance(node, Dictionary):
            break
        kids = node.get("/Kids")
        if not isinstance(kids, Array):
            if revision.is_known(node):
                return node
            break
        waiting.extend(reversed(list(kids)))
    raise Refusal("file.unwritable", why="its first page is not an object of its own")


def _append_to(revision: Revision, holder: Object, key: str, made: Sequence[Object]) -> None:
    """Append references to the array under ``key``, rewriting whichever of array and holder has a number."""
    held = holder.get(key)
    if isinstance(held, Array) and held.is_indirect:
        held.extend(made)
        revision.rewrite(held)
        return
    holder[key] = Array([*(held if isinstance(held, Array) else ()), *made])
    revision.rewrite(holder)


def _append_to_form(revision: Revision, made: Sequence[Object]) -> None:
    catalog = revision.catalog
    form = catalog.get("/AcroForm")
    if not isinstance(form, Dictionary):
        catalog.AcroForm = revision.add(Dictionary(Fields=Array(list(made)), SigFlags=3))
        revision.rewrite(catalog)
        return
    if "/XFA" in form:
        raise Refusal("file.xfa")
    if form.get("/SigFlags") != 3:
        form.SigFlags = 3
        revision.rewrite(form if form.is_indirect else catalog)
    if form.is_indirect or _is_numbered_array(form.get("/Fields")):
        _append_to(revision, form, "/Fields", made)
        return
    form.Fields = Array([*form.get("/Fields", Array()), *made])
    revision.rewrite(catalog)


def _is_numbered_array(held: object) -> bool:
    return isinstance(held, Array) and bool(held.is_indirect)
