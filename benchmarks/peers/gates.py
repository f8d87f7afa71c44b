"""Our two judges of finished files, each as it is called before a file is given out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from benchmarks.peers.ours import Act, consent
from tachiai.crypto import release
from tachiai.crypto.judgement import Expected, Report


class Gate(Protocol):
    def __call__(self, pdf: bytes, /, *, expected: Expected, roots: Sequence[bytes], tsa_roots: Sequence[bytes], at: datetime) -> Report:
        """Refuse the file unless it is exactly what is expected."""


def deep() -> Gate:
    """The deep verifier: pyHanko with our policy on top."""
    # Loaded behind everything that keeps the libraries as they are published.
    from benchmarks.peers import as_published  # noqa: F401
    from tachiai.crypto import pades_verify

    return pades_verify.verify


def fast() -> Gate:
    """The release gate, which reads the finished bytes itself."""
    return release.verify


def expected(
    upload: bytes, *, sealed: Sequence[int] = (), laid_in: Sequence[int] = (), closed: bool = False, permission: int = 2
) -> Expected:
    """What our acts make of ``upload``: certified by the house, ``sealed`` of the slots ``laid_in``."""
    return Expected(
        certification=True,
        slots={slot: consent(slot) for slot in sealed},
        closed=closed,
        upload_size=len(upload),
        upload_sha256=hashlib.sha256(upload).digest(),
        every_slot=tuple(laid_in),
        permission=permission,
    )


def judged(gate: Gate, file: Act, expected: Expected, roots: Sequence[bytes]) -> Act:
    """What ``file`` gives, judged: another file for each number."""

    def act(number: int) -> bytes:
        gate(file(number), expected=expected, roots=roots, tsa_roots=roots, at=datetime.now(UTC))
        return b""

    return act


def released(act: Act, gate: Gate, expected: Expected, roots: Sequence[bytes]) -> Act:
    """An act whose finished bytes pass the gate before they are given out."""

    def both(number: int) -> bytes:
        made = act(number)
        gate(made, expected=expected, roots=roots, tsa_roots=roots, at=datetime.now(UTC))
        return made

    return both
