"""Every object of a PDF, seen once, inside a child: what acts by itself, what leads outside, who signed, which fonts are missing.

Unreachable objects count too: another reader, or a later revision, may reach them. qpdf writes each object out in its canonical
form (escapes in names undone), one regular expression looks for a name that matters, and only then is the object taken apart,
so that 50 MB of page content cost seconds and not minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, String

from tachiai.errors import Refusal
from tachiai.pages import active_content, masking, whereabouts
from tachiai.pages.findings import Finding, ForeignSignatures
from tachiai.pages.spelling import claimed, word
from tachiai.pages.whereabouts import Place

MAX_OBJECTS = 200_000
MAX_MEGAPIXELS = 400  # of one image: three times a sheet of A1 scanned at 600 dpi
MOST_NAMED = 20
MOST_SIGNERS = 5
LONGEST_NAME = 80

_MATTERS = re.compile(
    rb"/(?:JS|JavaScript|Launch|SubmitForm|ImportData|Rendition|RichMedia|Movie|Sound|3D|XFA|EF|AA|OpenAction|URI|GoToR|GoToE|Thread"
    rb"|FT|ByteRange|Sig|DocTimeStamp|BaseFont|Ref|OPI|AcroForm|FileAttachment)\b"
)
_OWN_FONT_PROGRAMS = (Name.FontFile, Name.FontFile2, Name.FontFile3)
_OF_THE_FILE = (Name.XRef, Name.ObjStm)
_FONTS_WITH_PROGRAM = {"/Type1", "/MMType1", "/TrueType", "/CIDFontType0", "/CIDFontType2"}


@dataclass
class Walk:
    """What the walk has gathered; ``findings`` and ``foreign`` are complete when `walk` returns. ``kept`` counts the objects that are
    not the file's own tables."""

    active: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    link_count: int = 0
    attachments: list[str] = field(default_factory=list)
    link_places: set[Place] = field(default_factory=set)
    link_pages: list[int] = field(default_factory=list)
    unembedded: set[str] = field(default_factory=set)
    font_places: set[Place] = field(default_factory=set)
    font_pages: list[int] = field(default_factory=list)
    masked: set[str] = field(default_factory=set)
    masked_places: set[Place] = field(default_factory=set)
    masked_pages: list[int] = field(default_factory=list)
    form_fonts: set[Place] = field(default_factory=set)
    signatures: int = 0
    timestamps: int = 0
    names: list[str] = field(default_factory=list)
    docmdp: int | None = None
    locks: bool = False
    locked: list[str] = field(default_factory=list)
    has_form: bool = False
    form_fields: int = 0
    here: Place = (0, 0)
    kept: int = 0

    @property
    def foreign(self) -> ForeignSignatures:
        return ForeignSignatures(self.signatures, self.timestamps, self.docmdp, self.locks)

    @property
    def findings(self) -> list[Finding]:
        """In the order in which a clerk should read them."""
        found = [
            (self.active, Finding("file.active_content", "refuse", {"kinds": sorted(self.active)})),
            (self.foreign, Finding("signatures.foreign", "warn", self._signature_facts)),
            (self.form_fields, Finding("form.fields", "warn", {"fields": self.form_fields})),
            (self.link_count, Finding("links.external", "warn", self._link_facts)),
            (self.attachments, Finding("file.attachments", "warn", {"names": self.attachments[:MOST_NAMED]})),
            (self.unembedded, Finding("fonts.unembedded", "warn", self._font_facts)),
            (self.masked, Finding("text.differs", "warn", {"pages": self.masked_pages, "fonts": sorted(self.masked)[:MOST_NAMED]})),
        ]
        return [finding for present, finding in found if present]

    @property
    def _signature_facts(self) -> dict[str, object]:
        counted: dict[str, object] = {"signatures": self.signatures, "timestamps": self.timestamps}
        return {**counted, "names": self.names, "docmdp": self.docmdp, "locked": self.locked}

    @property
    def _link_facts(self) -> dict[str, object]:
        return {"count": self.link_count, "targets": self.links, "pages": self.link_pages}

    @property
    def _font_facts(self) -> dict[str, object]:
        return {"fonts": sorted(self.unembedded)[:MOST_NAMED], "pages": self.font_pages}


def walk(document: Pdf) -> Walk:
    """Sees every object once. Refuses with ``file.too_complex`` above `MAX_OBJECTS`, and above `MAX_MEGAPIXELS` in an image."""
    if len(document.objects) > MAX_OBJECTS:
        raise Refusal("file.too_complex", reason="objects", limit=MAX_OBJECTS)
    seen = Walk()
    _see_catalogue(seen, document)
    for indirect in document.objects:
        plain = indirect.stream_dict if isinstance(indirect, Stream) else indirect
        if isinstance(plain, (Dictionary, Array)) and _MATTERS.search(plain.unparse(resolved=True)):
            seen.here = indirect.objgen
            for dictionary in _dictionaries(plain):
                _see(seen, dictionary)
        if isinstance(indirect, Stream):
            _see_stream(seen, indirect)
        else:
            seen.kept += indirect is not None
    _find_pages(seen, document)
    return seen


def _see_stream(seen: Walk, here: Stream) -> None:
    seen.kept += here.get(Name.Type) not in _OF_THE_FILE
    if active_content.reads_elsewhere(here):
        seen.active.add("external_content")
    if here.get(Name.Subtype) == Name.Image:
        width, height = here.get(Name.Width), here.get(Name.Height)
        if isinstance(width, int) and isinstance(height, int) and width * height > MAX_MEGAPIXELS * 1_000_000:
            raise Refusal("file.too_complex", reason="pixels", megapixels=width * height // 1_000_000, limit=MAX_MEGAPIXELS)


def _find_pages(seen: Walk, document: Pdf) -> None:
    wanted: dict[Place, list[str]] = {place: ["link"] for place in seen.link_places}
    for place in seen.font_places:
        wanted.setdefault(place, []).append("font")
    for place in seen.masked_places:
        wanted.setdefault(place, []).append("masked")
    pages = whereabouts.pages_of(document, wanted)
    seen.link_pages, seen.font_pages, seen.masked_pages = (pages.get(kind, []) for kind in ("link", "font", "masked"))


def _see_catalogue(seen: Walk, document: Pdf) -> None:
    form = document.Root.get(Name.AcroForm)
    if isinstance(form, Dictionary):
        seen.has_form = True
        fonts = _dictionary_at(_dictionary_at(form, Name.DR), Name.Font)
        # Acrobat lists Helvetica and ZapfDingbats there, unembedded, in every form it makes; no page is drawn with them.
        seen.form_fonts = {font.objgen for font in fonts.values() if isinstance(font, Dictionary) and font.is_indirect}


def _dictionary_at(holder: Object, key: Name) -> Dictionary:
    value = holder.get(key)
    return value if isinstance(value, Dictionary) else Dictionary()


def _dictionaries(root: Object) -> Iterator[Dictionary]:
    """``root`` and all that is written inside it; what it refers to is an object of its own and seen there."""
    waiting = [root]
    while waiting:
        here = waiting.pop()
        if isinstance(here, Dictionary):
            yield here
            waiting.extend(value for value in here.values() if _is_inside(value))
        else:
            waiting.extend(value for value in list(here) if _is_inside(value))


def _is_inside(value: object) -> bool:
    return isinstance(value, (Dictionary, Array)) and not isinstance(value, Stream) and not value.is_indirect


def _see(seen: Walk, here: Dictionary) -> None:
    seen.active |= active_content.kinds(here)
    target = active_content.outside_target(here)
    if target is not None:
        seen.link_count += 1
        seen.link_places.add(seen.here)
        if target not in seen.links and len(seen.links) < MOST_NAMED:
            seen.links.append(target)
    if Name.EF in here:
        seen.attachments.append(active_content.attachment_name(here))
    _see_signature(seen, here)
    _see_font(seen, here)


def _see_signature(seen: Walk, here: Dictionary) -> None:
    kind = word(here.get(Name.Type))
    field_kind = here.get(Name.FT)
    if field_kind is not None:
        seen.form_fields += field_kind != Name.Sig or Name.V not in here
    if Name.Contents in here and (kind in {"/Sig", "/DocTimeStamp"} or Name.ByteRange in here):
        if kind == "/DocTimeStamp":
            seen.timestamps += 1
        else:
            seen.signatures += 1
            _note(seen.names, here.get(Name.Name), most=MOST_SIGNERS)
        for reference in _references(here):
            _see_transform(seen, reference)


def _references(signature: Dictionary) -> list[Dictionary]:
    references = signature.get(Name.Reference)
    return [item for item in references if isinstance(item, Dictionary)] if isinstance(references, Array) else []


def _see_transform(seen: Walk, reference: Dictionary) -> None:
    method = word(reference.get(Name.TransformMethod))
    parameters = _dictionary_at(reference, Name.TransformParams)
    level = parameters.get(Name.P)
    if method == "/DocMDP":
        # ISO 32000-2 table 257: P is 2 where it is not given.
        stated = level if isinstance(level, int) and level in {1, 2, 3} else 2
        seen.docmdp = stated if seen.docmdp is None else min(seen.docmdp, stated)
    if method == "/FieldMDP":
        # All, and everything but some, cover the fields we would add; Include names fields that stand already (table 258).
        seen.locks |= word(parameters.get(Name.Action)) != "/Include" or level == 1
        fields = parameters.get(Name.Fields)
        for named in fields if isinstance(fields, Array) else ():
            _note(seen.locked, named, most=MOST_NAMED)


def _note(names: list[str], given: object, *, most: int) -> None:
    """A name as somebody has written it, once, and only so many of them."""
    name = claimed(word(given), most=LONGEST_NAME) if isinstance(given, String) else ""
    if name and name not in names and len(names) < most:
        names.append(name)


def _see_font(seen: Walk, here: Dictionary) -> None:
    if word(here.get(Name.Subtype)) not in _FONTS_WITH_PROGRAM or Name.BaseFont not in here:
        return
    if masking.is_masked(here):
        seen.masked.add(word(here[Name.BaseFont]).lstrip("/")[:64])
        seen.masked_places.add(seen.here)
    if here.is_indirect and here.objgen in seen.form_fonts:
        return
    descriptor = _dictionary_at(here, Name.FontDescriptor)
    if not any(program in descriptor for program in _OWN_FONT_PROGRAMS):
        seen.unembedded.add(word(here[Name.BaseFont]).lstrip("/")[:64])
        seen.font_places.add(seen.here)
