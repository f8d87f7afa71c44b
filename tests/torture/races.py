"""Two at one moment, each in a process of its own: one wins, the other is told, and the house is in order whichever it was."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from django.conf import settings
from django.contrib.staticfiles.storage import StaticFilesStorage, staticfiles_storage

from signer.walking import inside
from stages import HERE, enters
from tachiai import clock
from tachiai.ceremony.models import Consent
from tachiai.clock import end_of
from tachiai.envelopes.declining import Wish, decline
from tachiai.envelopes.expiring import expire_envelopes
from tachiai.envelopes.signing import sign
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.errors import Outage, Refusal
from torture import chapters, copies
from torture.grounds import Grounds, House, child, outcome, run
from torture.post import Post, open_post

Act = Callable[[], object]
# What everybody does who comes to the barrier: what can be prepared first, and then the act itself.
Prepared = Callable[[], Act]
# A link takes five codes at a time, whoever gives them.
DOUBLE_POSTS = 4


def _vendor() -> Act:
    found = enters(chapters.scene().vendor)
    return lambda: sign(found, HERE, at=clock.now())


def _builder() -> Act:
    found = enters(chapters.scene().builder)
    return lambda: sign(found, HERE, at=clock.now())


def _withdraws() -> Act:
    told = chapters.scene()
    return lambda: withdraw_envelope(told.envelope, reason="取りやめ", by=told.cast.clerk, at=clock.now())


def _declines() -> Act:
    person = chapters.scene().vendor
    return lambda: decline(person, wish=Wish.REFUSAL, reason="締結しません", at=clock.now())


def _expires() -> Act:
    deadline = chapters.scene().envelope.deadline
    assert deadline is not None
    return lambda: expire_envelopes(at=end_of(deadline) + timedelta(seconds=1))


def _works() -> Act:
    return chapters.recover


def _keeps() -> Act:
    return chapters.keep_the_log


def _backs_up() -> Act:
    """The second is told that the first is at it."""

    def act() -> None:
        try:
            copies.back_up()
        except Outage as outage:
            if outage.code != "backup.busy":
                raise

    return act


def _posts() -> Act:
    """A browser behind the code, on the page that asks, whose button is pressed at the barrier."""
    settings.ALLOWED_HOSTS = ["*"]
    staticfiles_storage._wrapped = StaticFilesStorage()  # nothing was collected in a house that only this test visits
    browser, link = inside(chapters.scene().vendor)
    page = browser.get(f"{link}/confirm").content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))

    def press() -> None:
        answer = browser.post(f"{link}/confirm", hidden)
        assert answer.status_code == 302, answer.status_code

    return press


RACES: dict[str, tuple[str, Sequence[Prepared]]] = {
    "two-signers": ("asked", (_vendor, _builder)),
    "sign-withdraw": ("asked", (_vendor, _withdraws)),
    "sign-decline": ("asked", (_vendor, _declines)),
    "sign-expiry": ("asked", (_vendor, _expires)),
    "decline-withdraw": ("asked", (_declines, _withdraws)),
    "double-posts": ("asked", (_posts,) * DOUBLE_POSTS),
    **{f"two-workers-{chapter}": (chapter, (_works, _works)) for chapter in chapters.WORKED},
    "two-keepers": ("checkpointing", (_keeps, _keeps)),
    "two-backups": ("backing-up", (_backs_up, _backs_up)),
    "backup-worker": ("backing-up", (_backs_up, _works)),
    "worker-withdraw": ("sending", (_works, _withdraws)),
    "worker-expiry": ("sealing", (_works, _expires)),
}


def names(grounds: Grounds, *, rounds: int) -> Iterator[str]:
    for race in RACES:
        yield from (f"race/{grounds.backend}/{race}/{number}" for number in range(rounds))


def race(grounds: Grounds, name: str) -> dict[str, int]:
    """One case by its name. Raises ``AssertionError`` with what did not hold."""
    _, _, what, number = name.split("/")
    chapter, acts = RACES[what]
    house = grounds.copy(chapter)
    post = open_post(house.home.parent / "post")
    house.port = post.port
    try:
        lost = _let_go(house, acts[::-1] if int(number) % 2 else acts)
        for act, when in ((chapters.check, "at once"), (chapters.recover, "in recovering"), (lambda: _end(what, post), "at the end")):
            said = run(act, house)
            assert not said, f"{when}: {said}"
        return {"told that they were late": lost}
    finally:
        post.close()
        house.leave()


def _let_go(house: House, acts: Sequence[Prepared]) -> int:
    """Everybody is ready, and then all at once; how many were refused because another came first."""
    ready, told = os.pipe()
    gate, opened = os.pipe()

    def arrive(prepared: Prepared) -> Callable[[], None]:
        def come() -> None:
            act = prepared()
            os.close(opened)
            os.write(told, b".")
            os.read(gate, 1)
            try:
                act()
            except Refusal as late:
                os._exit(7 if late.code in LATE else 8)

        return come

    people = [child(arrive(act), house) for act in acts]
    os.close(told)
    for _ in people:
        os.read(ready, 1)
    os.close(opened)
    ends = [outcome(*person) for person in people]
    os.close(ready)
    os.close(gate)
    assert all(ended in (0, 7) for ended, _ in ends), ends
    return Counter(ended for ended, _ in ends)[7]


LATE = {"envelope.moved", "recipient.not_asked", "recipient.moved", "link.expired"}


def _end(what: str, post: Post) -> None:
    """Whatever came first is where the story goes on from."""
    told = chapters.scene()
    if settings.TACHIAI.backup_to is not None:
        copies.go_on()
    if told.state() in ("in_progress", "closing", "concluded"):
        chapters.finish()
    else:
        assert told.envelope.state in ("withdrawn", "declined", "expired"), told.envelope.state
        chapters.check()
    if what == "double-posts":
        assert Consent.objects.filter(subject=told.vendor.pk).count() == 1
    assert not post.twice()
