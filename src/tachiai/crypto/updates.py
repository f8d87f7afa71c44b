"""Writing an incremental update (ISO 32000-2, 7.5.6) from a plan alone: objects, a cross-reference section, a trailer.

No PDF is parsed here and none is held: what stands is known from the :class:`~tachiai.crypto.plans.Plan`. Nothing reads a clock or a
random source, so the same calls give the same bytes.
"""

from __future__ import annotations

import hashlib
from binascii import hexlify
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from tachiai.crypto.fields import HOUSE_FIELD, Lock, Place, Slot, ValueField, lock_entries, lock_for, slot_field, value_field
from tachiai.crypto.plans import Entries, FormPlan, Gap, PagePlan, Plan, Ref, SlotPlan, StorePlan, ValuePlan
from tachiai.crypto.views import TURNS
from tachiai.errors import Refusal

# Text fields must name a font for whoever would edit them (ISO 32000-2, 12.7.4.3). Ours are read-only and bring their appearances.
_DEFAULT_APPEARANCE = b"(/Helv 0 Tf 0 g)"
_RESOURCES = b"<< /Font << /Helv << /BaseFont /Helvetica /Encoding /WinAnsiEncoding /Subtype /Type1 /Type /Font >> >> >>"
_READ_ONLY, _PRINT, _PRINT_LOCKED = b"1", b"4", b"132"
_NOWHERE = b"[ 0 0 0 0 ]"
# An object's number and generation, and where it stands in the file.
Row = tuple[int, int, int]
_TURNED = {b"": 0} | {b"<< /R %d >>" % turned: turned for turned in TURNS[1:]}


class Placed(NamedTuple):
    """A rendered update: its bytes, where the body of the object asked for starts in them, and where the section starts in the file."""

    tail: bytearray
    body: int
    section: int
    free: int
    identifiers: tuple[bytes, ...]


def dictionary(entries: Entries) -> bytes:
    """``<< /Key value … >>`` in the order of the keys."""
    return b"<< %b >>" % b" ".join(chain.from_iterable(sorted(entries.items())))


def reference(at: Ref) -> bytes:
    return b"%d %d R" % at


def stream(content: bytes) -> bytes:
    """A stream without a filter."""
    return b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content)


def text_string(words: str) -> bytes:
    """A text string (ISO 32000-2, 7.9.2.2) in hexadecimal: PDFDocEncoding where ASCII suffices, else UTF-16BE with its mark."""
    return b"<%b>" % hexlify(words.encode("ascii") if words.isascii() else b"\xfe\xff" + words.encode("utf-16-be"))


def number(value: float) -> bytes:
    """A real with at most three decimals, without an exponent or needless zeros."""
    short = (b"%.3f" % value).rstrip(b"0").rstrip(b".")
    return short if short not in (b"", b"-0") else b"0"


class Update:
    """One update in preparation. It starts from a plan and ends, rendered, as the plan of the longer file."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._free = plan.free
        self._bodies: dict[Ref, bytes] = {}
        self._catalog, self._form = plan.catalog, plan.form
        self._pages, self._slots, self._store = plan.pages, plan.slots, plan.store
        self._perms, self._taken, self._locked = plan.perms, plan.taken, plan.locked
        self._catalog_changed = False

    def new(self, body: bytes = b"") -> Ref:
        """A new object; its body may be given later through :meth:`put`."""
        at = (self._free, 0)
        self._free += 1
        self._bodies[at] = body
        return at

    def put(self, at: Ref, body: bytes) -> None:
        self._bodies[at] = body

    def numbers(self, count: int) -> range:
        """``count`` numbers in a row for objects whose bodies follow through :meth:`put`."""
        first, self._free = self._free, self._free + count
        return range(first, self._free)

    # ------------------------------------------------------------------------------------ fields of freezing

    def lay_fields(self, slots: Sequence[Slot], *, lock: Lock, value: Ref) -> None:
        """The house's signature field with its ``lock`` and ``value``, and each slot's fields with their locks.

        Refuses ``file.field_name_taken`` and ``file.page_missing``.
        """
        names = [HOUSE_FIELD, *[name for slot in slots for name in slot.names()]]
        for name in names:
            if name in self._taken:
                raise Refusal("file.field_name_taken", field=name)
        house, _entries = self._signature_field(HOUSE_FIELD, lock=lock, place=None, value=value)
        widgets: dict[int, list[Ref]] = {1: [house]}
        made: list[Ref] = [house]
        for slot in sorted(slots):
            made += self._lay_slot(slot, lock_for(slots, slot.number), widgets)
        for page, refs in widgets.items():
            self._annotate(page, refs)
        self._append_to_form(made, with_text=any(slot.values for slot in slots))
        self._taken = (*self._taken, *names)

    def _lay_slot(self, slot: Slot, lock: Lock, widgets: dict[int, list[Ref]]) -> list[Ref]:
        at, entries = self._signature_field(slot_field(slot.number), lock=lock, place=slot.place)
        widgets.setdefault(slot.place.page if slot.place else 1, []).append(at)
        values: dict[int, ValuePlan] = {}
        for value in sorted(slot.values, key=lambda value: value.number):
            own = self._value_entries(slot.number, value)
            values[value.number] = ValuePlan(self.new(dictionary(own)), value.kind == "check", own)
            widgets.setdefault(value.place.page, []).append(values[value.number].at)
        self._slots = {**self._slots, slot.number: SlotPlan(at, entries, lock, signed=False, values=values)}
        return [at, *(value.at for value in values.values())]

    def _signature_field(self, name: str, *, lock: Lock, place: Place | None, value: Ref | None = None) -> tuple[Ref, Entries]:
        locked = self.new(b"<< %b /Type /SigFieldLock >>" % lock_entries(lock))
        entries = {
            b"/F": _PRINT_LOCKED,
            b"/FT": b"/Sig",
            b"/Lock": b"%d %d R" % locked,
            b"/P": b"%d %d R" % self._page(place.page if place else 1).at,
            b"/Rect": _NOWHERE,
            b"/Subtype": b"/Widget",
            b"/T": b"(%b)" % name.encode(),
            b"/Type": b"/Annot",
        }
        if value is not None:
            entries[b"/V"] = b"%d %d R" % value
        if place is not None:
            entries |= _seen(place, self._page(place.page))
        return self.new(dictionary(entries)), entries

    def _value_entries(self, slot: int, value: ValueField) -> Entries:
        check, page = value.kind == "check", self._page(value.place.page)
        entries = _widget(value_field(slot, value.number), kind=b"/Btn" if check else b"/Tx", flags=_PRINT)
        entries |= {b"/P": reference(page.at), b"/Ff": _READ_ONLY, b"/TU": text_string(value.label), **_seen(value.place, page)}
        return entries | ({b"/AS": b"/Off", b"/V": b"/Off"} if check else {b"/DA": _DEFAULT_APPEARANCE})

    def _page(self, number: int) -> PagePlan:
        try:
            return self._pages[number]
        except KeyError:
            raise Refusal("file.page_missing", page=number) from None

    def _annotate(self, number: int, widgets: Sequence[Ref]) -> None:
        page = self._page(number)
        page = page._replace(annots=_extended(page.annots, widgets))
        self._pages = {**self._pages, number: page}
        if page.annots_at is not None:
            self.put(page.annots_at, b"[ %b ]" % page.annots)
        else:
            self.put(page.at, dictionary({**page.entries, b"/Annots": b"[ %b ]" % page.annots}))

    # ------------------------------------------------------------------------------------- form and catalogue

    def add_archive_field(self, name: str, value: Ref) -> Ref:
        """A field for a document timestamp. It has no widget on a page, so that no page is touched after signing."""
        entries = _widget(name, kind=b"/Sig", flags=_PRINT_LOCKED) | {b"/V": reference(value)}
        field = self.new(dictionary(entries))
        self._append_to_form([field], with_text=False)
        self._taken = (*self._taken, name)
        return field

    def _append_to_form(self, made: Sequence[Ref], *, with_text: bool) -> None:
        """List ``made`` among the form's fields, rewriting whichever of catalogue, form and list has to change."""
        form = self._form
        if form is None:
            entries = {b"/SigFlags": b"3"} | ({b"/DA": _DEFAULT_APPEARANCE, b"/DR": _RESOURCES} if with_text else {})
            at = self.new()
            self._form = form = FormPlan(at, entries, None, _extended(b"", made))
            self.set_catalog(b"/AcroForm", reference(at))
            self.put(at, _form_body(form))
            return
        flagged = form.entries.get(b"/SigFlags") == b"3"
        form = self._form = form._replace(entries={**form.entries, b"/SigFlags": b"3"}, fields=_extended(form.fields, made))
        if form.fields_at is not None:
            self.put(form.fields_at, b"[ %b ]" % form.fields)
        if form.fields_at is not None and flagged:
            return
        if form.at is not None:
            self.put(form.at, _form_body(form))
        else:
            self.set_catalog(b"/AcroForm", _form_body(form))

    def set_catalog(self, key: bytes, value: bytes) -> None:
        self._catalog = {**self._catalog, key: value}
        self._catalog_changed = True

    def certify(self, value: Ref) -> None:
        self._perms = {**self._perms, b"/DocMDP": reference(value)}
        self.set_catalog(b"/Perms", dictionary(self._perms))

    def lock(self, field: str, *, by: str) -> None:
        """From this revision on nobody may add fields."""
        self._locked = self._locked or (field, by)

    # ------------------------------------------------------------------------------- signing and its material

    def rewrite_slot(self, number: int, entries: Entries, *, values: Mapping[int, Entries]) -> None:
        """Write the slot's signature field anew, now signed, and those of its value fields that were filled."""
        slot = self._slots[number]
        self.put(slot.at, dictionary(entries))
        filled = dict(slot.values)
        for place, own in values.items():
            filled[place] = filled[place]._replace(entries=own)
            self.put(filled[place].at, dictionary(own))
        self._slots = {**self._slots, number: slot._replace(entries=entries, signed=True, values=filled)}

    def set_store(self, store: StorePlan) -> None:
        self._store = store

    # ----------------------------------------------------------------------------------------------- rendering

    def render(self, wanted: Ref | None = None) -> Placed:
        """The bytes to append; ``wanted`` names the object whose body's place is told. They begin with a line end where one is missing."""
        plan = self.plan
        if self._catalog_changed:
            self._bodies[plan.catalog_at] = dictionary(self._catalog)
        out = bytearray() if plan.line_end else bytearray(b"\n")
        start, body = plan.length, -1
        rows: list[Row] = []
        for at, held in sorted(self._bodies.items()):
            number, generation = at
            rows.append((number, generation, start + len(out)))
            if at == wanted:
                body = len(out) + len(b"%d %d obj\n" % at)
            out += b"%d %d obj\n%b\nendobj\n" % (number, generation, held)
        section = start + len(out)
        identifiers = self._identifiers()
        halves = b" ".join([b"<%b>" % hexlify(half) for half in identifiers])
        continued = b"/Prev %d %b /ID [%b]" % (plan.startxref, plan.trailer, halves)
        if plan.classic:
            out += b"xref\n%btrailer\n<< /Size %d %b >>\n" % (_table(rows), self._free, continued)
            free = self._free
        else:
            out += _stream((*rows, (self._free, 0, section)), continued)
            free = self._free + 1
        out += b"startxref\n%d\n%%%%EOF\n" % section
        return Placed(out, body, section, free, identifiers)

    def evolved(self, placed: Placed, *, sha256: bytes, gap: Gap | None = None) -> Plan:
        """The plan of the file with ``placed`` appended. Pages are needed at freezing only, and forgotten with it."""
        plan = self.plan
        return Plan(
            length=plan.length + len(placed.tail),
            sha256=sha256,
            line_end=True,
            startxref=placed.section,
            classic=plan.classic,
            free=placed.free,
            trailer=plan.trailer,
            identifiers=placed.identifiers,
            catalog_at=plan.catalog_at,
            catalog=self._catalog,
            perms=self._perms,
            form=self._form,
            signed=plan.signed or gap is not None,
            locked=self._locked,
            taken=self._taken,
            pages={},
            slots=self._slots,
            gaps=plan.gaps if gap is None else (*plan.gaps, gap),
            store=self._store,
        )

    def _identifiers(self) -> tuple[bytes, ...]:
        """The first half stays, the second tells this revision from the others (ISO 32000-2, 14.4)."""
        known = self.plan.identifiers
        first = known[0] if known else self.plan.sha256[:16]
        return first, hashlib.sha256(b"".join((*known, b"%d" % self.plan.length))).digest()[:16]


def _widget(name: str, *, kind: bytes, flags: bytes) -> Entries:
    """A field and its one widget in a single dictionary (ISO 32000-2, 12.7.4.1); as long as it has no place it is not seen."""
    return {
        b"/F": flags,
        b"/FT": kind,
        b"/Rect": _NOWHERE,
        b"/Subtype": b"/Widget",
        b"/T": b"(%b)" % name.encode(),
        b"/Type": b"/Annot",
    }


def _seen(place: Place, page: PagePlan) -> Entries:
    """Where a widget stands on its page, and how it is turned there to be upright as the page is seen (ISO 32000-2, table 192)."""
    entries: Entries = {b"/Rect": b"[ %b ]" % b" ".join([number(edge) for edge in page.view.box(place.box)])}
    return entries | {b"/MK": b"<< /R %d >>" % page.view.turned} if page.view.turned else entries


def turned_of(entries: Entries) -> int:
    """How a widget laid in by :func:`_seen` is turned within its page, anticlockwise: 0, 90, 180 or 270 degrees."""
    return _TURNED[entries.get(b"/MK", b"")]


def _form_body(form: FormPlan) -> bytes:
    fields = b"[ %b ]" % form.fields if form.fields_at is None else reference(form.fields_at)
    return dictionary({**form.entries, b"/Fields": fields})


def _extended(held: bytes, more: Sequence[Ref]) -> bytes:
    added = b" ".join([b"%d %d R" % at for at in more])
    return held + b" " + added if held else added


def _table(rows: Sequence[Row]) -> bytes:
    """The subsections of a cross-reference table (ISO 32000-2, 7.5.4), one for each unbroken run of numbers."""
    out: list[bytes] = []
    for run in _runs(rows):
        out.append(b"%d %d\n" % (run[0][0], len(run)))
        out += [b"%010d %05d n \n" % (offset, generation) for _number, generation, offset in run]
    return b"".join(out)


def _stream(rows: Sequence[Row], continued: bytes) -> bytes:
    """A cross-reference stream (ISO 32000-2, 7.5.8); the last of ``rows`` is its own."""
    index = b" ".join([b"%d %d" % (run[0][0], len(run)) for run in _runs(rows)])
    held = b"".join([b"\x01" + offset.to_bytes(5, "big") + generation.to_bytes(2, "big") for _number, generation, offset in rows])
    own = rows[-1][0]
    head = b"/Type /XRef /W [1 5 2] /Index [%b] /Length %d /Size %d %b" % (index, len(held), own + 1, continued)
    return b"%d 0 obj\n<< %b >>\nstream\n%b\nendstream\nendobj\n" % (own, head, held)


def _runs(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows in unbroken runs of numbers, as cross-reference sections list them."""
    runs: list[list[Row]] = []
    follows = -1
    for row in rows:
        if row[0] == follows:
            runs[-1].append(row)
        else:
            runs.append([row])
        follows = row[0] + 1
    return runs
