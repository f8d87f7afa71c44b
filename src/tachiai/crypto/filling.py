"""Filling a signature's gap: the update is rendered with blanks, hashed, signed, and what comes back is put into the blanks.

The bytes an update is laid on are read once: their running digest is kept and copied, from the signature on to the whole file's
digest and, within one job, to the next revision.
"""

from __future__ import annotations

import hashlib
from binascii import hexlify
from collections.abc import Callable
from typing import Any, NamedTuple

from tachiai.crypto.plans import Gap, Plan, Ref
from tachiai.crypto.timestamps import Token
from tachiai.crypto.updates import Placed, Update

_RANGE_WIDTH = 60


class Made(NamedTuple):
    """``tail`` is to be appended; ``digest`` is SHA-256 of the whole new file; ``tokens`` every timestamp embedded.

    ``plan`` is that of the new file. ``fresh`` is False when some revocation data is older than the last signature (only a list was
    to be had).
    """

    tail: bytes
    digest: bytes
    tokens: tuple[Token, ...]
    plan: Plan
    fresh: bool = True


class TokenTooLarge(Exception):
    """A timestamp token does not fit the room kept for it; ``needed`` is in bytes. The revision must be made anew with that much."""

    def __init__(self, needed: int) -> None:
        super().__init__(needed)
        self.needed = needed


class Ground:
    """The bytes an update is laid on, as their running digests. ``extended`` gives the ground of the next update."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces
        self._running: dict[str, Any] = {}

    def running(self, algorithm: str) -> Any:
        """A copy of the running digest over everything; the bytes themselves are gone through once for each algorithm."""
        if algorithm not in self._running:
            begun = hashlib.new(algorithm)
            for piece in self._pieces:
                begun.update(piece)
            self._running[algorithm] = begun
        return self._running[algorithm].copy()

    def sha256(self) -> bytes:
        digest: bytes = self.running("sha256").digest()
        return digest

    def extended(self, tail: bytes, running: Any) -> Ground:
        """The ground with ``tail`` behind it, whose running SHA-256 is known already."""
        longer = Ground(*self._pieces, tail)
        longer._running["sha256"] = running  # its own kind
        return longer


class Blank:
    """A rendered revision whose one signature value still has a gap: /Contents, ``reserve`` bytes of zeros in hexadecimal."""

    def __init__(self, update: Update, ground: Ground, value: Ref, *, head: bytes, reserve: int, field: str) -> None:
        # /Contents stands last, so that everything said about the signature lies before the gap.
        before = b"<< %b /ByteRange [" % head
        between = b"] /Contents <"
        update.put(value, b"%b%b%b%b> >>" % (before, b" " * _RANGE_WIDTH, between, b"0" * (2 * reserve)))
        placed = update.render(value)
        self._update, self._ground, self._placed, self._field, self._reserve = update, ground, placed, field, reserve
        self._tail = placed.tail
        stated = placed.body + len(before)
        self._gap = stated + _RANGE_WIDTH + len(between) - 1
        self._gap_end = self._gap + 2 * reserve + 2
        base = update.plan.length
        # The byte range leaves out exactly the hexadecimal string, its brackets included (ISO 32000-2, 12.8.1).
        ranges = b"0 %d %d %d" % (base + self._gap, base + self._gap_end, len(self._tail) - self._gap_end)
        self._tail[stated : stated + _RANGE_WIDTH] = ranges.ljust(_RANGE_WIDTH)
        self._whole: Any = None

    def digest(self, algorithm: str) -> bytes:
        """The digest of everything but the gap."""
        running = self._ground.running(algorithm)
        held = memoryview(self._tail)
        running.update(held[: self._gap])
        if algorithm == "sha256":
            self._whole = running.copy()
        running.update(held[self._gap_end :])
        found: bytes = running.digest()
        return found

    def fill(self, held: bytes) -> tuple[bytes, Ground, Plan]:
        """The revision with ``held`` in its gap, the ground for the next and the plan of the new file. Once only."""
        missing = len(held) - self._reserve
        if missing > 0:
            raise TokenTooLarge(missing)
        written = hexlify(held)
        self._tail[self._gap + 1 : self._gap + 1 + len(written)] = written
        whole = self._whole
        if whole is None:
            whole = self._ground.running("sha256")
            whole.update(memoryview(self._tail)[: self._gap])
        whole.update(memoryview(self._tail)[self._gap :])
        tail, base = bytes(self._tail), self._update.plan.length
        gap = Gap(self._field, base + self._gap, base + self._gap_end)
        plan = self._update.evolved(self._placed, sha256=whole.digest(), gap=gap)
        return tail, self._ground.extended(tail, whole), plan


def plain(update: Update, ground: Ground) -> tuple[bytes, Ground, Plan]:
    """A revision without a signature of its own: the validation data."""
    placed: Placed = update.render()
    tail = bytes(placed.tail)
    running = ground.running("sha256")
    running.update(tail)
    return tail, ground.extended(tail, running), update.evolved(placed, sha256=running.digest())


class Unstamped:
    """A revision that lacks only its timestamp. ``imprint`` is what the token must stamp (SHA-256).

    Many may wait for their tokens at the same time; each is finished once, by one thread.
    """

    def __init__(self, blank: Blank, *, imprint: bytes, reserve: int, held: Callable[[bytes | None], bytes]) -> None:
        self.imprint = imprint
        self.reserve = reserve
        self._blank, self._held = blank, held

    def finish(self, token: Token) -> Made:
        """The revision with ``token``. Raises :class:`TokenTooLarge` with the reserve to begin again with."""
        tail, _ground, plan = self.settle(token)
        return Made(tail=tail, digest=plan.sha256, tokens=(token,), plan=plan)

    def bare(self) -> Made:
        """The revision without any timestamp (B-B), for judging and measuring the sealer. The product never lets one out."""
        tail, _ground, plan = self._blank.fill(self._held(None))
        return Made(tail=tail, digest=plan.sha256, tokens=(), plan=plan)

    def settle(self, token: Token) -> tuple[bytes, Ground, Plan]:
        """As :meth:`finish`, with the ground for a further revision in the same job."""
        if token.imprint != self.imprint:
            raise ValueError("a token of something else")
        try:
            return self._blank.fill(self._held(token.der))
        except TokenTooLarge as small:
            raise TokenTooLarge(self.reserve + small.needed + 256) from None
