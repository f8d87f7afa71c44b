"""What in a PDF acts by itself or leads outside it: the vocabulary, one dictionary at a time, inside a child.

A contract has to be the same for everybody who opens it, so whatever can change it, send it or start something is refused, and
whatever merely can be clicked is told (ISO 32000-2, 12.6 actions, 12.5 annotations, 7.11 file specifications).
"""

from __future__ import annotations

import re
import zlib

from pikepdf import Array, Dictionary, Name, Object, Stream

from tachiai.pages.spelling import word

_ACTING = {
    "/JavaScript": "javascript",
    "/Launch": "launch",
    "/SubmitForm": "submit_form",
    "/ImportData": "import_data",
    "/Rendition": "media",
    "/RichMediaExecute": "media",
    "/Movie": "media",
    "/Sound": "media",
}
_MEDIA_ANNOTATIONS = {"/RichMedia", "/Movie", "/Sound", "/3D"}
_OUTSIDE = {"/URI", "/GoToR", "/GoToE", "/Thread"}
_CHAIN_LIMIT = 64

_PROGRAM_ENDING = re.compile(
    r"\.(?:apk|app|bat|cmd|com|cpl|dll|docm|exe|gadget|hta|inf|jar|jse?|lnk|ms[cip]|pif|pptm|ps1|py|reg|scr|sh|sys|url|vb[es]?|ws[cf]"
    r"|xl(?:am|sb|sm))[. ]*$",
    re.IGNORECASE,
)
_PROGRAM_MAGIC = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa", b"#!")


def kinds(here: Dictionary) -> set[str]:
    """The kinds of active content that this dictionary itself is or starts; empty for the innocent."""
    found = set()
    # A structure element's /S is a role and may be any word (14.7.2); it carries no action.
    if word(here.get(Name.Type)) != "/StructElem":
        found.add(_ACTING.get(word(here.get(Name.S)), ""))
    if Name.JS in here:
        found.add("javascript")
    if Name.XFA in here:
        found.add("xfa")
    if word(here.get(Name.Subtype)) in _MEDIA_ANNOTATIONS and Name.Rect in here:
        found.add("media")
    if Name.OPI in here or (Name.Ref in here and word(here.get(Name.Subtype)) == "/Form"):
        found.add("external_content")
    if Name.EF in here and _is_program(here):
        found.add("embedded_executable")
    if any(_leads_outside(action) for action in _triggered(here)):
        found.add("automatic_link")
    return found - {""}


def outside_target(here: Dictionary) -> str | None:
    """Where a click would lead outside the file, shortened; None where it would not."""
    if not _leads_outside(here):
        return None
    target = here.get(Name.URI) or here.get(Name.F) or ""
    if isinstance(target, Dictionary):
        target = target.get(Name.UF) or target.get(Name.F) or target.get(Name.URI) or ""
    return word(target)[:200]


def attachment_name(specification: Dictionary) -> str:
    """The name a reader would show for an embedded file."""
    return word(specification.get(Name.UF) or specification.get(Name.F))[:120]


def reads_elsewhere(stream: Stream) -> bool:
    """True for a stream whose bytes are said to stand in another file (7.3.8.2, key /F), as a leak of local files would use."""
    return Name.F in stream.stream_dict


def _leads_outside(action: Object) -> bool:
    if not isinstance(action, Dictionary):
        return False
    kind = word(action.get(Name.S))
    return kind in _OUTSIDE and (kind != "/Thread" or Name.F in action)


def _triggered(here: Dictionary) -> list[Object]:
    """Actions that nobody clicks: the document's opening action, and every trigger of /AA, with what follows each (/Next)."""
    waiting: list[Object] = []
    if isinstance(here.get(Name.OpenAction), Dictionary):
        waiting.append(here[Name.OpenAction])
    additional = here.get(Name.AA)
    if isinstance(additional, Dictionary):
        waiting.extend(additional.values())
    actions: list[Object] = []
    while waiting and len(actions) < _CHAIN_LIMIT:
        action = waiting.pop()
        if isinstance(action, Array):
            waiting.extend(list(action)[:_CHAIN_LIMIT])
        elif isinstance(action, Dictionary):
            actions.append(action)
            if Name.Next in action:
                waiting.append(action[Name.Next])
    return actions


def _is_program(specification: Dictionary) -> bool:
    if _PROGRAM_ENDING.search(attachment_name(specification)):
        return True
    files = specification[Name.EF]
    streams = [value for value in files.values() if isinstance(value, Stream)] if isinstance(files, Dictionary) else []
    return any(_beginning(stream).startswith(_PROGRAM_MAGIC) for stream in streams)


def _beginning(stream: Stream) -> bytes:
    # Only the first bytes are ever inflated, so an attachment cannot be a bomb here.
    raw = bytes(stream.read_raw_bytes())
    if word(stream.get(Name.Filter)) == "/FlateDecode":
        try:
            return zlib.decompressobj().decompress(raw, 16)
        except zlib.error:
            return b""
    return raw[:16]
