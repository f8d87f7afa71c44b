"""Making the plan of a PDF: the one place of the sealer where a real parser (pikepdf) reads a file.

It is done once, when a file arrives; whatever an incremental update could trip over is refused here, in words. A file of our own,
whatever revisions stand in it, can be planned again at any time, should its plan be lost.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, String

from tachiai.crypto.fields import HOUSE_FIELD, OWN_NAMES, SLOT_FIELDS, VALUE_FIELDS, Lock, slot_number
from tachiai.crypto.page_boxes import view_of
from tachiai.crypto.pdf_values import spelled
from tachiai.crypto.plans import Entries, FormPlan, Gap, PagePlan, Plan, Ref, SlotPlan, StorePlan, ValuePlan
from tachiai.errors import Refusal

_SECTION_KEYS = ("Size", "Prev", "XRefStm", "Type", "W", "Index", "Filter", "DecodeParms", "Length", "ID", "Root", "Info", "DL")
_OWN_TRAILER_KEYS = frozenset(b"/" + key.encode() for key in _SECTION_KEYS)
_PLAIN_WORDS = ("/T", "/DA")
_WIDEST_GAP = 10_000
_DEEPEST = 32
_LONGEST_WALK = 20_000
# What the parser, and Python on values of unexpected kinds, raise for files that are no better than they look.
_TORN = (pikepdf.PdfError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError)


def plan(pdf: bytes, *, pages: Collection[int] = (1,)) -> Plan:
    """What sealing needs to know of ``pdf``, with the entries of ``pages`` (from 1), which only freezing uses.

    Refuses ``file.unreadable``, ``file.encrypted``, ``file.xfa``, ``file.unwritable`` (it must be normalised first)
    and ``file.page_missing``.
    """
    startxref, classic = _last_section(pdf)
    with _open(pdf) as document:
        try:
            return _planned(document, pdf, startxref=startxref, classic=classic, pages=pages)
        except _TORN as torn:
            # The parser reads an object when it is asked for, so what is broken inside a file shows only now.
            raise Refusal("file.unreadable") from torn


def _planned(document: Pdf, pdf: bytes, *, startxref: int, classic: bool, pages: Collection[int]) -> Plan:
    free = _first_free(document)
    named = list(_walk_form(document.Root))
    signed = [(name, field) for name, field in named if _is_signature_value(field.get("/V"))]
    frozen = any(name == HOUSE_FIELD for name, _field in signed)
    form = _form(document.Root)
    perms = document.Root.get("/Perms")
    return Plan(
        length=len(pdf),
        sha256=hashlib.sha256(pdf).digest(),
        line_end=pdf.endswith((b"\n", b"\r")),
        startxref=startxref,
        classic=classic,
        free=free,
        trailer=_trailer(document),
        identifiers=_identifiers(document),
        catalog_at=_numbered(document.Root),
        catalog=_entries(document.Root),
        perms=_entries(perms) if isinstance(perms, Dictionary) else {},
        form=form,
        signed=bool(signed),
        locked=_locked(signed),
        # A field above others takes its own part of their names.
        taken=tuple(dict.fromkeys(name.split(".")[0] for name, _field in named if name.startswith(OWN_NAMES))),
        pages={} if frozen else _pages(document, pages, free=free),
        slots=_slots(named),
        gaps=_gaps(signed),
        store=_store(document.Root.get("/DSS")),
    )


# ------------------------------------------------------------------------------------------- the file as such


def _last_section(pdf: bytes) -> tuple[int, bool]:
    """Where the newest cross-reference section stands, and whether it is a classic table (also in hybrid files)."""
    found = re.search(rb"startxref\s+(\d{1,12})\s*(?:%|$)", pdf[max(pdf.rfind(b"startxref"), 0) :][:64])
    if not pdf.startswith(b"%PDF-") or found is None:
        raise Refusal("file.unwritable", why="no header at its first byte or no startxref")
    offset = int(found.group(1))
    head = pdf[offset : offset + 32].lstrip()
    if head.startswith(b"xref"):
        return offset, True
    if re.match(rb"\d+\s+\d+\s+obj", head):
        return offset, False
    raise Refusal("file.unwritable", why="startxref points nowhere")


def _open(pdf: bytes) -> Pdf:
    """Read without any repair: offsets that had to be guessed cannot be appended to."""
    try:
        document = pikepdf.open(io.BytesIO(pdf), attempt_recovery=False, suppress_warnings=True, inherit_page_attributes=False)
    except pikepdf.PasswordError as locked:
        raise Refusal("file.encrypted") from locked
    except pikepdf.PdfError as torn:
        raise Refusal("file.unreadable") from torn
    if document.is_encrypted:
        document.close()
        raise Refusal("file.encrypted")
    return document


def _first_free(document: Pdf) -> int:
    """The first number that nothing in the file uses or has freed."""
    size = int(document.trailer.get("/Size", 0))
    probe: int = document.make_indirect(Dictionary()).objgen[0]
    if size - probe > _WIDEST_GAP:
        raise Refusal("file.unwritable", why="the object table is far larger than what it holds")
    return max(size, probe)


def _trailer(document: Pdf) -> bytes:
    entries = _entries(document.trailer)
    kept = b"".join(b" %b %b" % entry for entry in entries.items() if entry[0] not in _OWN_TRAILER_KEYS)
    info = document.trailer.get("/Info")
    about = b" /Info " + entries[b"/Info"] if isinstance(info, Object) and info.is_indirect else b""
    return b"/Root %b%b%b" % (entries[b"/Root"], about, kept)


def _identifiers(document: Pdf) -> tuple[bytes, ...]:
    known = document.trailer.get("/ID")
    return tuple(bytes(half) for half in known) if isinstance(known, Array) and len(known) == 2 else ()


def _numbered(held: Object) -> Ref:
    """An object of its own can be written anew; a direct one belongs to whatever holds it."""
    if not held.is_indirect:
        raise Refusal("file.unwritable", why="a direct object where one with a number is needed")
    return held.objgen


def _place(held: object) -> Ref | None:
    return held.objgen if isinstance(held, Object) and held.is_indirect else None


def _entries(held: Object) -> Entries:
    """Keys and values as the parser writes them. Asked one by one it would give what a reference stands for instead of the reference."""
    return spelled(held.unparse(resolved=True))


def _own_entries(field: Object) -> Entries:
    """Entries of a field of ours, words in hexadecimal as the sealer writes them; the parser would choose a form by their letters."""
    words = {key.encode(): value for key, value in field.items() if isinstance(value, String) and key not in _PLAIN_WORDS}
    return _entries(field) | {key: b"<%b>" % bytes(value).hex().encode() for key, value in words.items()}


def _items(held: object) -> bytes:
    return held.unparse(resolved=True)[1:-1].strip() if isinstance(held, Array) else b""


# --------------------------------------------------------------------------------------------- pages and form


def _pages(document: Pdf, wanted: Collection[int], *, free: int) -> dict[int, PagePlan]:
    """The wanted pages. The reader's own list of pages is not used, because it repairs as it goes."""
    found: dict[int, PagePlan] = {}
    last = max(wanted, default=0)
    for number, leaf in enumerate(_leaves(document.Root.get("/Pages")), start=1):
        if number in wanted:
            if not (leaf.is_indirect and 0 < leaf.objgen[0] < free):
                break
            found[number] = _page(leaf)
        if number >= last:
            break
    for number in sorted(wanted):
        if number not in found and number == 1:
            raise Refusal("file.unwritable", why="its first page is not an object of its own")
        if number not in found:
            raise Refusal("file.page_missing", page=number)
    return _unshared(document, found)


def _unshared(document: Pdf, found: dict[int, PagePlan]) -> dict[int, PagePlan]:
    """Pages may share one list of annotations; a widget laid into it would stand on all of them, so each gets a list of its own."""
    listed = {page.annots_at for page in found.values()} - {None}
    if not listed:
        return found
    uses = Counter(_place(leaf.get("/Annots")) for leaf in _leaves(document.Root.get("/Pages")))
    return {number: page if uses[page.annots_at] == 1 else page._replace(annots_at=None) for number, page in found.items()}


def _leaves(root: object) -> Iterator[Object]:
    waiting = [root]
    for _step in range(_LONGEST_WALK):
        node = waiting.pop() if waiting else None
        if not isinstance(node, Dictionary):
            return
        kids = node.get("/Kids")
        if isinstance(kids, Array):
            waiting.extend(reversed(list(kids)))
        else:
            yield node


def _page(leaf: Object) -> PagePlan:
    annots = leaf.get("/Annots")
    entries = _entries(leaf)
    entries.pop(b"/Annots", None)
    return PagePlan(leaf.objgen, entries, _place(annots) if isinstance(annots, Array) else None, _items(annots), view_of(leaf))


def _form(catalog: Object) -> FormPlan | None:
    form = catalog.get("/AcroForm")
    if not isinstance(form, Dictionary):
        return None
    if "/XFA" in form:
        raise Refusal("file.xfa")
    held = form.get("/Fields")
    entries = _entries(form)
    entries.pop(b"/Fields", None)
    return FormPlan(_place(form), entries, _place(held) if isinstance(held, Array) else None, _items(held))


def _walk_form(catalog: Object) -> Iterator[tuple[str, Object]]:
    """Every terminal field with its full name. Refuses ``file.unwritable`` for a form that loops."""
    form = catalog.get("/AcroForm")
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


# ------------------------------------------------------------------------------------------- what stands signed


def _is_signature_value(value: object) -> bool:
    return isinstance(value, Dictionary) and "/ByteRange" in value and "/Contents" in value


def _gaps(signed: list[tuple[str, Object]]) -> tuple[Gap, ...]:
    """In the order of the file, which for ours is the order of signing."""
    found = (_gap(name, field.V) for name, field in signed)
    return tuple(sorted((gap for gap in found if gap is not None), key=lambda gap: gap.start))


def _gap(name: str, value: Object) -> Gap | None:
    ranges = [int(part) for part in value.ByteRange if isinstance(part, int)]
    return Gap(name, ranges[1], ranges[2]) if len(ranges) == 4 and 0 < ranges[1] < ranges[2] else None


def _locked(signed: list[tuple[str, Object]]) -> tuple[str, str] | None:
    """The first signature that forbids more fields, and by what: a certification with P=1, or a FieldMDP that also locks fields
    yet to be added (ISO 32000-2, 12.8.2.2 and 12.8.2.4).
    """
    for name, field in signed:
        lock = field.get("/Lock")
        if isinstance(lock, Dictionary) and lock.get("/P") == 1:
            return name, "Lock"
        references = field.V.get("/Reference")
        for entry in references if isinstance(references, Array) else ():
            if (by := _forbids(entry)) is not None:
                return name, by
    return None


def _forbids(entry: Object) -> str | None:
    params = entry.get("/TransformParams")
    if not isinstance(params, Dictionary):
        return None
    method = entry.get("/TransformMethod")
    if method == Name.DocMDP and params.get("/P", 2) == 1:
        return "DocMDP"
    locks_new = params.get("/Action") != Name.Include or params.get("/P") == 1
    return "FieldMDP" if method == Name.FieldMDP and locks_new else None


# --------------------------------------------------------------------------------------------- slots and store


def _slots(named: list[tuple[str, Object]]) -> dict[int, SlotPlan]:
    found: dict[int, SlotPlan] = {}
    values: dict[int, dict[int, ValuePlan]] = {}
    for name, field in named:
        slot = slot_number(name)
        if slot is None:
            continue
        if name.startswith(VALUE_FIELDS):
            values.setdefault(slot, {})[int(name[-2:])] = ValuePlan(_numbered(field), field.get("/FT") == Name.Btn, _own_entries(field))
        elif name.startswith(SLOT_FIELDS):
            found[slot] = SlotPlan(_numbered(field), _own_entries(field), _read_lock(field), signed="/V" in field)
    return {number: SlotPlan(s.at, s.entries, s.lock, s.signed, values.get(number, {})) for number, s in found.items()}


def _read_lock(field: Object) -> Lock | None:
    held = field.get("/Lock")
    if not isinstance(held, Dictionary):
        return None
    names = held.get("/Fields")
    return Lock(str(held.get("/Action", "/All"))[1:], tuple(str(n) for n in names) if isinstance(names, Array) else ())


def _store(held: object) -> StorePlan | None:
    if not isinstance(held, Dictionary):
        return None
    vri = held.get("/VRI")
    kept = {key.encode(): _streams(held.get(key)) for key in ("/Certs", "/OCSPs", "/CRLs") if key in held}
    return StorePlan(_entries(held)[b"/VRI"] if isinstance(vri, Object) else b"", kept)


def _streams(held: object) -> tuple[tuple[bytes, bytes], ...]:
    streams = list(held) if isinstance(held, Array) else []
    return tuple((hashlib.sha256(stream.read_bytes()).digest(), stream.unparse()) for stream in streams)
