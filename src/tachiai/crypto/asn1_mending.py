"""Two things of asn1crypto 1.5.1 that a judge cannot live with, mended where pyHanko meets them. It is done when this module is imported.

**Lengths.** ``dump()`` of a value that was read takes every header that ends in the octet 0x80 for an indefinite length (X.690, 8.1.3.6),
so a value of 128, 384, 640 … octets too. It then encodes all of it anew, each level several times over: seconds for a signature, and
other octets than were signed where the original was written differently. A value that was read with an indefinite length ends
in end-of-contents octets, which are kept as its trailer; without a trailer its length is definite, and its octets stand as they are.

**Names.** Names are prepared for comparison (RFC 4518) letter by letter, anew for each certificate object and each answer it is held
against. What comes out depends on the text alone, so it is remembered by the text.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from asn1crypto import core, x509

_LONGEST_REMEMBERED = 256
_MOST_REMEMBERED = 1024


def _mend_dump(kind: type[Any]) -> None:
    original = kind.dump

    def dump(self: Any, force: bool = False) -> bytes:
        if not force and self._header is not None and self._header[-1:] == b"\x80" and not self._trailer:
            # Asking for the contents drops the header of a value that was changed since it was read: that has to be encoded.
            contents = self.contents
            if self._header is not None:
                return bytes(self._header + contents)
        return bytes(original(self, force))

    kind.dump = dump


def _mend_choice(kind: type[Any]) -> None:
    """A choice's own header is that of an explicit tag around it, and it has its contents anew from what was chosen."""
    original = kind.dump

    def dump(self: Any, force: bool = False) -> bytes:
        if not force and self._header is not None and self._header[-1:] == b"\x80" and not self._trailer:
            read = self._contents
            if read is not None and self.chosen.dump() == read:
                return bytes(self._header + read)
        return bytes(original(self, force))

    kind.dump = dump


def _mend_names(kind: type[Any]) -> None:
    original = kind._ldap_string_prep  # noqa: SLF001 - the one place where every name passes

    @lru_cache(maxsize=_MOST_REMEMBERED)
    def prepared(text: str) -> Any:
        # The method looks at nothing of the object that it is called on.
        return original(None, text)

    def prepare(self: Any, text: str) -> Any:
        return prepared(text) if len(text) <= _LONGEST_REMEMBERED else original(self, text)

    kind._ldap_string_prep = prepare  # noqa: SLF001 - see above


for _kind in (core.Asn1Value, core.Primitive, core.Sequence, core.SequenceOf):
    _mend_dump(_kind)
_mend_choice(core.Choice)
_mend_names(x509.NameTypeAndValue)
