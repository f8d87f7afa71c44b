"""A judgement as plain JSON and back, so that whoever was told it can bring it along again: the file itself is kept nowhere.

The reader of these values is this house alone, shortly afterwards; what a program of somebody else's reads is ``verification.told``.
"""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from tachiai.archive.models import RecordFile
from tachiai.archive.verification import Judgement
from tachiai.crypto.judgement import Algorithm, Change, Link, Report
from tachiai.errors import Refusal

__all__ = ["Algorithm", "Change", "Link", "Report", "pack", "unpack"]


def pack(judgement: Judgement) -> dict[str, Any]:
    """Every part of the judgement, the concluded file by its key."""
    told: dict[str, Any] = _packed(judgement)
    return told


def unpack(told: object) -> Judgement:
    """What `pack` was given. Refuses ``report.altered`` for anything of another shape, or about a file that is on record no more."""
    try:
        judgement = _unpacked(Judgement, told)
    except (KeyError, TypeError, ValueError, AttributeError) as torn:
        raise Refusal("report.altered") from torn
    assert isinstance(judgement, Judgement)  # noqa: S101  # for the type checker: the hint that was asked for
    return judgement


def _packed(value: Any) -> Any:
    if isinstance(value, RecordFile):
        return value.pk
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if names := _names(type(value)):
        return {name: _packed(getattr(value, name)) for name in names}
    if isinstance(value, tuple):
        return [_packed(one) for one in value]
    return value


def _names(kind: Any) -> tuple[str, ...]:
    """The parts of a record-like type, in order; none for anything else."""
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind))
    return tuple(getattr(kind, "_fields", ()))


def _unpacked(hint: Any, value: Any) -> Any:
    kind = get_origin(hint) or hint
    if kind in (Union, types.UnionType):
        (wanted,) = (one for one in get_args(hint) if one is not type(None))
        return None if value is None else _unpacked(wanted, value)
    if kind is Literal:
        return get_args(hint)[get_args(hint).index(value)]
    if kind is tuple:
        return tuple(_unpacked(get_args(hint)[0], one) for one in value)
    if kind is RecordFile:
        return _filed(value)
    if names := _names(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _unpacked(hints[name], value[name]) for name in names})
    return _plain(kind, value)


def _plain(kind: Any, value: Any) -> Any:
    if kind in (datetime, date, bytes):
        read = bytes.fromhex if kind is bytes else kind.fromisoformat
        return read(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind not in (str, int, bool) or type(value) is not kind:
        raise TypeError(f"{value!r} is not {kind}")
    return value


def _filed(key: object) -> RecordFile:
    if type(key) is not int:
        raise TypeError(f"{key!r} is no key")
    found = RecordFile.objects.select_related("record__organization__operator").filter(pk=key).first()
    if found is None:
        raise Refusal("report.altered")
    return found
