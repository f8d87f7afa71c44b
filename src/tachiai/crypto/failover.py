"""An ordered list of timestamping authorities: the first that is well stamps, and who is ill is remembered.

Nothing here ever stamps by our own clock, and nothing falls from an accredited authority to another kind unless the operator has
said so: what a signature is worth must not depend on which server was down that day.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from datetime import datetime

from tachiai.crypto import exchanges
from tachiai.crypto.timestamps import Timestamper, Token
from tachiai.errors import Outage

FIRST_SKIP_SECONDS = 1.0
LONGEST_SKIP_SECONDS = 60.0


class LesserStandby(ValueError):
    """An authority further down is not accredited although the first is; the message names it."""


class TimestamperList:
    """A :class:`~tachiai.crypto.timestamps.Timestamper` that asks ``members`` in their order.

    Who fails, in whatever way, is skipped for a while that doubles with each failure, from 1 s to 60 s; then one request at a time
    tries again, and the first success gives it its place back. ``clock`` counts seconds (monotonic). The token tells who stamped.

    Raises :class:`LesserStandby` when the first is accredited and another is not, unless ``accept_lesser``.
    ``accredited`` is said of the list only if every member is, ``embedded`` if any is.
    """

    def __init__(self, members: Sequence[Timestamper], *, accept_lesser: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        lesser = [member.name for member in members if members[0].accredited and not member.accredited]
        if lesser and not accept_lesser:
            raise LesserStandby(", ".join(lesser))
        self.members = tuple(members)
        self.name = ", ".join(member.name for member in members)
        self.accredited = all(member.accredited for member in members)
        self.embedded = any(member.embedded for member in members)
        self._wards = tuple(_Ward(member, clock) for member in members)

    @property
    def reserve(self) -> int:
        """Room for whichever member's token comes."""
        return max(member.reserve for member in self.members)

    def ailing(self) -> list[str]:
        """Who is not asked at the moment or only tried, and since which trouble."""
        return [f"{ward.member.name}: {ward.trouble}" for ward in self._wards if ward.trouble]

    def timestamp(self, digest: bytes, *, at: datetime) -> Token:
        return exchanges.waited(self.submit(digest, at=at))

    def submit(self, digest: bytes, *, at: datetime) -> Future[Token]:
        """The first good answer. When nobody gives one: ``Outage("tsa.unreachable")``, which names each and its trouble."""
        answer: Future[Token] = Future()
        # It cannot be cancelled half-way: an authority that is being tried again must hear how that ended.
        answer.set_running_or_notify_cancel()
        _Round(answer, digest, at).ask(iter(self._wards))
        return answer


class _Round:
    """One digest on its way down the list."""

    def __init__(self, answer: Future[Token], digest: bytes, at: datetime) -> None:
        self._answer, self._digest, self._at = answer, digest, at
        self._troubles: list[str] = []

    def ask(self, rest: Iterator[_Ward]) -> None:
        for ward in rest:
            ticket = ward.ask()
            if ticket is None:
                self._troubles.append(f"{ward.member.name}: skipped after {ward.trouble}")
                continue
            asked = ward.member.submit(self._digest, at=self._at)
            asked.add_done_callback(lambda done, ward=ward, ticket=ticket: self._heard(done, ward, ticket, rest))  # type: ignore[misc]
            return
        self._answer.set_exception(Outage("tsa.unreachable", "; ".join(self._troubles)))

    def _heard(self, done: Future[Token], ward: _Ward, ticket: int, rest: Iterator[_Ward]) -> None:
        trouble = done.exception()
        if trouble is None:
            ward.well(ticket)
            self._answer.set_result(done.result())
            return
        ward.failed(ticket, str(trouble))
        if not isinstance(trouble, Outage):
            self._answer.set_exception(trouble)  # a mistake in the program is nobody's illness to work around
            return
        self._troubles.append(f"{ward.member.name}: {trouble}")
        try:
            self.ask(rest)
        except Exception as mistake:
            # Nobody hears what a callback raises, and whoever waits for the token would wait for ever.
            self._answer.set_exception(mistake)


class _Ward:
    """What is known of one member's health. A ticket tells news of the present illness from answers to earlier requests:
    of three hundred requests that fail together, one makes the authority ill, and the others do not make it iller."""

    def __init__(self, member: Timestamper, clock: Callable[[], float]) -> None:
        self.member = member
        self.trouble = ""
        self._clock = clock
        self._lock = threading.Lock()
        self._ticket = 0
        self._skip = 0.0
        self._until = 0.0
        self._tried = False

    def ask(self) -> int | None:
        """A ticket to ask with, or None when it is to be skipped now."""
        with self._lock:
            if self.trouble:
                if self._tried or self._clock() < self._until:
                    return None
                self._tried = True
            return self._ticket

    def well(self, ticket: int) -> None:
        with self._lock:
            if ticket == self._ticket and self.trouble:
                self.trouble, self._skip, self._tried = "", 0.0, False

    def failed(self, ticket: int, trouble: str) -> None:
        with self._lock:
            if ticket != self._ticket:
                return
            self._ticket += 1
            self.trouble, self._tried = trouble or "no answer", False
            self._skip = min(max(self._skip * 2, FIRST_SKIP_SECONDS), LONGEST_SKIP_SECONDS)
            self._until = self._clock() + self._skip
