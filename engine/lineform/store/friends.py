"""Friends as they are read: counted, selected by a predicate, and mapped to LINE's user ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lineform.ports.store import FriendCount
from lineform.segments.friend import Friend
from lineform.segments.predicate import Predicate
from lineform.store.copy import Answers, PopulationCopy
from lineform.store.database import STREAMED, Database, chunks
from lineform.store.json_values import PostgresValues, SqliteValues
from lineform.store.predicate_sql import Question, selected, sizes_of, sorted_out
from lineform.store.recorded import read_value
from lineform.store.tables import events, forgotten, friend_tags, friends, line_ids, tags

_READ = (
    *(friends.c.id, line_ids.c.user_id, friends.c.display_name, friends.c.language, friends.c.followed_at),
    *(friends.c.blocked, friends.c.attributes, friends.c.first_followed_at, friends.c.first_route),
    *(friends.c.last_route, friends.c.member_id),
)
_NO_TAGS: Mapping[str, datetime] = {}


class FriendReading(Database):
    """Everything that asks about friends and changes nothing."""

    copy: PopulationCopy | None = None
    """What questions about everybody are asked of first, where there is one."""

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
        """Ids of all friends whom the predicate selects, ascending. Close the iterator where it is not read to its
        end: it holds a connection."""
        with self._asked(account) as (account_id, copy):
            if account_id is None:
                return
            if copy is not None:
                yield from copy.select(account_id, predicate, now)
                return
            asked = selected(predicate, self._question(account_id, now))
            for part in self._streamed(sa.select(friends.c.id).where(asked).order_by(friends.c.id)):
                yield from (one for (one,) in part)

    def count(self, account: str, predicate: Predicate, now: datetime) -> int:
        """How many friends the predicate selects."""
        with self._asked(account) as (account_id, copy):
            if account_id is None:
                return 0
            if copy is not None:
                return copy.count(account_id, predicate, now)
            asked = selected(predicate, self._question(account_id, now))
            with self.reading() as connection:
                return connection.execute(sa.select(sa.func.count()).select_from(friends).where(asked)).scalar_one()

    def sort(self, account: str, rules: Sequence[Predicate], now: datetime) -> Iterator[tuple[int, int]]:
        """Everybody who can be reached, ascending, with the first rule that is true of them. Close the iterator where
        it is not read to its end."""
        with self._asked(account) as (account_id, copy):
            if account_id is None:
                return
            if copy is not None:
                yield from copy.sort(account_id, rules, now)
                return
            place, asked = sorted_out(rules, self._question(account_id, now))
            for part in self._streamed(sa.select(friends.c.id, place).where(asked).order_by(friends.c.id)):
                yield from ((one, rule) for one, rule in part)

    def sizes(self, account: str, rules: Sequence[Predicate], now: datetime) -> Mapping[int, int]:
        """How many friends can be reached, by the first rule that is true of them."""
        with self._asked(account) as (account_id, copy):
            if account_id is None:
                return {}
            if copy is not None:
                return copy.sizes(account_id, rules, now)
            query = sizes_of(rules, self._question(account_id, now))
            with self.reading() as connection:
                found: dict[int, int] = dict(connection.execute(query).all())
                return found

    def _streamed(self, query: sa.Select[Any]) -> Iterator[Sequence[Any]]:
        with self.reading() as connection:
            yield from connection.execution_options(stream_results=True, yield_per=STREAMED).execute(query).partitions()

    @contextmanager
    def _asked(self, account: str) -> Iterator[tuple[int | None, Answers | None]]:
        """The account's id, and the copy where it can answer now."""
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
        if self.copy is None or account_id is None:
            yield account_id, None
            return
        with self.copy.current() as answers:
            yield account_id, answers

    def matches(self, account: str, predicate: Predicate, friend_id: int, now: datetime) -> bool:
        """The same select, asked about one friend."""
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            if account_id is None:
                return False
            asked = selected(predicate, self._question(account_id, now, friend_id))
            return connection.execute(sa.select(friends.c.id).where(asked)).first() is not None

    def among_selected(self, account: str, predicate: Predicate, ids: Sequence[int], now: datetime) -> frozenset[int]:
        """The same select, asked about some friends."""
        found: set[int] = set()
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            if account_id is None:
                return frozenset()
            for part in chunks(list(ids), STREAMED):
                asked = selected(predicate, self._question(account_id, now))
                found |= set(
                    connection.execute(sa.select(friends.c.id).where(asked, self.among(friends.c.id, part))).scalars()
                )
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

    def _question(self, account_id: int, now: datetime, only: int | None = None) -> Question:
        return question(account_id, now, postgres=self.postgres, only=only)

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


def question(account_id: int, now: datetime, *, postgres: bool, only: int | None = None) -> Question:
    """What a predicate is asked of: an account's friends, or one of them."""
    values: type[PostgresValues | SqliteValues] = PostgresValues if postgres else SqliteValues
    return Question(account_id, now, values(friends.c.attributes), values(events.c.fields), only)


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
