"""Rows past SQLAlchemy: it compiles the selects, and the rows are what the driver gives.

For ids and numbers of millions of friends: what SQLAlchemy makes of each row takes twice as long as reading it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.engine import Dialect

from lineform.store.database import STREAMED

_POSTGRES: Dialect = psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
_SETTINGS = {
    # Several processes would each count all events of a set, each in memory of its own.
    "GROUP BY": "SET LOCAL max_parallel_workers_per_gather = 0",
    # Friends and what stands beside each come in the order of their ids: merged, they need no table in memory.
    "LEFT OUTER JOIN": "SET LOCAL enable_hashjoin = off",
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


def streamed(connection: Connection, query: sa.Select[Any] | sa.CompoundSelect[Any]) -> Iterator[Any]:
    """The rows, a few thousand at a time in memory. No column's type is looked at: a moment is SQLite's text."""
    if connection.dialect.name == "postgresql":
        yield from _without_cursor(connection, query)
        return
    with connection.execute(query) as result:
        cursor: Any = result.cursor
        while rows := cursor.fetchmany(STREAMED):
            yield from rows


def _without_cursor(connection: Connection, query: sa.ClauseElement) -> Iterator[Any]:
    """Not by a cursor of the server: for one, it uses neither several processes nor the plan that ends first."""
    # Loaded here because it is an extra.
    from psycopg import capabilities  # noqa: PLC0415

    size = STREAMED if capabilities.has_stream_chunked() else 1
    statement, values = compiled(query, _POSTGRES)
    driver: Any = connection.connection
    with driver.cursor() as cursor:
        for words, setting in _SETTINGS.items():
            if words in statement:
                cursor.execute(setting)
        yield from cursor.stream(statement, values, size=size)
