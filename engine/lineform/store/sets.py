"""Sets of friends as a store hands them over: the bits of 64 ids in one number, since a row for each of them would cost
more than finding them.

PostgreSQL unites the bits itself. SQLite would sort everybody for that: it does not know that what comes in the order
of ids comes in the order of `id / 64` as well. There, each 64 ids are a question of their own, to an index in that
order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Final, NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection

from lineform.scenarios.menus import TAP
from lineform.segments.ids import WORD, IdSet, Words
from lineform.segments.predicate import Happened, Predicate
from lineform.segments.sets import Sets
from lineform.store.driver_sql import AnySelect, streamed, streamed_ids
from lineform.store.predicate_sql import Question, did, ids_of, number_of, reachable, unreachable, written
from lineform.store.tables import friend_menus, friend_tags, friends

_DENSE: Final = 4
"""Ids among 64, on average, for which those 64 are asked at once; fewer come as they are."""
_BITS: Final = (*(1 << place for place in range(WORD - 1)), -(1 << WORD - 1))
"""Each bit of a word."""
_LAST: Final = (1 << 63) - 1
"""No id is above it: behind it lies what is not alike."""


_BY_PAGE: Final = "enable_indexscan = off"
"""How PostgreSQL reads events that an index leads to: each page once, where several of them lie, and not once for each
in the index's order. It takes them for strewn about; but those who tap a link do so in the days after a send."""


class MenuRecord(NamedTuple):
    """What is recorded of the menu of many friends."""

    menu: str
    outcome: str
    source: str
    confirmed: bool
    old: bool = False
    """Whether it is a tap that is too old to be kept."""


RECORDED = tuple(friend_menus.c[name] for name in MenuRecord._fields[:4])


class RecordedSets(Sets, Protocol):
    """Sets of friends, and what is recorded of their menus."""

    def recorded(self, old: datetime | None) -> Iterable[tuple[MenuRecord, IdSet]]:
        """Everybody of whom something is recorded, by what that is: maybe in several parts, but each friend once. A tap
        is old that was at this moment or before; none is where none is given."""
        ...


class _StoreSets(ABC):
    """Sets of one account's friends, in one state of a store."""

    apart = False

    def __init__(self, connection: Connection, question: Question) -> None:
        """The connection sees one state of the store for as long as it is asked."""
        self._connection = connection
        self._question = question
        self._everybody: IdSet | None = None

    def everybody(self) -> IdSet:
        if self._everybody is None:
            self._everybody = self._found(friends.c.id, reachable(self._question.account_id))
        return self._everybody

    def blocked(self) -> IdSet:
        return self._found(friends.c.id, unreachable(self._question.account_id))

    def tagged(self, *tags: str) -> IdSet:
        # One by one: each comes in the order of friends.
        return reduce(or_, map(self._tagged, tags))

    def _tagged(self, tag: str) -> IdSet:
        return self._found(friend_tags.c.friend_id, self._question.compiler(self._question).tag_is([tag]))

    def number(self, predicate: Predicate) -> int:
        ((found,),) = streamed(self._connection, number_of(predicate, self._question), *self._settings(predicate))
        return int(found)

    def _settings(self, predicate: Predicate) -> Sequence[str]:
        return self._question.compiler(self._question).settings(predicate)

    @abstractmethod
    def _found(self, column: ColumnElement[int], where: ColumnElement[bool]) -> IdSet:
        """The ids in a column that an index has in order, behind what `where` says."""


class SqliteSets(_StoreSets):
    """In an SQLite store."""

    def selected_each(self, predicates: Sequence[Predicate]) -> Sequence[IdSet]:
        """By one walk through everybody, but for those that an index leads to."""
        compiler = self._question.compiler(self._question)
        walked = [one for one in predicates if not compiler.leads(one)]
        if len(walked) < 2:
            return [self.selected(one) for one in predicates]
        found = {one: Words() for one in walked}
        meant: dict[int, list[Words]] = {}
        for id_, bits in streamed(self._connection, compiler.which(walked)):
            if bits not in meant:
                meant[bits] = [found[one] for place, one in enumerate(walked) if bits >> place & 1]
            for words in meant[bits]:
                words.add(id_ // WORD, _BITS[id_ % WORD])
        return [found[one].ids() if one in found else self.selected(one) for one in predicates]

    def did(self, leaf: Happened) -> IdSet:
        return IdSet.of(streamed_ids(self._connection, did(leaf, self._question)))

    def selected(self, predicate: Predicate) -> IdSet:
        return IdSet.of(streamed_ids(self._connection, ids_of(predicate, self._question)))

    def recorded(self, old: datetime | None) -> Iterator[tuple[MenuRecord, IdSet]]:
        mine = friend_menus.c.account_id == self._question.account_id
        first = sa.select(*RECORDED).where(mine).order_by(*RECORDED).limit(1)
        row = self._connection.execute(first).first()
        while row is not None:
            alike = sa.and_(mine, *(column == value for column, value in zip(RECORDED, row, strict=True)))
            ids = self._found(friend_menus.c.friend_id, alike)
            if old is not None and row.source == TAP:
                before = sa.select(friend_menus.c.friend_id).where(alike, friend_menus.c.at <= old)
                late = IdSet.of(streamed_ids(self._connection, before.order_by(friend_menus.c.friend_id)))
                yield MenuRecord(row.menu, row.outcome, row.source, row.confirmed, old=True), late
                ids -= late
            yield MenuRecord(row.menu, row.outcome, row.source, row.confirmed), ids
            behind = sa.tuple_(*RECORDED, friend_menus.c.friend_id) > sa.tuple_(*row, _LAST)
            row = self._connection.execute(first.where(behind)).first()

    def _found(self, column: ColumnElement[int], where: ColumnElement[bool]) -> IdSet:
        asked = sa.select(column).where(where).order_by(column)
        ends = (sa.select(end(column)).where(where).scalar_subquery() for end in (sa.func.min, sa.func.max))
        least, most = self._connection.execute(sa.select(*ends)).one()
        if least is None:
            return IdSet()
        first, last = least // WORD, most // WORD
        if self._connection.execute(asked.limit(1).offset(_DENSE * (last - first + 1))).first() is None:
            return IdSet.of(streamed_ids(self._connection, asked))
        return IdSet.of_words(streamed(self._connection, _word_by_word(column, where, first, last)))


class PostgresSets(_StoreSets):
    """In a PostgreSQL store."""

    def selected_each(self, predicates: Sequence[Predicate]) -> Sequence[IdSet]:
        return [self.selected(one) for one in predicates]

    def did(self, leaf: Happened) -> IdSet:
        # Where no field is asked for, an index tells all that there is to tell, and no page is read.
        settings = [_BY_PAGE] if leaf.where else []
        return IdSet.of_words(self._united(did(leaf, self._question), *settings, *self._settings(leaf)))

    def selected(self, predicate: Predicate) -> IdSet:
        found = ids_of(predicate, self._question).order_by(None)
        return IdSet.of_words(self._united(found, *self._settings(predicate)))

    def recorded(self, old: datetime | None) -> Iterator[tuple[MenuRecord, IdSet]]:
        is_old = [] if old is None else [sa.and_(friend_menus.c.source == TAP, friend_menus.c.at <= old).label("old")]
        query = sa.select(friend_menus.c.friend_id, *RECORDED, *is_old)
        found: dict[tuple[Any, ...], Words] = {}
        for place, word, *record in self._united(query.where(friend_menus.c.account_id == self._question.account_id)):
            found.setdefault(tuple(record), Words()).add(place, word)
        return ((MenuRecord(*record), words.ids()) for record, words in found.items())

    def _found(self, column: ColumnElement[int], where: ColumnElement[bool]) -> IdSet:
        return IdSet.of_words(self._united(sa.select(column).where(where)))

    def _united(self, query: AnySelect, *settings: str) -> Iterator[Any]:
        """Places and words of the ids in the first column, for each of what the others hold."""
        id_, *others = query.subquery().c
        place, bit = id_.op(">>")(written(WORD.bit_length() - 1)), id_.op("&")(written(WORD - 1))
        one: ColumnElement[int] = sa.cast(written(1), sa.BigInteger())
        each = sa.select(place.label("place"), one.op("<<")(sa.cast(bit, sa.Integer())).label("bit"), *others)
        # Nothing is added: but of what may be added to, PostgreSQL does not expect as many words as there are ids, and
        # several processes each unite a part.
        words = each.union_all(each.where(sa.false())).subquery().c
        grouped = sa.select(words.place, sa.func.bit_or(words.bit), *words[2:]).group_by(words.place, *words[2:])
        return streamed(self._connection, grouped, *settings)


def _word_by_word(column: ColumnElement[int], where: ColumnElement[bool], first: int, last: int) -> sa.Select[Any]:
    """Every word from the first to the last, with the bits of whom `where` holds for, as SQLite has them."""
    places = sa.select(written(first).label("place")).cte("places", recursive=True)
    places = places.union_all(sa.select(places.c.place + written(1)).where(places.c.place < written(last)))
    here = column.between(places.c.place * written(WORD), places.c.place * written(WORD) + written(WORD - 1))
    bit = written(1).op("<<")(column.op("&")(written(WORD - 1)))
    word = sa.select(sa.func.sum(bit)).where(where, here).correlate(places).scalar_subquery()
    return sa.select(places.c.place, sa.func.coalesce(word, written(0)))
