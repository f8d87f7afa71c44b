"""Whom an operator believes beside the house itself: lists of certificates that strangers' signatures and timestamps may lead to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tachiai.crypto import chains
from tachiai.crypto.judgement import Trust
from tachiai.crypto.keys import load_certificates
from tachiai.errors import Refusal


class TrustList(NamedTuple):
    """One list by its name: certificates (DER) that chains of signers, and of timestamping authorities, may end in."""

    name: str
    signing: tuple[bytes, ...]
    timestamps: tuple[bytes, ...]


class Known(NamedTuple):
    """Who knows a certificate: the house, or the list of that name."""

    trust: Trust
    trust_list: str


@dataclass(frozen=True)
class Anchors:
    """Certificates that a chain may end in, and who says so.

    They are those very certificates: a copy that a file brings of an authority with the same name and key might say other days of it.
    """

    certificates: tuple[bytes, ...]
    by_certificate: dict[bytes, Known]

    @classmethod
    def of(cls, roots: Sequence[bytes], listed: Iterable[tuple[str, Sequence[bytes]]]) -> Anchors:
        """``listed`` are the lists in their order; what stands in several is known by the first, and by the house before all."""
        told = [(root, Known("house", "")) for root in roots]
        told += [(held, Known("listed", name)) for name, certificates in listed for held in certificates]
        by_certificate: dict[bytes, Known] = {}
        for held, known in told:
            by_certificate.setdefault(held, known)
        return cls(tuple(by_certificate), by_certificate)

    def known(self, held: bytes) -> Known | None:
        """Who knows this certificate; None for nobody."""
        return self.by_certificate.get(held)


def load_list(folder: Path) -> TrustList:
    """The list in ``folder``: certificates in its ``signing`` and ``timestamps``, PEM or DER, one file or many.

    Refuses ``key.unreadable`` (file, detail): a list that is read in part is another list.
    """
    return TrustList(folder.name, *(_load(folder / use) for use in ("signing", "timestamps")))


def _load(folder: Path) -> tuple[bytes, ...]:
    if not folder.is_dir():
        return ()
    files = [file for file in sorted(folder.iterdir()) if not file.name.startswith(".")]
    found = [held for file in files for held in load_certificates(file)]
    for held in found:
        _demand_readable(held, folder)
    return tuple(dict.fromkeys(found))


def _demand_readable(held: bytes, folder: Path) -> None:
    try:
        chains.named(held)
    except chains.BrokenChain as torn:
        raise Refusal("key.unreadable", file=str(folder), detail=str(torn)) from torn
