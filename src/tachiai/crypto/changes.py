"""What happened between the revisions of a file: which objects each update touched, and whether that was meant.

Two judges, both must agree. pyHanko's difference analysis follows DocMDP and FieldMDP from each signature on. Our own
count is narrower: a seal may rewrite its own field and nothing else, a closing may rewrite only catalogue and form.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    CatalogModificationRule,
    DiffPolicy,
    DiffResult,
    DSSCompareRule,
    FormUpdatingRule,
    GenericFieldModificationRule,
    ModificationLevel,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    XrefStreamRule,
)
from pyhanko.sign.validation.status import SignatureCoverageLevel

from tachiai.crypto.fields import HOUSE_FIELD, OWN_NAMES, VALUE_FIELDS, slot_number
from tachiai.crypto.standing import Standing

Numbers = set[tuple[int, int]]
_LONGEST_WALK = 10_000


# What we make never binds a new field to a page, never overwrites an appearance, never shows a new signature. Asking pyHanko
# for less also keeps it from two false alarms: on uploads whose pages hold annotations without numbers of their own, and on
# locked text fields that have an appearance.
STRICT_POLICY = StandardDiffPolicy(
    global_rules=[
        CatalogModificationRule(),  # type: ignore[no-untyped-call]
        XrefStreamRule().as_qualified(ModificationLevel.LTA_UPDATES),
        DSSCompareRule().as_qualified(ModificationLevel.LTA_UPDATES),
    ],
    form_rule=FormUpdatingRule(
        field_rules=[
            SigFieldCreationRule(  # type: ignore[no-untyped-call]
                approve_widget_bindings=False, allow_new_visible_after_certify=False
            ),
            SigFieldModificationRule(),
            GenericFieldModificationRule(allow_in_place_appearance_stream_changes=False),
        ],
    ),
)


def permitted(standing: Standing, *, policy: DiffPolicy = STRICT_POLICY) -> bool:
    """Whether everything after this signature is what its DocMDP and FieldMDP allow (pyHanko's analysis under ``policy``)."""
    deep = standing.deep
    deep.compute_integrity_info(diff_policy=policy)  # type: ignore[no-untyped-call]
    if deep.coverage not in (SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION):
        return False
    return isinstance(deep.diff_result, DiffResult) and bool(deep.summarise_integrity_info()["docmdp_ok"])


def tolerable(standing: Standing) -> bool:
    """The same for files that others made: what our strict policy or pyHanko's own allows."""
    return permitted(standing) or permitted(standing, policy=DEFAULT_DIFF_POLICY)


def stray_revision(reader: PdfFileReader, ours: Sequence[Standing], *, upload_size: int) -> int | None:
    """The first revision behind the upload that touches anything we never touch, or None when all are as we make them.

    ``ours`` are the signatures behind the upload in their order. Every one has a revision of its own; a document timestamp may be
    preceded by one more, with the validation data.
    """
    xrefs = reader.xrefs
    base = sum(1 for number in range(xrefs.total_revisions) if xrefs.get_startxref_for_revision(number) < upload_size)
    signed = {standing.revision: standing for standing in ours}
    for number in range(base, xrefs.total_revisions):
        if not _as_meant(reader, number, signed.get(number), follows=signed.get(number + 1)):
            return number
    return None


def _as_meant(reader: PdfFileReader, number: int, standing: Standing | None, *, follows: Standing | None) -> bool:
    known = _known_before(reader, number)
    touched = _touched(reader, number)
    if reader.xrefs.refs_freed_in_revision(number):
        return False
    if standing is None:
        # Only the validation data of a closing stands in a revision without a signature of its own.
        return follows is not None and follows.is_timestamp and touched & known <= _numbers([reader.root_ref])
    if standing.field == HOUSE_FIELD:
        return _laid_in_as_meant(reader, number, touched & known)
    value = standing.deep.sig_field.raw_get("/V")
    if standing.is_timestamp:
        return touched & known <= _form_numbers(reader, number)
    own = _numbers([value, standing.deep.sig_field.container_ref])
    return own <= touched and touched & known <= own | _blanks(reader, number, standing)


def _blanks(reader: PdfFileReader, number: int, standing: Standing) -> Numbers:
    """The value fields of the slot that was sealed. What fills them, and that nothing else is new, pyHanko's analysis sees to."""
    form = reader.get_historical_resolver(number).root["/AcroForm"]["/Fields"]
    slot = slot_number(standing.field)
    named = [(form.raw_get(index), str(form[index]["/T"])) for index in range(len(form)) if "/T" in form[index]]
    return _numbers(place for place, name in named if name.startswith(VALUE_FIELDS) and slot_number(name) == slot)


def _laid_in_as_meant(reader: PdfFileReader, number: int, rewritten: Numbers) -> bool:
    """The house's revision may rewrite catalogue, form and pages with fields, and of page and catalogue only what fields need."""
    before, after = (reader.get_historical_resolver(n) for n in (number - 1, number))
    allowed = _form_numbers(reader, number)
    for place in _pages_with_fields(before, after):
        page, changed = before.get_object(place), after.get_object(place)
        notes = page.raw_get("/Annots") if "/Annots" in page else None
        allowed |= _numbers([place, notes])
        kept = _items(page)
        if _bare(page, ("/Annots",)) != _bare(changed, ("/Annots",)) or _items(changed)[: len(kept)] != kept:
            return False
    same_catalogue = _bare(before.root, ("/AcroForm", "/Perms")) == _bare(after.root, ("/AcroForm", "/Perms"))
    return rewritten <= allowed and same_catalogue


def _pages_with_fields(before: Any, after: Any) -> list[generic.Reference]:
    """The first page, and every page that stood before and that a field of ours is on now."""
    places: list[Any] = [_first_page(before).container_ref]
    for field in (each.get_object() for each in after.root["/AcroForm"]["/Fields"]):
        page = field.raw_get("/P") if "/P" in field else None
        if isinstance(page, generic.IndirectObject) and str(field["/T"]).startswith(OWN_NAMES):
            places.append(page.reference)
    return [place for place in dict.fromkeys(places) if before.get_object(place).get("/Type") == "/Page"]


def _first_page(handler: Any) -> generic.DictionaryObject:
    """The first leaf of the page tree, found as the maker finds it but by other code. Raises ``LookupError`` without one."""
    waiting = [handler.root["/Pages"]]
    for _step in range(_LONGEST_WALK):
        node = waiting.pop().get_object()
        if "/Kids" not in node:
            return node  # type: ignore[no-any-return]  # a dictionary, or the caller's lookups fail
        waiting.extend(reversed(node["/Kids"]))
    raise LookupError("a page tree without a first page")


def _bare(held: generic.DictionaryObject, without: Sequence[str]) -> bytes:
    """A dictionary's content in one order all the way down, references unresolved, some of its own keys left out."""
    kept = ((key, held.raw_get(key)) for key in sorted(held) if key not in without)
    return b"".join(key.encode() + b" " + canonical(value) + b"\n" for key, value in kept)


def canonical(held: Any) -> bytes:
    """A value in one spelling, references unresolved; of a stream its dictionary."""
    if isinstance(held, generic.IndirectObject):
        return b"%d %d R" % (held.idnum, held.generation)
    if isinstance(held, generic.DictionaryObject):
        return b"<<" + b" ".join(key.encode() + b" " + canonical(held.raw_get(key)) for key in sorted(held)) + b">>"
    if isinstance(held, generic.ArrayObject):
        return b"[" + b" ".join(canonical(held.raw_get(index)) for index in range(len(held))) + b"]"
    if isinstance(held, generic.TextStringObject | generic.ByteStringObject):
        # The same string may be written in more than one way; what it holds is what counts.
        return b"(%b)" % held.original_bytes.hex().encode()
    if isinstance(held, generic.NumberObject | generic.FloatObject):
        return b"%b" % str(Decimal(str(held)).normalize()).encode()
    out = io.BytesIO()
    held.write_to_stream(out)
    return out.getvalue()


def _items(page: generic.DictionaryObject) -> list[bytes]:
    """A page's annotations, each in its canonical form."""
    if "/Annots" not in page:
        return []
    held = page["/Annots"]
    return [canonical(held.raw_get(index)) for index in range(len(held))]


def _form_numbers(reader: PdfFileReader, number: int) -> Numbers:
    """Where catalogue, form and its list of fields are kept, before and after: what adding a field may rewrite."""
    places: list[object] = [reader.root_ref]
    for handler in (reader.get_historical_resolver(n) for n in (number - 1, number)):
        if "/AcroForm" in handler.root:
            places.append(handler.root.raw_get("/AcroForm"))
            form = handler.root["/AcroForm"]
            places.append(form.raw_get("/Fields") if "/Fields" in form else None)
    return _numbers(places)


def _numbers(places: Iterable[object]) -> Numbers:
    """Object numbers of those that are references; direct objects have none of their own."""
    return {(p.idnum, p.generation) for p in places if isinstance(p, generic.IndirectObject | generic.Reference)}


def _touched(reader: PdfFileReader, number: int) -> Numbers:
    return {(ref.idnum, ref.generation) for ref in reader.xrefs.explicit_refs_in_revision(number)}


def _known_before(reader: PdfFileReader, number: int) -> Numbers:
    known: Numbers = set()
    for earlier in range(number):
        known |= _touched(reader, earlier)
    return known


def _cross_reference(reader: PdfFileReader, number: int) -> Numbers:
    """The cross-reference stream of a revision, which lists itself."""
    holder = reader.xrefs.get_xref_container_info(number).stream_ref
    return _numbers([holder])
