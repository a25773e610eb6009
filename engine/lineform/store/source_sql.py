"""A predicate as SQL over the tables of a source: the same compiler, with other columns below it.

What a column holds decides how it is read; one that cannot be what it is said to be is refused, by its name and type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from lineform.segments.friend import Value
from lineform.segments.predicate import AttributeType, Happened, Leaf, Predicate, Source, SourceTable
from lineform.store.comparison_sql import Asked
from lineform.store.failures import StoreUnusable
from lineform.store.predicate_sql import Compiler, History, Question

Columns = Mapping[str, TypeEngine[Any]]
"""A table's columns with their types."""


class LocalTime(TypeDecorator[datetime]):
    """A moment in a column without a time zone, on the clocks of a place; SQLite keeps it as text."""

    impl = sa.DateTime(timezone=False)
    cache_ok = True

    def __init__(self, timezone: str, *, as_text: bool) -> None:
        super().__init__()
        self.timezone = timezone
        self.as_text = as_text

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return None if value is None else value.astimezone(ZoneInfo(self.timezone)).replace(tzinfo=None)

    def bind_processor(self, dialect: Dialect) -> Any:
        if not self.as_text:
            return super().bind_processor(dialect)

        def text(value: datetime | None) -> str | None:
            local = self.process_bind_param(value, dialect)
            return None if local is None else local.isoformat(" ", "milliseconds")

        return text


class Described:
    """The tables of a source as they are."""

    def __init__(self, source: Source, columns: Mapping[str, Columns], *, sqlite: bool) -> None:
        self.source = source
        self._columns = columns
        self._sqlite = sqlite
        self._tables = {one: self._table(one) for one in (source.friends, *source.events)}

    def _table(self, table: SourceTable) -> sa.FromClause:
        schema, _, plain = table.table.rpartition(".") if not self.source.parquet else ("", "", table.table)
        columns = [sa.column(name, type_) for name, type_ in self._columns[table.table].items()]
        made = sa.table(plain, *columns, schema=schema or None)
        # One table may hold people and events: by another name, one select of it stands inside the other.
        return made.alias(f"events_{table.event.replace('-', '_')}") if table.event else made

    def column(self, table: SourceTable, name: str) -> ColumnElement[Any]:
        """A column of a table. Raises `StoreUnusable` where there is none."""
        if name not in self._columns[table.table]:
            known = ", ".join(self._columns[table.table])
            raise StoreUnusable(
                f"source '{self.source.name}': {table.table} has no column '{name}'", hint=f"it has {known}"
            )
        return self._tables[table].c[name]

    def key(self, table: SourceTable) -> ColumnElement[Any]:
        return self.column(table, table.key)

    def moment(self, table: SourceTable) -> ColumnElement[Any]:
        """The column of an event's moment, as moments are compared."""
        found = self.column(table, table.at)
        if not isinstance(found.type, sa.DateTime):
            raise self.refused(table, table.at, "a moment", "a timestamp")
        if self._sqlite:
            text = LocalTime(self.source.timezone, as_text=True)
            return sa.func.strftime("%Y-%m-%d %H:%M:%f", found, type_=text)
        if found.type.timezone:
            return found
        return sa.type_coerce(found, LocalTime(self.source.timezone, as_text=False))

    def refused(self, table: SourceTable, column: str, meant: str, wanted: str) -> StoreUnusable:
        there = self._columns[table.table][column]
        return StoreUnusable(
            f"source '{self.source.name}': {table.table}.{column} is {there!r}, and has to be {meant}",
            hint=f"name a column, or make a view, that gives {wanted}",
        )


class SourceValues:
    """Reads the columns of a table as declared values; see `lineform.store.json_values`."""

    def __init__(self, described: Described, table: SourceTable) -> None:
        self._described = described
        self._table = table
        self._named = dict(table.columns)

    def typed(self, name: str, kind: AttributeType) -> ColumnElement[Any]:
        column = self._named.get(name)
        if column is None:
            raise StoreUnusable(f"source '{self._described.source.name}' has no column for '{name}'")
        found = self._described.column(self._table, column)
        there = found.type
        match kind:
            case "number" if isinstance(there, sa.Numeric | sa.Float | sa.Integer) and not isinstance(
                there, sa.Boolean
            ):
                return sa.cast(found, sa.Double())
            case "bool" if isinstance(there, sa.Boolean):
                return found
            case "bool" if isinstance(there, sa.Integer):
                return sa.case((found == 1, sa.true()), (found == 0, sa.false()))
            case "date" if isinstance(there, sa.Date) and not isinstance(there, sa.DateTime):
                return sa.cast(found, sa.String())
            case "text" | "enum" | "date" if isinstance(there, sa.String):
                return found
        wanted = {"number": "a number", "bool": "true or false", "date": "a date", "set": "nothing that exists"}
        raise self._described.refused(self._table, column, f"'{name}', a {kind}", wanted.get(kind, "a text"))

    def contains(self, name: str, words: list[Any], *, every: bool, negated: bool) -> ColumnElement[bool]:
        raise StoreUnusable(f"source '{self._described.source.name}' holds no sets, and '{name}' is one")


class _SourceCompiler(Compiler):
    def __init__(self, described: Described, now: datetime) -> None:
        friends = described.source.friends
        values = SourceValues(described, friends)
        super().__init__(Question(0, now, values, values))
        self._described = described
        self._id = described.key(friends)

    def _leaf(self, leaf: Leaf, asked: Asked) -> ColumnElement[bool]:
        if isinstance(leaf, Happened) or hasattr(leaf, "attribute"):
            return super()._leaf(leaf, asked)
        raise StoreUnusable(f"source '{self._described.source.name}' is asked of attributes and events alone")

    def _history(self, leaf: Happened) -> History:
        described = self._described
        found = [table for table in described.source.events if table.event == leaf.event]
        if not found:
            raise StoreUnusable(f"source '{described.source.name}' has no table for event '{leaf.event}'")
        (table,) = found
        whose = described.key(table)
        # A row about nobody would make "not in" unknown for everybody.
        return History(whose, described.moment(table), SourceValues(described, table), (whose.is_not(None),))


def keys_of(
    predicate: Predicate, described: Described, now: datetime, *, true: bool, only: str | None
) -> sa.Select[Any]:
    """The keys, as text, of whom a predicate is true of, or false; of one only where that is given."""
    key = described.key(described.source.friends)
    asked = _SourceCompiler(described, now).compile(predicate, Asked.TRUE if true else Asked.FALSE)
    text = sa.cast(key, sa.String())
    query = sa.select(text).where(key.is_not(None), asked.self_group())
    return query if only is None else query.where(text == only)


def person_of(described: Described, key: str) -> sa.Select[Any]:
    """What the columns of a source's table of people hold of one."""
    table = described.source.friends
    columns = [described.column(table, column) for _, column in table.columns]
    return sa.select(*columns, sa.literal_column("1")).where(sa.cast(described.key(table), sa.String()) == key).limit(1)


def events_of(described: Described, table: SourceTable, key: str) -> sa.Select[Any]:
    """What somebody did, as text of the moment in milliseconds of 1970 where it can be had, and the columns."""
    columns = [described.column(table, column) for _, column in table.columns]
    moment = sa.cast(described.moment(table), sa.String())
    return sa.select(moment, *columns).where(sa.cast(described.key(table), sa.String()) == key)


def moment_of(source: Source, text: str) -> datetime:
    """The moment in a text of a database: without an offset it is meant on the source's clocks."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo is not None else found.replace(tzinfo=ZoneInfo(source.timezone))).astimezone(UTC)


def known_values(table: SourceTable, row: Sequence[Any]) -> dict[str, Value]:
    """The values of a row by what they mean; those that are unknown are left out."""
    found: dict[str, Value] = {}
    for (name, _), value in zip(table.columns, row, strict=False):
        if isinstance(value, Decimal):
            found[name] = float(value)
        elif isinstance(value, date):
            found[name] = value.isoformat()[:10]
        elif value is not None:
            found[name] = value
    return found
