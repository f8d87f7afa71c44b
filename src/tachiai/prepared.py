"""Questions asked at every step of every page, put into SQL once: composing a query costs the ORM more than the database's answer.

A prepared question gives the same rows as the queryset it was made from, and a prepared change does what its queryset's
``update`` would; only the values left open with `given` and `among` differ from one asking to the next.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models.aggregates import Count
from django.db.models.expressions import Expression, Value
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesListIterable, get_related_populators
from django.db.models.sql import UpdateQuery
from django.db.transaction import TransactionManagementError

from tachiai.rowwise import choice, chosen

T = TypeVar("T")
M = TypeVar("M", bound=models.Model)
Row = Sequence[Any]


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

    def one(self, **values: Any) -> T:
        """The first row; without one, what the queryset's ``get`` would raise."""
        rows = self.all(**values)
        if not rows:
            raise self._known.statement.model.DoesNotExist
        return rows[0]

    def has_any(self, **values: Any) -> bool:
        """Whether there is a row."""
        return bool(self.all(**values))


def refresh(row: models.Model) -> None:
    """Read the columns of ``row`` again. A related row that was read with it is kept while the key to it is the same."""
    found = _row_of(type(row)).one(pk=row.pk)
    for field in row._meta.concrete_fields:  # noqa: SLF001  # the documented way to its fields
        setattr(row, field.attname, getattr(found, field.attname))


@lru_cache(maxsize=64)
def _row_of(model: type[models.Model]) -> Prepared[Any]:  # there are fewer models, and what is asked of one never changes
    return Prepared(lambda: model._default_manager.filter(pk=given("pk", model)))  # noqa: SLF001  # Django's public name for it


def counted(build: Callable[[], models.QuerySet[Any, Any]]) -> Callable[..., int]:
    """How many rows the queryset has, as its ``count`` would tell: a function of the values left open."""
    # Grouped by a constant there is one group, the whole, which is there even when it is empty.
    question: Prepared[int] = Prepared(
        lambda: build().order_by().annotate(whole=Value(1)).values("whole").annotate(n=Count("*")).values_list("n", flat=True)
    )
    return question.one


class PreparedChange:
    """An UPDATE of the rows of ``build``'s queryset; what it changes may be `given` or an expression."""

    def __init__(self, build: Callable[[], models.QuerySet[Any, Any]], **changes: Any) -> None:
        self._build, self._changes = build, changes
        self._known = threading.local()

    def make(self, **values: Any) -> int:
        """Change the rows for these values; how many there were. In the caller's transaction, if there is one."""
        known = getattr(self._known, "statement", None)
        if known is None or known.is_of_another_connection():
            known = self._known.statement = _Change(self._build(), self._changes)
        return cast("int", known.make(values))


class _Compiled:
    """SQL with open values, for one connection, which belongs to one thread."""

    def __init__(self, query: Any, using: str) -> None:
        self._using = using
        self._compiler = query.get_compiler(using=using)
        self._connection = self._compiler.connection
        self._locks = bool(query.select_for_update)
        try:
            self._sql, self._open = self._compiler.as_sql()
        except EmptyResultSet:
            self._sql, self._open = "", ()

    def is_of_another_connection(self) -> bool:
        return self._connection is not connections[self._using]

    def _told(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        if self._locks and not self._connection.in_atomic_block:
            raise TransactionManagementError("select_for_update cannot be used outside of a transaction.")
        return tuple(_told(value, values, self._connection) for value in self._open)


class _Statement(_Compiled):
    """A queryset put into SQL."""

    def __init__(self, queryset: Any) -> None:
        super().__init__(queryset.query, queryset.db)
        self.model = queryset.model
        if not self._sql:
            return
        compiler = self._compiler
        columns = [column[0] for column in compiler.select[: compiler.col_count]]
        converters = compiler.get_converters(columns)
        self._converters = [(place, tuple(each), column) for place, (each, column) in converters.items()]
        self._reader = _reader(queryset, compiler)

    def rows(self, values: Mapping[str, Any]) -> list[Any]:
        if not self._sql:
            return []
        with self._connection.cursor() as cursor:
            cursor.execute(self._sql, self._told(values))
            found = cursor.fetchall()
        return [self._reader(self._converted(row)) for row in found]

    def _converted(self, row: Row) -> list[Any]:
        converted = list(row)
        for place, converters, column in self._converters:
            value = converted[place]
            for converter in converters:
                value = converter(value, column, self._connection)
            converted[place] = value
        return converted


class _Change(_Compiled):
    """A queryset's update put into SQL."""

    def __init__(self, queryset: Any, changes: Mapping[str, Any]) -> None:
        query = queryset.query.chain(UpdateQuery)
        query.add_update_values(changes)
        super().__init__(query, queryset.db)

    def make(self, values: Mapping[str, Any]) -> int:
        if not self._sql:
            return 0
        with self._connection.cursor() as cursor:
            cursor.execute(self._sql, self._told(values))
            return int(cursor.rowcount)


def _reader(queryset: Any, compiler: Any) -> Callable[[Row], Any]:
    """What makes of a row what the queryset would give for it."""
    kind = queryset._iterable_class  # noqa: SLF001  # which of its results it gives is written nowhere else
    if kind is FlatValuesListIterable:
        return lambda row: row[0]
    if kind is ValuesListIterable:
        return tuple
    if kind is not ModelIterable:
        raise TypeError(f"{kind.__name__} cannot be prepared")
    return _model_reader(queryset.db, compiler)


def _model_reader(using: str, compiler: Any) -> Callable[[Row], Any]:
    """As ``ModelIterable`` reads rows, with everything that is the same for each of them found out beforehand."""
    info = compiler.klass_info
    model, places = info["model"], info["select_fields"]
    start, end = places[0], places[-1] + 1
    names = [column[0].target.attname for column in compiler.select[start:end]]
    related = get_related_populators(info, compiler.select, using)  # type: ignore[call-arg]  # the stubs are a later Django's
    annotations = list((compiler.annotation_col_map or {}).items())

    def read(row: Row) -> Any:
        found = model.from_db(using, names, row[start:end])
        for populator in related:
            populator.populate(row, found)
        for name, place in annotations:
            setattr(found, name, row[place])
        return found

    return read


def _told(value: Any, values: Mapping[str, Any], connection: Any) -> Any:
    if not isinstance(value, given):
        return value
    if isinstance(value, among):
        return chosen(value.output_field, values[value.name], connection)
    return value.output_field.get_db_prep_value(values[value.name], connection, prepared=False)
