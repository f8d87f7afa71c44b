"""The signatures in our own revisions: where each lies, what it covers, what it says. Nothing of it is believed here."""

from __future__ import annotations

import hashlib
import re
from binascii import hexlify
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final, NamedTuple

from tachiai.crypto.own_revisions import Held, Section
from tachiai.crypto.pdf_values import Entries, OddValue, Value, string, text
from tachiai.crypto.upload_objects import Number

if TYPE_CHECKING:
    # A running hash has no public class of its own.
    from hashlib import _Hash

Lock = frozenset[str] | None

_SIGNED: Final = {b"/Type": b"/Sig", b"/Filter": b"/Adobe.PPKLite", b"/SubFilter": b"/ETSI.CAdES.detached"}
_STAMPED: Final = {b"/Type": b"/DocTimeStamp", b"/Filter": b"/Adobe.PPKLite", b"/SubFilter": b"/ETSI.RFC3161"}
_OF_EACH: Final = frozenset((b"/ByteRange", b"/Contents"))
_WORDS: Final = (b"/Name", b"/Reason", b"/ContactInfo", b"/Location")
_SAID: Final = frozenset((*_WORDS, b"/M", b"/XXTachiaiConsent", b"/Reference"))
_REFERENCE: Final = frozenset((b"/Type", b"/TransformMethod", b"/TransformParams", b"/Data"))
_DATE = re.compile(r"D:([0-9]{14})(?:Z|([+-])([0-9]{2})'([0-9]{2})'?)")


class Signature(NamedTuple):
    """One signature of ours. ``gap`` is the left-out hexadecimal string, ``end`` where its coverage ends; ``shaped``: all of it fits.

    ``frees`` are the fields its lock leaves open, none for a lock on everything; None when it states no lock as ours do.
    """

    field: str
    field_at: Number
    at: Number
    is_timestamp: bool
    permission: int | None
    frees: Lock
    consent: bytes | None
    said: Entries
    contents: bytes
    gap: tuple[int, int]
    end: int
    shaped: bool

    def words(self, key: bytes) -> str:
        return text(self.said[key]) if key in self.said else ""

    @property
    def signed_at(self) -> datetime | None:
        """The claimed time, /M."""
        return _moment(self.words(b"/M"))


def find_signature(pdf: bytes, section: Section) -> Signature | None:
    """The one signature that ``section`` brings, with its field; None for a revision without. Raises :class:`OddValue`."""
    values = [held for held in section.objects.values() if isinstance(held.value, dict) and b"/ByteRange" in held.value]
    if not values:
        return None
    if len(values) > 1:
        raise OddValue("two signatures in one revision")
    mark = b"%d %d R" % values[0].at
    fields = [held for held in section.objects.values() if isinstance(held.value, dict) and held.value.get(b"/V") == mark]
    if len(fields) != 1:
        raise OddValue("a signature without a field of its own")
    return _read(pdf, section, values[0], fields[0])


def _read(pdf: bytes, section: Section, value: Held, field: Held) -> Signature:
    said: Entries = value.value
    is_timestamp = said.get(b"/SubFilter") == _STAMPED[b"/SubFilter"]
    head = _STAMPED if is_timestamp else _SIGNED
    if said.keys() - _OF_EACH - (frozenset() if is_timestamp else _SAID) != head.keys() or not head.items() <= said.items():
        raise OddValue("a signature with other entries than ours have")
    contents = string(said.get(b"/Contents"))
    gap, end = _gap(said[b"/ByteRange"])
    permission, frees = _references(said.get(b"/Reference"))
    return Signature(
        field=string(field.value.get(b"/T")).decode("latin-1"),
        field_at=field.at,
        at=value.at,
        is_timestamp=is_timestamp,
        permission=permission,
        frees=frees,
        consent=string(said[b"/XXTachiaiConsent"]) if b"/XXTachiaiConsent" in said else None,
        said=said,
        contents=contents,
        gap=gap,
        end=end,
        shaped=end == section.end and _leaves_out(pdf, value, gap, contents),
    )


def _gap(ranges: Value) -> tuple[tuple[int, int], int]:
    """What a /ByteRange leaves out, and where its coverage ends; noughts when it is not four whole numbers from the first byte on."""
    if not isinstance(ranges, list) or len(ranges) != 4 or ranges[0] != b"0":
        return (0, 0), 0
    if not all(type(part) is bytes and part.isdigit() for part in ranges):
        return (0, 0), 0
    _start, before, after, rest = (int(part) for part in ranges)
    return (before, after), after + rest


def _leaves_out(pdf: bytes, value: Held, gap: tuple[int, int], contents: bytes) -> bool:
    """Whether the gap is exactly the string of /Contents, which stands last in the signature's dictionary (ISO 32000-2, 12.8.1).

    It is not covered by the signature, so not even its spelling is free.
    """
    start, end = gap
    last = pdf[end : value.end] in (b" >>", b">>") and pdf[start - 10 : start] == b"/Contents "
    return value.start < start < end < value.end and last and pdf[start:end] == b"<%b>" % hexlify(contents)


def _references(held: Value) -> tuple[int | None, Lock]:
    """The P of DocMDP and the fields FieldMDP leaves open, when /Reference states them precisely as ours do."""
    permission: int | None = None
    frees: Lock = None
    for entry in held if isinstance(held, list) else ():
        if not isinstance(entry, dict) or not isinstance(entry.get(b"/TransformParams"), dict) or entry.keys() - _REFERENCE:
            return None, None
        params = {k: v for k, v in entry[b"/TransformParams"].items() if k not in (b"/Type", b"/V")}
        method = entry.get(b"/TransformMethod")
        if method == b"/DocMDP" and permission is None and params.keys() == {b"/P"} and params[b"/P"] in (b"1", b"2", b"3"):
            permission = int(params[b"/P"])
        elif method == b"/FieldMDP" and frees is None:
            frees = _freed(params)
        else:
            return None, None
    return permission, frees


def _freed(params: Entries) -> Lock:
    if params == {b"/Action": b"/All"}:
        return frozenset()
    names = params.get(b"/Fields")
    if params.keys() != {b"/Action", b"/Fields"} or params[b"/Action"] != b"/Exclude" or not isinstance(names, list):
        return None
    found = frozenset(string(name).decode("latin-1") for name in names)
    return found if len(found) == len(names) and found else None


def _moment(stated: str) -> datetime | None:
    found = _DATE.fullmatch(stated)
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(f"{found[1][:8]}T{found[1][8:]}+00:00")
    except ValueError:
        return None
    if found[2] is None:
        return moment
    ahead = timedelta(hours=int(found[3]), minutes=int(found[4])) * (1 if found[2] == "+" else -1)
    return moment.replace(tzinfo=timezone(ahead)) if abs(ahead) < timedelta(days=1) else None


class Digests:
    """Digests of what signatures cover. The file is hashed once: the state at each gap is copied, and only the tail hashed again.

    Signatures must be asked for in their order.
    """

    def __init__(self, pdf: bytes) -> None:
        self._bytes = memoryview(pdf)
        self._running: dict[str, tuple[_Hash, int]] = {}

    def _at(self, algorithm: str, place: int) -> _Hash:
        running, done = self._running.get(algorithm) or (hashlib.new(algorithm), 0)
        running.update(self._bytes[done:place])
        self._running[algorithm] = running, place
        return running

    def prefix(self, size: int) -> bytes:
        """SHA-256 of the first ``size`` bytes."""
        return self._at("sha256", size).digest()

    def covered(self, signature: Signature, algorithm: str) -> bytes:
        """The digest of all that ``signature`` covers."""
        aside = self._at(algorithm, signature.gap[0]).copy()
        aside.update(self._bytes[signature.gap[1] : signature.end])
        return aside.digest()


def in_words(signature: Signature) -> Iterator[str]:
    """/Name, /Reason, /ContactInfo and /Location, empty where they are missing."""
    return (signature.words(key) for key in _WORDS)
