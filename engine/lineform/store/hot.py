"""Indexes over what JSON holds, found without reading it: attributes that are declared as `indexed`, and tapped links.

The expression has to be the very one that a select compares, or no database uses the index: so both are compiled by the
same code. Measured on SQLite with fifty thousand friends: two attributes that few friends satisfy took 5 ms instead of
39, and who never tapped a link 18 ms instead of 132.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.schema import CreateIndex, DropIndex
from sqlalchemy.sql.elements import Grouping

from lineform.segments.predicate import AttributeType
from lineform.store.database import Database
from lineform.store.failures import translated
from lineform.store.json_values import PostgresValues, SqliteValues
from lineform.store.tables import events, friends

_THERE = {
    "sqlite": "SELECT name, TRUE AS usable FROM sqlite_master WHERE type = 'index'",
    "postgresql": "SELECT relname AS name, indisvalid AS usable "
    "FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = current_schema()::regnamespace",
}
"""Each index, and whether it can be used. Reflection leaves out indexes over expressions."""

_LONGEST_NAME: Final = 63
ONE_MAKER = sa.text("SELECT pg_try_advisory_lock(0x6C666964786573)")
"""Held while indexes are made. Nobody waits for it: whoever waits holds a snapshot, whose end PostgreSQL awaits before
an index is finished."""


class HotValues(Database):
    """Keeps these indexes."""

    def keep_indexes(self, attributes: Mapping[str, AttributeType]) -> int:
        """Makes the indexes over these attributes, and over tapped links, that are not there yet, for all accounts of
        the store; how many. On PostgreSQL others write meanwhile, what the expressions give is learned, and where
        another run is making indexes, these are left to the next one."""
        with self.reading() as connection:
            if not self._missing(connection, attributes):
                return 0
        if self.postgres:
            return self._made_beside_others(attributes)
        with self.writing() as connection:
            missing = self._missing(connection, attributes)
            for index in missing:
                connection.execute(CreateIndex(index))
        return len(missing)

    def _missing(self, connection: Connection, attributes: Mapping[str, AttributeType]) -> dict[sa.Index, bool]:
        """What is to be made, and whether something of that name is in its way."""
        there = _there(connection)
        return {index: index.name in there for index in self._wanted(attributes) if not there.get(str(index.name))}

    def _wanted(self, attributes: Mapping[str, AttributeType]) -> Iterator[sa.Index]:
        values = PostgresValues if self.postgres else SqliteValues
        for name, kind in attributes.items():
            value = Grouping(values(friends.c.attributes).typed(name, kind))
            yield _index(index_over(kind, name), friends, friends.c.account_id, friends.c.blocked, value)
        link = Grouping(values(events.c.fields).typed("link", "text"))
        tapped = _index("events_link", events, events.c.type_id, link, events.c.at, events.c.friend_id)
        tapped.dialect_options[self.engine.dialect.name]["where"] = link.is_not(None)
        yield tapped

    def _made_beside_others(self, attributes: Mapping[str, AttributeType]) -> int:
        with translated(self._driver_error), self.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()  # it is closed at the end, and not given back: so the lock ends in any case
            if not connection.execute(ONE_MAKER).scalar_one():
                return 0
            missing = self._missing(connection, attributes)
            for index, broken in missing.items():
                index.dialect_options["postgresql"]["concurrently"] = True
                if broken:
                    # What is left of a run that was interrupted, since nobody else makes any now: it costs what an
                    # index costs and answers nothing.
                    connection.execute(DropIndex(index))
                connection.execute(CreateIndex(index))
            if missing:
                connection.execute(sa.text("ANALYZE friends, events"))
        return len(missing)


def index_names(connection: Connection) -> frozenset[str]:
    """The indexes that can be used now."""
    return frozenset(name for name, usable in _there(connection).items() if usable)


def _there(connection: Connection) -> Mapping[str, bool]:
    rows = connection.execute(sa.text(_THERE[connection.dialect.name])).all()
    return {row.name: row.usable for row in rows}


def index_over(kind: AttributeType, attribute: str) -> str:
    """What the index over such an attribute is called. PostgreSQL's names have at most 63 characters, and an
    attribute's may have as many."""
    whole = f"friends_{kind}_{attribute}"
    return whole if len(whole) <= _LONGEST_NAME else f"{whole[:50]}_{sha256(whole.encode()).hexdigest()[:12]}"


def _index(name: str, table: sa.Table, *parts: sa.ColumnElement[object]) -> sa.Index:
    """An index that belongs to stores whose clients declare it, and not to the tables as all have them."""
    made = sa.Index(name, *parts)
    table.indexes.discard(made)
    return made
