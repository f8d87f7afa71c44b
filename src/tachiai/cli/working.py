"""``tachiai work``: one long-lived process, one thread for each kind of work, so that no outage holds up the others."""

from __future__ import annotations

import argparse
import gc
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from tachiai import clock
from tachiai.house import Misconfigured

# A bell is rung for what is due now; this is for what becomes due by the clock, and for a ring that was lost.
LOOK_EVERY_SECONDS = 1.0
TICK_EVERY_SECONDS = 10.0
LOOK_FOR_GARBAGE_AFTER = 10_000  # objects that were made and not freed
log = structlog.get_logger("tachiai.work")


def work(options: argparse.Namespace) -> int:
    """Do what is due until SIGTERM or SIGINT; what is begun is finished first. ``options.only`` names the kinds, if not all."""
    import django

    from tachiai.config.logs import configure_logging

    configure_logging()
    django.setup()
    if not options.checked:
        check_alone()
    note_settings()
    settle_memory()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    work_until(stop, only=options.only.split(",") if options.only else ())
    return 0


def settle_memory() -> None:
    """What is loaded by now stays, so that nobody looks for garbage in it; and rows make much that is no garbage for long.

    Only how often is looked for circles that nothing refers to any more: everything else is freed at once, as ever.
    """
    from tachiai.config import jobs  # noqa: F401  # with all that the kinds of work need

    gc.collect()
    gc.freeze()
    gc.set_threshold(LOOK_FOR_GARBAGE_AFTER, 10, 10)


def note_settings() -> None:
    """A changed setting is on record before anything is done under it."""
    from django.conf import settings

    from tachiai.administration.configuring import note_configuration

    note_configuration(settings.TACHIAI, at=clock.now())


def check_alone() -> None:
    """A production worker started by itself is held to what ``tachiai run`` checks for those it starts."""
    from django.conf import settings

    from tachiai.cli.houses import check_start

    if settings.TACHIAI.mode == "production":
        check_start(settings.TACHIAI)


def work_until(stop: threading.Event, *, only: Sequence[str] = ()) -> None:
    """Run the threads of every kind (or of those named in ``only``), the clock's and the one that hears bells until ``stop`` is set."""
    from tachiai.config.jobs import KINDS
    from tachiai.work import hang, listen, take_down

    unknown = set(only) - {kind.name for kind in KINDS}
    if unknown:
        raise Misconfigured(f"no kind of work is called {', '.join(sorted(unknown))}: {', '.join(kind.name for kind in KINDS)}")
    kinds = [kind for kind in KINDS if not only or kind.name in only]
    bells = {kind.name: threading.Event() for kind in kinds}
    for kind in kinds:
        hang(kind.rows().model, bells[kind.name])
    hands = [(kind, hand) for kind in kinds for hand in range(kind.hands)]
    threads = [
        threading.Thread(target=_drain_until, args=(kind, stop, bells[kind.name]), name=f"{kind.name}-{hand}") for kind, hand in hands
    ]
    threads.append(threading.Thread(target=_repeat_until, args=(stop, _tick, TICK_EVERY_SECONDS), name="clock"))
    threads.append(threading.Thread(target=_repeat_until, args=(stop, lambda: listen(stop), LOOK_EVERY_SECONDS), name="bells"))
    for thread in threads:
        thread.start()
    # A thread that waits for its bell hears of the end at its next look; it need not wait so long.
    stop.wait()
    for bell in bells.values():
        bell.set()
    for thread in threads:
        thread.join()
    take_down()


def _drain_until(kind: Any, stop: threading.Event, bell: threading.Event) -> None:
    from tachiai.config.jobs import rests
    from tachiai.work import drain

    while not stop.is_set():
        # Cleared before looking: what is written while we look rings again.
        bell.clear()
        try:
            # A restored house does nothing until somebody says what it is to be: its work waits, and its clock says why.
            done = 0 if rests() else drain(kind, now=clock.now, stopping=stop.is_set)
        except Exception:
            # The database itself may be away; the loop must outlive that.
            log.exception("look failed", kind=kind.name)
            done = 0
            _forget_connection()
            stop.wait(LOOK_EVERY_SECONDS)
        if not done:
            bell.wait(LOOK_EVERY_SECONDS)


def _repeat_until(stop: threading.Event, act: Callable[[], None], pause: float) -> None:
    while not stop.is_set():
        try:
            act()
        except Exception:
            log.exception("failed", thread=threading.current_thread().name)
            _forget_connection()
        stop.wait(pause)


def _tick() -> None:
    from tachiai.config.jobs import KINDS, tick
    from tachiai.work import release_dead

    release_dead([kind.rows().model for kind in KINDS])
    tick()


def _forget_connection() -> None:
    from django.db import connection

    connection.close()
