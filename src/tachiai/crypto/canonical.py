"""The JSON Canonicalization Scheme (RFC 8785): one value, one sequence of bytes, in every program that ever checks it.

Without floating-point numbers, and with keys in ASCII, the standard library writes just these bytes: shortest escapes in lower case,
no spaces, keys in the order of their characters. Whatever it might write otherwise goes to the reference implementation.
"""

from __future__ import annotations

import json
from typing import Any

import rfc8785

_LARGEST = 2**53 - 1
_plainly = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False, sort_keys=True, separators=(",", ":")).encode


def canonical(value: Any) -> bytes:
    """Canonical JSON of dicts with string keys, lists, strings, booleans, None and integers within ±(2^53-1).

    Raises ``ValueError`` for anything else (floats among them: no stored format of ours holds one).
    """
    if _is_plain(value):
        return _plainly(value).encode()
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as problem:
        raise ValueError(str(problem)) from problem


def _is_plain(value: Any) -> bool:
    """Whether both writers would write the same. Raises ``ValueError`` for a float."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return bool(-_LARGEST <= value <= _LARGEST)
    if kind is dict:
        # Every item is looked at, whatever the others are: a float is refused wherever it hides.
        plain = [_is_plain(item) and type(key) is str and key.isascii() for key, item in value.items()]
        return all(plain)
    if kind is list or kind is tuple:
        plain = [_is_plain(item) for item in value]
        return all(plain)
    if isinstance(value, float):
        raise ValueError(  # noqa: TRY004  # a value no format can hold, not a mistake of type
            "a stored format holds no floating-point numbers"
        )
    if isinstance(value, (dict, list, tuple)):
        for item in value.values() if isinstance(value, dict) else value:
            _is_plain(item)
    return False
