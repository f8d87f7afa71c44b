"""Many rows in one round, each with values of its own: what the ORM does row by row, with long CASE lists, or value by value."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models

# Both databases take more; what is longer is cut into pieces of this many values.
_MOST_VALUES = 15_000
# A few rows are told faster in one INSERT than by opening a COPY, which takes another round to the server.
_FEWEST_COPIED = 4

Adapter = Callable[[Any], Any]


def insert_each(rows: Sequence[models.Model]) -> None:
    """Insert new rows of one model as they stand, in one statement; a key that the database gives is not read back."""
    if rows:
        names = _names(type(rows[0]))
        insert_values(type(rows[0]), names, [[getattr(row, name) for name in names] for row in rows])


def insert_values(model: type[models.Model], names: tuple[str, ...], rows: Sequence[Sequence[Any]]) -> None:
    """As :func:`insert_each` for rows of which only the values are at hand, in the order of ``names`` (a foreign key's is its column's).

    Every column is to be named but a key that the database gives: what a field has as its default is not put in.
    """
    if not rows:
        return
    if set(names) != set(_names(model)):
        raise TypeError(f"a row of {model.__name__} is more or less than {', '.join(names)}")
    database = connections[DEFAULT_DB_ALIAS]
    adapters = [adapter_of(model._meta.get_field(name), database) for name in names]  # noqa: SLF001
    told = [[adapt(value) for adapt, value in zip(adapters, row, strict=True)] for row in rows]
    with database.cursor() as cursor:
        if database.vendor == "postgresql" and len(told) >= _FEWEST_COPIED:
            _copy(database, cursor, _copying(model, names), told)
            return
        each = max(1, _MOST_VALUES // len(names))
        for start in range(0, len(told), each):
            piece = told[start : start + each]
            cursor.execute(_insert(model, names, len(piece)), [value for row in piece for value in row])


def _copy(database: Any, cursor: Any, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """PostgreSQL's own way for many rows. Triggers and constraints hold as for INSERT, and nothing is kept unless all are."""
    with database.wrap_database_errors, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


@lru_cache(maxsize=64)
def _names(model: type[models.Model]) -> tuple[str, ...]:
    columns = model._meta.concrete_fields  # noqa: SLF001  # the documented way to a model's fields
    return tuple(column.attname for column in columns if not isinstance(column, models.AutoField))


def _quoted(model: type[models.Model], names: tuple[str, ...]) -> tuple[str, str]:
    quoted = connections[DEFAULT_DB_ALIAS].ops.quote_name
    fields: list[Any] = [model._meta.get_field(name) for name in names]  # noqa: SLF001
    return quoted(model._meta.db_table), ", ".join(quoted(field.column) for field in fields)  # noqa: SLF001


@lru_cache(maxsize=512)
def _insert(model: type[models.Model], names: tuple[str, ...], count: int) -> str:
    table, columns = _quoted(model, names)
    places = ", ".join(["(" + ", ".join(["%s"] * len(names)) + ")"] * count)
    return f"INSERT INTO {table} ({columns}) VALUES {places}"  # noqa: S608  # names from our own models


@lru_cache(maxsize=64)
def _copying(model: type[models.Model], names: tuple[str, ...]) -> str:
    table, columns = _quoted(model, names)
    return f"COPY {table} ({columns}) FROM STDIN"


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
    targets, held, database = tuple(changes[0].to), tuple(changes[0].held), connections[DEFAULT_DB_ALIAS]
    key, *fields = (adapter_of(column, database) for column in _changed_columns(model, targets, held))
    to, still = fields[: len(targets)], fields[len(targets) :]
    rows = [
        [
            *(adapt(change.to[name]) for name, adapt in zip(targets, to, strict=True)),
            key(change.pk),
            *(adapt(change.held[name]) for name, adapt in zip(held, still, strict=True)),
        ]
        for change in changes
    ]
    with _updating(database) as cursor:
        cursor.executemany(_update(model, targets, held), rows)
        return int(cursor.rowcount)


@contextmanager
def _updating(database: Any) -> Iterator[Any]:
    """A cursor for the same statement many times. PostgreSQL's server is told it once and given the values by themselves."""
    with database.cursor() as cursor:
        if database.vendor != "postgresql":
            yield cursor
            return
        import psycopg  # of which a house on SQLite need not know

        with database.wrap_database_errors, psycopg.Cursor(database.connection) as prepared:
            yield prepared


def _changed_columns(model: type[models.Model], targets: Sequence[str], held: Sequence[str]) -> list[Any]:
    key = model._meta.pk  # noqa: SLF001
    if key is None:
        raise TypeError(f"{model} has no primary key")
    return [key, *(model._meta.get_field(name) for name in (*targets, *held))]  # noqa: SLF001


@lru_cache(maxsize=128)
def _update(model: type[models.Model], targets: tuple[str, ...], held: tuple[str, ...]) -> str:
    quoted = connections[DEFAULT_DB_ALIAS].ops.quote_name
    key, *fields = (quoted(column.column) for column in _changed_columns(model, targets, held))
    changed = ", ".join(f"{name} = %s" for name in fields[: len(targets)])
    still = " AND ".join(f"{name} = %s" for name in (key, *fields[len(targets) :]))
    return f"UPDATE {quoted(model._meta.db_table)} SET {changed} WHERE {still}"  # noqa: S608, SLF001  # names from our own models


def change_all(model: type[models.Model], keys: Collection[object], to: Mapping[str, Any], *, held: Mapping[str, Any]) -> int:
    """One UPDATE that gives all of these rows the same values, where they still hold what is in ``held``; how many were changed.

    In the caller's transaction, and not for a handful of keys alone: the statement is the same for one and for a thousand.
    """
    if not keys:
        return 0
    database = connections[DEFAULT_DB_ALIAS]
    columns = _changed_columns(model, tuple(to), tuple(held))
    adapters = [adapter_of(column, database) for column in columns[1:]]
    told = [adapt(value) for adapt, value in zip(adapters, (*to.values(), *held.values()), strict=True)]
    with database.cursor() as cursor:
        cursor.execute(_update_all(model, tuple(to), tuple(held)), [*told, chosen(columns[0], keys, database)])
        return int(cursor.rowcount)


@lru_cache(maxsize=128)
def _update_all(model: type[models.Model], targets: tuple[str, ...], held: tuple[str, ...]) -> str:
    database = connections[DEFAULT_DB_ALIAS]
    quoted = database.ops.quote_name
    columns = _changed_columns(model, targets, held)
    key, *fields = (quoted(column.column) for column in columns)
    changed = ", ".join(f"{name} = %s" for name in fields[: len(targets)])
    still = " AND ".join([*(f"{name} = %s" for name in fields[len(targets) :]), f"{key} IN {choice(columns[0], database)}"])
    return f"UPDATE {quoted(model._meta.db_table)} SET {changed} WHERE {still}"  # noqa: S608, SLF001  # names from our own models


# Choices: one of several values, with one place in the statement for all of them.


def choice(column: Any, database: Any) -> str:
    """What stands behind IN for values of ``column``; its one parameter is what :func:`chosen` makes of them."""
    if database.vendor == "postgresql":
        return f"(SELECT unnest(%s::{_kind_of(column, database)}[]))"
    return "(SELECT value FROM json_each(%s))"


def chosen(column: Any, values: Iterable[Any], database: Any) -> Any:
    adapt = adapter_of(column, database)
    told = [adapt(value) for value in values]
    return told if database.vendor == "postgresql" else json.dumps(told)


def _kind_of(column: Any, database: Any) -> str:
    """The type without its length, and of a number that the database gives the type of the number."""
    return str(column.rel_db_type(database) if column.primary_key else column.db_type(database)).partition("(")[0]


# Values. Of the plainest ones it is known beforehand what a field makes of them, and asking it takes longer than all the rest.


def adapter_of(column: Any, database: Any) -> Adapter:
    """What the database driver is given for a value of ``column``: the same as ``column.get_db_prep_save`` gives."""
    source = column
    while isinstance(source, models.ForeignKey):
        source = source.target_field
    known = _known(source, database)

    def adapt(value: Any) -> Any:
        if value is None:
            return None
        plain = known.get(type(value))
        if plain is None:
            return column.get_db_prep_save(value, database)
        return plain(value)

    return adapt


def _known(column: Any, database: Any) -> Mapping[type, Adapter]:
    """By the exact type of a value. A kind of field that is not listed, and so anything a field does of its own, is asked."""
    kind = column.get_internal_type() if type(column).__module__ == "django.db.models.fields" else ""
    if kind in ("CharField", "TextField", "SlugField"):
        return _TEXT
    if kind.endswith(("IntegerField", "AutoField")):
        return _NUMBERS
    if kind == "BooleanField":
        return _TRUTHS
    if kind == "BinaryField":
        return _BYTES
    if database.vendor == "postgresql":
        return _NATIVE.get(kind, {})
    if database.vendor == "sqlite" and database.timezone is UTC:
        return _WRITTEN.get(kind, {})
    return {}


def _itself(value: Any) -> Any:
    return value


def _instant(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant has its time zone")
    return at


def _written(at: datetime) -> str:
    """SQLite keeps instants as text, in UTC and without saying so."""
    return str(_instant(at).astimezone(UTC).replace(tzinfo=None))


_TEXT: Mapping[type, Adapter] = {str: _itself}
_NUMBERS: Mapping[type, Adapter] = {int: _itself}
_TRUTHS: Mapping[type, Adapter] = {bool: _itself}
_BYTES: Mapping[type, Adapter] = {bytes: _itself}
_NATIVE: Mapping[str, Mapping[type, Adapter]] = {"UUIDField": {uuid.UUID: _itself}, "DateTimeField": {datetime: _instant}}
_WRITTEN: Mapping[str, Mapping[type, Adapter]] = {"UUIDField": {uuid.UUID: lambda value: value.hex}, "DateTimeField": {datetime: _written}}
