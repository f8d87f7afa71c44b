"""The key-encryption key as a port: whoever keeps it, a data key goes in and its wrapped form comes out, and back again.

What a keeper outside this process answers is never believed. Its wrapped form is put into a frame (docs/formats/box.md) that
tells a row that was changed from a keeper that does not answer rightly: the first is the row's fault, the second an outage.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tachiai.crypto.strongbox import Unopenable
from tachiai.errors import Outage

MAGIC = b"TWK1"
DATA_KEY = 32
LONGEST = 1024
LONGEST_FRAMED = len(MAGIC) + LONGEST + 2 * 16
_CHECK = 16
# What is wrapped to tell a key's identity: a key wrap (RFC 3394) has no random part, so the same key always gives the same bytes.
PROBE = hashlib.sha256(b"tachiai-kek-probe").digest()

MOST_REMEMBERED = 2_000
REMEMBERED_SECONDS = 300.0


class KeyWrapping(Protocol):
    """A key-encryption key, wherever it is kept. Threads may use it at the same time.

    ``id`` are 16 hex digits that stand in the rows and tell nothing of the key. ``Outage("kek.…")`` for whatever is wrong with its
    keeper, from each of the three; no document is to blame for that.
    """

    @property
    def id(self) -> str: ...

    def wrap(self, data_key: bytes) -> bytes:
        """The wrapped form, which was seen to unwrap again."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """The data key. Raises :class:`Unopenable` when these bytes are not what this key made."""

    def close(self) -> None:
        """Let connections go that are the key's own. A later use opens new ones."""


@dataclass(frozen=True)
class Framed:
    """A foreign wrapped form, with what tells whether it is whole and whether the key that comes of it is right."""

    inner: bytes
    commitment: bytes

    def check(self, data_key: bytes, *, keeper: str) -> bytes:
        """``data_key``, if it is the one that was wrapped. ``Outage("kek.lied")`` for any other."""
        if not hmac.compare_digest(_commitment(data_key), self.commitment):
            raise Outage("kek.lied", f"{keeper} gave another key than was wrapped")
        return data_key


def frame(data_key: bytes, inner: bytes, *, kek: str) -> bytes:
    """``magic ‖ commitment ‖ inner ‖ checksum``; the checksum binds it to the key-encryption key ``kek``."""
    if len(data_key) != DATA_KEY or not 0 < len(inner) <= LONGEST:
        raise ValueError("a data key has 32 bytes, its wrapped form 1 to 1,024")
    held = MAGIC + _commitment(data_key) + inner
    return held + _checksum(held, kek)


def unframe(wrapped: bytes, *, kek: str) -> Framed:
    """What :func:`frame` made for ``kek``. Raises :class:`Unopenable` for anything else, each flipped byte included."""
    held, found = wrapped[:-_CHECK], wrapped[-_CHECK:]
    if not wrapped.startswith(MAGIC) or not hmac.compare_digest(_checksum(held, kek), found):
        raise Unopenable("the wrapped key was changed, or another key wrapped it")
    start = len(MAGIC) + _CHECK
    return Framed(inner=held[start:], commitment=held[len(MAGIC) : start])


def _commitment(data_key: bytes) -> bytes:
    """Of 256 random bits, so it tells nothing of them."""
    return hashlib.sha256(b"tachiai-data-key" + data_key).digest()[:_CHECK]


def _checksum(held: bytes, kek: str) -> bytes:
    return hashlib.sha256(b"tachiai-wrapped-key" + kek.encode() + held).digest()[:_CHECK]


class Remembering:
    """A key whose keeper is a journey away, and the data keys it unwrapped lately: at most ``most``, none longer than ``seconds``.

    They lie in this process's memory alone, as the key-encryption key itself does where it is a file.
    """

    def __init__(
        self,
        kek: KeyWrapping,
        *,
        most: int = MOST_REMEMBERED,
        seconds: float = REMEMBERED_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kek, self._most, self._seconds, self._monotonic = kek, most, seconds, monotonic
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, tuple[float, bytes]] = OrderedDict()

    def __repr__(self) -> str:
        return f"Remembering({self._kek!r})"

    @property
    def id(self) -> str:
        return self._kek.id

    def wrap(self, data_key: bytes) -> bytes:
        wrapped = self._kek.wrap(data_key)
        self._remember(wrapped, data_key)
        return wrapped

    def unwrap(self, wrapped: bytes) -> bytes:
        now = self._monotonic()
        with self._lock:
            until, known = self._known.get(wrapped, (now, b""))
        if now < until:
            return known
        data_key = self._kek.unwrap(wrapped)
        self._remember(wrapped, data_key)
        return data_key

    def close(self) -> None:
        self._kek.close()

    def forget(self, wrapped: bytes) -> None:
        """Of a document whose key is destroyed. Other processes forget it when its time is over."""
        with self._lock:
            self._known.pop(wrapped, None)

    def _remember(self, wrapped: bytes, data_key: bytes) -> None:
        now = self._monotonic()
        with self._lock:
            self._known.pop(wrapped, None)
            self._known[wrapped] = (now + self._seconds, data_key)
            # All live equally long, so the oldest is always the first to go.
            while len(self._known) > self._most or next(iter(self._known.values()))[0] <= now:
                self._known.popitem(last=False)
