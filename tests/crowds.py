"""Many at once: each act in a thread of its own, with its own database connection, all let go at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tachiai.errors import Outage, Refusal


def together(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each act returned, or the refusal or outage it met, in the order given. Anything else it raises is raised."""
    from django.db import connections

    gate = threading.Barrier(len(acts), timeout=60)

    def run(act: Callable[[], Any]) -> Any:
        try:
            gate.wait()
            return act()
        except (Refusal, Outage) as met:
            return met
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=len(acts)) as pool:
        return [future.result(timeout=120) for future in [pool.submit(run, act) for act in acts]]


def codes_of(results: Sequence[Any]) -> list[str]:
    """The codes of those that were refused."""
    return [met.code for met in results if isinstance(met, Refusal | Outage)]
