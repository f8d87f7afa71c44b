"""The JSON Canonicalization Scheme (RFC 8785): one value, one sequence of bytes, in every program that ever checks it."""

from __future__ import annotations

from typing import Any

import rfc8785


def canonical(value: Any) -> bytes:
    """Canonical JSON of dicts with string keys, lists, strings, booleans, None and integers within ±(2^53-1).

    Raises ``ValueError`` for anything else (floats among them: no stored format of ours holds one).
    """
    _refuse_floats(value)
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as problem:
        raise ValueError(str(problem)) from problem


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise ValueError(  # noqa: TRY004  # a value no format can hold, not a mistake of type
            "a stored format holds no floating-point numbers"
        )
    if isinstance(value, dict):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _refuse_floats(item)
