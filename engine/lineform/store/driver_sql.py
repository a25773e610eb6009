"""Selects past SQLAlchemy: compiled by it, and answered with rows as the driver gives them.

For ids and numbers of millions of friends: what SQLAlchemy makes of each row takes twice as long as reading it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.engine import Dialect

from lineform.store.database import STREAMED

_SQLITE: Dialect = sqlite.dialect(paramstyle="qmark")
_POSTGRES: Dialect = psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
_ALONE = "SET LOCAL max_parallel_workers_per_gather = 0"
"""Several processes would each count all events of a set, each in memory of its own."""


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


def streamed(connection: Connection, query: sa.Select[Any]) -> Iterator[Any]:
    """The rows, a few thousand at a time in memory. No column's type is looked at: a moment is SQLite's text."""
    driver: Any = connection.connection
    if connection.dialect.name == "postgresql":
        # Not by a cursor of the server: for one, it uses neither several processes nor the plan that ends first.
        # Loaded here because it is an extra.
        from psycopg import capabilities  # noqa: PLC0415

        size = STREAMED if capabilities.has_stream_chunked() else 1
        statement, values = compiled(query, _POSTGRES)
        with driver.cursor() as cursor:
            if "GROUP BY" in statement:  # where an attribute is called so, that costs time and nothing else
                cursor.execute(_ALONE)
            yield from cursor.stream(statement, values, size=size)
        return
    statement, values = compiled(query, _SQLITE)
    with closing(driver.cursor()) as cursor:
        cursor.execute(statement, values)
        while rows := cursor.fetchmany(STREAMED):
            yield from rows
