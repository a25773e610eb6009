"""One engine, and the two ways to use it: to read, and to write in one durable transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.dialects import postgresql, sqlite

from lineform.store.failures import translated
from lineform.store.tables import accounts

STREAMED = 5_000
"""Rows that a streamed select holds in memory."""
_ID = sa.select(accounts.c.id).where(accounts.c.name == sa.bindparam("account"))


class Database:
    """The engine and what every part of the store needs of it."""

    def __init__(self, engine: Engine, forget_secret: str = "") -> None:
        self.engine = engine
        self._writer = engine.execution_options(lineform_writes=True)
        self.forget_secret = forget_secret
        """By which people who were forgotten are known again; empty where nobody gave it."""
        self.postgres = engine.dialect.name == "postgresql"
        self._accounts: dict[str, int] = {}
        driver: Any = engine.dialect.loaded_dbapi
        self._driver_error: type[Exception] = driver.Error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the store."""
        with translated(self._driver_error), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A transaction of which every statement sees the same state of the store."""
        with self.reading() as connection:
            if self.postgres:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is on the disk when this ends, or never was. On SQLite the only writer from its start."""
        with translated(self._driver_error), self._writer.begin() as connection:
            yield connection

    def insert(self, table: sa.Table) -> Any:
        """An insert that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``, alike in both dialects."""
        return postgresql.insert(table) if self.postgres else sqlite.insert(table)

    def among(self, column: sa.ColumnElement[Any], values: Sequence[Any]) -> sa.ColumnElement[bool]:
        """``column in values`` for thousands of values: one bound value, so that every count shares one statement."""
        return _among(column, values, postgres=self.postgres)

    def account_id(self, connection: Connection, account: str) -> int | None:
        """The account's id, None where nothing was ever recorded for it."""
        if account not in self._accounts:
            found = connection.execute(_ID, {"account": account}).scalar()
            if found is None:
                return None
            self._accounts[account] = found
        return self._accounts[account]

    def own_account_id(self, connection: Connection, account: str) -> int:
        """The account's id, made where there is none yet, inside a writing transaction.

        It is not remembered when made: the transaction may still be rolled back.
        """
        if (known := self.account_id(connection, account)) is not None:
            return known
        new = self.insert(accounts).values(name=account, bot="").on_conflict_do_nothing()
        connection.execute(new)
        made: int = connection.execute(_ID, {"account": account}).scalar_one()
        return made


def among(connection: Connection, column: sa.ColumnElement[Any], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """The same, for whoever has no more than a connection."""
    return _among(column, values, postgres=connection.dialect.name == "postgresql")


def _among(column: sa.ColumnElement[Any], values: Sequence[Any], *, postgres: bool) -> sa.ColumnElement[bool]:
    if postgres:
        kind = sa.BigInteger() if values and isinstance(values[0], int) else sa.Text()
        return column == sa.any_(sa.bindparam(None, list(values), type_=postgresql.ARRAY(kind)))
    listed = sa.func.json_each(json.dumps(list(values), ensure_ascii=False)).table_valued("value")
    return column.in_(sa.select(listed.c.value))


def chunks(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """`values` in pieces of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def pieces(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """A stream in pieces of at most `size`."""
    rest = iter(values)
    while piece := list(islice(rest, size)):
        yield piece
