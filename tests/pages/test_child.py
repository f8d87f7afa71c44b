"""The child is the wall between a stranger's bytes and the house: it must hold, and say which side failed."""

from __future__ import annotations

import io
import sys
import threading
from dataclasses import replace

import pytest

from pages import odd_files
from tachiai.errors import Outage, Refusal
from tachiai.pages import child, frame
from tachiai.pages.inspect import LIMITS


def test_a_child_that_cannot_start_is_an_outage_and_not_the_files_fault(monkeypatch):
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
