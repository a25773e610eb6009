"""Sets of one account's friends, out of the copy: by what stands in their own rows, by a tag, by what they did. What is
asked of several of these follows from the sets (`lineform.segments.sets`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import reduce
from math import nan
from operator import or_
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from lineform.scenarios.menus import TAP
from lineform.segments.calendar import window
from lineform.segments.ids import IdSet
from lineform.segments.measures import Between, bounds, of_nothing
from lineform.segments.predicate import Count, Edge, Happened, HasTag, InSource, Not, Predicate, Sum
from lineform.store.copy_answers import Answers
from lineform.store.copy_sql import RECORD, RECORDED_AT, RECORDS
from lineform.store.predicate_sql import Question, ids_of, is_once, measured, number_of, reachable, unreachable
from lineform.store.sets import MenuRecord
from lineform.store.tables import friends
from lineform.store.types import milliseconds

if TYPE_CHECKING:
    from lineform.store.copy_answers import Numbers


class CopySets:
    """Sets of one account's friends, in one state of the copy."""

    apart = True

    def __init__(
        self, answers: Answers, question: Question, told: Mapping[tuple[InSource, bool], Sequence[int]]
    ) -> None:
        """`told` is what sources have answered: for whom it is true, and for whom it is false there."""
        self._answers = answers
        self._question = question
        self._told = told
        self._everybody: IdSet | None = None

    def everybody(self) -> IdSet:
        if self._everybody is None:
            self._everybody = self._those(reachable(self._question.account_id))
        return self._everybody

    def blocked(self) -> IdSet:
        return self._those(unreachable(self._question.account_id))

    def tagged(self, *tags: str) -> IdSet:
        return self._tagged(tags, None)

    def did(self, leaf: Happened) -> IdSet:
        events = measured(leaf, self._question)
        if is_once(leaf.measure):
            return self._answers.set_of(events.with_only_columns(events.selected_columns[0]))
        between = _asked_of(leaf.measure, self._question.now)
        if isinstance(leaf.measure, Edge):
            latest = leaf.measure.which == "last"
            return self._answers.measured(events, nan, "fmax" if latest else "fmin", lambda at: _lie(at, between))
        if of_nothing(leaf.measure):
            return self._answers.measured(events, 0.0, "add", lambda sums: ~_lie(sums, between))
        return self._answers.measured(events, 0.0, "add", lambda sums: _lie(sums, between))

    def selected(self, predicate: Predicate) -> IdSet:
        match predicate:
            case HasTag(tag, lasts):
                return self._tagged([tag], lasts)
            case InSource():
                return IdSet.of(self._told[predicate, True])
            case Not(InSource() as part):
                return IdSet.of(self._told[part, False])
            case _:
                return self._answers.set_of(ids_of(predicate, self._question))

    def selected_each(self, predicates: Sequence[Predicate]) -> Sequence[IdSet]:
        return [self.selected(one) for one in predicates]

    def number(self, predicate: Predicate) -> int:
        ((found,),) = self._answers.rows(number_of(predicate, self._question))
        return int(found)

    def recorded(self, old: datetime | None) -> Iterator[tuple[MenuRecord, IdSet]]:
        account_id = self._question.account_id
        known = self._answers.rows(sa.select(RECORDS).where(RECORDS.c.account_id == account_id))
        records = {number: MenuRecord(*record) for number, _, *record in known}
        everybody = sa.select(friends.c.id, sa.func.coalesce(RECORD, 0)).where(reachable(account_id))
        sets = self._answers.sets_by_number(everybody, max(records, default=0))
        # They have all been looked at.
        self._everybody = reduce(or_, sets.values(), IdSet())
        for number, ids in sets.items():
            if number:
                yield from self._by_age(number, records[number], ids, old)

    def _by_age(
        self, number: int, record: MenuRecord, ids: IdSet, old: datetime | None
    ) -> Iterator[tuple[MenuRecord, IdSet]]:
        late = IdSet()
        if old is not None and record.source == TAP:
            late = ids & self._those(sa.and_(RECORD.in_([number]), old >= RECORDED_AT))
            yield record._replace(old=True), late
        yield record, ids - late

    def _those(self, where: ColumnElement[bool]) -> IdSet:
        return self._answers.set_of(sa.select(friends.c.id).where(where))

    def _tagged(self, names: Sequence[str], lasts: int | None) -> IdSet:
        return self._answers.set_of(self._question.compiler(self._question).tagged(names, lasts))


def _asked_of(measure: Count | Sum | Edge, now: datetime) -> Between:
    if not isinstance(measure, Edge):
        return bounds(measure)
    begin, before = window(measure.start, measure.end, now)
    # Between two milliseconds: neither bound is included.
    return Between(None if begin is None else milliseconds(begin) - 0.5, milliseconds(before) - 0.5)


def _lie(numbers: Numbers, between: Between) -> Numbers:
    """Which numbers lie there; what is none does not."""
    low, high = between
    if low is None or high is None:
        return numbers < high if low is None else numbers > low
    return (numbers > low) & (numbers < high)
