"""SIGKILL at every step: the house is in order at once, the next worker goes on, the story can be finished, nothing is done twice."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from functools import cache

from torture import chapters, steps
from torture.grounds import Grounds, House, child, outcome, run
from torture.post import Post, open_post


@cache
def survey(grounds: Grounds, chapter: str) -> tuple[steps.Seen, float]:
    """What a worker that nobody kills comes through from ``chapter`` on, and how many seconds it takes."""
    house = grounds.copy(chapter)
    post = open_post(house.home.parent / "post")
    house.port = post.port
    book = house.home.parent / "steps"
    began = time.monotonic()
    said = run(lambda: steps.record(book, chapters.recover), house)
    seconds = time.monotonic() - began
    if said:
        raise RuntimeError(f"nobody was killed at {chapter}, and yet: {said}")
    seen = steps.read(book)
    post.close()
    house.leave()
    return seen, seconds


def names(grounds: Grounds, chapter: str, *, randoms: int) -> Iterator[str]:
    """Every case of a chapter: at each step, and at random moments."""
    seen, seconds = survey(grounds, chapter)
    for step, number in steps.places(seen):
        yield f"kill/{grounds.backend}/{chapter}/{step.replace(' ', '_')}/{number}"
    for number in range(randoms):
        yield f"kill/{grounds.backend}/{chapter}/moment/{random.Random(f'{chapter}{number}').random() * seconds:.3f}"  # noqa: S311  # repeatable, not secret


def kill(grounds: Grounds, name: str) -> dict[str, int]:
    """One case by its name. Raises ``AssertionError`` with what did not hold."""
    _, _, chapter, step, number = name.split("/")
    house = grounds.copy(chapter)
    post = open_post(house.home.parent / "post")
    house.port = post.port
    try:
        died = _die(house, step, number)
        _demand(run(chapters.check, house), "at once")
        _demand(run(lambda: (chapters.recover(), chapters.overdue_now(), chapters.recover()), house), "in recovering")
        _demand(run(lambda: _end(post, kills=int(died)), house), "at the end")
        return {"killed": int(died), "not come to": int(not died), "mails sent twice": sum(post.twice().values())}
    finally:
        post.close()
        house.leave()


def _demand(said: str, when: str) -> None:
    assert not said, f"{when}: {said}"


def _die(house: House, step: str, number: str) -> bool:
    """A worker goes to work and is killed there; False when it came to its end before."""
    if step == "moment":
        pid, reading = child(chapters.recover, house)
        time.sleep(float(number))
        os.kill(pid, signal.SIGKILL)
        ended, said = outcome(pid, reading)
    else:
        ended, said = outcome(*child(lambda: steps.die_at(step.replace("_", " ", 1), int(number), chapters.recover), house))
    assert ended in (0, -signal.SIGKILL), said
    return ended == -signal.SIGKILL


def _end(post: Post, *, kills: int) -> None:
    """The story is told to its end, and what went out twice was cut off between the server's 250 and our commit, and is counted."""
    from tachiai.outbox.models import Mail

    told = {one.subject for one in chapters.finish() if one.code == "mail.perhaps_twice"}
    twice = post.twice()
    assert sum(twice.values()) <= kills, f"sent twice: {twice}"
    sent = dict(Mail.objects.filter(message_id__in=list(twice)).values_list("message_id", "pk"))
    assert {str(pk) for pk in sent.values()} <= told, "a mail went out twice and nobody counts it"
    taken = {one for one, _, _ in post.taken()}
    known = Mail.objects.filter(result="accepted", message_id__in=list(taken)).values_list("message_id", flat=True)
    assert set(known) == taken, "the server has mails that the house does not know of"
