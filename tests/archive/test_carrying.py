"""A judgement goes out as JSON and comes back as it was; nothing of another shape comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tachiai.archive.carrying import pack, unpack
from tachiai.archive.verification import Judgement
from tachiai.errors import Refusal
from verifier import made

MAKERS = (made.listed, made.unknown_root, made.altered, made.revoked, made.unverifiable, made.unsigned)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_every_part_survives_the_way(make: Callable[[], Judgement]) -> None:
    judgement = make()
    assert unpack(json.loads(json.dumps(pack(judgement)))) == judgement


def changed(told: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    here: Any = told
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = value
    return told


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("verdict",), "splendid"),
        (("size",), "123"),
        (("size",), True),
        (("sha256",), "xyz"),
        (("report", "closed"), 1),
        (("report", "rows"), 5),
        (("report", "rows", 0, "kind"), "stamp"),
        (("report", "rows", 0, "name"), None),
        (("report", "rows", 0, "signed_at"), "yesterday"),
        (("report", "rows", 0, "chain", 0, "key"), 7),
        (("report", "rows", 0, "changes", 0, "pages"), ["1"]),
        (("file",), "1"),
    ],
)
def test_what_has_another_shape_is_refused(path: tuple[Any, ...], value: Any) -> None:
    with pytest.raises(Refusal, match=r"report\.altered"):
        unpack(changed(pack(made.listed()), path, value))


@pytest.mark.parametrize("told", [None, [], {}, "x", {"verdict": "valid"}])
def test_what_is_no_judgement_at_all_is_refused(told: Any) -> None:
    with pytest.raises(Refusal, match=r"report\.altered"):
        unpack(told)


@pytest.mark.usefixtures("house")
def test_a_file_that_is_on_record_no_more_is_refused() -> None:
    with pytest.raises(Refusal, match=r"report\.altered"):
        unpack(pack(made.listed()) | {"file": 4711})
