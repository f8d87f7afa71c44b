"""The child is the wall between a stranger's bytes and the house: it must hold, and say which side failed."""

from __future__ import annotations

import io
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from pages import odd_files
from tachiai.errors import Outage, Refusal
from tachiai.pages import births, child, frame, progress
from tachiai.pages.findings import STAGES, Stage
from tachiai.pages.inspect import LIMITS, inspect

FORENSICS = "tachiai.pages.forensics"
LONG = replace(LIMITS, cpu_seconds=30, memory_bytes=2**40)


@pytest.fixture
def no_nursery() -> Iterator[None]:
    """A house that has not needed a child yet, and needs none afterwards."""
    births.stop()
    yield
    births.stop()


def nursery() -> psutil.Process:
    process = births._nurseries[FORENSICS].process
    assert process is not None
    return psutil.Process(process.pid)


def until(happened: Callable[[], object], *, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def at_work() -> list[psutil.Process]:
    """The children that have worked for a while; one that has ended since it was listed has not."""
    busy = []
    for one in nursery().children():
        with suppress(psutil.NoSuchProcess):
            if one.cpu_times().user > 0.1:
                busy.append(one)
    return busy


class Working(threading.Thread):
    """A child at work for longer than any test lasts, and what became of it."""

    def __init__(self) -> None:
        super().__init__()
        self.ended: Exception | None = None

    def run(self) -> None:
        try:
            child.run("inspect", odd_files.drawing_bomb(), limits=LONG)
        except (Refusal, Outage) as ended:
            self.ended = ended

    def __enter__(self) -> psutil.Process:
        child.run("inspect", odd_files.plain(), limits=LIMITS)
        self.start()
        until(at_work)
        return at_work()[0]

    def __exit__(self, *_: object) -> None:
        self.join()


def test_a_child_that_cannot_start_is_an_outage_and_not_the_files_fault(monkeypatch, no_nursery):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(Outage) as caught:
        child.run("inspect", odd_files.plain(), limits=LIMITS)
    assert caught.value.code == "pages.child"


def test_a_job_that_does_not_exist_is_an_outage():
    with pytest.raises(Outage) as caught:
        child.run("nothing", odd_files.plain(), limits=LIMITS)
    assert caught.value.code == "pages.child"


def test_too_little_memory_to_begin_is_an_outage():
    with pytest.raises(Outage) as caught:
        child.run("inspect", odd_files.plain(), limits=replace(LIMITS, memory_bytes=16 * 1024 * 1024))
    assert caught.value.code == "pages.child"


def test_no_free_child_is_an_outage(monkeypatch):
    monkeypatch.setattr(child, "_slots", threading.BoundedSemaphore(1))
    monkeypatch.setattr(child, "SLOT_WAIT_SECONDS", 0.01)
    with child._slots, pytest.raises(Outage) as caught:
        child.run("inspect", odd_files.plain(), limits=LIMITS)
    assert caught.value.code == "pages.busy"


def test_a_slot_is_given_back_after_a_refusal(monkeypatch):
    monkeypatch.setattr(child, "_slots", threading.BoundedSemaphore(1))
    monkeypatch.setattr(child, "SLOT_WAIT_SECONDS", 0.01)
    for _ in range(2):
        with pytest.raises(Refusal):
            child.run("inspect", b"not a pdf", limits=LIMITS)


@pytest.mark.parametrize(
    ("make", "limits"),
    [
        (odd_files.content_bomb, LIMITS),
        (odd_files.drawing_bomb, LIMITS),
        (odd_files.drawing_bomb, replace(LIMITS, cpu_seconds=1, memory_bytes=2**40)),
        (odd_files.drawing_bomb, replace(LIMITS, wall_seconds=0.6, memory_bytes=2**40)),
    ],
    ids=["memory", "memory or time", "cpu", "wall"],
)
def test_a_bomb_ends_its_child_only(make, limits):
    with pytest.raises(Refusal) as caught:
        child.run("inspect", make(), limits=limits)
    assert caught.value.code == "file.too_complex"
    assert caught.value.facts["reason"] in {"memory", "time", "crash"}


def test_a_child_holds_nothing_but_its_job_and_may_do_nothing_else(no_nursery):
    with Working() as worker:
        files = {int(entry.name) for entry in Path(f"/proc/{worker.pid}/fd").iterdir()}
        limits = {name: worker.rlimit(name)[1] for name in (resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)}
        environment = worker.environ()
        worker.kill()
    assert files == {0, 1, 2}
    assert set(limits.values()) == {0}
    assert set(environment) <= {"LC_ALL", *births.MEMORY}


def test_a_child_that_is_ended_from_outside_takes_nobody_along(no_nursery):
    with Working() as worker:
        before = nursery().pid
        worker.kill()
        child.run("inspect", odd_files.plain(), limits=LIMITS)
    assert nursery().pid == before


def test_a_nursery_that_ends_is_an_outage_for_its_children_and_replaced(no_nursery):
    working = Working()
    with working as worker:
        before = nursery()
        before.kill()
    assert isinstance(working.ended, Outage)
    until(lambda: not worker.is_running())
    child.run("inspect", odd_files.plain(), limits=LIMITS)
    assert nursery().pid != before.pid


def test_a_nursery_grows_neither_old_nor_idle(monkeypatch, no_nursery):
    monkeypatch.setattr(births, "MOST_BIRTHS", 2)
    monkeypatch.setattr(births, "IDLE_SECONDS", 0.3)
    mothers = []
    for _ in range(3):
        child.run("inspect", odd_files.plain(), limits=LIMITS)
        mothers.append(nursery().pid)
    assert mothers[0] == mothers[1] != mothers[2]
    idle = nursery()
    until(lambda: idle.status() == psutil.STATUS_ZOMBIE)
    child.run("inspect", odd_files.plain(), limits=LIMITS)
    assert nursery().pid != idle.pid


def test_many_at_once_each_get_their_own_answer(no_nursery):
    widths = list(range(300, 312))
    heard: dict[int, float] = {}

    def ask(width: int) -> None:
        head, _ = child.run("inspect", odd_files.sized(width, 700), limits=LIMITS)
        heard[width] = head["page_sizes"][0][0]

    askers = [threading.Thread(target=ask, args=(width,)) for width in widths]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert heard == {width: float(width) for width in widths}


HOUSE = """
import sys
from tachiai.pages import births, child
from tachiai.pages.inspect import LIMITS
from dataclasses import replace
pdf = sys.stdin.buffer.read()
print("ready", flush=True)
child.run("inspect", pdf, limits=replace(LIMITS, cpu_seconds=30, memory_bytes=2**40))
"""


def test_a_house_that_is_killed_leaves_nobody_behind():
    house = subprocess.Popen([sys.executable, "-c", HOUSE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with house:
        assert house.stdin is not None
        house.stdin.write(odd_files.drawing_bomb())
        house.stdin.close()
        process = psutil.Process(house.pid)
        until(lambda: len(process.children(recursive=True)) == 2)
        family = process.children(recursive=True)
        house.send_signal(signal.SIGKILL)
    until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family))


def test_an_answer_larger_than_allowed_is_refused():
    with pytest.raises(Refusal) as caught:
        child.run("normalise", odd_files.without_xref(), limits=replace(LIMITS, answer_bytes=10))
    assert caught.value.code == "file.too_complex"


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"TCHI",
        frame.PREFIX.pack(b"XXXX", 1, 2, 0) + b"{}",
        frame.PREFIX.pack(frame.MAGIC, 2, 2, 0) + b"{}",
        frame.PREFIX.pack(frame.MAGIC, 1, 2, 5) + b"{}abc",
        frame.PREFIX.pack(frame.MAGIC, 1, 2, 11) + b"{}" + b"a" * 11,
        frame.PREFIX.pack(frame.MAGIC, 1, frame.MAX_HEAD_BYTES + 1, 0),
        frame.PREFIX.pack(frame.MAGIC, 1, 2, 0) + b"[]",
        frame.PREFIX.pack(frame.MAGIC, 1, 100_000, 0) + b"[" * 100_000,
    ],
    ids=["empty", "cut", "magic", "version", "short body", "long body", "long head", "no object", "brackets"],
)
def test_a_frame_that_is_none_is_refused(broken):
    with pytest.raises(frame.FrameError):
        frame.read(io.BytesIO(broken), max_body_bytes=10)


def test_a_frame_comes_back_as_it_was_sent():
    sent = frame.opening({"名": 1}, body_length=3) + b"abc"
    assert frame.read(io.BytesIO(sent), max_body_bytes=3) == ({"名": 1}, b"abc")


def told(pdf: bytes) -> list[Stage]:
    words: list[Stage] = []
    inspect(pdf, progress=words.append)
    return words


def test_an_inspection_tells_its_stages_in_order_and_its_pages():
    words = told(odd_files.plain(*(["Agreement"] * 60)))
    assert list(dict.fromkeys(word.name for word in words)) == list(STAGES)
    pages = [word for word in words if word.name == "drawing"]
    assert {word.total for word in pages} == {60}
    assert [word.done for word in pages] == sorted({word.done for word in pages})
    assert len(words) < progress.MOST_WORDS


def test_progress_changes_nothing_about_the_answer():
    pdf = odd_files.plain("One", "Two")
    assert inspect(pdf, progress=lambda _: None) == inspect(pdf)
    with pytest.raises(Refusal, match="not_pdf"):
        inspect(b"hello", progress=lambda _: None)


@pytest.mark.parametrize("raised", [OSError("mine"), KeyError("mine")], ids=["os", "key"])
def test_whoever_cannot_hear_ends_the_work_and_learns_why(raised):
    def fail(_: Stage) -> None:
        raise raised

    with pytest.raises(type(raised)) as caught:
        inspect(odd_files.plain(), progress=fail)
    assert caught.value is raised


@pytest.mark.parametrize(
    "word",
    ["drawing", ["drawing", 1], ["sleeping", 0, 1], ["drawing", 2, 1], ["drawing", -1, 1], ["drawing", 0, 10**9], ["drawing", 0.0, 1]],
    ids=str,
)
def test_a_word_that_nobody_of_ours_would_say_is_none(word):
    with pytest.raises(frame.FrameError):
        progress.heard({progress.KEY: word})
    with pytest.raises(frame.FrameError):
        progress.heard({progress.KEY: ["drawing", 0, 1], "more": 1})
    assert progress.heard({"page_count": 1}) is None


def test_a_child_that_only_talks_is_ended(monkeypatch):
    monkeypatch.setattr(progress, "MOST_WORDS", 2)
    with pytest.raises(Refusal) as caught:
        inspect(odd_files.plain(), progress=lambda _: None)
    assert caught.value.facts == {"reason": "crash"}
