"""Whether what a seal draws only shows: no object that is not needed, none that acts, none that leads out of its revision."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tachiai.crypto.pdf_values import Value, reference, references
from tachiai.crypto.standing_objects import Change, Stray, demand
from tachiai.crypto.upload_objects import Number

# What makes a reader act, fetch, choose or believe. An appearance only shows (ISO 32000-2, 7.11, 8.10.4, 8.11, 12.5, 12.6, 12.8).
_ACTIVE_KEYS: Final = frozenset(
    b"/A /AA /JS /OpenAction /URI /Rendition /EF /EmbeddedFiles /F /FS /FFilter /FDecodeParms /Ref /OC /OPI /PS /Alternates /V /Kids "
    b"/Parent /ByteRange /Annots /XFA /Metadata /AcroForm /Reference".split()
)
_RESOURCES_BY_NAME: Final = frozenset(b"/Font /XObject /ExtGState /ColorSpace /Pattern /Shading".split())
_ACTIVE_KINDS: Final = frozenset(
    b"/JavaScript /Launch /URI /GoTo /GoToR /GoToE /Named /SubmitForm /ImportData /ResetForm /Rendition /Movie /Sound /RichMedia /Action "
    b"/RichMediaExecute /GoTo3DView /SetOCGState /Hide /Trans /Thread /EmbeddedFile /Filespec /OCG /OCMD /PS /Annot /Sig /SigRef "
    b"/DocTimeStamp /Catalog /Pages /Page /ObjStm /XRef".split()
)


def judge_appearances(change: Change, shown: Iterable[Value], *, apart_from: Number) -> None:
    """Whatever else is new must be reachable from the appearances ``shown``, lead nowhere else, and only show."""
    waiting: list[Number] = []
    for look in shown:
        demand(isinstance(look, dict) and look.keys() == {b"/N"}, "an appearance of another kind")
        normal = look[b"/N"]
        states = list(normal.values()) if isinstance(normal, dict) and normal.keys() == {b"/Yes"} else [normal]
        waiting += [_form_object(change, state) for state in states]
    allowed = change.new - {apart_from}
    known: set[Number] = set()
    while waiting:
        at = waiting.pop()
        if at in known:
            continue
        known.add(at)
        demand(at in allowed, "an appearance that leads out of its revision")
        value = change.after.value(at)
        _refuse_active(value)
        waiting += references(value)
    change.explain(*known)


def _form_object(change: Change, look: Value) -> Number:
    """The number of a form XObject (ISO 32000-2, 8.10)."""
    at = reference(look)
    held = None if at is None else change.section.objects.get(at[0])
    shows = held is not None and held.stream is not None and held.value.get(b"/Subtype") == b"/Form"
    if at is None or not shows:
        raise Stray("an appearance that is no form")
    return at


def _refuse_active(value: Value, *, names: bool = False) -> None:
    """Refuse what does more than show. ``names``: the keys are a page's own words for its resources, and mean nothing."""
    if isinstance(value, list):
        for held in value:
            _refuse_active(held)
    if not isinstance(value, dict):
        return
    kinds = [value[key] for key in (b"/Type", b"/Subtype", b"/S") if type(value.get(key)) is bytes]
    demand(names or _ACTIVE_KEYS.isdisjoint(value), "an appearance that does more than show")
    demand(_ACTIVE_KINDS.isdisjoint(kinds), "an appearance that does more than show")
    for key, held in value.items():
        _refuse_active(held, names=not names and key in _RESOURCES_BY_NAME)
