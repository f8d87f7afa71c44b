"""Sealing: each consent becomes one signature per document, once, however often a worker dies on the way.

Many are in flight at a time, because each waits for a timestamp from far away: rows are taken up, signed, stamped, judged, stored
and recorded in groups, by one thread. What goes wrong with one row stays with that row.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import TypeVar

from django.db.models import Exists, OuterRef, Q, QuerySet

from tachiai import sealing, vault
from tachiai.envelopes.instructing import Brief, Case, instructed, load
from tachiai.envelopes.models import SealTask
from tachiai.envelopes.recording_seals import Finished, cancel_unsealed, record_seals
from tachiai.envelopes.states import EnvelopeState
from tachiai.envelopes.wording import seal_text
from tachiai.errors import Refusal
from tachiai.sealing import Act, Begun, Prepared, Sealed
from tachiai.vault import Stored
from tachiai.work import Intake
from tachiai.work.models import TaskState

MOST_ROWS = 192
MOST_BYTES = 32 * 1024 * 1024
CHUNK = 48
GROUP = 64
PATIENCE_SECONDS = 0.05
LOOK_SECONDS = 0.5
WRITERS = 8

R = TypeVar("R")
S = TypeVar("S")


def sealable() -> QuerySet[SealTask]:
    """Seal tasks that may run: one per document, the earliest first, so that two never wait for the same head."""
    earlier = SealTask.objects.filter(document=OuterRef("document"), state=TaskState.WAITING, pk__lt=OuterRef("pk"))
    return SealTask.objects.filter(~Q(Exists(earlier)))


def seal_consents(intake: Intake[SealTask], *, now: Callable[[], datetime]) -> None:
    """Do every seal task that is due, until none is left and none is in flight."""
    with ThreadPoolExecutor(WRITERS, thread_name_prefix="vault") as writers:
        _Flow(intake, writers, now).run()


@dataclass(eq=False)
class _Flight:
    """One seal on its way: first it waits for its token, then for its bytes to be durable."""

    case: Case
    size: int
    begun: Begun | None
    sealed: Sealed | None = None
    storing: Future[Stored] | None = None


class _Flow:
    """What is in flight, and how it moves on. ``_landed`` holds the flights for which something has come."""

    def __init__(self, intake: Intake[SealTask], writers: ThreadPoolExecutor, now: Callable[[], datetime]) -> None:
        self._intake, self._writers, self._now = intake, writers, now
        self._landed: SimpleQueue[_Flight] = SimpleQueue()
        self._flights: set[_Flight] = set()
        self._parked: deque[Brief] = deque()
        self._ready: list[Finished] = []
        self._ready_since = 0.0
        self._look_at = 0.0

    def run(self) -> None:
        while True:
            self._fill()
            if not (self._flights or self._ready or self._parked):
                return
            self._advance()
            if self._is_time():
                self._record()
            self._intake.hold()

    # Step 1: take up as many as there is room for, and load what they need.

    def _fill(self) -> None:
        self._begin_parked()
        left = MOST_ROWS - len(self._flights) - len(self._ready)
        room = CHUNK if left >= CHUNK else CHUNK // 2  # and nothing between, so that there are only two questions
        if self._parked or left < room or time.monotonic() < self._look_at:
            return
        tasks = self._intake.take(room)
        if len(tasks) < room:
            # Nothing more is due; a row of ours that lands may free the next of its document.
            self._look_at = time.monotonic() + LOOK_SECONDS
        self._together(tasks, load, self._parked.append, task_of=_itself)
        self._begin_parked()

    def _begin_parked(self) -> None:
        """As many of the loaded rows as their bytes leave room for: what is in flight is held in memory."""
        held = sum(flight.size for flight in self._flights)
        going: list[Brief] = []
        while self._parked and (held < MOST_BYTES or not held):
            going.append(self._parked.popleft())
            held += going[-1].size
        self._begin(going)

    # Step 2: what each consent instructs, and the intents on record before the key is touched.

    def _begin(self, briefs: Sequence[Brief]) -> None:
        cases = [case for brief in briefs if (case := self._alone(brief.task, self._case, brief)) is not None]
        self._together(cases, self._prepare, self._sign, task_of=_task)

    def _case(self, brief: Brief) -> Case | None:
        if brief.document.envelope.state == EnvelopeState.IN_PROGRESS:
            return instructed(brief)
        cancel_unsealed(brief.task, at=self._now())
        self._intake.settled([brief.task])
        return None

    def _prepare(self, cases: Sequence[Case]) -> list[tuple[Case, Prepared | Refusal]]:
        at = self._now()
        return list(zip(cases, sealing.prepare_many(Act.CONSENT, [case.intent() for case in cases], at=at), strict=True))

    # Step 3: sign, and ask for the timestamp without waiting for it.

    def _sign(self, found: tuple[Case, Prepared | Refusal]) -> None:
        case, _ = found
        begun = self._alone(case.task, self._begun, found)
        if begun is not None:
            flight = _Flight(case, len(case.head.pdf), begun)
            self._flights.add(flight)
            begun.token.add_done_callback(lambda _: self._landed.put(flight))

    def _begun(self, found: tuple[Case, Prepared | Refusal]) -> Begun:
        case, prepared = found
        if isinstance(prepared, Refusal):
            raise prepared
        return sealing.begin(
            prepared,
            slot=case.recipient.field,
            text=seal_text(case.recipient),
            consent_digest=case.digest,
            expected=case.expected(),
            at=self._now(),
            plan=case.head.plan,
            filling=case.filling,
        )

    # Step 4: as tokens come, judge the finished bytes afresh, and make them durable before any row tells of them.

    def _advance(self) -> None:
        wait = self._pause()
        while True:
            try:
                flight = self._landed.get(timeout=wait) if wait else self._landed.get_nowait()
            except Empty:
                return
            wait = 0.0
            if self._alone(flight.case.task, self._moved, flight) is None:
                self._flights.discard(flight)
            if len(self._ready) >= GROUP:
                return

    def _pause(self) -> float:
        if self._ready:
            return max(0.0, self._ready_since + PATIENCE_SECONDS - time.monotonic()) if self._flights else 0.0
        return 0.0 if self._can_take() else LOOK_SECONDS

    def _can_take(self) -> bool:
        return not self._parked and time.monotonic() >= self._look_at and len(self._flights) <= MOST_ROWS - CHUNK // 2

    def _moved(self, flight: _Flight) -> _Flight:
        if flight.begun is not None:
            sealed, flight.begun = flight.begun.finish(), None
            flight.sealed = sealed
            blob = flight.case.brief.document.blob
            flight.storing = self._writers.submit(vault.put_tail, blob, sealed.tail, total_sha256=sealed.sha256)
            flight.storing.add_done_callback(lambda _: self._landed.put(flight))
        elif flight.storing is not None and flight.sealed is not None:
            if not self._ready:
                self._ready_since = time.monotonic()
            self._ready.append(Finished(flight.case.task, flight.sealed, flight.storing.result()))
            self._flights.discard(flight)
        return flight

    # Step 5: the rows, one transaction for all that is ready.

    def _is_time(self) -> bool:
        if not self._ready:
            return False
        return len(self._ready) >= GROUP or not self._flights or time.monotonic() - self._ready_since >= PATIENCE_SECONDS

    def _record(self) -> None:
        ready, self._ready = self._ready, []
        self._together(ready, self._recorded, lambda _: None, task_of=lambda finished: finished.task)
        self._look_at = 0.0

    def _recorded(self, finished: Sequence[Finished]) -> list[Finished]:
        record_seals(finished, at=self._now())
        self._intake.settled(one.task for one in finished)
        return list(finished)

    # What goes wrong with one row stays with it.

    def _alone(self, task: SealTask, act: Callable[[R], S], subject: R) -> S | None:
        try:
            return act(subject)
        except Exception as problem:
            self._intake.troubled(task, problem)
            return None

    def _together(
        self, rows: Sequence[R], act: Callable[[Sequence[R]], Sequence[S]], then: Callable[[S], None], *, task_of: Callable[[R], SealTask]
    ) -> None:
        """``act`` on all rows at once; should that fail, on each by itself, so that only the one it failed for is held up."""
        if not rows:
            return
        try:
            done = act(rows)
        except Exception as problem:
            if len(rows) == 1:
                self._intake.troubled(task_of(rows[0]), problem)
                return
            for row in rows:
                self._together([row], act, then, task_of=task_of)
            return
        for one in done:
            then(one)


def _itself(task: SealTask) -> SealTask:
    return task


def _task(case: Case) -> SealTask:
    return case.task
