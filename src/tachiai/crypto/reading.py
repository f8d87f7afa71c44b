"""pyHanko's reader for one finished file, which reads every version of an object once and long hexadecimal strings in one piece.

What is read is what pyHanko would read: nothing here decides what a byte means. A file stands still while it is judged, so an answer
about it that was given once stays true as long as its reader lives.
"""

from __future__ import annotations

import binascii
import io
import re
import secrets
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader

from tachiai.crypto.usages import Gathered, Path, Place, Usages, Version, usages_at
from tachiai.errors import Refusal

if TYPE_CHECKING:
    from tachiai.crypto.standing import Standing

# Shorter ones are not worth a second look.
_LONG_STRING = re.compile(rb"/Contents\s*(<[0-9A-Fa-f]{512,}>)")
# No dictionary of a signature is longer; what is gets read in pyHanko's own way.
_LONGEST_DICTIONARY = 512 * 1024
# Python's own limit is 1000 frames. Who validates has a hundred or two beneath.
_ROOM_FOR_OTHERS = 800
# Drawn for this process, so that nobody can have put it into a file.
_STAND_IN = secrets.token_bytes(16)


class Reader(PdfFileReader):
    """pyHanko's reader, which can be told whose signatures to look at, and knows that a reference to nothing is null."""

    def __init__(self, pdf: bytes) -> None:
        self._pdf = pdf
        self._versions: dict[tuple[int, int, object], Any] = {}
        self._views: dict[int, View] = {}
        self.gathered: Gathered = {}
        # Not strict, because hybrid-reference files from office programs are otherwise refused.
        super().__init__(io.BytesIO(pdf), strict=False)
        introduced = self.xrefs.get_introducing_revision

        def introducing(ref: Any) -> int:
            # A number that no section of the file defines is null in every revision (ISO 32000-2, 7.3.10); pyHanko's analysis would
            # give up. One that any section does define, be it the last, is asked of pyHanko as ever.
            try:
                return int(introduced(ref))
            except KeyError:
                return -1

        self.xrefs.get_introducing_revision = introducing  # type: ignore[method-assign]  # of this one reader

    def look_only_at(self, chosen: Sequence[Standing]) -> None:
        """Leave out signatures that came with an upload: their timestamps are of authorities nobody here has pinned."""
        self._embedded_signatures: Any = [standing.deep for standing in chosen]

    def get_historical_resolver(self, revision: int) -> HistoricalResolver:
        if revision not in self._views:
            self._views[revision] = View(self, revision)
        return self._views[revision]

    def get_object(  # type: ignore[override]  # pyHanko's own is as much wider than its base
        self,
        ref: Any,
        revision: Any = None,
        never_decrypt: Any = False,
        transparent_decrypt: Any = True,
        as_metadata_stream: Any = False,
    ) -> Any:
        """As pyHanko's, but an earlier version of an object is parsed once, wherever it is asked for.

        Sharing is safe: a resolver copies every container before it hands it out, and nobody writes to what is left.
        """
        how = (never_decrypt, transparent_decrypt, as_metadata_stream)
        if revision is None or how != (False, False, False):
            return super().get_object(ref, revision, *how)  # type: ignore[no-untyped-call]
        key = (ref.idnum, ref.generation, self.xrefs.get_historical_ref(ref, revision))
        if key not in self._versions:
            self._versions[key] = super().get_object(ref, revision, *how)  # type: ignore[no-untyped-call]
        return self._versions[key]

    def _read_object(self, ref: generic.Reference, marker: Any, never_decrypt: bool = False, as_metadata_stream: bool = False) -> Any:
        found = None
        if isinstance(marker, int) and not as_metadata_stream:
            found = _signature_dictionary(self._pdf, ref, marker, self)
        return super()._read_object(ref, marker, never_decrypt, as_metadata_stream) if found is None else found


class View(HistoricalResolver):
    """A file as it stood after one of its revisions, with a quicker answer to the question where an object is used."""

    reader: Reader

    def __init__(self, reader: Reader, revision: int) -> None:
        super().__init__(reader, revision)
        self._usages: Usages | None = None

    def _load_reverse_xref_cache(self) -> None:
        if self._usages is None:
            self._usages = usages_at(self.trailer_view, self._version, self.reader.gathered)

    def _get_usages_of_ref(self, ref: generic.Reference) -> Any:
        # Like pyHanko's: nothing is known before it has been loaded.
        return set() if self._usages is None else self._usages.of(ref)

    def paths_to(self, ref: generic.Reference) -> list[Path]:
        """Every way from the trailer to an object; of the catalogue and of the page tree's nodes only the one in their own right."""
        self._load_reverse_xref_cache()
        if (ref.idnum, ref.generation) == (self.root_ref.idnum, self.root_ref.generation):
            return [("/Root",)]
        own = self.page_tree.get((ref.idnum, ref.generation))
        return [own] if own is not None else [tuple(path.path) for path in self._get_usages_of_ref(ref)]

    @property
    def page_tree(self) -> dict[Place, Path]:
        """The nodes of the page tree in their order, and the way to each."""
        self._load_reverse_xref_cache()
        return {} if self._usages is None else self._usages.pages

    def _version(self, ref: generic.Reference) -> Version:
        """The object as it stood, its references unresolved: found as :meth:`get_object` finds it, but not copied."""
        reader, key = self.reader, (ref.idnum, ref.generation)
        try:
            standing = reader.xrefs.get_last_change(ref) <= self.revision
        except KeyError:
            standing = False
        if standing:
            return (*key, None), reader.get_object(ref, transparent_decrypt=False, as_metadata_stream=False)
        held = reader.get_object(ref, self.revision, transparent_decrypt=False, as_metadata_stream=False)
        return (*key, reader.xrefs.get_historical_ref(ref, self.revision)), held


def open_reader(pdf: bytes) -> Reader:
    """Refuses encrypted files. Call within :func:`~tachiai.crypto.standing.parsing`."""
    reader = Reader(pdf)
    if reader.encrypted:
        raise Refusal("seal.unreadable", detail="encrypted")
    return reader


def follow_every_way(reader: Reader) -> None:
    """Goes every way to every object of the newest revision, as programs with pyHanko's own resolver do at each signature.

    What this house reads quicker must still come to an end there: raises ``RecursionError`` where such a program would not get through,
    with some room for what else is on its stack, and takes as long as it does. Only for a process with one thread, under a clock.
    """
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(_ROOM_FOR_OTHERS)
    try:
        stock = HistoricalResolver(reader, reader.xrefs.total_revisions - 1)
        stock._load_reverse_xref_cache()  # type: ignore[no-untyped-call]  # noqa: SLF001 - what it does is asked for, not what it finds
    finally:
        sys.setrecursionlimit(usual)


def _signature_dictionary(pdf: bytes, ref: generic.Reference, start: int, reader: Reader) -> Any:
    """The object at ``start`` if it is a dictionary with a long hexadecimal /Contents; None for everything else.

    pyHanko reads such a string digit by digit, which takes longer than the rest of the file. So it parses the object with a stand-in of
    a few digits, and the string is put in the stand-in's place: only if that has become exactly the value of /Contents.
    """
    end = pdf.find(b"endobj", start, start + _LONGEST_DICTIONARY)
    found = _LONG_STRING.search(pdf, start, end) if end >= 0 else None
    if found is None:
        return None
    head = re.compile(rb"[\r\n\t ]*%d[\r\n\t ]+%d[\r\n\t ]+obj[\r\n\t ]*(?=<<)" % (ref.idnum, ref.generation)).match(pdf, start)
    if head is None:
        return None
    shortened = b"%b<%b>%b" % (pdf[head.end() : found.start(1)], _STAND_IN.hex().encode(), pdf[found.end(1) : end + len(b"endobj")])
    held = _dictionary(shortened, generic.Reference(ref.idnum, ref.generation, reader))
    value = None if held is None else held.get("/Contents")
    if not isinstance(value, generic.ByteStringObject | generic.TextStringObject) or value.original_bytes != _STAND_IN:
        return None
    digits = found.group(1)[1:-1]
    put = generic.pdf_string(binascii.unhexlify(digits + b"0" * (len(digits) % 2)))
    put.container_ref = value.container_ref
    held[generic.NameObject("/Contents")] = put
    return held


def _dictionary(body: bytes, ref: generic.Reference) -> Any:
    """The dictionary that ``body`` is, up to its ``endobj``. None for a stream, and for what pyHanko has to complain of itself."""
    stream = io.BytesIO(body)
    try:
        held = generic.read_object(stream, ref)
    except Exception:
        return None
    alone = type(held) is generic.DictionaryObject and stream.read().strip(b"\r\n\t ") == b"endobj"
    return held if alone else None
