"""What a mail server said and the house has not on record yet: whoever heard it does not ask again.

It is kept by the process that heard it and dies with it: nothing outside the database would be truer than the database itself.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass

from tachiai.outbox.models import Mail, Result
from tachiai.work.models import TaskState


@dataclass
class Answer:
    """One answer, and the row as it was last claimed here. Only under that attempt may it be recorded.

    ``held`` while the database did not take it and nobody else may have the row. ``spared`` counts the attempts that ended so and
    were followed by one of this process: they account for themselves, since no mail can have gone out twice.
    """

    mail: Mail
    result: Result
    reply: str
    held: bool = False
    spared: int = 0


class Answers:
    """The answers that this process has heard and not recorded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heard: dict[uuid.UUID, Answer] = {}

    def keep(self, answer: Answer) -> None:
        with self._lock:
            self._heard[answer.mail.pk] = answer

    def claimed_again(self, mail: Mail) -> Answer | None:
        """What was answered for this very mail already; from now on it may be recorded under the attempt of ``mail``."""
        with self._lock:
            answer = self._heard.get(mail.pk)
            if answer is None or answer.mail.message_id != mail.message_id or answer.mail.to != mail.to:
                return None
            # Between the two claims somebody else may have had it: their attempt is not ours to account for.
            if answer.held and mail.attempt == answer.mail.attempt + 1:
                answer.spared += 1
            answer.mail, answer.held = mail, False
            return answer

    def left(self) -> list[Answer]:
        """Those whose rows are still held for them."""
        with self._lock:
            return [answer for answer in self._heard.values() if answer.held]

    def forget(self, answer: Answer) -> None:
        with self._lock:
            self._heard.pop(answer.mail.pk, None)

    def forget_if_over(self, answer: Answer) -> None:
        """The row went to somebody else: while they have not settled it, it may come back, and then the answer still stands."""
        if not Mail.objects.filter(pk=answer.mail.pk, state=TaskState.WAITING).exists():
            self.forget(answer)


HEARD = Answers()
