"""Signatures as they stand in a file: where each lies, what it covers, what it says of itself. Nothing is believed here.

The reading is pyHanko's, so that what judges a file shares no code with what made it; the shape of /ByteRange is checked
against the bytes themselves, because a parser's word for what is covered is the classic way to be deceived.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import parse_pdf_date
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from tachiai.crypto.fields import Lock
from tachiai.crypto.reading import Reader
from tachiai.crypto.slot_sealing import CONSENT_KEY
from tachiai.errors import Refusal

_LONGEST_BLANK = 1024
_KNOWN_SUBFILTERS = ("/ETSI.CAdES.detached", "/ETSI.RFC3161", "/adbe.pkcs7.detached")


@dataclass(frozen=True)
class Standing:
    """One signature. ``gap`` is the left-out hexadecimal string; ``end`` where its coverage ends; ``shaped`` whether all of that fits."""

    field: str
    is_timestamp: bool
    is_certification: bool
    permission: int | None
    lock: Lock | None
    consent: bytes | None
    name: str
    reason: str
    contact: str
    location: str
    signed_at: datetime | None
    contents: bytes
    gap: tuple[int, int]
    end: int
    shaped: bool
    revision: int
    deep: EmbeddedPdfSignature

    def covered(self, pdf: bytes) -> tuple[bytes, bytes]:
        """The two stretches the signature is over."""
        return pdf[: self.gap[0]], pdf[self.gap[1] : self.end]


@contextmanager
def parsing() -> Iterator[None]:
    """Whatever a parser stumbles over in bytes somebody else made is "cannot be verified": never a crash, never a pass."""
    try:
        yield
    except Refusal:
        raise
    except RecursionError as deep:
        raise Refusal("seal.unreadable", detail="RecursionError") from deep
    except Exception as trouble:
        # pyHanko and what it builds on raise dozens of kinds for hostile files, and promise none of them.
        raise Refusal("seal.unreadable", detail=type(trouble).__name__) from trouble


class _Embedded(EmbeddedPdfSignature):
    """pyHanko's signature, which answers once for each policy what was changed after it: a file stands still while it is judged."""

    def evaluate_modifications(self, diff_policy: Any) -> Any:
        known: dict[Any, Any] = self.__dict__.setdefault("_answered", {})
        if diff_policy not in known:
            known[diff_policy] = super().evaluate_modifications(diff_policy)
        return known[diff_policy]


def read_standing(reader: Reader, pdf: bytes) -> tuple[list[Standing], int]:
    """Every signature in the order of signing, and how many filled signature fields are of an unknown kind."""
    found: list[Standing] = []
    unknown = 0
    for name, value, field in enumerate_sig_fields(reader, filled_status=True):
        if entry(value.get_object(), "/SubFilter") in _KNOWN_SUBFILTERS:
            found.append(_read(_Embedded(reader, field, name), reader, pdf))
        else:
            unknown += 1
    return sorted(found, key=lambda standing: (standing.end, standing.revision)), unknown


class Odd(NamedTuple):
    """A filled signature field whose value is of an unknown kind (``unknown_signature``), or none at all (``unreadable``)."""

    field: str
    code: str
    name: str
    reason: str


def read_tolerantly(reader: Reader, pdf: bytes) -> tuple[list[Standing], list[Odd]]:
    """As :func:`read_standing`, for files that nobody expects anything of: what cannot be read is told field by field."""
    found: list[Standing] = []
    odd: list[Odd] = []
    for name, value, field in enumerate_sig_fields(reader, filled_status=True):
        held = value.get_object()
        if isinstance(held, generic.NullObject):
            continue
        try:
            known = entry(held, "/SubFilter") in _KNOWN_SUBFILTERS
            if known:
                found.append(_read(_Embedded(reader, field, name), reader, pdf))
        except Exception:
            # A value without /Contents or /ByteRange, a range that is no range: pyHanko raises many kinds, and promises none.
            odd.append(Odd(name, "unreadable", "", ""))
        else:
            odd += [] if known else [Odd(name, "unknown_signature", _words(held, "/Name"), _words(held, "/Reason"))]
    return sorted(found, key=lambda standing: (standing.end, standing.revision)), odd


def field_values(reader: Reader) -> dict[str, str | bool | None]:
    """What every top-level field that is no signature holds: words, whether it is ticked, or None."""
    form = entry(reader.root, "/AcroForm")
    held = () if form is None else entry(form, "/Fields") or ()
    fields = [field for field in (each.get_object() for each in held) if entry(field, "/FT") in ("/Tx", "/Btn")]
    return {_words(field, "/T"): _value(field) for field in fields}


def _value(field: Any) -> str | bool | None:
    value = entry(field, "/V")
    if value is None:
        return None
    return value != "/Off" if entry(field, "/FT") == "/Btn" else str(value)


def _read(deep: EmbeddedPdfSignature, reader: Reader, pdf: bytes) -> Standing:
    held = deep.sig_object
    ranges = [int(part) for part in deep.byte_range]
    contents, gap, end, shaped = _measure(ranges, bytes(deep.pkcs7_content), pdf)
    perms = entry(reader.root, "/Perms")
    certifies = perms is not None and "/DocMDP" in perms and perms.raw_get("/DocMDP") == deep.sig_field.raw_get("/V")
    consent = entry(held, f"/{CONSENT_KEY}")
    return Standing(
        field=deep.field_name,
        is_timestamp=entry(held, "/SubFilter") == "/ETSI.RFC3161",
        is_certification=certifies,
        permission=None if deep.docmdp_level is None else deep.docmdp_level.value,
        lock=_read_lock(deep),
        consent=None if consent is None else bytes(consent.original_bytes),
        name=_words(held, "/Name"),
        reason=_words(held, "/Reason"),
        contact=_words(held, "/ContactInfo"),
        location=_words(held, "/Location"),
        signed_at=_stated_time(held),
        contents=contents,
        gap=gap,
        end=end,
        shaped=shaped,
        revision=deep.signed_revision,
        deep=deep,
    )


def _measure(ranges: list[int], parsed: bytes, pdf: bytes) -> tuple[bytes, tuple[int, int], int, bool]:
    """Contents, gap, end of coverage, and whether the range leaves out exactly the bytes of /Contents (ISO 32000-2, 12.8.1)."""
    if len(ranges) != 4:
        return parsed, (0, 0), 0, False
    start, before, after, rest = ranges
    end = after + rest
    if start != 0 or not 0 < before < after < end <= len(pdf):
        return parsed, (0, 0), max(0, min(end, len(pdf))), False
    hole = pdf[before:after]
    hexadecimal = re.fullmatch(rb"<[0-9A-Fa-f]*>", hole) is not None and len(hole) % 2 == 0
    same = hexadecimal and bytes.fromhex(hole[1:-1].decode()) == parsed
    return parsed, (before, after), end, same and ends_a_revision(pdf[max(0, end - _LONGEST_BLANK) : end])


def ends_a_revision(tail: bytes) -> bool:
    """Whether covered bytes that end so end with a revision: at its ``%%EOF``, and whatever white space a program wrote behind that."""
    return tail.rstrip(b"\x00\t\n\f\r ").endswith(b"%%EOF")


def _read_lock(deep: EmbeddedPdfSignature) -> Lock | None:
    found = deep.fieldmdp
    if found is None:
        return None
    return Lock(found.action.value[1:], tuple(str(name) for name in found.fields or ()))


def entry(held: Any, key: str) -> Any:
    """The resolved value under ``key``, or None. pyHanko's own ``get`` would hand out references unresolved."""
    return held[key] if key in held else None  # noqa: SIM401 - see above


def _words(held: Any, key: str) -> str:
    return str(entry(held, key) or "")


def _stated_time(held: Any) -> datetime | None:
    stated = entry(held, "/M")
    if stated is None:
        return None
    try:
        return parse_pdf_date(str(stated), strict=False)
    except ValueError:
        return None
