"""Indexes over what JSON holds, found without reading it: attributes that are declared as `indexed`, and tapped links.

The expression has to be the very one that a select compares, or no database uses the index: so both are compiled by the
same code. Measured on SQLite with fifty thousand friends: two attributes that few friends satisfy took 5 ms instead of
39, and who never tapped a link 18 ms instead of 132.

PostgreSQL puts two indexes together (BitmapAnd) only where they have no condition in common. So while a store has one
account, its indexes over attributes hold the values alone: three attributes of ten million friends take 0.2 s instead
of 0.9. With several accounts they begin with the account, or each would read the values of all others: one of a hundred
accounts with ten thousand friends each takes 0.1 to 4 ms instead of 3 to 16.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.schema import CreateIndex, DropIndex
from sqlalchemy.sql.elements import Grouping

from lineform.segments.predicate import AttributeType
from lineform.store.database import Database
from lineform.store.failures import translated
from lineform.store.json_values import PostgresValues, SqliteValues
from lineform.store.tables import accounts, events, friends

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
        another run is making indexes, these are left to the next one. Indexes over other attributes stay as they are,
        also where they have the form that was right for fewer accounts."""
        with self.reading() as connection:
            work = self._work(connection, attributes)
        if not work.missing and not work.needless:
            return 0
        if self.postgres:
            return self._made_beside_others(attributes)
        with self.writing() as connection:
            work = self._work(connection, attributes)
            for index in work.missing:
                connection.execute(CreateIndex(index))
        return len(work.missing)

    def _work(self, connection: Connection, attributes: Mapping[str, AttributeType]) -> _Work:
        there, alone = _there(connection), self._is_alone(connection)
        wanted = [*self._over(attributes, alone=alone), self._over_links()]
        others = self._over(attributes, alone=not alone) if self.postgres else ()
        return _Work(
            {index: index.name in there for index in wanted if not there.get(str(index.name))},
            [index for index in others if index.name in there],
        )

    def _is_alone(self, connection: Connection) -> bool:
        """Whether values are found best without their account."""
        return self.postgres and connection.execute(sa.select(sa.func.count()).select_from(accounts)).scalar_one() < 2

    def _over(self, attributes: Mapping[str, AttributeType], *, alone: bool) -> Iterator[sa.Index]:
        values = PostgresValues if self.postgres else SqliteValues
        first = () if alone else (friends.c.account_id, friends.c.blocked)
        for name, kind in attributes.items():
            value = Grouping(values(friends.c.attributes).typed(name, kind))
            yield _index(index_over(kind, name, alone=alone), friends, *first, value)

    def _over_links(self) -> sa.Index:
        values = PostgresValues if self.postgres else SqliteValues
        link = Grouping(values(events.c.fields).typed("link", "text"))
        tapped = _index("events_link", events, events.c.type_id, link, events.c.at, events.c.friend_id)
        tapped.dialect_options[self.engine.dialect.name]["where"] = link.is_not(None)
        return tapped

    def _made_beside_others(self, attributes: Mapping[str, AttributeType]) -> int:
        with translated(self._driver_error), self.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()  # it is closed at the end, and not given back: so the lock ends in any case
            if not connection.execute(ONE_MAKER).scalar_one():
                return 0
            work = self._work(connection, attributes)
            for index in (*work.missing, *work.needless):
                index.dialect_options["postgresql"]["concurrently"] = True
            for index, broken in work.missing.items():
                if broken:
                    # What is left of a run that was interrupted, since nobody else makes any now: it costs what an
                    # index costs and answers nothing.
                    connection.execute(DropIndex(index))
                connection.execute(CreateIndex(index))
            for index in work.needless:
                connection.execute(DropIndex(index))
            if work.missing:
                connection.execute(sa.text("ANALYZE friends, events"))
        return len(work.missing)


class _Work(NamedTuple):
    """What is to be done: indexes to be made, and of each whether something of its name is in its way; and those whose
    place others take, since there were fewer accounts, or more."""

    missing: dict[sa.Index, bool]
    needless: list[sa.Index]


def index_names(connection: Connection) -> frozenset[str]:
    """The indexes that can be used now."""
    return frozenset(name for name, usable in _there(connection).items() if usable)


def _there(connection: Connection) -> Mapping[str, bool]:
    rows = connection.execute(sa.text(_THERE[connection.dialect.name])).all()
    return {row.name: row.usable for row in rows}


def index_over(kind: AttributeType, attribute: str, *, alone: bool = False) -> str:
    """What the index over such an attribute is called. PostgreSQL's names have at most 63 characters, and an
    attribute's may have as many."""
    whole = f"friends_alone_{kind}_{attribute}" if alone else f"friends_{kind}_{attribute}"
    return whole if len(whole) <= _LONGEST_NAME else f"{whole[:50]}_{sha256(whole.encode()).hexdigest()[:12]}"


def _index(name: str, table: sa.Table, *parts: sa.ColumnElement[object]) -> sa.Index:
    """An index that belongs to stores whose clients declare it, and not to the tables as all have them."""
    made = sa.Index(name, *parts)
    table.indexes.discard(made)
    return made
