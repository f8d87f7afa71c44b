"""Canonical JSON: the quick way writes the bytes of the reference implementation, and no number that is not whole gets in."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tachiai.crypto.canonical import canonical

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
KEYS = st.one_of(st.text(st.characters(codec="ascii"), max_size=12), TEXT)
WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), WHOLE, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=20,
)


@given(PLAIN)
def test_the_bytes_are_those_of_the_reference(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_every_character_is_escaped_as_there() -> None:
    every = "".join(chr(number) for number in (*range(0x300), 0x2028, 0x2029, 0xE000, 0xFEFF, 0xFFFD, 0x1F600, 0x20BB7))
    assert canonical({"all": every, "one": list(every)}) == rfc8785.dumps({"all": every, "one": list(every)})
    # By UTF-16 code units an astral character comes before U+E000; by code points it comes after.
    assert canonical({"\ue000": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ue000":1}'.encode()


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        [0.5],
        {"a": {"b": [1, 2.5]}},
        {"ü": 0.5},
        {"ü": [{"x": 0.5}]},
        (1, 1e300),
        2**53,
        -(2**53),
        {"a": 2**64},
        {1: "x"},
        "\ud800",
        b"x",
    ],
)
def test_what_no_stored_format_holds_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # each has words of its own
        canonical(value)
