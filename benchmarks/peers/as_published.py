"""pyHanko and asn1crypto as they are published: what the product mends in them for its own deep verifier must not help its peers.

Import this before anything of the product's, which mends in place when it is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from asn1crypto import core, x509

from benchmarks.rounds import Here, Turn

_PLACES: tuple[tuple[type[Any], str], ...] = (
    *((kind, "dump") for kind in (core.Asn1Value, core.Primitive, core.Sequence, core.SequenceOf, core.Choice)),
    (x509.NameTypeAndValue, "_ldap_string_prep"),
)
_PUBLISHED = tuple((kind, name, kind.__dict__[name]) for kind, name in _PLACES if name in kind.__dict__)


@contextmanager
def published() -> Iterator[None]:
    """Within it the libraries are as their makers publish them."""
    here = [(kind, name, kind.__dict__[name]) for kind, name, _original in _PUBLISHED]
    for kind, name, original in _PUBLISHED:
        setattr(kind, name, original)
    try:
        yield
    finally:
        for kind, name, held in here:
            setattr(kind, name, held)


class Published(Here):
    """A contender that works with the published libraries."""

    def turn(self, acts: int) -> Turn:
        with published():
            return super().turn(acts)

    def _single(self) -> float:
        with published():
            return super()._single()
