"""The copy's own SQL: its tables, and a predicate compiled for DuckDB, whose dialect is nearly PostgreSQL's.

The tables bear the names of the store's, so that the same compiler serves both. What the store keeps as JSON stands in
columns of its own here, one for each name and type that occurs: ten million texts are parsed once and not with every
question. Values of another type than declared are in another column, and so are unknown, as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.dialects import postgresql

from lineform.segments.predicate import AttributeType

OPENED = "copied"
"""By what name the copy's file is meant."""
Shredded = Mapping[tuple[str, str, str], str]
"""Columns by table, name and kind of value."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the copy. `store` is how it is read out of the store; `quoted` where it may hold any text."""

    name: str
    type: str
    store: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Copied:
    """A table of the copy. `key` is by what its rows are read in pieces; `json` holds what becomes columns."""

    name: str
    key: str
    columns: tuple[Column, ...]
    json: str = ""
    order: str = ""
    """In which order the rows of a piece are written, so that a question can pass over many of them unread."""
    beside: str = ""
    """What is joined to it in the store, so that nothing has to be joined in the copy."""
    alike: tuple[Column, ...] = ()
    """What many rows have in common: here it stands in `RECORDS` once, and a row bears its number there as `record`."""

    @property
    def loaded(self) -> tuple[Column, ...]:
        """Everything that is read out of the store."""
        json = (Column(self.json, "JSON", self.json, quoted=True),) if self.json else ()
        return (*self.columns, *self.alike, *json)

    @property
    def made(self) -> tuple[Column, ...]:
        """What the table has from the beginning."""
        return (*self.columns, Column("record", "INTEGER", "")) if self.alike else self.columns


FRIENDS = Copied(
    "friends",
    "id",
    (
        Column("id", "BIGINT", "id"),
        Column("account_id", "BIGINT", "friends.account_id"),
        Column("language", "VARCHAR", "language", quoted=True),
        Column("followed_at", "TIMESTAMPTZ", "followed_at"),
        Column("first_followed_at", "TIMESTAMPTZ", "first_followed_at"),
        Column("blocked", "BOOLEAN", "CASE WHEN blocked THEN 1 ELSE 0 END"),
        Column("first_route", "VARCHAR", "first_route", quoted=True),
        Column("last_route", "VARCHAR", "last_route", quoted=True),
        # That there is one is all that a condition asks.
        Column("member_id", "VARCHAR", "CASE WHEN member_id = '' THEN '' ELSE 'linked' END", quoted=True),
        # When it was recorded what menu they have; NULL where nothing is recorded.
        Column("at", "TIMESTAMPTZ", "friend_menus.at"),
    ),
    json="attributes",
    beside=" LEFT JOIN friend_menus ON friend_menus.friend_id = friends.id",
    alike=(
        Column("menu", "VARCHAR", "menu", quoted=True),
        Column("outcome", "VARCHAR", "outcome", quoted=True),
        Column("source", "VARCHAR", "source", quoted=True),
        Column("confirmed", "BOOLEAN", "CASE WHEN confirmed THEN 1 WHEN NOT confirmed THEN 0 END"),
    ),
)
FRIEND_TAGS = Copied(
    "friend_tags",
    "friend_id",
    (
        Column("tag_id", "BIGINT", "tag_id"),
        Column("friend_id", "BIGINT", "friend_id"),
        Column("tagged_at", "BIGINT", "tagged_at"),
    ),
)
EVENTS = Copied(
    "events",
    "id",
    (
        Column("id", "BIGINT", "id"),
        Column("type_id", "BIGINT", "type_id"),
        Column("friend_id", "BIGINT", "friend_id"),
        Column("at", "BIGINT", "at"),
    ),
    json="fields",
    order='type_id, "at"',
)
TABLES = (FRIENDS, FRIEND_TAGS, EVENTS)
RECORDS = sa.table(
    "records",
    *(sa.column("number", sa.Integer()), sa.column("account_id", sa.BigInteger())),
    *(sa.column("menu", sa.Text()), sa.column("outcome", sa.Text()), sa.column("source", sa.Text())),
    sa.column("confirmed", sa.Boolean()),
)
"""What is recorded of friends' menus, each once and for ever."""
RECORD: ColumnElement[int] = sa.literal_column("friends.record", sa.Integer())
"""Which of them is recorded of a friend; NULL where nothing is."""
RECORDED_AT: ColumnElement[datetime] = sa.literal_column('friends."at"', sa.DateTime(timezone=True))
NAMES = ("tags", "event_types")
"""Small tables that are copied whole."""

KINDS = {
    "t": ("VARCHAR", ("VARCHAR",)),
    "n": ("DOUBLE", ("UBIGINT", "BIGINT", "HUGEINT", "UHUGEINT", "DOUBLE")),
    "b": ("BOOLEAN", ("BOOLEAN",)),
    "s": ("VARCHAR[]", ("ARRAY",)),
}
"""By kind of value: the type of its column, and what DuckDB calls such a value in JSON."""
_KIND_OF: Mapping[AttributeType, str] = {"text": "t", "date": "t", "enum": "t", "number": "n", "bool": "b", "set": "s"}
_TYPE_OF: Mapping[str, sa.types.TypeEngine[Any]] = {"t": sa.Text(), "n": sa.Double(), "b": sa.Boolean(), "s": sa.Text()}


class _Names(postgresql.base.PGIdentifierPreparer):
    reserved_words = postgresql.base.RESERVED_WORDS | {"at"}


class _Compiler(postgresql.base.PGCompiler):
    def visit_is__binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        """Whether something is true is compared by `=`, for which DuckDB takes half as long as for `IS`. What may be
        unknown is not asked so."""
        if isinstance(binary.right, sa.True_ | sa.False_):
            return f"{self.process(binary.left, **kw)} = {self.process(binary.right, **kw)}"
        return f"{self.process(binary.left, **kw)} IS {self.process(binary.right, **kw)}"


class DuckDialect(postgresql.base.PGDialect):
    """SQLAlchemy's PostgreSQL, as far as DuckDB speaks it: for compiling only."""

    name = "duckdb"
    preparer = _Names
    statement_compiler = _Compiler
    supports_statement_cache = True


DIALECT = DuckDialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


class DuckValues:
    """Reads what the store keeps as JSON in a table; see `lineform.store.json_values`."""

    def __init__(self, table: Copied, shredded: Shredded) -> None:
        self._table = table.name
        self._shredded = shredded

    def typed(self, name: str, kind: AttributeType) -> ColumnElement[Any]:
        short = _KIND_OF[kind]
        column = self._shredded.get((self._table, name, short))
        if column is None:
            return sa.cast(sa.null(), _TYPE_OF[short])
        return sa.literal_column(f"{self._table}.{column}", _TYPE_OF[short])

    def contains(self, name: str, words: list[Any], *, every: bool, negated: bool) -> ColumnElement[bool]:
        column = self._shredded.get((self._table, name, "s"))
        if column is None:
            return sa.cast(sa.null(), sa.Boolean())
        listed = sa.func.list_value(*words)
        held: ColumnElement[Any] = sa.literal_column(f"{self._table}.{column}")
        function = sa.func.list_has_all if every else sa.func.list_has_any
        found: ColumnElement[bool] = function(held, listed, type_=sa.Boolean())
        return sa.not_(found) if negated else found


def create_tables() -> list[str]:
    """Makes an empty copy."""
    made = []
    for table in TABLES:
        columns = ", ".join(f'"{column.name}" {column.type}' for column in table.made)
        made.append(f"CREATE TABLE {table.name} ({columns})")
    made += [f"CREATE TABLE {name} (id BIGINT, account_id BIGINT, name VARCHAR)" for name in NAMES]
    made.append(
        "CREATE TABLE records (number INTEGER, account_id BIGINT, menu VARCHAR, outcome VARCHAR, source VARCHAR,"
        " confirmed BOOLEAN)"
    )
    made.append("CREATE TABLE shredded (of VARCHAR, name VARCHAR, kind VARCHAR, place VARCHAR)")
    made.append(
        "CREATE TABLE reached "
        "(format BIGINT, copy VARCHAR, mark BIGINT, seq BIGINT, stamp BIGINT, friend BIGINT, event BIGINT)"
    )
    return made


def shredding(table: Copied, columns: Mapping[tuple[str, str], str]) -> str:
    """The values of a piece's JSON for their columns, each by name and kind: a list for SELECT."""
    parts = [f'"{column.name}"' for column in table.columns]
    for (name, kind), place in columns.items():
        path = _text(f'$."{name}"')
        type_, words = KINDS[kind]
        text = f"{table.json} -> {path}" if kind == "s" else f"{table.json} ->> {path}"
        among = ", ".join(_text(word) for word in words)
        found = f"json_type({table.json}, {path})"
        parts.append(f"CASE WHEN {found} IN ({among}) THEN CAST({text} AS {type_}) END AS {place}")
    return ", ".join(parts)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
