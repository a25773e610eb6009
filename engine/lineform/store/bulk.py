"""Thousands of rows at once, by each driver's fastest way: SQLite's inserts of several rows, PostgreSQL's COPY and
jsonb.

An executemany through SQLAlchemy writes half as many friends to SQLite and a quarter as many to PostgreSQL; `importing`
has the figures.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.store.types import Millisecond

Row = tuple[Any, ...]
TOGETHER = 50
"""Rows that one statement inserts into SQLite: one for each takes a tenth longer."""


def json_encoder() -> json.JSONEncoder:
    """JSON as every column holds it. Japanese keys stay Japanese: SQLite's json_extract does not find a key that is
    written with escapes."""
    return json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False)


def insert_rows(
    connection: Connection, table: sa.Table, columns: Sequence[str], rows: Sequence[Row], *, encoded: Sequence[str] = ()
) -> None:
    """Inserts rows whose values stand in the order of `columns`; those that are `encoded` are as the driver
    takes them."""
    if rows:
        insert_columns(connection, table, dict(zip(columns, zip(*rows, strict=True), strict=True)), encoded=encoded)


def insert_columns(
    connection: Connection, table: sa.Table, columns: Mapping[str, Sequence[Any]], *, encoded: Sequence[str] = ()
) -> None:
    """Inserts rows whose values stand in columns. Those that are `encoded` are as the driver takes them, such as
    JSON as text."""
    rows = _adapted(connection, table, columns, encoded)
    names = ", ".join(columns)
    cursor = _cursor(connection)
    if connection.dialect.name == "postgresql":
        with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        marks = f"({', '.join('?' for _ in columns)})"
        insert = f"INSERT INTO {table.name} ({names}) VALUES "  # noqa: S608 - our own names
        several = insert + ", ".join([marks] * TOGETHER)
        while len(piece := tuple(islice(rows, TOGETHER))) == TOGETHER:
            cursor.execute(several, tuple(chain.from_iterable(piece)))
        cursor.executemany(insert + marks, piece)
    cursor.close()


def update_rows(connection: Connection, table: sa.Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Updates rows by their id, which is the first of `columns`."""
    if not rows:
        return
    held = dict(zip(columns, zip(*rows, strict=True), strict=True))
    names = columns[1:]
    if connection.dialect.name == "postgresql":
        typed = ", ".join(f"{name} {table.c[name].type.compile(connection.dialect)}" for name in columns)
        changes = ", ".join(f"{name} = new.{name}" for name in names)
        statement = (
            f"UPDATE {table.name} AS old SET {changes} "  # noqa: S608 - our own names
            f"FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new ({typed}) WHERE old.id = new.id"
        )
        # Times that are numbers in their column are numbers in JSON, too; the others are read from their text.
        plain = [name for name in columns if not isinstance(table.c[name].type, Millisecond)]
        listed = [dict(zip(columns, row, strict=True)) for row in _adapted(connection, table, held, plain)]
        text = json.dumps(listed, ensure_ascii=False, default=_moment)
        connection.execute(sa.text(statement), {"rows": text})
        return
    changes = ", ".join(f"{name} = ?" for name in names)
    adapted = (row[1:] + row[:1] for row in _adapted(connection, table, held))
    cursor = _cursor(connection)
    cursor.executemany(f"UPDATE {table.name} SET {changes} WHERE id = ?", adapted)  # noqa: S608 - our own names
    cursor.close()


_SETTLED = "status = {0}, request_id = {1}, reason = {2}, settled_at = {3}, worker = '', lease_until = NULL"


def settle_rows(connection: Connection, rows: Sequence[Row], now: datetime) -> None:
    """Writes outcomes into batches: id, status, request id and reason, ascending by id. What was accepted stays."""
    cursor = _cursor(connection)
    if connection.dialect.name == "postgresql":
        ids, statuses, request_ids, reasons = (list(column) for column in zip(*rows, strict=True))
        # An update takes its locks in any order: taken here, in one order, two of them cannot wait for each other.
        cursor.execute("SELECT 1 FROM batches WHERE id = ANY(%s) ORDER BY id FOR UPDATE", (ids,))
        changes = _SETTLED.format("new.status", "new.request_id", "new.reason", "%s")
        cursor.execute(
            f"UPDATE batches SET {changes} "  # noqa: S608 - our own names
            "FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS new (id, status, request_id, reason) "
            "WHERE batches.id = new.id AND batches.status <> 'accepted'",
            (now, ids, statuses, request_ids, reasons),
        )
    else:
        process = sa.DateTime().dialect_impl(connection.dialect).bind_processor(connection.dialect)
        moment = process(now.astimezone(UTC).replace(tzinfo=None)) if process else now
        changes = _SETTLED.format("?", "?", "?", "?")
        cursor.executemany(
            f"UPDATE batches SET {changes} WHERE id = ? AND status <> 'accepted'",  # noqa: S608 - our own names
            [(status, request_id, reason, moment, one) for one, status, request_id, reason in rows],
        )
    cursor.close()


def _cursor(connection: Connection) -> Any:
    return connection.connection.cursor()


def _adapted(
    connection: Connection, table: sa.Table, columns: Mapping[str, Sequence[Any]], encoded: Sequence[str] = ()
) -> Iterator[Row]:
    """The rows as the driver takes them, by the columns' own types."""
    dialect = connection.dialect
    done: dict[tuple[int, type], Sequence[Any]] = {}

    def adapted(name: str, values: Sequence[Any]) -> Sequence[Any]:
        kind = table.c[name].type.dialect_impl(dialect)
        process = None if name in encoded else kind.bind_processor(dialect)
        if process is None:
            return values
        # The same values may be those of a second column: both moments of following are one for a new friend.
        which = (id(values), type(kind))
        if which not in done:
            done[which] = [*_each(process, values)]
        return done[which]

    return zip(*(adapted(name, values) for name, values in columns.items()), strict=True)


def _each(process: Callable[[Any], Any], values: Sequence[Any]) -> Iterator[Any]:
    """Each value processed; one that follows itself, such as the moment of the import, only once."""
    last = done = None
    for value in values:
        if value is not last:
            last, done = value, process(value)
        yield done


def _moment(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no value of a row")
