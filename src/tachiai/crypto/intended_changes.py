"""Whether a revision of ours does what its kind does and nothing else (docs/formats/seal-revisions.md), told from the bytes alone.

Each revision is read against what stood before it: which objects it may rewrite, which entries of them, and which new objects it
may bring. Every question is answered by comparing whole values; an entry nobody has thought of is an entry that is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tachiai.crypto.mere_appearances import judge_appearances
from tachiai.crypto.own_revisions import Held
from tachiai.crypto.pdf_values import Entries, Value, reference, string
from tachiai.crypto.standing_objects import Change, Standing, bare, demand
from tachiai.crypto.upload_objects import Number, first_page

HOUSE: Final = "TachiaiHouse"
_SLOT = re.compile(r"TachiaiSlot([0-9]{3})")
_VALUE = re.compile(r"TachiaiValue([0-9]{3})-([0-9]{2})")
_ARCHIVE = re.compile(r"TachiaiArchive[1-9][0-9]{0,3}")
_PRINTED_LOCKED, _PRINTED = b"132", b"4"
_TURNED: Final = [{b"/R": turned} for turned in (b"90", b"180", b"270")]
_UNSEEN: Final = [b"0"] * 4
_DEFAULT_APPEARANCE: Final = b"(/Helv 0 Tf 0 g"
_HELVETICA: Final = {b"/BaseFont": b"/Helvetica", b"/Encoding": b"/WinAnsiEncoding", b"/Subtype": b"/Type1", b"/Type": b"/Font"}
_RESOURCES: Final = {b"/Font": {b"/Helv": _HELVETICA}}


# ------------------------------------------------------------------------------------------------------ freezing


@dataclass(frozen=True)
class Terms:
    """What the signatures of a file lock: the names of all slots' fields, as the house laid them in."""

    names: tuple[str, ...]

    def others(self, name: str) -> frozenset[str]:
        """The fields that the signature in ``name`` leaves free: those of the slots that are not its own."""
        own = slot_of(name)
        return frozenset(other for other in self.names if own is None or slot_of(other) != own)


@lru_cache(maxsize=1024)
def slot_of(name: str) -> int | None:
    found = _SLOT.fullmatch(name) or _VALUE.fullmatch(name)
    return int(found[1]) if found else None


@lru_cache(maxsize=1024)
def value_of(name: str) -> tuple[int, int] | None:
    """Slot and number of a value field."""
    found = _VALUE.fullmatch(name)
    return (int(found[1]), int(found[2])) if found else None


def judge_freeze(change: Change, *, signature: Number, certifies: bool) -> Terms:
    """The house's revision: its field, each slot's, their locks and their places on pages and in the form. Raises :class:`Stray`."""
    before, after = change.before, change.after
    made = [held for held in change.section.objects.values() if held.at in change.new and _is_field(held.value)]
    names = {held.at: string(held.value[b"/T"]).decode("latin-1") for held in made}
    demand(len(set(names.values())) == len(names), "two fields of one name")
    terms = Terms(tuple(sorted(name for name in names.values() if name != HOUSE)))
    demand(list(names.values()).count(HOUSE) == 1 and all(slot_of(name) is not None for name in terms.names), "a field that is not ours")
    first = first_page(before.upload, before.catalogue)
    on_pages: dict[Number, list[Number]] = {}
    for held in made:
        page = _judge_new_field(change, held, names[held.at], terms=terms, signature=signature, first=first)
        on_pages.setdefault(page, []).append(held.at)
    for page, widgets in on_pages.items():
        _judge_page(change, page, widgets)
    _judge_form(change, [held.at for held in made])
    wanted = {**_perms(before), b"/DocMDP": b"%d %d R" % signature} if certifies else _perms(before)
    demand(_perms(after) == wanted, "permissions other than the certification's", code="certification")
    change.only(before.catalogue, after.catalogue, b"/AcroForm", b"/Perms")
    change.explain(signature)
    change.finish(may=[before.catalogue_at])
    after.fields.update({name: at for at, name in names.items()})
    return terms


def _is_field(value: Value) -> bool:
    return isinstance(value, dict) and b"/FT" in value and b"/T" in value


def _perms(standing: Standing) -> Entries:
    held = standing.catalogue.get(b"/Perms")
    return {} if held is None else standing.entries(held)


def _judge_new_field(change: Change, held: Held, name: str, *, terms: Terms, signature: Number, first: Number) -> Number:
    """One field as it is laid in; gives the page of its widget."""
    entries: Entries = held.value
    page = reference(entries.get(b"/P"))
    box = entries.get(b"/Rect")
    demand(isinstance(box, list) and len(box) == 4 and page is not None, "a field without a place")
    wanted: Entries = {b"/Type": b"/Annot", b"/Subtype": b"/Widget", b"/T": b"(" + name.encode(), b"/Rect": box, b"/P": entries[b"/P"]}
    if box != _UNSEEN and b"/MK" in entries:
        demand(entries[b"/MK"] in _TURNED, "a field that is turned otherwise than pages are")
        wanted[b"/MK"] = entries[b"/MK"]
    if value_of(name) is None:
        lock = reference(entries.get(b"/Lock"))
        _judge_lock(change.after, entries.get(b"/Lock"), terms.others(name))
        change.explain(lock)
        wanted |= {b"/FT": b"/Sig", b"/F": _PRINTED_LOCKED, b"/Lock": entries[b"/Lock"]}
        wanted |= {b"/V": b"%d %d R" % signature} if name == HOUSE else {}
        demand(name != HOUSE or box == _UNSEEN, "a house's signature that is seen")
    else:
        demand(box != _UNSEEN and type(entries.get(b"/TU")) is bytes, "a value without place or label")
        wanted |= {b"/F": _PRINTED, b"/Ff": b"1", b"/TU": entries[b"/TU"]}
        check = entries.get(b"/FT") == b"/Btn"
        wanted |= {b"/FT": b"/Btn", b"/AS": b"/Off", b"/V": b"/Off"} if check else {b"/FT": b"/Tx", b"/DA": _DEFAULT_APPEARANCE}
    demand(entries == wanted and (box != _UNSEEN or page == first), "a field laid in otherwise than it should be")
    change.explain(held.at)
    return page  # type: ignore[return-value]  # asked for above


def _judge_lock(standing: Standing, lock: Value, others: frozenset[str]) -> None:
    """A SigFieldLock (ISO 32000-2, table 236) that leaves exactly ``others`` free."""
    held = standing.entries(lock)
    demand(bare(held, b"/Fields") == {b"/Type": b"/SigFieldLock", b"/Action": b"/Exclude" if others else b"/All"}, "a lock", code="lock")
    names = [string(name).decode("latin-1") for name in standing.items(held.get(b"/Fields"))]
    demand(len(names) == len(others) and set(names) == others, "a lock on other fields", code="lock")


def _judge_page(change: Change, page: Number, widgets: list[Number]) -> None:
    """Of a page only /Annots may change, and only by the new widgets at its end."""
    before, after = change.before.dictionary(page), change.after.dictionary(page)
    demand(before.get(b"/Type") == b"/Page", "a widget on something else than a page")
    change.only(before, after, b"/Annots")
    _appended(change, before.get(b"/Annots"), after.get(b"/Annots"), widgets)
    change.explain(page)


def _appended(change: Change, before: Value, after: Value, more: list[Number]) -> None:
    """A list must be what it was, then references to ``more`` in any order. One with a number of its own keeps it, or is left to others."""
    held, now = change.before.items(before), change.after.items(after)
    place = reference(after)
    demand(place in (reference(before), None), "a list that moved")
    demand(now[: len(held)] == held, "a list that lost something")
    demand(sorted(now[len(held) :]) == sorted(b"%d %d R" % at for at in more), "a list with something else at its end")
    change.explain(place)


def _judge_form(change: Change, more: list[Number]) -> None:
    """Of the form only /Fields may grow, by ``more``; /SigFlags says what is so."""
    old, new = change.before.catalogue.get(b"/AcroForm"), change.after.catalogue.get(b"/AcroForm")
    form = change.after.entries(new)
    demand(form.get(b"/SigFlags") == b"3", "a form that hides its signatures")
    if old is None:
        rest = bare(form, b"/Fields", b"/SigFlags")
        demand(rest in ({}, {b"/DA": _DEFAULT_APPEARANCE, b"/DR": _RESOURCES}), "a new form with something else in it")
        _appended(change, None, form.get(b"/Fields"), more)
        demand(reference(new) in change.new, "a new form without a number")
    else:
        before = change.before.entries(old)
        demand(reference(new) == reference(old), "a form that moved")
        change.only(before, form, b"/Fields", b"/SigFlags")
        _appended(change, before.get(b"/Fields"), form.get(b"/Fields"), more)
    change.explain(reference(new))


# ------------------------------------------------------------------------------------------------------- sealing


def judge_seal(change: Change, *, name: str, field_at: Number, signature: Number) -> dict[int, Value]:
    """A slot's revision: its own field signed, its own values filled, and what these show. Gives each value by its field's number.

    Raises :class:`Stray`.
    """
    demand(change.before.fields.get(name) == field_at and field_at in change.rewritten, "a slot that was not laid in")
    old, new = change.before.dictionary(field_at), change.after.dictionary(field_at)
    demand(b"/V" not in old and new.get(b"/V") == b"%d %d R" % signature, "a slot that was signed before")
    change.only(old, new, b"/V", b"/AP")
    shown = [new[b"/AP"]] if b"/AP" in new else []
    demand(not shown or old[b"/Rect"] != _UNSEEN, "an appearance that has no place")
    values: dict[int, Value] = {}
    for at in change.rewritten - {field_at}:
        number, value, look = _judge_value(change, at, slot_of(name))
        values[number] = value
        shown.append(look)
    change.explain(field_at, signature)
    judge_appearances(change, shown, apart_from=signature)
    change.finish()
    return values


def _judge_value(change: Change, at: Number, slot: int | None) -> tuple[int, Value, Value]:
    """One value field, filled: its number, its value and its appearance."""
    old, new = change.before.dictionary(at), change.after.dictionary(at)
    name = string(old[b"/T"]).decode("latin-1") if b"/T" in old else ""
    found = value_of(name)
    demand(found is not None and found[0] == slot and change.before.fields.get(name) == at, "an object rewritten that must stay")
    value, look = new.get(b"/V"), new.get(b"/AP")
    if old.get(b"/FT") == b"/Btn":
        change.only(old, new, b"/V", b"/AP", b"/AS")
        demand((old.get(b"/V"), value, new.get(b"/AS")) == (b"/Off", b"/Yes", b"/Yes"), "a box ticked otherwise")
    else:
        change.only(old, new, b"/V", b"/AP")
        demand(b"/V" not in old and type(value) is bytes and value[:1] == b"(", "a text filled in otherwise")
    change.explain(at)
    return (found or (0, 0))[1], value, look


# ------------------------------------------------------------------------------------------------------- closing


def judge_store(change: Change) -> dict[bytes, list[tuple[int, int]]]:
    """A revision with validation data: where each stream of each kind stands that it knows of in our revisions. Raises :class:`Stray`."""
    before, after = change.before, change.after
    change.only(before.catalogue, after.catalogue, b"/DSS")
    at = reference(after.catalogue.get(b"/DSS"))
    demand(at in change.new, "validation data without an object of its own")
    old = before.entries(before.catalogue[b"/DSS"]) if b"/DSS" in before.catalogue else {}
    new = after.entries(after.catalogue.get(b"/DSS"))
    demand(new.get(b"/Type") == b"/DSS" and new.keys() <= {b"/Type", b"/VRI", b"/Certs", b"/OCSPs", b"/CRLs"}, "another kind of store")
    demand(bare(old, b"/Type", b"/Certs", b"/OCSPs", b"/CRLs") == bare(new, b"/Type", b"/Certs", b"/OCSPs", b"/CRLs"), "a changed /VRI")
    found: dict[bytes, list[tuple[int, int]]] = {}
    for kind in (b"/Certs", b"/OCSPs", b"/CRLs"):
        held, now = before.items(old.get(kind)), after.items(new.get(kind))
        demand(now[: len(held)] == held, "validation data that was lost")
        found[kind] = [place for item in now if (place := _content(change, item)) is not None]
    change.explain(at, before.catalogue_at)
    change.finish()
    return found


def _content(change: Change, item: Value) -> tuple[int, int] | None:
    """Where a stream of the store stands; None for one that came with the upload."""
    at = reference(item)
    held = None if at is None else change.after.latest.get(at)
    if held is None:
        demand(at is not None and at[0] < change.after.upload.first_free, "validation data that is not there")
        return None
    size = held.stream[1] - held.stream[0] if held.stream is not None else -1
    demand(held.value == {b"/Length": b"%d" % size}, "validation data in another form")
    change.explain(at if held.at in change.new else None)
    return held.stream


def judge_stamp(change: Change, *, name: str, field_at: Number, signature: Number) -> None:
    """A document timestamp: one more field without a page, in the form and nowhere else. Raises :class:`Stray`."""
    demand(_ARCHIVE.fullmatch(name) is not None and name not in change.before.fields and field_at in change.new, "another field")
    wanted = {
        b"/Type": b"/Annot",
        b"/Subtype": b"/Widget",
        b"/FT": b"/Sig",
        b"/F": _PRINTED_LOCKED,
        b"/Rect": _UNSEEN,
        b"/T": b"(" + name.encode(),
        b"/V": b"%d %d R" % signature,
    }
    demand(change.after.dictionary(field_at) == wanted, "a field laid in otherwise than it should be")
    change.only(change.before.catalogue, change.after.catalogue, b"/AcroForm")
    _judge_form(change, [field_at])
    change.explain(field_at, signature)
    change.finish(may=[change.before.catalogue_at])
    change.after.fields[name] = field_at
