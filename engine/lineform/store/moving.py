"""The rows of an SQLite store brought into an empty PostgreSQL store in one transaction: whole, or empty as before.

Values go over as SQLite holds them, which PostgreSQL's COPY reads as the same; only moments have to be told that they
are in UTC. A table goes along because it is there: what stays behind is what a store has of itself.

Keys and indexes are made when all rows are there: with two million rows and each in its place from the start, that took
63 seconds instead of 25, and the larger a store is, the more. What refers to what is checked again by that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.errors import BlockedError
from lineform.segments.predicate import Indexed
from lineform.store import migrations
from lineform.store.database import Database
from lineform.store.failures import StoreUnusable, translated
from lineform.store.hot import MADE, indexed_over
from lineform.store.tables import changes, copies, metadata, schema_version
from lineform.store.types import UtcTime

OWN: Final = frozenset({schema_version.name, copies.name, changes.name})
"""What no store takes from another: the version of its tables, and the copies that follow it, with their log."""
TOGETHER: Final = 50_000
"""Rows of one COPY: the server keeps them for its triggers until the end of each."""
_PATIENCE: Final = "10s"
_KEYS = sa.text(
    "SELECT relname AS table, quote_ident(conname) AS name, pg_get_constraintdef(pg_constraint.oid) AS made "
    "FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid "
    "WHERE relnamespace = current_schema()::regnamespace AND relname = ANY(:names) AND contype IN ('p', 'u', 'f') "
    "ORDER BY contype = 'f', conname"
)
"""Those that refer to others come last."""
_INDEXES = sa.text(
    "SELECT quote_ident(made.relname) AS name, pg_get_indexdef(indexrelid) AS made "
    "FROM pg_index JOIN pg_class ON pg_class.oid = indrelid JOIN pg_class AS made ON made.oid = indexrelid "
    "WHERE pg_class.relnamespace = current_schema()::regnamespace AND pg_class.relname = ANY(:names) "
    "AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)"
)
_NUMBERED = sa.text(
    "SELECT relname AS table, attname AS column FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
    "WHERE relnamespace = current_schema()::regnamespace AND relname = ANY(:names) AND attidentity <> ''"
)


def moved_tables() -> tuple[sa.Table, ...]:
    """The tables whose rows go along."""
    return tuple(table for table in metadata.tables.values() if table.name not in OWN)


def move(source: Path, target: Database, tell: Callable[[int], None]) -> int:
    """Puts every row of the store in the file `source`, whose tables are of this version, into the PostgreSQL store
    `target`; how many there were. `tell` hears now and then how many are there. Whoever uses the target meanwhile
    waits.

    Raises `BlockedError` where the target is not empty, `StoreUnusable` where it cannot hold a value.
    """
    names = [table.name for table in moved_tables()]
    with (
        translated(sqlite3.Error),
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as old,
        target.writing() as new,
    ):
        new.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE}'; SET LOCAL statement_timeout = 0")
        migrations.migrate(new)
        new.exec_driver_sql(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
        _refuse_filled(new)
        count = 0
        with _bare(new, names):
            for table in moved_tables():
                for rows in _copied(old, new, table):
                    count += rows
                    tell(count)
        _number_on(new, names)
        new.exec_driver_sql(f"ANALYZE {', '.join(names)}")
    return count


def refuse_filled(target: Database) -> None:
    """Raises `BlockedError` where a PostgreSQL store holds anything, `StoreUnusable` where it is of a newer version."""
    with target.reading() as connection:
        migrations.refuse_newer(migrations.recorded_version(connection))
        _refuse_filled(connection)


def indexed_attributes(source: Path) -> Sequence[Indexed]:
    """The indexes over attributes that an SQLite store keeps: what the clients of a workspace declare as indexed, as of
    the last apply."""
    with translated(sqlite3.Error), closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as old:
        return indexed_over(old.execute(MADE["sqlite"]).fetchall())


def _refuse_filled(connection: Connection) -> None:
    there = set(sa.inspect(connection).get_table_names())
    asked = [
        sa.select(sa.literal(table.name)).where(sa.exists(sa.select(sa.literal(1)).select_from(table)))
        for table in moved_tables()
        if table.name in there
    ]
    filled = connection.execute(sa.union_all(*asked)).scalars().all() if asked else ()
    if filled:
        raise BlockedError(
            f"the PostgreSQL store is not empty: it has rows in {', '.join(sorted(filled))}",
            hint="an SQLite store moves into an empty database only, with --force as well: make a new one (createdb) "
            "and name it in LINEFORM_STORE",
        )


@contextmanager
def _bare(connection: Connection, names: Sequence[str]) -> Iterator[None]:
    """Inside of it these tables have neither keys nor indexes; afterwards those that they had."""
    keys = connection.execute(_KEYS, {"names": names}).all()
    indexes = connection.execute(_INDEXES, {"names": names}).all()
    for key in reversed(keys):
        connection.exec_driver_sql(f"ALTER TABLE {key.table} DROP CONSTRAINT {key.name}")
    for index in indexes:
        connection.exec_driver_sql(f"DROP INDEX {index.name}")
    yield
    for index in indexes:
        connection.exec_driver_sql(index.made)
    for key in keys:
        connection.exec_driver_sql(f"ALTER TABLE {key.table} ADD CONSTRAINT {key.name} {key.made}")


def _copied(old: sqlite3.Connection, new: Connection, table: sa.Table) -> Iterator[int]:
    """Copies a table, row by row; after each part, how many rows it had."""
    names = ", ".join(column.name for column in table.columns)
    query = f"SELECT {', '.join(map(_value, table.columns))} FROM {table.name}"  # noqa: S608 - our own names
    driver: Any = new.dialect.loaded_dbapi
    to: Any = new.connection.cursor()
    with closing(old.execute(query)) as rows, closing(to):
        for first in rows:
            part = 0
            try:
                with to.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
                    for row in chain((first,), islice(rows, TOGETHER - 1)):
                        copy.write_row(row)
                        part += 1
            except driver.DataError:
                # Without its cause, which repeats the value.
                raise StoreUnusable(
                    f"PostgreSQL cannot hold a value in the table '{table.name}' of this backup",
                    hint="the store there is empty as before; go on with the SQLite store",
                ) from None
            yield part


def _value(column: sa.Column[Any]) -> str:
    return f"{column.name} || '+00'" if isinstance(column.type, UtcTime) else column.name


def _number_on(connection: Connection, names: Sequence[str]) -> None:
    """Has the next ids come behind the largest that are there: as a change of the table, which ends with the
    transaction where that does."""
    for table, column in connection.execute(_NUMBERED, {"names": names}).all():
        largest = connection.exec_driver_sql(f"SELECT max({column}) FROM {table}").scalar()  # noqa: S608 - our own names
        if largest is not None:
            connection.exec_driver_sql(f"ALTER TABLE {table} ALTER COLUMN {column} RESTART WITH {largest + 1}")
