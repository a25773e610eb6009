"""Rows past SQLAlchemy: it compiles the selects, and the rows are what the driver gives.

For ids and numbers of millions of friends: what SQLAlchemy makes of each row takes twice as long as reading it.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    "GROUP BY": ("max_parallel_workers_per_gather = 0",),
    # Friends and what stands beside each come in the order of their ids: merged, they need no table in memory.
    # Nor is a friend looked for in each of them, where statistics know of no friends yet.
    "LEFT OUTER JOIN": ("enable_hashjoin = off", "enable_nestloop = off"),
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


def streamed(connection: Connection, query: AnySelect) -> Iterator[Any]:
    """The rows, a few thousand at a time in memory. No column's type is looked at: a moment is SQLite's text."""
    if connection.dialect.name == "postgresql":
        yield from _without_cursor(connection, query)
        return
    with connection.execute(query) as result:
        cursor: Any = result.cursor
        while rows := cursor.fetchmany(STREAMED):
            yield from rows


def streamed_ids(connection: Connection, query: AnySelect) -> Iterator[int]:
    """The one column of a select, streamed."""
    return (one for (one,) in streamed(connection, query))


def grouped(query: sa.Select[Any]) -> sa.Select[Any]:
    """How often each row of a select occurs, the number last."""
    rows = query.subquery()
    places = (sa.text(str(place)) for place in range(1, len(rows.c) + 1))
    return sa.select(*rows.c, sa.func.count()).group_by(*places)


def counted(connection: Connection, query: sa.Select[Any]) -> Iterator[Any]:
    """How often each row occurs, the number last. Of few different rows among millions: SQLite would sort all of them
    to count, on the disk, where a small table with a number for each takes half the time and no room."""
    if connection.dialect.name == "postgresql":
        yield from _without_cursor(connection, grouped(query))
        return
    statement, values = compiled(query, connection.dialect)
    columns = [f"c{place}" for place in range(len(query.selected_columns))]
    key = ", ".join(columns)
    # NULL would be another one each time: an empty blob, which no column holds, stands for it. Of these names none
    # comes from outside. The table may be there, from what was counted before by this connection.
    table, known = f"counted_{len(columns)}", ", ".join(f"coalesce({column}, X'')" for column in columns)
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {table} ({key}, n, PRIMARY KEY ({key})) WITHOUT ROWID"
    )
    connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - see above
    connection.exec_driver_sql(
        f"WITH asked ({key}) AS ({statement}) INSERT INTO {table} SELECT {known}, 1 FROM asked WHERE true"  # noqa: S608 - see above
        " ON CONFLICT DO UPDATE SET n = n + 1",
        tuple(values),
    )
    for row in connection.exec_driver_sql(f"SELECT * FROM {table}").all():  # noqa: S608 - see above
        yield tuple(None if value == b"" else value for value in row)


def _without_cursor(connection: Connection, query: sa.ClauseElement) -> Iterator[Any]:
    """Not by a cursor of the server: for one, it uses neither several processes nor the plan that ends first."""
    # Loaded here because it is an extra.
    from psycopg import capabilities  # noqa: PLC0415

    size = STREAMED if capabilities.has_stream_chunked() else 1
    statement, values = compiled(query, _POSTGRES)
    driver: Any = connection.connection
    with driver.cursor() as cursor:
        settings = [one for words, several in _SETTINGS.items() if words in statement for one in several]
        for setting in settings:
            cursor.execute(f"SET LOCAL {setting}")
        yield from cursor.stream(statement, values, size=size)
        for setting in settings:  # what comes next in the transaction is another matter
            cursor.execute(f"SET LOCAL {setting.split()[0]} TO DEFAULT")
