"""``tachiai demo-seed``: ninety days of an invented city, lived through by the product's own verbs on a clock that is told.

Ledger, mails, timestamps and the log are what they would be if those days had passed: nothing is written into rows from outside, and
``tachiai fsck`` finds nothing. It needs a new house, because what was written earlier would stand behind what is told of earlier days.
"""

from __future__ import annotations

import argparse
import os
import resource
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from tachiai import clock
from tachiai.cli.demo_days import Calendar, first_morning, is_new, refuse_unfit
from tachiai.cli.demo_plans import plan_full, plan_small, plan_tiny
from tachiai.cli.demo_story import Plan
from tachiai.cli.houses import compile_catalogues, establish
from tachiai.clock import JAPAN
from tachiai.house import House, Misconfigured, read

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tachiai.cli.demo_happenings import Happening
    from tachiai.prepared import Prepared
    from tachiai.work.models import Task

SCALES: dict[str, Callable[[int, date], list[Plan]]] = {"tiny": plan_tiny, "small": plan_small, "full": plan_full}
TICKS_AT = time(8, 30)
STAMPED_AFTER = timedelta(minutes=6)  # a little longer than an entry waits for a token
Say = Callable[[str], None]


def add_seed_command(commands: Any, lazy: Any) -> None:
    """``demo-seed`` below ``tachiai``."""
    seed = commands.add_parser("demo-seed", help="fill a new demonstration house with ninety days of invented contracts")
    seed.add_argument("--seed", type=int, default=1, help="the same seed tells the same story")
    seed.add_argument("--scale", choices=SCALES, default="small", help="some 25 envelopes, or 240 (docs/demo-data.md)")
    seed.set_defaults(command=lazy("tachiai.cli.demo_seed", "demo_seed"))


def demo_seed(options: argparse.Namespace) -> int:
    """Tell the story in the house of ``TACHIAI_HOME``. Refuses (``Misconfigured``) any that is not a new demonstration."""
    os.environ["TACHIAI_MODE"] = "demo"
    house = read()
    if not is_new(house) and not house.telling.exists():
        raise Misconfigured(f"{house.home} is in use: demonstration data begins ninety days ago, so it needs a new TACHIAI_HOME")
    refuse_unfit(house)
    with clock.told(Calendar(first_morning()).now):
        establish()
    compile_catalogues()
    if is_founded():
        house.telling.unlink()
        raise Misconfigured("the telling of the demonstration data was interrupted; what was told stays, and nothing is added to it")
    house.telling.touch(mode=0o600)
    plans = tell(house, seed=options.seed, scale=options.scale, say=lambda words: print(words, flush=True))
    house.telling.rename(house.told)
    _report(plans)
    return 0


def is_founded() -> bool:
    from tachiai.accounts.models import Operator

    return Operator.objects.exists()


def tell(house: House, *, seed: int, scale: str, say: Say) -> list[Plan]:
    """Live through the whole story; the value is what was planned. The house must be established and hold nothing."""
    from tachiai.cli.demo_happenings import happenings

    today = clock.today(clock.now())
    plans = SCALES[scale](seed, today)
    begins = min(plan.made_at for plan in plans) - timedelta(days=3)
    calendar = Calendar(datetime.combine(begins.date(), time(8), JAPAN))
    with clock.told(calendar.now):
        days = _Days(calendar)
        told = happenings(house, plans, settle=days.settle, today=today, seed=seed)
        _live(told, days, today=today, say=say)
    return plans


def _live(told: Sequence[Happening], days: _Days, *, today: date, say: Say) -> None:
    for number, happening in enumerate(told):
        days.live_until(happening.at)
        happening.act()
        if happening.matters:
            days.settle()
            days.expect_stamp()
        if number % 100 == 99:
            say(f"  … {happening.at:%Y-%m-%d}, {number + 1} of {len(told)}")
    days.live_until(datetime.combine(today, time(), JAPAN) - timedelta(minutes=5))


class _Days:
    """Time passing: what the workers and their clock would have done meanwhile."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._tick_at = self._next_morning()
        self._stamp_at: datetime | None = None

    def settle(self) -> int:
        """All work that is due now."""
        from tachiai.cli.demo_people import deliver_all

        return deliver_all()

    def expect_stamp(self) -> None:
        """What was just written is stamped in a few minutes, as ever."""
        self._stamp_at = clock.now() + STAMPED_AFTER

    def live_until(self, at: datetime) -> None:
        while (then := min([self._tick_at, *([self._stamp_at] if self._stamp_at else []), *self._due()])) <= at:
            self._calendar.turn_to(then)
            if then == self._tick_at:
                self._tick()
            elif then == self._stamp_at:
                self._keep_log()
            self.settle()
        self._calendar.turn_to(at)

    def _tick(self) -> None:
        from tachiai.config.jobs import tick

        tick()
        self._tick_at = self._next_morning()

    def _keep_log(self) -> None:
        from tachiai.archive.log_keeping import keep_log

        self._stamp_at = None
        keep_log(now=clock.now)

    def _next_morning(self) -> datetime:
        now = clock.now().astimezone(JAPAN)
        day = now.date() + timedelta(days=now.time() >= TICKS_AT)
        return datetime.combine(day, TICKS_AT, JAPAN)

    def _due(self) -> list[datetime]:
        """When the next waiting work of each kind falls due, later than now."""
        now = clock.now()
        return [found for question in _due_questions() if (found := question.first(now=now)) is not None]


@cache
def _due_questions() -> list[Prepared[datetime]]:
    """Asked after every step of the story, so each is put into SQL once."""
    from tachiai.config.jobs import KINDS
    from tachiai.prepared import Prepared

    return [Prepared(partial(_next_due, kind.rows)) for kind in KINDS]


def _next_due(rows: Callable[[], QuerySet[Task]]) -> QuerySet[Task, datetime]:
    from tachiai.prepared import given

    waiting = rows()
    later = waiting.filter(state="waiting", due_at__gt=given("now", waiting.model, "due_at"))
    return later.order_by("due_at").values_list("due_at", flat=True)[:1]


def _report(plans: Sequence[Plan]) -> None:
    from tachiai.envelopes.models import Envelope

    states = Counter(Envelope.objects.values_list("state", flat=True))
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = sum(one.ru_utime + one.ru_stime for one in used)
    print(f"Demo data (デモデータ): {sum(states.values())} envelopes of {len(plans)} plans in {seconds:.1f} CPU seconds")
    print("  " + ", ".join(f"{state} {count}" for state, count in sorted(states.items())))
