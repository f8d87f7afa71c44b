"""Whatever is done to a stranger's file, or comes back from the child that read it: never a crash, and never valid."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from crypto import hand_made
from crypto.foreign_files import LATER, Authority, archived, signed
from pki import MOMENT, hierarchy
from tachiai.crypto import after_signing, examination, examining
from tachiai.crypto.examining import examine
from tachiai.crypto.judgement import Report
from tachiai.crypto.sunsets import CRYPTREC
from tachiai.errors import Refusal

OUTSIDE = Authority(hierarchy(9))
SLOWLY = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def lasting() -> bytes:
    """A contract signed twice, with a text field, closed by a document timestamp."""
    pdf = signed(hand_made.with_form_file(), OUTSIDE.signer(), stamper=OUTSIDE.stamper(MOMENT))
    pdf = signed(pdf, OUTSIDE.signer("Second"), name="Second", stamper=OUTSIDE.stamper(MOMENT + timedelta(minutes=1)))
    return archived(pdf, OUTSIDE)


def told(pdf: bytes) -> Report | str:
    """What is said of a file; the code where it is refused, which may only be one of two."""
    try:
        return examine(pdf, roots=[], tsa_roots=[], at=LATER, lists=[OUTSIDE.listed])
    except Refusal as refused:
        assert refused.code in ("seal.unreadable", "seal.no_signature")  # noqa: PT017 - either answer is right
        return refused.code


def is_valid(found: Report | str) -> bool:
    return not isinstance(found, str) and found.sound and all(row.verdict == "valid" for row in found.rows)


def last_gap(pdf: bytes) -> tuple[int, int]:
    return [found.span() for found in re.finditer(rb"<[0-9a-fA-F]{1000,}>", pdf)][-1]


def test_the_file_itself_is_valid(lasting: bytes) -> None:
    assert is_valid(told(lasting))


@SLOWLY
@given(place=some.floats(0, 1, exclude_max=True), bit=some.integers(0, 7))
def test_one_bit_anywhere_is_never_valid(lasting: bytes, place: float, bit: int) -> None:
    at = int(place * len(lasting))
    start, end = last_gap(lasting)
    found = told(lasting[:at] + bytes([lasting[at] ^ 1 << bit]) + lasting[at + 1 :])
    if start < at < end - 1:
        # No signature covers its own gap. What is in there either makes a difference, or says the very same.
        assert not is_valid(found) or found == told(lasting)
    else:
        assert not is_valid(found)


@SLOWLY
@given(
    cut=some.floats(0, 1, exclude_max=True),
    length=some.integers(0, 200),
    put=some.one_of(
        some.binary(max_size=60), some.sampled_from([b"%%EOF", b"endobj\n", b"<<", b"/V 7 0 R", b"xref\n0 1\n", b"/ByteRange [0 1 2 3]"])
    ),
)
def test_a_stretch_replaced_is_never_valid(lasting: bytes, cut: float, length: int, put: bytes) -> None:
    at = int(cut * len(lasting))
    forged = lasting[:at] + put + lasting[at + length :]
    start, end = last_gap(lasting)
    inside = start < at and at + length < end - 1
    found = told(forged)
    assert forged == lasting or not is_valid(found) or (inside and found == told(lasting))


@pytest.mark.parametrize("size", [0, 1, 9, 500, -1, -7, -2000])
def test_a_torn_file_is_never_valid(lasting: bytes, size: int) -> None:
    assert not is_valid(told(lasting[:size]))


@pytest.mark.parametrize("trouble", [ValueError, AssertionError, RecursionError, KeyError, TypeError])
def test_a_parsers_trouble_is_no_verdict(lasting: bytes, monkeypatch: pytest.MonkeyPatch, trouble: type[Exception]) -> None:
    def raising(*_: object, **__: object) -> object:
        raise trouble("a parser")

    with monkeypatch.context() as patched:
        patched.setattr(after_signing, "tolerable", raising)
        found = told(lasting)
        assert not isinstance(found, str)
        assert [(row.verdict, row.code) for row in found.rows] == [("unverifiable", "unreadable")] * 3
    monkeypatch.setattr(examining, "read_tolerantly", raising)
    assert told(lasting) == "seal.unreadable"


# ------------------------------------------------------------------------------------- what crosses to the child


@pytest.fixture(scope="module")
def answer(lasting: bytes) -> Any:
    asked = examination.question(roots=[], tsa_roots=[], at=LATER, lists=[OUTSIDE.listed], policy=CRYPTREC)
    head, body = examination.examine_job(lasting, json.loads(json.dumps(asked)))
    assert body == b""
    return json.loads(json.dumps(head))


def test_the_report_comes_back_as_it_was(lasting: bytes, answer: Any) -> None:
    assert examination.read_report(answer) == told(lasting)


def _without_chain(head: Any) -> None:
    del head["rows"][0]["chain"]


def _other_verdict(head: Any) -> None:
    head["rows"][0]["verdict"] = "<b>fine</b>"


def _other_change(head: Any) -> None:
    head["rows"][0]["changes"][0][1] = "nothing"


def _no_time(head: Any) -> None:
    head["until"] = "tomorrow"


def _no_rows(head: Any) -> None:
    head["rows"] = None


@pytest.mark.parametrize("spoil", [_without_chain, _other_verdict, _other_change, _no_time, _no_rows])
def test_an_answer_that_is_none_is_refused(answer: Any, spoil: Callable[[Any], None]) -> None:
    spoiled = copy.deepcopy(answer)
    spoil(spoiled)
    with pytest.raises(Refusal, match=r"seal\.unreadable"):
        examination.read_report(spoiled)
