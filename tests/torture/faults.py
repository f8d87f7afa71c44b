"""What the house depends on fails, is slow, or lies: everything waits, nothing is released or lost, and it goes on when it is back."""

from __future__ import annotations

import errno
import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from django.db import OperationalError, connections

from tachiai.crypto.authority import load_authority
from tachiai.errors import Outage
from tachiai.outbox import delivering
from torture import chapters, variations
from torture.grounds import Grounds, run
from torture.kills import assert_counted, survey
from torture.post import MOODS, Post, open_post
from tsa_server import FAULTS, pinned, stamping

Fault = Callable[[], Any]  # a block in which something is away
STAMPED = ("sending", "sealing", "closing", "topping-up", "renewing", "evidence")
KEYED = ("sending", "sealing", "closing")
TOKENED = ("sealing@token", "closing@token")
SECONDS = 0.05
# Moods in which the server has the mail and nobody can understand what it says to it.
UNANSWERED = ("250 lost", "takes it with garbage")


class _Settings:
    """What ``stamping`` is given where pytest would lend its own."""

    def __setattr__(self, name: str, value: Any) -> None:
        from django.conf import settings

        setattr(settings, name, value)

    def __getattr__(self, name: str) -> Any:
        from django.conf import settings

        return getattr(settings, name)


@contextmanager
def _tsa(fault: str) -> Iterator[None]:
    from django.conf import settings

    home: Path = settings.TACHIAI.home
    embedded = load_authority(home / "keys" / "authority")
    with stamping(_Settings(), embedded.timestamper, pinned(home, *embedded.roots)) as (authority, _served):
        authority.fault = fault if fault != "slow" else ""
        authority.delay = 0.2 if fault == "slow" else 0.0
        yield


@contextmanager
def _replayed() -> Iterator[None]:
    """Every answer of the authority is its first one."""
    from django.conf import settings

    home: Path = settings.TACHIAI.home
    embedded = load_authority(home / "keys" / "authority")
    with stamping(_Settings(), embedded.timestamper, pinned(home, *embedded.roots)) as (authority, _served):
        kept: list[Any] = []

        def behave(path: str, body: bytes) -> Any:
            kept.append(authority.answer(body))
            return kept[0]

        _served.behave = behave
        yield


def _store(act: Callable[..., Any], *methods: str) -> Callable[[], Any]:
    from tachiai.vault.stores import FolderStore

    return lambda: mock.patch.multiple(FolderStore, **dict.fromkeys(methods, act))


def _away(*_: Any, **__: Any) -> Any:
    raise Outage("store.unreadable", "away")


def _unwritable(*_: Any, **__: Any) -> Any:
    raise Outage("store.unwritable", "away")


def _wrong_bytes() -> Any:
    """Whatever is asked for, and asked for anew, comes back with one bit turned."""
    from tachiai.vault.stores import FolderStore

    true = FolderStore.get

    def get(self: Any, path: str) -> bytes:
        box = bytearray(true(self, path))
        box[-1] ^= 1
        return bytes(box)

    return mock.patch.multiple(FolderStore, get=get, get_anew=get)


def _another_box() -> Any:
    """Whatever is asked for, the first box that ever was comes back."""
    from tachiai.vault.stores import FolderStore

    true = FolderStore.get
    first: list[str] = []

    def get(self: Any, path: str) -> bytes:
        first.append(path)
        return true(self, first[0])

    return mock.patch.multiple(FolderStore, get=get, get_anew=get)


def _slow_store() -> Any:
    from tachiai.vault.stores import FolderStore

    true = FolderStore.put_if_absent

    def put(self: Any, path: str, box: bytes) -> None:
        time.sleep(SECONDS)
        true(self, path, box)

    return mock.patch.object(FolderStore, "put_if_absent", put)


def _key(sign: Callable[[Any, bytes], bytes]) -> Callable[[], Any]:
    from tachiai.crypto.keys import SoftwareKey

    return lambda: mock.patch.object(SoftwareKey, "sign", sign)


def _no_key(_self: Any, _message: bytes) -> bytes:
    raise Outage("key.unreachable", "session lost")


def _lying_key(_self: Any, message: bytes) -> bytes:
    return os.urandom(64)


def _signs_something_else() -> Any:
    from tachiai.crypto.keys import SoftwareKey

    true = SoftwareKey.sign
    return mock.patch.object(SoftwareKey, "sign", lambda self, message: true(self, message + b"!"))


def _slow_key() -> Any:
    from tachiai.crypto.keys import SoftwareKey

    true = SoftwareKey.sign

    def sign(self: Any, message: bytes) -> bytes:
        time.sleep(SECONDS)
        return true(self, message)

    return mock.patch.object(SoftwareKey, "sign", sign)


@contextmanager
def _token_away(after: int) -> Iterator[None]:
    """Somebody pulls the token out when it has signed so many times."""
    from django.conf import settings

    from tachiai.crypto.hsm import HsmKey

    tokens: Path = settings.TACHIAI.home.parent / "tokens"
    true, times = HsmKey._sign_once, itertools.count()

    def sign(self: Any, data: bytes) -> bytes:
        if next(times) == after:
            tokens.rename(tokens.with_name("away"))
        return true(self, data)

    with mock.patch.object(HsmKey, "_sign_once", sign):
        yield
    if not tokens.is_dir():
        tokens.with_name("away").rename(tokens)


def _sessions_lost() -> Any:
    """Before each signature every session of the token is gone, as after a network device was started anew."""
    from tachiai.crypto.hsm_sessions import OpenToken

    true = OpenToken._take

    def take(self: Any) -> Any:
        held = true(self)
        held.session.close()
        return held

    times = itertools.count(1)
    return mock.patch.object(OpenToken, "_take", lambda self: take(self) if next(times) % 2 else true(self))


FAULTY: dict[str, tuple[tuple[str, ...], Fault]] = {
    **{f"tsa {name}": (STAMPED, (lambda name=name: _tsa(name))) for name in (*FAULTS, "slow")},  # type: ignore[misc]
    "tsa replays": (STAMPED, _replayed),
    "store unreadable": (chapters.WORKED, _store(_away, "get", "get_anew")),
    "store unwritable": (chapters.WORKED, _store(_unwritable, "put_if_absent")),
    "store gives wrong bytes": (chapters.WORKED, _wrong_bytes),
    "store gives another box": (chapters.WORKED, _another_box),
    "store slow": (("sending", "sealing", "closing"), _slow_store),
    "key away": (KEYED, _key(_no_key)),
    "key signs garbage": (KEYED, _key(_lying_key)),
    "key signs something else": (KEYED, _signs_something_else),
    "key slow": (KEYED, _slow_key),
    "token away": (TOKENED, lambda: _token_away(0)),
    "token taken away": (TOKENED, lambda: _token_away(1)),
    "token sessions lost": (TOKENED, _sessions_lost),
}


class _Full:
    """A disk that is full at the ``number``-th write, and so many ``times``."""

    def __init__(self, number: int, times: int = 4) -> None:
        self._count, self._number, self._times = itertools.count(1), number, times

    def refuses(self) -> bool:
        return self._number <= next(self._count) < self._number + self._times


@contextmanager
def _full_at_box(number: int) -> Iterator[None]:
    from tachiai.vault import stores

    full, true = _Full(number), os.write

    def write(handle: int, data: Any) -> int:
        if full.refuses():
            true(handle, bytes(data[: len(data) // 2]))  # what fits, still gets there
            raise OSError(errno.ENOSPC, "No space left on device")
        return true(handle, data)

    with mock.patch.object(stores.os, "write", write):
        yield


@contextmanager
def _full_at_commit(number: int, *, times: int = 4) -> Iterator[None]:
    backend = type(connections["default"])
    full, true = _Full(number, times), backend._commit

    def commit(self: Any) -> None:
        if full.refuses():
            raise OperationalError("database or disk is full")
        true(self)

    with mock.patch.object(backend, "_commit", commit):
        yield


def names(grounds: Grounds) -> Iterator[str]:
    """Each fault in each chapter that meets it; mail in each mood; a full disk at each write of boxes and of rows."""
    for what, (where, _) in FAULTY.items():
        at_hand = (chapter for chapter in where if chapters.is_at_hand(grounds, chapter))
        yield from (f"fault/{grounds.backend}/{chapter}/{what.replace(' ', '-')}/0" for chapter in at_hand)
    yield from (
        f"fault/{grounds.backend}/{chapter}/post-{mood.replace(' ', '-')}/0" for mood in MOODS for chapter in ("sending", "mailing")
    )
    for chapter in chapters.WORKED:
        seen, _ = survey(grounds, chapter)
        for number in range(1, seen["before commit"] + 1):
            yield f"fault/{grounds.backend}/{chapter}/full-at-commit/{number}"
            if chapter in ("sending", "mailing"):
                yield f"fault/{grounds.backend}/{chapter}/full-from-commit/{number}"
        boxes = seen["after vault.stores:_write_out"]
        yield from (f"fault/{grounds.backend}/{chapter}/full-at-box/{number}" for number in range(1, boxes + 1))


def fault(grounds: Grounds, name: str) -> dict[str, int]:
    """One case by its name. Raises ``AssertionError`` with what did not hold."""
    _, _, chapter, what, number = name.split("/")
    house = variations.copy(grounds, chapter)
    mood = next((mood for mood in MOODS if what == f"post-{mood.replace(' ', '-')}"), "")
    post = open_post(house.home.parent / "post", mood=mood)
    house.port = post.port
    try:
        for act, when in (
            (lambda: _suffer(what, int(number)), "while it lasted"),
            (chapters.check, "at once"),
            (lambda: (chapters.overdue_now(), chapters.recover(), chapters.overdue_now(), chapters.recover()), "in recovering"),
            (lambda: _end(post, may_go_twice=mood in UNANSWERED or what == "full-from-commit"), "at the end"),
        ):
            said = run(act, house)
            assert not said, f"{when}: {said}"
        return {"mails sent twice": sum(post.twice().values())}
    finally:
        post.close()
        house.leave()


def _suffer(what: str, number: int) -> None:
    """Work goes on for a while in which nothing succeeds that needs it; nobody is struck for what is not its own fault."""
    with ExitStack() as stack:
        if what == "full-at-box":
            stack.enter_context(_full_at_box(number))
        elif what.endswith("-commit"):
            stack.enter_context(_full_at_commit(number, times=4 if what == "full-at-commit" else 10_000))
            stack.enter_context(mock.patch.object(delivering, "WAITS", (0,) * len(delivering.WAITS)))
        elif not what.startswith("post-"):
            stack.enter_context(next(block for name, (_, block) in FAULTY.items() if name.replace(" ", "-") == what)())
        for _ in range(2):
            try:
                chapters.recover()
            except OperationalError:
                continue  # the worker's loop outlives that, too
            chapters.overdue_now()


def _end(post: Post, *, may_go_twice: bool) -> None:
    """Back to the end. A mail goes twice only where the server's 250 never came, or whoever heard it ended before any commit was
    taken; and then it is the same mail, and counted."""
    told = {one.subject for one in chapters.finish() if one.code == "mail.perhaps_twice"}
    twice = post.twice()
    assert not twice or may_go_twice, f"sent twice: {twice}"
    assert_counted(twice, told)
