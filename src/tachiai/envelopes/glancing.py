"""Glancing at pages before they are frozen: single pages of a draft's documents and of what is held for it, drawn when asked for."""

from __future__ import annotations

import uuid
from functools import lru_cache

from tachiai import vault
from tachiai.envelopes.models import Document, HeldUpload, UploadState
from tachiai.envelopes.reading import Picture
from tachiai.envelopes.template_models import TemplateFile
from tachiai.errors import Refusal
from tachiai.pages.render import picture_type, render_page
from tachiai.prepared import Prepared, given
from tachiai.vault import Blob

THUMBNAIL_PX = 320
LARGE_PX = 1240


def draft_picture(document: Document, number: int, *, large: bool) -> Picture:
    """A page of a draft's document as it will be frozen. Refuses with ``page.unknown``, or as ``render_page`` does."""
    if not 1 <= number <= document.pages:
        raise Refusal("page.unknown")
    return _picture(document.blob_id, number, large=large)


def held_picture(upload: HeldUpload, number: int, *, rewritten: bool, large: bool) -> Picture:
    """A page of the given or the rewritten file of an upload that is offered. Refuses as ``draft_picture``."""
    blob, pages = (upload.rewritten_id, upload.pages) if rewritten else (upload.given_id, upload.given_pages)
    if upload.state != UploadState.OFFERED or blob is None or not 1 <= number <= pages:
        raise Refusal("page.unknown")
    return _picture(blob, number, large=large)


def template_picture(file: TemplateFile, number: int, *, large: bool) -> Picture:
    """A page of a template's file. Refuses as ``draft_picture``."""
    if not 1 <= number <= file.pages:
        raise Refusal("page.unknown")
    return _picture(file.blob_id, number, large=large)


def size_of(picture: Picture) -> tuple[int, int]:
    """Width and height in pixels, from the picture's own head: PNG (its first chunk) or WebP (RFC 9649, its three kinds of first chunk)."""
    head = picture.image[:30]
    if head.startswith(b"\x89PNG"):
        return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if head[12:16] == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF


def _picture(blob: uuid.UUID, number: int, *, large: bool) -> Picture:
    image = _drawn(blob, number, LARGE_PX if large else THUMBNAIL_PX)
    return Picture(image, picture_type(image))


@lru_cache(maxsize=64)
def _drawn(blob: uuid.UUID, number: int, width: int) -> bytes:
    """The last few pages, drawn: a reader goes back and forth, and a page may be shown beside several sentences."""
    return render_page(vault.read(_BLOB.one(pk=blob), upto=0), number=number, width=width)


_BLOB = Prepared(lambda: Blob.objects.filter(pk=given("pk", Blob)))
