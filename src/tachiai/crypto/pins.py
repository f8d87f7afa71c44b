"""PINs from files, and never the same wrong one twice: three tries and a token is locked for good.

That a PIN was wrong is remembered for the process, and, where a folder for it is given, beside it for the next process too: by
which file it came from and when that was last written, never by anything derived from the PIN itself.
"""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from tachiai.errors import Refusal

_lock = threading.Lock()
_refused: set[str] = set()


def read_secret(file: Path) -> str:
    """The first line of a secret's file. Refuses ``key.secret_unreadable`` and ``key.secret_empty``."""
    try:
        held = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise Refusal("key.secret_unreadable", file=file.name) from problem
    first = held.splitlines()[0].strip() if held.strip() else ""
    if not first:
        raise Refusal("key.secret_empty", file=file.name)
    return first


def check_untried(purpose: str, file: Path, *, memory: Path | None) -> None:
    """Refuse ``key.pin_wrong`` when this file's PIN, as it now stands, was refused before by ``purpose`` (a token's name)."""
    mark = _mark(purpose, file)
    with _lock:
        known = mark in _refused
    if known or (memory is not None and (memory / f"{mark}.refused-pin").exists()):
        raise Refusal("key.pin_wrong", token=purpose, file=file.name)


def remember_refused(purpose: str, file: Path, *, memory: Path | None) -> None:
    """The token has said no to this PIN: nobody tries it again until its file is written anew."""
    mark = _mark(purpose, file)
    with _lock:
        _refused.add(mark)
    if memory is not None:
        try:
            (memory / f"{mark}.refused-pin").touch(mode=0o600)
        except OSError as problem:
            # The process still remembers; the operator must know that the next one will not.
            raise Refusal("key.pin_wrong", token=purpose, file=file.name, detail=f"cannot be remembered: {problem.strerror}") from problem


def _mark(purpose: str, file: Path) -> str:
    """Which token and which writing of which file, in 32 hex digits."""
    try:
        written = file.stat().st_mtime_ns
    except OSError:
        written = 0
    return hashlib.sha256(f"{purpose}\0{file}\0{written}".encode()).hexdigest()[:32]
