"""Sources: a company's own database or Parquet files, asked which people a predicate is true of, and never written to.

Any dialect of SQLAlchemy's serves; Parquet is read by DuckDB. Neither a URL nor a value of theirs is ever told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import exc

from lineform.errors import UsageError
from lineform.ports.sources import READ_ONLY
from lineform.segments.friend import Event, Friend
from lineform.segments.predicate import InSource, Source
from lineform.store.copy_sql import DIALECT
from lineform.store.database import STREAMED
from lineform.store.driver_sql import compiled
from lineform.store.failures import StoreUnavailable, StoreUnusable
from lineform.store.source_sql import Columns, Described, events_of, keys_of, known_values, moment_of, person_of

_DUCK_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "VARCHAR": sa.String(),
    "BOOLEAN": sa.Boolean(),
    "DATE": sa.Date(),
    "TIMESTAMP WITH TIME ZONE": sa.DateTime(timezone=True),
    "FLOAT": sa.Double(),
    "DOUBLE": sa.Double(),
}


class _Place(Protocol):
    """An open source."""

    sqlite: bool

    def columns(self, table: str) -> Columns: ...

    def rows(self, query: sa.Select[Any]) -> Iterator[Any]: ...


class Sources:
    """Whom to ask. `secret` gives what is in a variable of the environment; `root` is the workspace."""

    def __init__(self, secret: Callable[[str], str], root: Path) -> None:
        self._secret = secret
        self._root = root
        self._engines: dict[str, sa.Engine] = {}
        """By URL. They hold no connections, only how that database is spoken to."""

    def keys(self, asked: InSource, now: datetime, *, true: bool, only: str | None = None) -> Iterator[str]:
        """User ids or member ids of whom it is true, or false, streamed; of one person only where that is given.

        Raises `StoreUnusable` where the source cannot answer this, `StoreUnavailable` where it does not answer now,
        `CredentialError` where the variable with its URL is missing.
        """
        with self._open(asked.source) as place:
            described = _described(asked.source, place)
            for (key,) in place.rows(keys_of(asked.part, described, now, true=true, only=only)):
                yield key

    def person(self, source: Source, key: str, friend_id: int) -> Friend | None:
        """One person as the source knows them, for an explanation: what its columns hold, and what they did. Raises as
        `keys` does."""
        with self._open(source) as place:
            described = _described(source, place)
            rows = list(place.rows(person_of(described, key)))
            if not rows:
                return None
            attributes = known_values(source.friends, rows[0])
            events = [
                Event(table.event, str(number), moment_of(source, row[0]), known_values(table, row[1:]))
                for table in source.events
                for number, row in enumerate(place.rows(events_of(described, table, key)))
            ]
        return Friend(
            friend_id, "", "", "", None, blocked=False, attributes=attributes, tags=frozenset(), events=tuple(events)
        )

    @contextmanager
    def _open(self, source: Source) -> Iterator[_Place]:
        if source.parquet:
            with _parquet(self._root / source.parquet, source) as place:
                yield place
            return
        url = self._secret(source.database)
        if url not in self._engines:
            self._engines[url] = _engine(url, source)
        engine = self._engines[url]
        with _translated(source), engine.connect() as connection:
            if order := READ_ONLY.get(engine.dialect.name):
                connection.exec_driver_sql(order)
            yield _Database(connection, source)


def _described(source: Source, place: _Place) -> Described:
    tables = {one.table for one in (source.friends, *source.events)}
    return Described(source, {table: place.columns(table) for table in tables}, sqlite=place.sqlite)


class _Database:
    def __init__(self, connection: sa.Connection, source: Source) -> None:
        self._connection = connection
        self._source = source
        self.sqlite = connection.dialect.name == "sqlite"

    def columns(self, table: str) -> Columns:
        schema, _, name = table.rpartition(".")
        try:
            found = sa.inspect(self._connection).get_columns(name, schema=schema or None)
        except exc.NoSuchTableError:
            raise _no_table(self._source, table) from None
        return {column["name"]: column["type"] for column in found}

    def rows(self, query: sa.Select[Any]) -> Iterator[Any]:
        streaming = self._connection.execution_options(stream_results=True, yield_per=STREAMED)
        with streaming.execute(query) as rows:
            yield from rows


class _Parquet:
    sqlite = False

    def __init__(self, duck: Any, folder: Path, source: Source) -> None:
        self._duck = duck
        self._folder = folder
        self._source = source

    def columns(self, table: str) -> Columns:
        if table.startswith("/") or ".." in table.split("/"):
            raise _no_table(self._source, table)
        path = str(self._folder / table).replace("'", "''")
        name = table.replace('"', '""')
        if not list(self._folder.glob(table)):
            raise _no_table(self._source, table)
        self._duck.execute(f"CREATE OR REPLACE TEMP VIEW \"{name}\" AS SELECT * FROM read_parquet('{path}')")  # noqa: S608 - both are quoted
        rows = self._duck.execute(f'DESCRIBE "{name}"').fetchall()
        return {row[0]: _duck_type(row[1]) for row in rows}

    def rows(self, query: sa.Select[Any]) -> Iterator[Any]:
        statement, values = compiled(query, DIALECT)
        found = self._duck.execute(statement, values)
        while rows := found.fetchmany(STREAMED):
            yield from rows


@contextmanager
def _parquet(folder: Path, source: Source) -> Iterator[_Parquet]:
    if find_spec("duckdb") is None:
        raise UsageError(
            f"source '{source.name}' is Parquet, which needs DuckDB", hint="pip install 'lineform[parquet]'"
        )
    # Loaded here because start-up must not pay for it, and because it is an extra.
    import duckdb  # noqa: PLC0415

    offline: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": "192MB",
    }
    with duckdb.connect(config=offline) as duck:
        try:
            duck.execute("SET TimeZone = 'UTC'")
            yield _Parquet(duck, folder, source)
        except duckdb.Error as error:
            raise StoreUnusable(
                f"source '{source.name}' cannot be read as Parquet: {type(error).__name__}",
                hint="are its files whole, and have they the same columns?",
            ) from None


def _duck_type(name: str) -> sa.types.TypeEngine[Any]:
    if name.startswith("DECIMAL") or name.endswith("INT") or name == "INTEGER" or name == "UINTEGER":
        return sa.Integer() if not name.startswith("DECIMAL") else sa.Numeric()
    if name.startswith("TIMESTAMP") and name != "TIMESTAMP WITH TIME ZONE":
        return sa.DateTime()
    return _DUCK_TYPES.get(name, sa.types.NullType())


def _engine(url: str, source: Source) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() in {"postgresql", "postgres"} and "+" not in parsed.drivername:
            parsed = parsed.set(drivername="postgresql+psycopg")
        return sa.create_engine(parsed, hide_parameters=True, poolclass=sa.NullPool)
    except exc.ArgumentError:
        # The text may hold a password: it is not repeated.
        raise UsageError(
            f"the URL of source '{source.name}' cannot be read",
            hint="write it as SQLAlchemy does: postgresql://user@host/database",
        ) from None
    except ModuleNotFoundError as error:
        raise UsageError(f"source '{source.name}' needs the Python package {error.name}", hint="install it") from None


@contextmanager
def _translated(source: Source) -> Iterator[None]:
    try:
        yield
    except exc.OperationalError as error:
        raise StoreUnavailable(
            f"source '{source.name}' does not answer ({type(error.orig).__name__})",
            hint=f"check the URL in {source.database}, and whether its database can be reached from here",
        ) from None
    except exc.DBAPIError as error:
        raise StoreUnusable(
            f"source '{source.name}' refuses the question ({type(error.orig).__name__})",
            hint="may this user read its tables, and are their columns what they are said to be?",
        ) from None


def _no_table(source: Source, table: str) -> StoreUnusable:
    where = f"the folder {source.parquet}" if source.parquet else f"the database of {source.database}"
    return StoreUnusable(f"source '{source.name}' has no table '{table}'", hint=f"look into {where}")
