"""Bytes read as a row of edits to other bytes: so a fuzzer spends its time on changes, and a finding fits on a line."""

from __future__ import annotations

from collections.abc import Sequence

# What PDF readers look for; an edit may put one of these in by its number.
WORDS: tuple[bytes, ...] = (
    b" obj\n", b"\nendobj\n", b"\nendstream\nendobj\n", b">>\nstream\n", b"xref\n", b"trailer\n", b"startxref\n", b"%%EOF\n", b"<<", b">>",
    b"[", b"]", b"(", b")", b"<", b">", b"\\", b"%", b"/", b"null", b"true", b" 0 R", b"/Type", b"/Subtype", b"/Kids", b"/V", b"/AP",
    b"/AS", b"/N", b"/Ff", b"/FT", b"/Tx", b"/Sig", b"/Rect", b"/Annots", b"/AcroForm", b"/Fields", b"/DSS", b"/Perms", b"/Prev", b"/Size",
    b"/Root", b"/XRefStm", b"/W", b"/Index", b"/Length", b"/Filter", b"/FlateDecode", b"/ObjStm", b"/ByteRange", b"/Contents", b"/Lock",
    b"/Reference", b"/TransformParams", b"/OpenAction", b"/AA", b"/JS", b"/Parent", b"/P", b"\n", b" ", b"\0", b"0", b"1", b"-1",
    b"99999999999",
)  # fmt: skip
_LONGEST = 64


def edited(base: bytes, script: bytes, *, skip: Sequence[tuple[int, int]] = ()) -> bytes:
    """``base`` after the edits that ``script`` spells: one byte says what, three say where, one how much or what is put there.

    Places within ``skip`` (stretches of ``base``) are never chosen, so that edits do not go into padding.
    """
    kept = _kept(len(base), skip)
    reach = sum(end - start for start, end in kept)
    edits: list[tuple[int, int, bytes]] = []
    at = 0
    while at + 5 <= len(script) and len(edits) < _LONGEST and reach:
        kind, place, size = script[at] % 6, int.from_bytes(script[at + 1 : at + 4], "big") % reach, script[at + 4]
        at += 5
        start = _place(kept, place)
        if kind == 0:  # other bytes in place of as many
            new, at = script[at : at + size % 9], at + size % 9
            edits.append((start, start + len(new), new))
        elif kind == 1:  # bytes that come in between
            new, at = script[at : at + size % 33], at + size % 33
            edits.append((start, start, new))
        elif kind == 2:  # bytes that go
            edits.append((start, start + size, b""))
        elif kind == 3:  # a word of PDF
            edits.append((start, start, WORDS[size % len(WORDS)]))
        elif kind == 4:  # one bit
            edits.append((start, start + 1, bytes((base[start] ^ 1 << size % 8,))))
        else:  # a stretch said twice
            edits.append((start, start, base[start : start + 4 * size]))
    out, last = bytearray(base), len(base) + 1
    for start, end, new in sorted(edits, key=lambda edit: edit[0], reverse=True):
        if end <= last:
            out[start:end] = new
            last = start
    return bytes(out)


def _kept(size: int, skip: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    kept, at = [], 0
    for start, end in sorted(skip):
        if start > at:
            kept.append((at, start))
        at = max(at, end)
    return [*kept, (at, size)] if at < size else kept


def _place(kept: Sequence[tuple[int, int]], place: int) -> int:
    for start, end in kept:
        if place < end - start:
            return start + place
        place -= end - start
    raise AssertionError("a place beyond all that is kept")
