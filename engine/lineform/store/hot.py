"""Indexes over what JSON holds, found without reading it: attributes that are declared as `indexed`, and tapped links.

The expression has to be the very one that a select compares, or no database uses the index: so both are compiled by the
same code. Measured on SQLite with fifty thousand friends: two attributes that few friends satisfy took 5 ms instead of
39, and who never tapped a link 18 ms instead of 132.

PostgreSQL puts two indexes together (BitmapAnd) only where they have no condition in common. So while a store has one
account, its indexes over attributes hold the values alone: three attributes of ten million friends take 0.2 s instead
of 0.9. With several accounts they begin with the account, or each would read the values of all others: one of a hundred
accounts with ten thousand friends each takes 0.1 to 4 ms instead of 3 to 16.

An index over what JSON holds leads PostgreSQL to the rows, and the rows must be read even to learn no more than their
ids. So whoever has a word (of an enum, or a bool) is an index of ids as well, like whoever has a tag: one million of
ten 0.02 s instead of 0.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final, NamedTuple, cast, get_args

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection
from sqlalchemy.schema import CreateIndex, DropIndex
from sqlalchemy.sql.elements import Grouping

from lineform.segments.predicate import AttributeIs, AttributeType, Indexed
from lineform.store.comparison_sql import Asked, attribute_is
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

MEANT: ColumnElement[bool] = friends.c.id != sa.literal_column("0")
"""True of everybody, and said where a database may take an index that is the best for some questions only, which it
would take for others as well: SQLite one over several attributes, which has friends in another order than their own;
PostgreSQL one of ids, by which it would read rows more slowly than by the other ones."""
_LONGEST_NAME: Final = 63
_KIND: Final = "|".join(get_args(AttributeType))
_KINDS: Final = re.compile(rf"friends_(?:alone_)?((?:{_KIND})(?:,(?:{_KIND}))*)_")
_ATTRIBUTES: Final = re.compile(r"""'\$\."([^"]+)"'|->> '([^']+)'""")
"""As SQLite reads an attribute, and PostgreSQL."""
_OF_WORD: Final = "friends_of_"
MADE: Final = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'friends'",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes "
    "WHERE schemaname = current_schema() AND tablename = 'friends'",
}
"""The indexes over friends, and the SQL that makes them."""
ONE_MAKER = sa.text("SELECT pg_try_advisory_lock(0x6C666964786573)")
"""Held while indexes are made. Nobody waits for it: whoever waits holds a snapshot, whose end PostgreSQL awaits before
an index is finished."""


class HotValues(Database):
    """Keeps these indexes."""

    def keep_indexes(self, indexes: Sequence[Indexed], words: Sequence[AttributeIs] = ()) -> int:
        """Makes these indexes over attributes, and the one over tapped links, where they are not there yet, for all
        accounts of the store; how many. On PostgreSQL also those of whom has one of these `words`, while the store has
        one account. There others write meanwhile, what the expressions give is learned, and where another run is making
        indexes, these are left to the next one. Indexes over other attributes stay; on PostgreSQL they take the form
        that is right for so many accounts, too."""
        with self.reading() as connection:
            work = self._work(connection, indexes, words)
        if not work.missing and not work.needless:
            return 0
        if self.postgres:
            return self._made_beside_others(indexes, words)
        with self.writing() as connection:
            work = self._work(connection, indexes, words)
            for index in work.missing:
                connection.execute(CreateIndex(index))
        return len(work.missing)

    def _work(self, connection: Connection, indexes: Sequence[Indexed], words: Sequence[AttributeIs]) -> _Work:
        there, alone = _there(connection), self._is_alone(connection)
        others: list[sa.Index] = []
        if self.postgres:
            indexes = [*indexes, *(index for index in indexed_in(connection) if index not in indexes)]
            others = [self._over(index, alone=not alone) for index in indexes]
            others += (
                [] if alone else [_index(name, friends, friends.c.id) for name in there if name.startswith(_OF_WORD)]
            )
        wanted = [*(self._over(index, alone=alone) for index in indexes), self._over_links()]
        wanted += map(_of_word, words) if alone else []
        return _Work(
            {index: index.name in there for index in wanted if not there.get(str(index.name))},
            [index for index in others if index.name in there],
        )

    def _is_alone(self, connection: Connection) -> bool:
        """Whether values are found best without their account."""
        return self.postgres and connection.execute(sa.select(sa.func.count()).select_from(accounts)).scalar_one() < 2

    def _over(self, index: Indexed, *, alone: bool) -> sa.Index:
        values = (PostgresValues if self.postgres else SqliteValues)(friends.c.attributes)
        first = () if alone else (friends.c.account_id, friends.c.blocked)
        parts = [Grouping(values.typed(name, kind)) for name, kind in index.items()]
        made = _index(_name_of(index, alone=alone), friends, *first, *parts)
        if len(index) > 1:
            made.dialect_options["sqlite"]["where"] = MEANT
            # Put together with no other one, it may leave out whom nobody asks for.
            made.dialect_options["postgresql"]["where"] = friends.c.blocked.is_(sa.false()) if alone else None
        return made

    def _over_links(self) -> sa.Index:
        values = PostgresValues if self.postgres else SqliteValues
        link = Grouping(values(events.c.fields).typed("link", "text"))
        tapped = _index("events_link", events, events.c.type_id, link, events.c.at, events.c.friend_id)
        tapped.dialect_options[self.engine.dialect.name]["where"] = link.is_not(None)
        return tapped

    def _made_beside_others(self, indexes: Sequence[Indexed], words: Sequence[AttributeIs]) -> int:
        with translated(self._driver_error), self.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()  # it is closed at the end, and not given back: so the lock ends in any case
            if not connection.execute(ONE_MAKER).scalar_one():
                return 0
            work = self._work(connection, indexes, words)
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


def usable_indexes(connection: Connection) -> frozenset[str]:
    """The names of the indexes that can be used now."""
    return frozenset(name for name, usable in _there(connection).items() if usable)


def _there(connection: Connection) -> Mapping[str, bool]:
    rows = connection.execute(sa.text(_THERE[connection.dialect.name])).all()
    return {row.name: row.usable for row in rows}


def indexed_over(made: Iterable[Sequence[str | None]]) -> list[Indexed]:
    """What indexes over attributes hold, of the names of indexes and the SQL that makes them. Somebody else's may be
    among them, whatever it is called."""
    found: list[Indexed] = []
    for name, text in made:
        named = _KINDS.match(name or "")
        kinds = cast(list[AttributeType], named[1].split(",") if named else [])
        attributes = dict.fromkeys(one or other for one, other in _ATTRIBUTES.findall(text or ""))
        if kinds and len(kinds) == len(attributes):
            found.append(dict(zip(attributes, kinds, strict=True)))
    return found


def indexed_in(connection: Connection) -> list[Indexed]:
    """What indexes over attributes hold in a store."""
    return indexed_over(connection.execute(sa.text(MADE[connection.dialect.name])).all())


def name_of_word(leaf: AttributeIs) -> str:
    """What PostgreSQL's index of whom has a word is called."""
    return _short(f"{_OF_WORD}{leaf.type}_{leaf.attribute}={leaf.operands[0]}")


def _of_word(leaf: AttributeIs) -> sa.Index:
    made = _index(name_of_word(leaf), friends, friends.c.account_id, friends.c.id)
    has = attribute_is(leaf, PostgresValues(friends.c.attributes), Asked.TRUE)
    made.dialect_options["postgresql"]["where"] = sa.and_(has, friends.c.blocked.is_(sa.false()), MEANT)
    return made


def _name_of(index: Indexed, *, alone: bool) -> str:
    """What such an index is called."""
    return _short(f"friends_{'alone_' if alone else ''}{','.join(index.values())}_{','.join(index)}")


def _short(name: str) -> str:
    """PostgreSQL's names have at most 63 bytes, and an attribute's may have as many, and a word's more."""
    whole = name.encode()
    if len(whole) <= _LONGEST_NAME:
        return name
    return f"{whole[:50].decode(errors='ignore')}_{sha256(whole).hexdigest()[:12]}"


def _index(name: str, table: sa.Table, *parts: ColumnElement[object]) -> sa.Index:
    """An index that belongs to stores whose clients declare it, and not to the tables as all have them."""
    made = sa.Index(name, *parts)
    table.indexes.discard(made)
    return made
