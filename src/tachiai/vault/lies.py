"""When the store gave back something else than it was given: somebody has to be told, however the act went on that met it."""

from __future__ import annotations

import structlog
from django.db import DatabaseError, connection

from tachiai import clock
from tachiai.work.alarms import clear_alarm, raise_alarm

ALARM = "store.lied"
log = structlog.get_logger("tachiai.vault")


def report_lie(store: str, path: str) -> None:
    """Say so in the log, and raise the alarm, which stands until the store has passed ``tachiai vault check``.

    Whoever writes boxes may be a thread without a connection of its own: one that is opened for this is closed again.
    """
    log.error("the store gave back other bytes than it was given", store=store, path=path)
    fresh = connection.connection is None
    try:
        raise_alarm(ALARM, store, detail=path, at=clock.now())
    except DatabaseError:  # the act ends with an outage of its own, and the log has the rest
        log.exception("the alarm could not be raised", store=store)
    finally:
        if fresh:
            connection.close()


def forgive(store: str) -> None:
    """The store has shown that it can be relied on."""
    clear_alarm(ALARM, store, at=clock.now())
