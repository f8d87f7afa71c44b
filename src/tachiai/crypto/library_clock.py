"""What pyHanko takes for the present: the time its caller judges at, as everywhere else in this house.

Where a proof of existence is not on record, and where past validation begins its slide back in time (EN 319 102-1, 5.6.2.2), pyHanko
0.35 and its validator ask the machine's clock, and no argument leads there. A judgement "as of 2046" would be mixed with today's
date. So the two modules that ask are given a clock that can be told. It is done when this module is imported; whoever tells nothing
meets the machine's clock as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, tzinfo

from pyhanko_certvalidator.ltv import ades_past, poe

_present: ContextVar[datetime | None] = ContextVar("present", default=None)


class _Clock(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        told = _present.get()
        return datetime.now(tz) if told is None else told.astimezone(tz)


@contextmanager
def as_of(at: datetime | None) -> Iterator[None]:
    """Within it, and in whatever coroutine is run there, ``at`` (aware) is the present for pyHanko; None: the machine's own."""
    before = _present.set(at)
    try:
        yield
    finally:
        _present.reset(before)


for _module in (ades_past, poe):
    vars(_module)["datetime"] = _Clock
