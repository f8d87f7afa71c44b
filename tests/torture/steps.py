"""The steps at which a worker can die: every function of ours that it comes through, every commit, every call that makes bytes durable.

They are found by watching a worker that nobody kills; so a new step of the product is a new place to die without anybody's doing.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import os
import signal
import smtplib
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from django.db import connections

ROOMS = ("envelopes", "sealing", "vault", "ledger", "outbox", "archive", "ceremony", "work", "backups")
# Where a token signs.
GROUND = ("crypto.hsm",)
# Where the world outside changes, or the disk.
SYSTEM: tuple[tuple[Any, str], ...] = (
    (os, "fsync"),
    (os, "link"),
    (os, "unlink"),
    (os, "write"),
    (smtplib.SMTP, "send"),
    (smtplib.SMTP, "getreply"),
)
Seen = Counter[str]


def _watch(seen: Callable[[str], None]) -> None:
    """Tell ``seen`` of every step of this process, in every thread: whatever is called, by whatever name somebody has imported it."""
    from tachiai.config import jobs  # noqa: F401  # with all that work needs

    watched: dict[int, Any] = {}
    for module in _modules():
        for name, thing in list(vars(module).items()):
            if inspect.isclass(thing) and thing.__module__ == module.__name__:
                _watch_methods(thing, seen)
            elif _is_step(thing):
                setattr(module, name, watched.setdefault(id(thing), _watched(thing, _name(thing), seen)))
    for place, name in SYSTEM:
        setattr(place, name, _watched(getattr(place, name), name, seen))
    backend = type(connections["default"])
    backend._commit = _watched(backend._commit, "commit", seen)


def _modules() -> list[ModuleType]:
    return [module for name, module in sorted(sys.modules.items()) if name.startswith("tachiai.") and name.count(".") > 1]


def _is_step(thing: Any) -> bool:
    """A function of a room's own that does what it says when it is called."""
    if not inspect.isfunction(thing) or inspect.isgeneratorfunction(thing) or "<" in thing.__qualname__:
        return False
    _, _, rest = str(thing.__module__).partition("tachiai.")
    return (rest.partition(".")[0] in ROOMS or rest in GROUND) and not thing.__name__.startswith("__")


def _watch_methods(cls: type, seen: Callable[[str], None]) -> None:
    for name, thing in list(vars(cls).items()):
        if _is_step(thing):
            setattr(cls, name, _watched(thing, _name(thing), seen))


def _name(thing: Any) -> str:
    """``envelopes.closing:_commit``"""
    return f"{thing.__module__.partition('tachiai.')[2]}:{thing.__qualname__}"


def _watched(act: Callable[..., Any], name: str, seen: Callable[[str], None]) -> Callable[..., Any]:
    @functools.wraps(act)
    def step(*args: Any, **kwargs: Any) -> Any:
        seen(f"before {name}")
        result = act(*args, **kwargs)
        seen(f"after {name}")
        return result

    return step


def record(book: Path, act: Callable[[], object]) -> None:
    """Do ``act`` and write down every step with how often it was taken."""
    told: Seen = Counter()
    lock = threading.Lock()

    def seen(step: str) -> None:
        with lock:
            told[step] += 1

    _watch(seen)
    act()
    book.write_text("\n".join(f"{count} {step}" for step, count in sorted(told.items())))


def read(book: Path) -> Seen:
    lines = (line.partition(" ") for line in book.read_text().splitlines())
    return Counter({step: int(count) for count, _, step in lines})


def die_at(step: str, number: int, act: Callable[[], object]) -> None:
    """Do ``act`` and be killed at the ``number``-th time that ``step`` is come to."""
    times = itertools.count(1)

    def seen(here: str) -> None:
        if here == step and next(times) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    _watch(seen)
    act()


def places(seen: Seen, *, only: tuple[str, ...] = ()) -> Iterable[tuple[str, int]]:
    """Where to die: the first and the last time of every step, and in the middle of what is done often. ``only``: what steps begin with."""
    for step, count in sorted(seen.items()):
        if only and not step.partition(" ")[2].startswith(only):
            continue
        numbers = {1, count}
        if ":" not in step:
            numbers |= {1 + round(part * (count - 1) / 7) for part in range(8)}
        for number in sorted(numbers):
            yield step, number
