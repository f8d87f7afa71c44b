"""``tachiai work``: one long-lived process, one thread for each kind of work, so that no outage holds up the others."""

from __future__ import annotations

import argparse
import signal
import threading
from typing import Any

import structlog

from tachiai import clock

LOOK_EVERY_SECONDS = 0.25
TICK_EVERY_SECONDS = 10.0
log = structlog.get_logger("tachiai.work")


def work(_options: argparse.Namespace) -> int:
    """Do what is due until SIGTERM or SIGINT; what is begun is finished first."""
    import django

    from tachiai.config.logs import configure_logging

    configure_logging()
    django.setup()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    work_until(stop)
    return 0


def work_until(stop: threading.Event) -> None:
    """Run every kind's thread and the clock's until ``stop`` is set."""
    from tachiai.config.jobs import KINDS

    bell = threading.Event()
    threads = [threading.Thread(target=_drain_until, args=(kind, stop, bell), name=kind.name) for kind in KINDS]
    threads.append(threading.Thread(target=_tick_until, args=(stop,), name="clock"))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _drain_until(kind: Any, stop: threading.Event, bell: threading.Event) -> None:
    from tachiai.work import drain

    while not stop.is_set():
        try:
            done = drain(kind, now=clock.now)
        except Exception:
            # The database itself may be away; the loop must outlive that.
            log.exception("look failed", kind=kind.name)
            done = 0
            _forget_connection()
        if done:
            bell.set()  # one kind's outcome is another's cause
            continue
        if bell.wait(LOOK_EVERY_SECONDS):
            stop.wait(0.01)
            bell.clear()


def _tick_until(stop: threading.Event) -> None:
    from tachiai.config.jobs import KINDS, tick
    from tachiai.work import release_dead

    models = [kind.rows().model for kind in KINDS]
    while not stop.is_set():
        try:
            release_dead(models)
            tick()
        except Exception:
            log.exception("tick failed")
            _forget_connection()
        stop.wait(TICK_EVERY_SECONDS)


def _forget_connection() -> None:
    from django.db import connection

    connection.close()
