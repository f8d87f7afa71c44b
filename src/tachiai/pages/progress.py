"""How far a job is, said by the child while it works and heard by the house, which believes it no more than the answer itself.

A word is a frame of its own before the last one: a head of one key and no body. A child says few of them, and only when it was asked to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tachiai.pages.findings import STAGES, Stage
from tachiai.pages.frame import FrameError, Head

KEY: Final = "stage"
MOST_WORDS = 200
WORDS_PER_STAGE = 25
LARGEST_TOTAL = 1_000_000

Say = Callable[[Head], None]

# One for a child's whole life: it does one job, in one thread.
_saying: list[Say] = []


def be_heard(say: Say) -> None:
    """From now on what is `told` goes to ``say``."""
    _saying[:] = [say]


def tell(name: str, done: int = 0, total: int = 1) -> None:
    """The job is in stage ``name``, with ``done`` of ``total`` parts done. Says it only when it is news."""
    step = max(1, total // WORDS_PER_STAGE)
    if _saying and (done % step == 0 or done == total):
        _saying[0]({KEY: [name, done, total]})


def heard(head: Head) -> Stage | None:
    """The word in ``head``; None when it is no word but an answer. Raises `FrameError` for a word that nobody of ours would say."""
    if KEY not in head:
        return None
    word = head[KEY]
    if not (isinstance(word, list) and len(word) == len(Stage._fields) and len(head) == 1):
        raise FrameError("a word of progress is of another form")
    name, done, total = word
    if name not in STAGES or type(done) is not int or type(total) is not int or not 0 <= done <= total <= LARGEST_TOTAL:
        raise FrameError("a word of progress says nothing")
    return Stage(name, done, total)
