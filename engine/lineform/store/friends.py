"""Friends as they are read: counted, selected by a predicate, and mapped to LINE's user ids."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain
from operator import eq
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa

from lineform.ports.friends import FriendCount
from lineform.segments.friend import Friend
from lineform.segments.ids import IdSet
from lineform.segments.predicate import InSource, Predicate
from lineform.segments.sets import number_of, overlap, selected_by
from lineform.store.copy import PopulationCopy
from lineform.store.copy_answers import Answers
from lineform.store.copy_sets import CopySets
from lineform.store.database import STREAMED, Database, chunks
from lineform.store.failures import CopyFailed
from lineform.store.hot import indexed_in, usable_indexes
from lineform.store.json_values import PostgresValues, SqliteValues
from lineform.store.led_sql import Known, LedCompiler
from lineform.store.predicate_sql import (
    Compiler,
    Only,
    Question,
    asked_of_sources,
    by_exists,
    by_in,
    read_names,
    selected,
)
from lineform.store.recorded import read_value
from lineform.store.sets import PostgresSets, RecordedSets, SqliteSets
from lineform.store.staging import SourceAnswers, stage
from lineform.store.tables import events, forgotten, friend_tags, friends, line_ids, tags
from lineform.store.ways import ways_to
from lineform.store.words_sql import WordsFirst

_READ = (
    *(friends.c.id, line_ids.c.user_id, friends.c.display_name, friends.c.language, friends.c.followed_at),
    *(friends.c.blocked, friends.c.attributes, friends.c.first_followed_at, friends.c.first_route),
    *(friends.c.last_route, friends.c.member_id),
)
_ROOM = sa.text("SET LOCAL work_mem = '256MB'; SET LOCAL random_page_cost = 1.1")
"""What a question about everybody may take on a PostgreSQL server for each set before it goes to the disk, or looks
every friend up in it: a limit, sets of thousands take no more than they need. And what it costs there to read a page
that is not the next one: as delivered it is four, for disks that turn, and indexes that hold all that is asked for are
left unused."""
_NO_TAGS: Mapping[str, datetime] = {}
T = TypeVar("T")
Told: TypeAlias = Mapping[tuple[InSource, bool], Sequence[int]]
"""Friends, by what sources were asked: of whom it is true there, or of whom it is false."""


class FriendReading(Database):
    """Everything that asks about friends and changes nothing."""

    copy: PopulationCopy | None = None
    """What questions about everybody are asked of first, where there is one."""
    sources: SourceAnswers = SourceAnswers(None)
    """What a company keeps elsewhere."""

    def count_friends(self, account: str) -> FriendCount:
        """Friends who can be reached, and those who cannot."""
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            rows = connection.execute(
                sa.select(friends.c.blocked, sa.func.count())
                .where(friends.c.account_id == account_id)
                .group_by(friends.c.blocked)
            )
            found: dict[bool, int] = dict(rows.all())
            # Rows that the forgotten have left behind are nobody's.
            emptied = sa.select(sa.func.coalesce(sa.func.sum(forgotten.c.emptied), 0))
            nobody: int = connection.execute(emptied.where(forgotten.c.account_id == account_id)).scalar_one()
        return FriendCount(friends=found.get(False, 0), blocked=found.get(True, 0) - int(nobody))

    def count_visitors(self, account: str) -> int:
        """Of those who cannot be reached, who came by a route and of whom no follow is known."""
        with self.reading() as connection:
            never = sa.and_(friends.c.followed_at.is_(None), friends.c.first_followed_at.is_(None))
            query = sa.select(sa.func.count()).where(
                friends.c.account_id == self.account_id(connection, account),
                friends.c.blocked.is_(sa.true()),
                never,
                friends.c.last_route != "",
            )
            return int(connection.execute(query).scalar_one())

    def every_friend(self, account: str) -> Iterator[Friend]:
        """All friends by their LINE user id, those who block the account included; read in pieces, so that no
        transaction stays open while they are used."""
        last = ""
        while True:
            with self.reading() as connection:
                account_id = self.account_id(connection, account)
                part = connection.execute(
                    sa.select(line_ids.c.friend_id, line_ids.c.user_id)
                    .where(line_ids.c.account_id == account_id, line_ids.c.user_id > last)
                    .order_by(line_ids.c.user_id)
                    .limit(STREAMED)
                ).all()
            if not part:
                return
            yield from self.friends(account, [row.friend_id for row in part])
            last = part[-1].user_id

    def select(self, account: str, predicate: Predicate, now: datetime) -> Iterator[int]:
        """Ids of all friends whom the predicate selects, ascending. Asked when the first of them is read."""
        return chain.from_iterable(self._selected(account, predicate, now))

    def select_arrays(self, account: str, predicate: Predicate, now: datetime) -> Iterator[array[int]]:
        """The same in arrays."""
        return chain.from_iterable(found.arrays() for found in self._selected(account, predicate, now))

    def _selected(self, account: str, predicate: Predicate, now: datetime) -> Iterator[IdSet]:
        yield self._answer(account, (predicate,), now, partial(selected_by, predicate)) or IdSet()

    def count(self, account: str, predicate: Predicate, now: datetime) -> int:
        """How many friends the predicate selects."""
        return self._answer(account, (predicate,), now, partial(number_of, predicate)) or 0

    def overlap(self, account: str, predicates: Sequence[Predicate], now: datetime) -> Mapping[int, int]:
        """How many friends there are by which of these are true of them, each a bit."""
        found = self._answer(account, predicates, now, partial(overlap, predicates)) or {}
        return {bits: len(ids) for bits, ids in found.items()}

    def as_sources_know(
        self, account: str, predicate: Predicate, friend_id: int, now: datetime
    ) -> Mapping[str, Friend | None]:
        """One friend as the sources know them that a predicate is asked of; None where a source does not."""
        asked = {one.source: one for one, _ in asked_of_sources(predicate)}
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            if account_id is None:
                return {}
            return {source.name: self.sources.friend(connection, account_id, source, friend_id) for source in asked}

    def matches(self, account: str, predicate: Predicate, friend_id: int, now: datetime) -> bool:
        """The same select, asked about one friend."""
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            if account_id is None:
                return False
            told = self._told(connection, account_id, (predicate,), now, friend_id)
            asked = question(account_id, now, postgres=self.postgres, only=partial(eq, friend_id))
            asked = staged(asked, told, connection)
            return connection.execute(sa.select(friends.c.id).where(selected(predicate, asked))).first() is not None

    def _answer(
        self, account: str, predicates: Sequence[Predicate], now: datetime, ask: Callable[[RecordedSets], T]
    ) -> T | None:
        """What comes of the sets; None where nothing was ever recorded for the account. Where the copy fails, the store
        is asked."""
        try:
            with self._asked(account, predicates, now) as sets:
                return None if sets is None else ask(sets)
        except CopyFailed:
            with self._asked(account, predicates, now, of_copy=False) as sets:
                return None if sets is None else ask(sets)

    @contextmanager
    def _asked(
        self, account: str, predicates: Sequence[Predicate], now: datetime, *, of_copy: bool = True
    ) -> Iterator[RecordedSets | None]:
        """Whoever answers questions about everybody: the copy where it can be had now, else the store itself. None
        where nothing was ever recorded for the account."""
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            if account_id is None:
                yield None
                return
            told = self._told(connection, account_id, predicates, now, None)
        with self._copied(asked=of_copy) as copy:
            if copy is not None:
                yield CopySets(copy, copy.about(account_id, now), told)
                return
            with self.snapshot() as connection:
                if self.postgres:
                    connection.execute(_ROOM)
                asked = staged(question(account_id, now, postgres=self.postgres), told, connection)
                asked = about_everybody(asked, predicates, connection)
                yield (PostgresSets if self.postgres else SqliteSets)(connection, asked)

    @contextmanager
    def _copied(self, *, asked: bool) -> Iterator[Answers | None]:
        if self.copy is None or not asked:
            yield None
            return
        with self.copy.current() as answers:
            yield answers

    def _told(
        self,
        connection: sa.Connection,
        account_id: int,
        predicates: Sequence[Predicate],
        now: datetime,
        only: int | None,
    ) -> Told:
        """What sources say to a question."""
        wanted = dict.fromkeys(one for predicate in predicates for one in asked_of_sources(predicate))
        return {
            (asked, true): self.sources.friends(connection, account_id, asked, now, true=true, only=only)
            for asked, true in wanted
        }

    def among_selected(self, account: str, predicate: Predicate, ids: Sequence[int], now: datetime) -> frozenset[int]:
        """The same select, asked about some friends."""
        found: set[int] = set()
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            if account_id is None:
                return frozenset()
            for part in chunks(list(ids), STREAMED):
                asked = question(account_id, now, postgres=self.postgres, only=partial(self.among, values=part))
                found |= set(connection.execute(sa.select(friends.c.id).where(selected(predicate, asked))).scalars())
        return frozenset(found)

    def friends(self, account: str, ids: Sequence[int]) -> Sequence[Friend]:
        """These friends in the order of `ids`, without those of other accounts and the forgotten."""
        found: dict[int, Friend] = {}
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            for part in chunks(list(ids), STREAMED):
                tagged = self._tags_of(connection, part)
                rows = connection.execute(
                    sa.select(friends.c.account_id, *_READ)
                    .join_from(friends, line_ids, line_ids.c.friend_id == friends.c.id)
                    .where(self.among(friends.c.id, part))
                )
                for owner, *row in rows:
                    # Compared here: in the query, SQLite would walk through all friends of the account instead.
                    if owner == account_id:
                        found[row[0]] = _friend(row, tagged.get(row[0], _NO_TAGS))
        return [found[i] for i in ids if i in found]

    def friend_ids(self, account: str, user_ids: Sequence[str]) -> Mapping[str, int]:
        """Internal ids by LINE's; unknown ones are left out."""
        found: dict[str, int] = {}
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            for part in chunks(list(user_ids), STREAMED):
                rows = connection.execute(
                    sa.select(line_ids.c.user_id, line_ids.c.friend_id).where(
                        line_ids.c.account_id == account_id, self.among(line_ids.c.user_id, part)
                    )
                )
                found |= dict(rows.all())
        return found

    def line_ids(self, account: str, ids: Sequence[int]) -> Mapping[int, str]:
        """LINE's ids by internal ones; the forgotten are left out."""
        found: dict[int, str] = {}
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            for part in chunks(list(ids), STREAMED):
                query = sa.select(line_ids.c.friend_id, line_ids.c.user_id)
                # As a sum, or SQLite would walk through all friends of the account instead.
                rows = connection.execute(query.where(self._near(part), line_ids.c.account_id + 0 == account_id))
                # Taken apart one by one: `dict` would ask each row for its length and its two values.
                found |= {friend_id: user_id for friend_id, user_id in rows}  # noqa: C416
        return found

    def _near(self, ids: Sequence[int]) -> sa.ColumnElement[bool]:
        """At least these friends. Where few others lie between them, a walk is faster than a search for each."""
        first, last = min(ids), max(ids)
        if last - first < 2 * len(ids):
            return line_ids.c.friend_id.between(first, last)
        return self.among(line_ids.c.friend_id, ids)

    def _tags_of(self, connection: sa.Connection, ids: Sequence[int]) -> dict[int, dict[str, datetime]]:
        rows = connection.execute(
            sa.select(friend_tags.c.friend_id, tags.c.name, friend_tags.c.tagged_at)
            .join_from(friend_tags, tags, tags.c.id == friend_tags.c.tag_id)
            .where(self.among(friend_tags.c.friend_id, ids))
        )
        found: dict[int, dict[str, datetime]] = {}
        for friend_id, name, tagged_at in rows:
            found.setdefault(friend_id, {})[name] = tagged_at
        return found


def question(account_id: int, now: datetime, *, postgres: bool, only: Only | None = None) -> Question:
    """What a predicate is asked of: an account's friends, or some of them."""
    values: type[PostgresValues | SqliteValues] = PostgresValues if postgres else SqliteValues
    among = by_exists if postgres else by_in
    return Question(account_id, now, values(friends.c.attributes), values(events.c.fields), only, among=among)


def staged(asked: Question, told: Told, connection: sa.Connection) -> Question:
    """With what sources have answered, until the transaction ends."""
    stage(connection, told.values())
    return replace(asked, staged={one: number for number, one in enumerate(told)})


def about_everybody(asked: Question, predicates: Iterable[Predicate], connection: sa.Connection) -> Question:
    """As each database is asked these predicates of everybody: by numbers instead of names, by the indexes that it has,
    and by how much friends do."""
    names = read_names(asked.account_id, connection.execute)
    ways = ways_to(predicates, asked.account_id, names.event_types, asked.now, connection)
    if connection.dialect.name == "postgresql":
        compiler: Callable[[Question], Compiler] = partial(WordsFirst, indexes=usable_indexes(connection), ways=ways)
    else:
        compiler = partial(LedCompiler, known=Known(indexed_in(connection), ways))
    return replace(asked, names=names, compiler=compiler)


def _friend(row: Sequence[Any], tagged: Mapping[str, datetime]) -> Friend:
    friend_id, user_id, name, language, followed_at, blocked, attributes, first, first_route, last_route, member = row
    return Friend(
        friend_id,
        user_id,
        name,
        language,
        followed_at,
        blocked,
        {name: read_value(value) for name, value in attributes.items()},
        frozenset(tagged),
        tagged_at=tagged,
        first_followed_at=first,
        first_route=first_route,
        last_route=last_route,
        member_id=member,
    )
