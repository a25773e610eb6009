"""An open copy and its answers: rows, numbers, and sets of friends as bits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from lineform.scenarios.menus import TAP
from lineform.segments.ids import IdSet
from lineform.segments.predicate import Happened, Predicate
from lineform.store.changes import Position
from lineform.store.copy_sql import (
    DIALECT,
    EVENTS,
    FRIENDS,
    OPENED,
    RECORD,
    RECORDED_AT,
    RECORDS,
    TOGETHER,
    Bits,
    DuckValues,
    as_bits,
)
from lineform.store.database import STREAMED, pieces
from lineform.store.driver_sql import AnySelect, compiled
from lineform.store.predicate_sql import Question, did, ids_of, reachable, unreachable
from lineform.store.sets import MenuRecord
from lineform.store.tables import friend_tags, friends, tags

if TYPE_CHECKING:
    import duckdb

_STAGED = 20_000
_ASKING = "SET memory_limit = '64MB'"
"""Questions need less than what makes and changes a copy, beside the arrays in which they count."""


class Answers:
    """An open copy, with every change of the store in it."""

    def __init__(self, duck: duckdb.DuckDBPyConnection) -> None:
        self.duck = duck
        self.changes = 0
        self._bits = Bits(0)
        try:
            self.read_state()
        except BaseException:
            duck.close()
            raise

    def read_state(self) -> None:
        (row,) = self.duck.execute("SELECT * FROM reached").fetchall()
        self.format, self.copy = row[:2]
        self.position = Position(*row[2:])
        rows = self.duck.execute("SELECT of, name, kind, place FROM shredded").fetchall()
        self._shredded = {(of, name, kind): place for of, name, kind, place in rows}

    def about(self, account_id: int, now: datetime) -> Question:
        """How a question about an account is put to this copy."""
        self.duck.execute(_ASKING)
        attributes, fields = DuckValues(FRIENDS, self._shredded), DuckValues(EVENTS, self._shredded)
        ((last,),) = self.duck.execute(f"SELECT coalesce(max(id), 0) FROM {OPENED}.main.friends").fetchall()  # noqa: S608 - our own name
        self._bits = Bits(last)
        # As numbers, by which DuckDB passes over what is of other types without reading it.
        types = dict(
            self.duck.execute("SELECT name, id FROM event_types WHERE account_id = ?", [account_id]).fetchall()
        )
        return Question(account_id, now, attributes, fields, among=self._bits.among, event_types=types)

    def rows(self, query: sa.ClauseElement) -> Iterator[Any]:
        """Streamed."""
        return self._answered([compiled(query, DIALECT)])

    def set_of(self, query: AnySelect) -> IdSet:
        """Ids of friends. They come as bits: to hand numbers over takes DuckDB twice as long."""
        ids = query.order_by(None).subquery().c[0]
        return self._united(sa.select(ids).where(within) for within in self._bits.ranges(ids, TOGETHER))

    def gathered(self, members: sa.Select[Any]) -> IdSet:
        """Friends by what they did."""
        return IdSet(dict(self._bits_of(self._bits.parts(members))))

    def sets_of(self, query: sa.Select[Any], numbers: int) -> dict[int | None, IdSet]:
        """Ids of friends, the second column, by one of so many numbers, the first one."""
        ranges = self._bits.ranges(query.selected_columns[1], max(1, TOGETHER // numbers))
        asked = (compiled(query.where(within), DIALECT) for within in ranges)
        found: dict[int | None, dict[int, int]] = {}
        parts = ((as_bits(statement, alike="alike, "), values) for statement, values in asked)
        for number, block, bits in self._bits_of(parts):
            found.setdefault(number, {})[block] = bits
        return {number: IdSet(blocks) for number, blocks in found.items()}

    def _united(self, queries: Iterable[sa.Select[Any]]) -> IdSet:
        asked = (compiled(query, DIALECT) for query in queries)
        return IdSet(dict(self._bits_of((as_bits(statement), values) for statement, values in asked)))

    def _bits_of(self, parts: Iterable[tuple[str, Sequence[Any]]]) -> Iterator[Any]:
        handed = ((f"SELECT * EXCLUDE (bits), CAST(bits AS BLOB) FROM ({one})", values) for one, values in parts)  # noqa: S608 - ours
        return ((*what, int.from_bytes(bits, "big")) for *what, bits in self._answered(handed))

    def _answered(self, parts: Iterable[tuple[str, Sequence[Any]]]) -> Iterator[Any]:
        # Beside the friends stands what this question needs, and nothing of the one before.
        self.duck.execute("DROP VIEW IF EXISTS temp.friends")
        for gathering, of_set in self._bits.gathering():
            self.duck.execute(gathering, of_set)
        for statement, values in parts:
            found = self.duck.execute(statement, values)
            while rows := found.fetchmany(STREAMED):
                yield from rows

    def stage(self, answers: Iterable[Sequence[int]]) -> None:
        """Puts answers of sources into `STAGED`, each by its number."""
        self.duck.execute("CREATE OR REPLACE TEMP TABLE staged_friends (answer INTEGER, friend_id BIGINT)")
        for number, ids in enumerate(answers):
            for part in pieces(ids, _STAGED):
                self.duck.execute("INSERT INTO staged_friends SELECT ?, unnest(?)", [number, part])

    def close(self) -> None:
        self.duck.close()


class CopySets:
    """Sets of one account's friends, out of the copy."""

    def __init__(self, answers: Answers, question: Question) -> None:
        self._answers = answers
        self._question = question
        self._everybody: IdSet | None = None

    def everybody(self) -> IdSet:
        if self._everybody is None:
            query = sa.select(friends.c.id).where(reachable(self._question.account_id))
            self._everybody = self._answers.set_of(query)
        return self._everybody

    def blocked(self) -> IdSet:
        return self._answers.set_of(sa.select(friends.c.id).where(unreachable(self._question.account_id)))

    def tagged(self, tag: str) -> IdSet:
        asked = sa.select(tags.c.id).where(tags.c.account_id == self._question.account_id, tags.c.name == tag)
        # Told by its number, what is of other tags is passed over unread.
        numbers = [number for (number,) in self._answers.rows(asked)]
        return self._answers.set_of(sa.select(friend_tags.c.friend_id).where(friend_tags.c.tag_id.in_(numbers)))

    def did(self, leaf: Happened) -> IdSet:
        return self._answers.gathered(did(leaf, self._question))

    def selected(self, predicate: Predicate) -> IdSet:
        return self._answers.set_of(ids_of(predicate, self._question))

    def selected_each(self, predicates: Sequence[Predicate]) -> Sequence[IdSet]:
        return [self.selected(one) for one in predicates]

    def recorded(self, old: datetime | None) -> Iterator[tuple[MenuRecord, IdSet]]:
        mine, everybody = reachable(self._question.account_id), IdSet()
        known = sa.select(RECORDS).where(RECORDS.c.account_id == self._question.account_id)
        records = {number: MenuRecord(*record) for number, _, *record in self._answers.rows(known)}
        sets = self._answers.sets_of(sa.select(RECORD, friends.c.id).where(mine), len(records) + 1)
        for number, ids in sets.items():
            everybody |= ids
            if number is not None:
                yield from self._by_age(number, records[number], ids, old)
        # They have all been looked at.
        self._everybody = everybody

    def _by_age(
        self, number: int, record: MenuRecord, ids: IdSet, old: datetime | None
    ) -> Iterator[tuple[MenuRecord, IdSet]]:
        late = IdSet()
        if old is not None and record.source == TAP:
            before = sa.select(friends.c.id).where(RECORD.in_([number]), old >= RECORDED_AT)
            late = self._answers.set_of(before)
            yield record._replace(old=True), ids & late
        yield record, ids - late
