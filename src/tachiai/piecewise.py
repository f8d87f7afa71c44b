"""A file that gives away what is written to it, so that something large is sent while it is being made."""

from __future__ import annotations

import io


class Pipe(io.RawIOBase):
    """A file that is only written to; ``zipfile`` needs no more than that."""

    def __init__(self) -> None:
        super().__init__()
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]  # zipfile writes bytes only
        self._held.append(bytes(piece))
        return len(piece)

    def drained(self) -> bytes:
        """What was written since it was last asked."""
        whole = b"".join(self._held)
        self._held.clear()
        return whole
