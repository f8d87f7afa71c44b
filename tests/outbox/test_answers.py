"""A server's answer and a database that does not take it: no living process sends a mail twice, and what may have gone twice is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError, connections, transaction
from post_office import HOST, Clerk, open_office

from tachiai import clock, outbox, work
from tachiai.config.jobs import MAIL
from tachiai.house import Smtp
from tachiai.outbox import delivering
from tachiai.outbox.answers import HEARD
from tachiai.outbox.models import Mail
from tachiai.work import drain


@pytest.fixture
def clerk(house: Any, settings: Any) -> Iterator[Clerk]:
    """A server of the house, and nothing heard before."""
    HEARD.__init__()  # type: ignore[misc]  # as in a new process
    with open_office(told := Clerk()) as port:
        settings.TACHIAI = replace(settings.TACHIAI, smtp=Smtp(HOST, port, "", "", "none", "noreply@keiyaku.example.jp"))
        yield told


def written(count: int = 1) -> list[Mail]:
    context = {"path": "/", "name": "架空 花子"}
    with transaction.atomic():
        for number in range(count):
            outbox.mail("M24", to=f"reader{number}@example.jp", language="ja", context=context, stream="house", at=clock.now())
    return list(Mail.objects.order_by("to"))


@contextmanager
def full_after(taken: list[Any], tries: int) -> Iterator[None]:
    """As soon as the server has taken something, the next ``tries`` commits are refused."""
    true, left = type(connections["default"])._commit, [tries]

    def commit(self: Any) -> None:
        if taken and left[0]:
            left[0] -= 1
            raise OperationalError("database or disk is full")
        true(self)

    with mock.patch.object(type(connections["default"]), "_commit", commit):
        yield


def deliver_due(*, later: timedelta = timedelta(), pause: Callable[[float], None] = lambda _seconds: None) -> None:
    def then() -> Any:
        return clock.now() + later

    def deliver(mail: Mail) -> None:
        outbox.deliver(mail, now=then, refused=lambda _mail, _at: None, pause=pause)

    drain(replace(MAIL, verb=deliver), now=then)


def perhaps_twice() -> list[str]:
    return [finding.subject for finding in outbox.check_mails() if finding.code == "mail.perhaps_twice"]


def test_a_commit_that_is_refused_for_a_moment_is_tried_again(clerk: Clerk) -> None:
    [mail] = written()
    pauses: list[float] = []
    with full_after(clerk.taken, 3):
        deliver_due(pause=pauses.append)
    mail.refresh_from_db()
    assert (mail.result, mail.attempt, mail.outages, len(clerk.taken)) == ("accepted", 1, 0, 1)
    assert pauses == list(delivering.WAITS[:3])
    assert list(outbox.check_mails()) == []


def test_whoever_heard_the_answer_never_sends_again(clerk: Clerk) -> None:
    """While it is not on record nothing else goes out; the row is held, and claimed again it is settled, and accounted for."""
    first, second = written(2)
    with full_after(clerk.taken, 10_000):
        with pytest.raises(OperationalError):
            deliver_due()
        assert len(clerk.taken) == 1
    held = Mail.objects.get(pk__in=[row.mail.pk for row in HEARD.left()])
    assert (held.state, held.result, held.attempt, held.outages) == ("waiting", "pending", 1, 0)
    assert held.lease_until is not None
    Mail.objects.exclude(pk=held.pk).update(due_at=clock.now() + timedelta(days=1))
    deliver_due(later=timedelta(minutes=6))
    held.refresh_from_db()
    assert (held.result, held.reply, held.attempt, held.outages) == ("accepted", "250 queued as 4711", 2, 1)
    assert (len(clerk.taken), perhaps_twice()) == (1, [])
    deliver_due(later=timedelta(days=2))
    assert sorted(to for to, _ in clerk.taken) == [first.to, second.to]


def test_an_answer_is_recorded_before_the_next_mail_goes_out(clerk: Clerk) -> None:
    written(2)
    with full_after(clerk.taken, len(delivering.WAITS) + 1):
        deliver_due()
    assert len(clerk.taken) == 2
    assert set(Mail.objects.values_list("result", "attempt", "outages")) == {("accepted", 1, 0)}
    assert list(outbox.check_mails()) == []


def test_a_process_that_ended_leaves_a_mail_that_goes_twice_and_is_counted(clerk: Clerk) -> None:
    [mail] = written()
    with full_after(clerk.taken, 10_000):
        deliver_due()
    HEARD.__init__()  # type: ignore[misc]  # as in a new process
    deliver_due(later=timedelta(minutes=6))
    assert len(clerk.taken) == 2
    assert perhaps_twice() == [str(mail.pk)]


def test_nothing_is_sent_under_a_lease_that_was_lost(clerk: Clerk) -> None:
    """A batch takes long: before each mail whose time runs short its row is made sure of."""
    [mail] = written()
    [claimed] = work.claim(MAIL.rows, at=clock.now(), lease=delivering.NEEDED - timedelta(seconds=1), limit=1)
    Mail.objects.update(attempt=2)
    with pytest.raises(work.LostLease):
        outbox.deliver(claimed, now=clock.now, refused=lambda _mail, _at: None)
    assert clerk.taken == []
    claimed.attempt = 2
    outbox.deliver(claimed, now=clock.now, refused=lambda _mail, _at: None)
    mail.refresh_from_db()
    assert (mail.result, len(clerk.taken)) == ("accepted", 1)


def test_an_answer_is_never_recorded_under_anothers_attempt(clerk: Clerk) -> None:
    """Somebody took the row over meanwhile: what they do counts, and the answer stands only if the row comes back."""
    [mail] = written()
    [claimed] = work.claim(MAIL.rows, at=clock.now(), lease=delivering.LEASE, limit=1)
    with mock.patch.object(delivering, "_settle", side_effect=work.LostLease), pytest.raises(work.LostLease):
        outbox.deliver(claimed, now=clock.now, refused=lambda _mail, _at: None)
    claimed.attempt = 3
    Mail.objects.update(attempt=3)
    outbox.deliver(claimed, now=clock.now, refused=lambda _mail, _at: None)
    mail.refresh_from_db()
    assert (mail.result, mail.attempt, mail.outages, len(clerk.taken)) == ("accepted", 3, 0, 1)
    assert perhaps_twice() == [str(mail.pk)]


def test_a_mail_that_the_server_did_not_answer_is_counted(clerk: Clerk) -> None:
    [mail] = written()
    clerk.hang_up = True
    deliver_due()
    mail.refresh_from_db()
    assert (mail.trouble, mail.attempt, mail.outages) == ("smtp.unanswered", 2, 1)
    clerk.hang_up = False
    deliver_due(later=timedelta(minutes=6))
    assert perhaps_twice() == [str(mail.pk)]
