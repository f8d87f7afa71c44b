"""The plan of a PDF: what an incremental update needs to know about a file, so that sealing never parses it again.

A real parser makes a plan once (:mod:`tachiai.crypto.planning`); every revision of ours carries it forward. A plan names the
length and SHA-256 of the one file it fits. Its encoding, version 2, is described in ``docs/formats/plan.md``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from tachiai.crypto.fields import Lock
from tachiai.crypto.views import TURNS, View

VERSION = 2
LARGEST = 8 * 1024 * 1024
Ref = tuple[int, int]
Entries = dict[bytes, bytes]
Held = TypeVar("Held")


class BadPlan(ValueError):
    """The bytes are no plan of a version that is understood. Nothing else is ever raised for them."""


class PagePlan(NamedTuple):
    """A page that gets widgets: its entries but /Annots, and what /Annots holds (and where, when it is an object of its own).

    ``view`` is what is seen of it, also where that is inherited.
    """

    at: Ref
    entries: Entries
    annots_at: Ref | None
    annots: bytes
    view: View


class FormPlan(NamedTuple):
    """The /AcroForm: its entries but /Fields; ``at`` None when it stands inside the catalogue."""

    at: Ref | None
    entries: Entries
    fields_at: Ref | None
    fields: bytes


class ValuePlan(NamedTuple):
    """A blank of a slot: a box to tick, or a text field (dates and names are text fields too)."""

    at: Ref
    check: bool
    entries: Entries


class SlotPlan(NamedTuple):
    """A slot's signature field. ``lock`` None: it bears none, and must not be sealed."""

    at: Ref
    entries: Entries
    lock: Lock | None
    signed: bool
    values: Mapping[int, ValuePlan] = MappingProxyType({})


class Gap(NamedTuple):
    """A signature that stands: its field's name and where the hexadecimal string of /Contents lies (start, end; brackets included)."""

    field: str
    start: int
    end: int


class StorePlan(NamedTuple):
    """The /DSS: under each of Certs, OCSPs, CRLs the streams in order, as (SHA-256 of the content, reference)."""

    vri: bytes
    streams: Mapping[bytes, tuple[tuple[bytes, bytes], ...]]


class Plan(NamedTuple):
    """Values are PDF syntax as bytes, ready to be written; keys have their slash.

    ``free``: the first object number nobody uses. ``trailer``: /Root, /Info and every entry that must be carried on.
    ``identifiers``: the halves of /ID. ``signed``: somebody has signed already;
    ``locked``: a signature that forbids more fields, and by what. ``taken``: names of our kind in the form.
    """

    length: int
    sha256: bytes
    line_end: bool
    startxref: int
    classic: bool
    free: int
    trailer: bytes
    identifiers: tuple[bytes, ...]
    catalog_at: Ref
    catalog: Entries
    perms: Entries
    form: FormPlan | None
    signed: bool
    locked: tuple[str, str] | None
    taken: tuple[str, ...]
    pages: Mapping[int, PagePlan] = MappingProxyType({})
    slots: Mapping[int, SlotPlan] = MappingProxyType({})
    gaps: tuple[Gap, ...] = ()
    store: StorePlan | None = None

    def encode(self) -> bytes:
        """The plan as UTF-8 JSON, version 2. Bytes stand as characters of the same numbers (ISO 8859-1)."""
        return json.dumps(_written(self), separators=(",", ":")).encode()


def read_plan(held: bytes) -> Plan:
    """A plan from its encoding. Raises :class:`BadPlan`, and nothing else, for any other bytes."""
    if len(held) > LARGEST:
        raise BadPlan("too large")
    try:
        return _read(json.loads(held.decode()))
    except BadPlan:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as torn:
        raise BadPlan("not a plan") from torn


# ---------------------------------------------------------------------------------------------------- writing


def _written(plan: Plan) -> dict[str, Any]:
    return {
        "v": VERSION,
        "length": plan.length,
        "sha256": plan.sha256.hex(),
        "line_end": plan.line_end,
        "startxref": plan.startxref,
        "classic": plan.classic,
        "free": plan.free,
        "trailer": _text(plan.trailer),
        "ids": [half.hex() for half in plan.identifiers],
        "catalog": [plan.catalog_at, _texts(plan.catalog)],
        "perms": _texts(plan.perms),
        "form": plan.form and [plan.form.at, _texts(plan.form.entries), plan.form.fields_at, _text(plan.form.fields)],
        "signed": plan.signed,
        "locked": plan.locked,
        "taken": plan.taken,
        "pages": {str(n): [p.at, _texts(p.entries), p.annots_at, _text(p.annots), p.view] for n, p in plan.pages.items()},
        "slots": {str(n): _written_slot(slot) for n, slot in plan.slots.items()},
        "gaps": [[gap.field, gap.start, gap.end] for gap in plan.gaps],
        "store": plan.store
        and [_text(plan.store.vri), {_text(k): [[d.hex(), _text(r)] for d, r in v] for k, v in plan.store.streams.items()}],
    }


def _written_slot(slot: SlotPlan) -> list[Any]:
    lock = slot.lock and [slot.lock.action, slot.lock.fields]
    values = {str(number): [value.at, value.check, _texts(value.entries)] for number, value in slot.values.items()}
    return [slot.at, _texts(slot.entries), lock, slot.signed, values]


def _text(held: bytes) -> str:
    return held.decode("latin-1")


def _texts(entries: Entries) -> dict[str, str]:
    return {key.decode("latin-1"): value.decode("latin-1") for key, value in entries.items()}


# ---------------------------------------------------------------------------------------------------- reading


def _read(found: dict[str, Any]) -> Plan:
    if found["v"] != VERSION:
        raise BadPlan(f"version {found['v']!r:.20}")
    catalog_at, catalog = found["catalog"]
    return Plan(
        length=_whole(found["length"]),
        sha256=_digest(found["sha256"]),
        line_end=_flag(found["line_end"]),
        startxref=_whole(found["startxref"]),
        classic=_flag(found["classic"]),
        free=_whole(found["free"]),
        trailer=_bytes(found["trailer"]),
        identifiers=tuple(bytes.fromhex(half) for half in _listed(found["ids"])),
        catalog_at=_ref(catalog_at),
        catalog=_entries(catalog),
        perms=_entries(found["perms"]),
        form=_maybe(_form, found["form"]),
        signed=_flag(found["signed"]),
        locked=_maybe(_pair, found["locked"]),
        taken=tuple(_word(name) for name in _listed(found["taken"])),
        pages={int(number): _page(held) for number, held in found["pages"].items()},
        slots={int(number): _slot(held) for number, held in found["slots"].items()},
        gaps=tuple(_gap(held) for held in _listed(found["gaps"])),
        store=_maybe(_store, found["store"]),
    )


def _form(held: Any) -> FormPlan:
    at, entries, fields_at, fields = _listed(held)
    return FormPlan(_maybe(_ref, at), _entries(entries), _maybe(_ref, fields_at), _bytes(fields))


def _page(held: Any) -> PagePlan:
    at, entries, annots_at, annots, view = _listed(held)
    return PagePlan(_ref(at), _entries(entries), _maybe(_ref, annots_at), _bytes(annots), _view(view))


def _view(held: Any) -> View:
    left, lower, right, upper, turned, unit = _listed(held)
    found = View(_real(left), _real(lower), _real(right), _real(upper), _whole(turned), _real(unit))
    if found.turned not in TURNS or not (found.left < found.right and found.lower < found.upper and found.unit > 0):
        raise BadPlan("not a page's view")
    return found


def _slot(held: Any) -> SlotPlan:
    at, entries, lock, signed, values = _listed(held)
    return SlotPlan(_ref(at), _entries(entries), _maybe(_lock, lock), _flag(signed), {int(n): _value(v) for n, v in values.items()})


def _value(held: Any) -> ValuePlan:
    at, check, entries = _listed(held)
    return ValuePlan(_ref(at), _flag(check), _entries(entries))


def _lock(held: Any) -> Lock:
    action, names = _listed(held)
    return Lock(_word(action), tuple(_word(name) for name in _listed(names)))


def _gap(held: Any) -> Gap:
    name, start, end = _listed(held)
    return Gap(_word(name), _whole(start), _whole(end))


def _store(held: Any) -> StorePlan:
    vri, streams = _listed(held)
    kept = {_bytes(key): tuple((_digest(digest), _bytes(ref)) for digest, ref in _listed(rows)) for key, rows in streams.items()}
    return StorePlan(_bytes(vri), kept)


def _maybe(reader: Callable[[Any], Held], held: Any) -> Held | None:
    return None if held is None else reader(held)


def _whole(held: Any) -> int:
    if type(held) is not int or not 0 <= held < 1 << 40:
        raise BadPlan("not a number")
    return held


def _real(held: Any) -> float:
    # Infinities and what is no number compare false, or are too large.
    if type(held) not in (int, float) or not abs(held) < 1e8:
        raise BadPlan("not a measure")
    return float(held)


def _flag(held: Any) -> bool:
    if type(held) is not bool:
        raise BadPlan("not yes or no")
    return held


def _word(held: Any) -> str:
    if type(held) is not str:
        raise BadPlan("not a word")
    return held


def _pair(held: Any) -> tuple[str, str]:
    name, by = _listed(held)
    return _word(name), _word(by)


def _listed(held: Any) -> list[Any]:
    if type(held) is not list:
        raise BadPlan("not a list")
    return held


def _bytes(held: Any) -> bytes:
    return _word(held).encode("latin-1")


def _digest(held: Any) -> bytes:
    found = bytes.fromhex(held)
    if len(found) != 32:
        raise BadPlan("not a digest")
    return found


def _ref(held: Any) -> Ref:
    number, generation = _listed(held)
    return _whole(number), _whole(generation)


def _entries(held: Any) -> Entries:
    return {key.encode("latin-1"): value.encode("latin-1") for key, value in held.items()}
