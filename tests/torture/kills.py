"""SIGKILL at every step: the house is in order at once, the next worker goes on, the story can be finished, nothing is done twice."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache

import postgres
from tachiai.outbox.models import Mail
from torture import chapters, copies, steps, variations
from torture.grounds import PATIENCE_SECONDS, Grounds, House, child, outcome, run
from torture.post import Post, open_post


@cache
def survey(grounds: Grounds, chapter: str) -> tuple[steps.Seen, float]:
    """What a worker that nobody kills comes through from ``chapter`` on, and how many seconds it takes."""
    house = variations.copy(grounds, chapter)
    victim = copies.new_place(house) if chapter == "restoring" else house
    post = open_post(house.home.parent / "post")
    house.port = post.port
    book = house.home.parent / "steps"
    began = time.monotonic()
    said = run(lambda: steps.record(book, chapters.act_of(chapter)), victim)
    seconds = time.monotonic() - began
    if said:
        raise RuntimeError(f"nobody was killed at {chapter}, and yet: {said}")
    seen = steps.read(book)
    post.close()
    _leave(house, victim)
    return seen, seconds


def names(grounds: Grounds, chapter: str, *, randoms: int) -> Iterator[str]:
    """Every case of a chapter: at each step, and at random moments; and some of a whole ``tachiai work``."""
    seen, seconds = survey(grounds, chapter)
    places = list(steps.places(seen, only=chapters.ELSEWHERE.get(chapter, ())))
    for step, number in places:
        yield f"kill/{grounds.backend}/{chapter}/{step.replace(' ', '_')}/{number}"
    chance = random.Random(chapter)  # noqa: S311  # repeatable, not secret
    yield from (f"kill/{grounds.backend}/{chapter}/moment/{chance.random() * seconds:.3f}" for _ in range(randoms))
    if chapter in chapters.WORKED:
        yield from (f"kill/{grounds.backend}/{chapter}/work-moment/{chance.random() * seconds:.3f}" for _ in range(randoms))
        for step, number in chance.sample(places, min(randoms, len(places))):
            yield f"kill/{grounds.backend}/{chapter}/work-{step.replace(' ', '_')}/{number}"


def kill(grounds: Grounds, name: str) -> dict[str, int]:
    """One case by its name. Raises ``AssertionError`` with what did not hold."""
    _, _, chapter, step, number = name.split("/")
    house = variations.copy(grounds, chapter)
    victim = copies.new_place(house) if chapter == "restoring" else house
    post = open_post(house.home.parent / "post")
    house.port = post.port
    try:
        died = _die(victim, step, number, chapters.act_of(chapter))
        if chapter == "restoring":
            _restore_again(victim, died)
        if chapter == "backing-up":
            _demand(run(copies.check_generations, house), "at once")
            _demand(run(copies.go_on, house), "at the next backup")
        _demand(run(chapters.check, house), "at once")
        _demand(run(lambda: (chapters.recover(), chapters.overdue_now(), chapters.recover()), house), "in recovering")
        _demand(run(lambda: _end(post, kills=int(died)), house), "at the end")
        return {"killed": int(died), "not come to": int(not died), "mails sent twice": sum(post.twice().values())}
    finally:
        post.close()
        _leave(house, victim)


def _leave(house: House, victim: House) -> None:
    if victim is not house and victim.server:
        postgres.drop(victim.server, victim.database)
    house.leave()


def _restore_again(victim: House, died: bool) -> None:
    if died:
        _demand(run(copies.check_half, victim), "at once")
        copies.clear(victim)
        _demand(run(copies.bring_back, victim), "at the next restoring")
    _demand(run(copies.check_restored, victim), "once it was restored")


def _demand(said: str, when: str) -> None:
    assert not said, f"{when}: {said}"


def _die(house: House, step: str, number: str, act: Callable[[], object]) -> bool:
    """Somebody goes to work and is killed there; False when they came to their end before."""
    if step.startswith("work-"):
        return _die_working(house, step.removeprefix("work-"), number)
    if step == "moment":
        pid, reading = child(act, house)
        time.sleep(float(number))
        os.kill(pid, signal.SIGKILL)
        ended, said = outcome(pid, reading)
    else:
        ended, said = outcome(*child(lambda: steps.die_at(step.replace("_", " ", 1), int(number), act), house))
    assert ended in (0, -signal.SIGKILL), said
    return ended == -signal.SIGKILL


def _die_working(house: House, step: str, number: str) -> bool:
    """``tachiai work``, all its threads and its clock, is killed there or at that moment; False when it had nothing left to do."""
    told = [] if step == "moment" else [step.replace("_", " ", 1), number]
    command = [sys.executable, "-m", "torture.victim", *told]
    with (house.home.parent / "victim").open("w+") as book:
        process = subprocess.Popen(command, env=house.environment(), stdout=subprocess.PIPE, stderr=book)
        assert process.stdout is not None
        begun = process.stdout.readline()
        if step == "moment":
            time.sleep(float(number))
            process.kill()
        else:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE_SECONDS / 4)
            process.terminate()
        ended = process.wait(PATIENCE_SECONDS)
        process.stdout.close()
        book.seek(0)
        assert begun, book.read()
        assert ended in (0, -signal.SIGKILL), book.read()
    return ended == -signal.SIGKILL


def _end(post: Post, *, kills: int) -> None:
    """The story is told to its end, and what went out twice was cut off between the server's 250 and our commit, and is counted."""
    told = {one.subject for one in chapters.finish() if one.code == "mail.perhaps_twice"}
    twice = post.twice()
    assert sum(twice.values()) <= kills, f"sent twice: {twice}"
    assert_counted(twice, told)
    taken = {one for one, _, _ in post.taken()}
    known = Mail.objects.filter(result="accepted", message_id__in=list(taken)).values_list("message_id", flat=True)
    assert set(known) == taken, "the server has mails that the house does not know of"


def assert_counted(twice: dict[str, int], told: set[str]) -> None:
    """Whatever went out twice is among the mails that fsck says it of."""
    sent = {str(pk) for pk in Mail.objects.filter(message_id__in=list(twice)).values_list("pk", flat=True)}
    assert len(sent) == len(twice)
    assert sent <= told, "a mail went out twice and nobody counts it"
