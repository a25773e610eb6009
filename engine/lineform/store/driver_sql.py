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
    postgres = connection.dialect.name == "postgresql"
    statement, values = compiled(query, _POSTGRES if postgres else _SQLITE)
    # Without a name, PostgreSQL would send all rows at once.
    with closing(driver.cursor(name="streamed") if postgres else driver.cursor()) as cursor:
        cursor.execute(statement, values)
        while rows := cursor.fetchmany(STREAMED):
            yield from rows
