"""Many rows in one round, each with values of its own: what the ORM does row by row, with long CASE lists, or value by value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, models

# Both databases take more; what is longer is cut into pieces of this many values.
_MOST_VALUES = 15_000


def insert_each(rows: Sequence[models.Model]) -> None:
    """Insert new rows of one model as they stand, in one statement; a key that the database gives is not read back."""
    if not rows:
        return
    model = type(rows[0])
    columns = [column for column in model._meta.concrete_fields if not isinstance(column, models.AutoField)]  # noqa: SLF001
    each = max(1, _MOST_VALUES // len(columns))
    with connection.cursor() as cursor:
        for start in range(0, len(rows), each):
            piece = rows[start : start + each]
            values = [column.get_db_prep_save(getattr(row, column.attname), connection) for row in piece for column in columns]
            cursor.execute(_insert(model, columns, len(piece)), values)


def _insert(model: type[models.Model], columns: Sequence[Any], count: int) -> str:
    quoted = connection.ops.quote_name
    names = ", ".join(quoted(column.column) for column in columns)
    places = ", ".join(["(" + ", ".join(["%s"] * len(columns)) + ")"] * count)
    return f"INSERT INTO {quoted(model._meta.db_table)} ({names}) VALUES {places}"  # noqa: S608, SLF001  # names from our own models


@dataclass(frozen=True)
class Change:
    """``to``: the row's new values by field; ``held``: what its fields must still hold, or it is not changed."""

    pk: object
    to: Mapping[str, Any]
    held: Mapping[str, Any] = field(default_factory=dict)


def change_each(model: type[models.Model], changes: Sequence[Change]) -> int:
    """One prepared UPDATE for all of ``changes``, which name the same fields; how many rows were changed.

    In the caller's transaction: whoever gets back less than was asked for must decide what that means.
    """
    if not changes:
        return 0
    targets, held = list(changes[0].to), list(changes[0].held)
    fields: dict[str, Any] = {name: model._meta.get_field(name) for name in (*targets, *held)}  # noqa: SLF001
    key = model._meta.pk  # noqa: SLF001
    if key is None:
        raise TypeError(f"{model} has no primary key")
    statement = _update(model, key, [fields[name] for name in targets], [fields[name] for name in held])
    rows = [
        [
            *(_prepared(fields[name], change.to[name]) for name in targets),
            _prepared(key, change.pk),
            *(_prepared(fields[name], change.held[name]) for name in held),
        ]
        for change in changes
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)
        return int(cursor.rowcount)


def _update(model: type[models.Model], key: Any, targets: Sequence[Any], held: Sequence[Any]) -> str:
    quoted = connection.ops.quote_name
    changed = ", ".join(f"{quoted(column.column)} = %s" for column in targets)
    still = " AND ".join(f"{quoted(column.column)} = %s" for column in (key, *held))
    return f"UPDATE {quoted(model._meta.db_table)} SET {changed} WHERE {still}"  # noqa: S608, SLF001  # names from our own models


def _prepared(column: Any, value: Any) -> Any:
    return column.get_db_prep_save(value, connection)
