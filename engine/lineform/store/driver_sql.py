"""Rows past SQLAlchemy: it compiles the selects, and the rows are what the driver gives.

For ids and numbers of millions of friends: what SQLAlchemy makes of each row takes twice as long as reading it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.engine import Dialect

from lineform.store.database import STREAMED

AnySelect: TypeAlias = sa.Select[Any] | sa.CompoundSelect[Any]
_POSTGRES: Dialect = psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
_SETTINGS = {
    # Several processes would each count all events of a set, each in memory of its own.
    "HAVING": "max_parallel_workers_per_gather = 0",
    # A process hands over bits of many friends in a row, where PostgreSQL expects a row for each of them.
    "bit_or": "parallel_tuple_cost = 0.001",
}
"""How PostgreSQL is to go about a statement with these words. Where an attribute is called so, that costs time and
nothing else."""


def compiled(statement: sa.ClauseElement, dialect: Dialect) -> tuple[str, list[Any]]:
    """A statement as a driver takes it, with its values in their order. The dialect's parameters are positional."""
    found: Any = statement.compile(dialect=dialect)
    state = found.construct_expanded_state()
    values = []
    for name in state.positiontup:
        value = state.parameters[name]
        if (bound := found.binds.get(name)) is not None:
            process = bound.type.dialect_impl(dialect).bind_processor(dialect)
            value = value if process is None else process(value)
        values.append(value)
    return state.statement, values


def streamed(connection: Connection, query: AnySelect, *settings: str) -> Iterator[Any]:
    """The rows, a few thousand at a time in memory. No column's type is looked at: a moment is SQLite's text. Settings
    are PostgreSQL's, for this statement alone."""
    if connection.dialect.name == "postgresql":
        yield from _without_cursor(connection, query, settings)
        return
    with connection.execute(query) as result:
        cursor: Any = result.cursor
        while rows := cursor.fetchmany(STREAMED):
            yield from rows


def streamed_ids(connection: Connection, query: AnySelect) -> Iterator[int]:
    """The one column of a select, streamed."""
    return (one for (one,) in streamed(connection, query))


def _without_cursor(connection: Connection, query: sa.ClauseElement, own: Sequence[str]) -> Iterator[Any]:
    """Not by a cursor of the server: for one, it uses neither several processes nor the plan that ends first."""
    # Loaded here because it is an extra.
    from psycopg import capabilities  # noqa: PLC0415

    size = STREAMED if capabilities.has_stream_chunked() else 1
    statement, values = compiled(query, _POSTGRES)
    driver: Any = connection.connection
    with driver.cursor() as cursor:
        settings = [*own, *(setting for words, setting in _SETTINGS.items() if words in statement)]
        for setting in settings:
            cursor.execute(f"SET LOCAL {setting}")
        yield from cursor.stream(statement, values, size=size)
        for setting in settings:  # what comes next in the transaction is another matter
            cursor.execute(f"SET LOCAL {setting.split()[0]} TO DEFAULT")
