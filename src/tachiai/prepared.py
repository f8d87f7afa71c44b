"""Questions asked at every step of every page, put into SQL once: composing a query costs the ORM more than the database's answer.

A prepared question gives the same rows as the queryset it was made from; only the values left open with `given` and `among` differ
from one asking to the next.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, cast

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models.expressions import Expression
from django.db.transaction import TransactionManagementError

from tachiai.rowwise import choice, chosen

T = TypeVar("T")


class given(Expression):  # noqa: N801  # reads as a word where it is used: pk=given("pk", Envelope)
    """A value told when the question is asked: that of ``field`` of ``model``, under ``name``."""

    def __init__(self, name: str, model: type[models.Model], field: str = "pk") -> None:
        found: Any = model._meta.pk if field == "pk" else model._meta.get_field(field)  # noqa: SLF001  # the documented way to its fields
        super().__init__(output_field=found)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


class among(given):  # noqa: N801  # reads as a word where it is used: pk__in=among("keys", Envelope)
    """Several values told when the question is asked. However many there are, the statement is the same; for none there are no rows."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return choice(self.output_field, connection), (self,)


class Prepared(Generic[T]):
    """A question about rows. ``build`` makes its queryset, without prefetches; it is called once for each connection."""

    def __init__(self, build: Callable[[], models.QuerySet[Any, T]]) -> None:
        self._build = build
        self._known = threading.local()

    def all(self, **values: Any) -> list[T]:
        """The rows for these values, one for each `given`."""
        known = getattr(self._known, "statement", None)
        if known is None or known.is_of_another_connection():
            known = self._known.statement = _Statement(self._build())
        return cast("list[T]", known.rows(values))

    def first(self, **values: Any) -> T | None:
        """The first row, None without one. The queryset should be cut to one."""
        rows = self.all(**values)
        return rows[0] if rows else None


class _Statement:
    """A queryset put into SQL for one connection, which belongs to one thread."""

    def __init__(self, queryset: Any) -> None:
        self._queryset = queryset
        self._compiler = compiler = queryset.query.get_compiler(using=queryset.db)
        try:
            self._sql, self._open = compiler.as_sql()
        except EmptyResultSet:
            self._sql, self._open = "", ()
            return
        converters = compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])
        # From here on the compiler is asked for nothing but what it knows already.
        compiler.get_converters = lambda _: converters
        queryset.query.get_compiler = lambda *_, **__: compiler

    def is_of_another_connection(self) -> bool:
        return self._compiler.connection is not connections[self._queryset.db]

    def rows(self, values: Mapping[str, Any]) -> list[Any]:
        if not self._sql:
            return []
        connection = self._compiler.connection
        if self._queryset.query.select_for_update and connection.get_autocommit():
            raise TransactionManagementError("rows are locked inside a transaction")  # as the compiler says, which is not asked again
        told = tuple(_told(value, values, connection) for value in self._open)
        self._compiler.as_sql = lambda *_, **__: (self._sql, told)
        return list(self._queryset._iterable_class(self._queryset))  # noqa: SLF001  # what the queryset itself would go through


def _told(value: Any, values: Mapping[str, Any], connection: Any) -> Any:
    if not isinstance(value, given):
        return value
    if isinstance(value, among):
        return chosen(value.output_field, values[value.name], connection)
    return value.output_field.get_db_prep_value(values[value.name], connection, prepared=False)
