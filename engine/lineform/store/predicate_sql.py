"""A predicate as SQL.

The predicate is three-valued and so is SQL, but SQL's NOT over a subquery or a CASE defeats every index. So nothing is
negated here: each node is compiled for the question asked of it (is it true, false, not false, not true?), NOT swaps
the question, and only comparisons of one value with one constant remain, joined by AND and OR.

A tag is an uncorrelated set of ids: measured on 10 million friends it beats a correlated EXISTS eight times and more.
Events are such a set, too, grouped where they are counted: a correlated count costs eight to thirty times as much,
unless friends are asked in the order of the index in which it looks (`lineform.store.led_sql`).

How it is asked whether a friend is in a set is the database's own matter (`Question.among`). PostgreSQL is asked
whether the friend EXISTS in that same set. It makes a join of it, or keeps the set in a hash table; but of `id IN
(set)` under OR or CASE, and of every `id NOT IN (set)`, only where it thinks that the set fits into `work_mem`. Where
not, it reads the whole set once for each friend: hours among a million friends, with the setting as it is delivered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any as Anything

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from lineform.segments.calendar import instant, settled, window
from lineform.segments.measures import bounds, of_nothing
from lineform.segments.predicate import (
    AgeIs,
    All,
    Anniversary,
    Any,
    AttributeIs,
    CameBy,
    Count,
    Edge,
    FriendSince,
    Happened,
    HasTag,
    InSource,
    IsMember,
    Leaf,
    Maybe,
    Not,
    Point,
    Predicate,
    Sum,
)
from lineform.store.comparison_sql import POSITIVE, Asked, attribute_is, between, safe_name, with_unknown
from lineform.store.driver_sql import AnySelect
from lineform.store.json_values import JsonValues
from lineform.store.tables import event_types, events, friend_tags, friends, tags


def reachable(account_id: int) -> ColumnElement[bool]:
    """Friends of this account who have not blocked it: stands outside of every author's tree."""
    return sa.and_(friends.c.account_id == account_id, friends.c.blocked.is_(sa.false()))


def unreachable(account_id: int) -> ColumnElement[bool]:
    """Friends of this account who have blocked it."""
    return sa.and_(friends.c.account_id == account_id, friends.c.blocked.is_(sa.true()))


_NOTHING = -1
"""No tag, and no type of events, has this id."""
Only = Callable[[ColumnElement[int]], ColumnElement[bool]]
"""Whether an id is that of a friend whom a question is about. Said of friends, tags and events alike, so that nothing
is gathered of everybody for the sake of a few."""
Among = Callable[[ColumnElement[Anything], sa.Select[Anything]], ColumnElement[bool]]
"""Whether an id is in a set of ids."""


def by_in(id_: ColumnElement[Anything], members: sa.Select[Anything]) -> ColumnElement[bool]:
    """By IN: best where a database works the set out once, whatever it takes."""
    return id_.in_(members)


def by_exists(id_: ColumnElement[Anything], members: sa.Select[Anything]) -> ColumnElement[bool]:
    """By EXISTS, as PostgreSQL is asked."""
    one = members.subquery()
    found: sa.Select[Anything] = sa.select(sa.literal_column("1")).select_from(one).where(one.c[0] == id_)
    return sa.exists(found.correlate(friends))


@dataclass(frozen=True, slots=True)
class Question:
    """Of which account a predicate is asked, at which moment, and, where `only` is given, about whom."""

    account_id: int
    now: datetime
    attributes: JsonValues
    """Reads a friend's attributes."""
    fields: JsonValues
    """Reads an event's fields."""
    only: Only | None = None
    staged: Mapping[tuple[InSource, bool], int] = field(default_factory=dict)
    """What sources have answered, in `STAGED`: for whom it is true, and for whom it is false there."""
    among: Among = by_in
    """How it is asked whether a friend is in a set: one of ours, not of a source's."""
    names: Names | None = None
    """Ids of the account's tags and event types, where they are known. Looked up within the question, a database cannot
    know before how many friends have a tag, nor that those with one tag come in the order of their ids."""
    compiler: Callable[[Question], Compiler] = field(default_factory=lambda: Compiler)
    """Who compiles it: of everybody, each database is asked in a way of its own (`led_sql`, `words_sql`)."""


@dataclass(frozen=True, slots=True)
class Names:
    """Ids of all that has a name in an account."""

    tags: Mapping[str, int]
    event_types: Mapping[str, int]


def read_names(account_id: int, rows: Callable[[AnySelect], Iterable[Sequence[Anything]]]) -> Names:
    """As a store, or a copy, has them."""
    each = (
        {row[0]: row[1] for row in rows(sa.select(table.c.name, table.c.id).where(mine == account_id))}
        for table, mine in ((tags, tags.c.account_id), (event_types, event_types.c.account_id))
    )
    return Names(*each)


STAGED = sa.table("staged_friends", sa.column("answer", sa.Integer), sa.column("friend_id", sa.BigInteger))
"""A temporary table of whoever asks a question in which a source has a part."""


@dataclass(frozen=True, slots=True)
class History:
    """Where events of one type are found: whose, when, what is known of each, and which rows they are."""

    whose: ColumnElement[Anything]
    at: ColumnElement[Anything]
    fields: JsonValues
    rows: tuple[ColumnElement[bool], ...]


def conjuncts(predicate: Predicate, now: datetime) -> Iterator[Predicate]:
    """What all has to be true of a friend, with ages and anniversaries as the dates that they mean at this moment."""
    match predicate:
        case All():
            for part in predicate.parts:
                yield from conjuncts(part, now)
        case AgeIs() | Anniversary():
            yield from conjuncts(settled(predicate, now), now)
        case _:
            yield predicate


def asked_of_sources(predicate: Predicate, asked: Asked = Asked.TRUE) -> Iterator[tuple[InSource, bool]]:
    """What a question has to learn from sources first: of whom a part is true, or of whom it is false."""
    match predicate:
        case InSource():
            yield predicate, asked in (Asked.TRUE, Asked.NOT_TRUE)
        case All() | Any():
            for part in predicate.parts:
                yield from asked_of_sources(part, asked)
        case Not():
            yield from asked_of_sources(predicate.part, asked.inverted)
        case Maybe():
            yield from asked_of_sources(predicate.part, Asked.NOT_FALSE if asked in POSITIVE else Asked.FALSE)
        case _:
            return


def did(leaf: Happened, question: Question) -> sa.Select[Anything]:
    """Ids of a set of friends by their events, in any order and maybe several times: `Compiler.did`."""
    return question.compiler(question).did(leaf)


def selected(predicate: Predicate, question: Question) -> ColumnElement[bool]:
    """The friends of this account whom the predicate selects, among those whom the question is about."""
    root = sa.and_(reachable(question.account_id), Compiler(question).compile(predicate, Asked.TRUE).self_group())
    return root if question.only is None else sa.and_(question.only(friends.c.id), root)


def measured(leaf: Happened, question: Question) -> sa.Select[Anything]:
    """The events that a measure is about: `Compiler.measured`."""
    return question.compiler(question).measured(leaf)


def ids_of(predicate: Predicate, question: Question) -> AnySelect:
    """The ids of everybody whom the predicate selects, ascending."""
    return question.compiler(question).ids(predicate)


def number_of(predicate: Predicate, question: Question) -> sa.Select[Anything]:
    """How many the predicate selects."""
    return question.compiler(question).number(predicate)


class Compiler:
    """Compiles predicates about the store's friends; a source has other tables (`lineform.store.source_sql`)."""

    def __init__(self, question: Question) -> None:
        self._account_id = question.account_id
        self._now = question.now
        self._attributes = question.attributes
        self._fields = question.fields
        self._only = question.only
        self._staged = question.staged
        self._is_among = question.among
        self._names = question.names
        self._id: ColumnElement[Anything] = friends.c.id

    def everybody(self) -> ColumnElement[bool]:
        """Where a question about everybody looks, one friend after the other."""
        return reachable(self._account_id)

    def ids(self, predicate: Predicate) -> AnySelect:
        """See `ids_of`."""
        return sa.select(friends.c.id).where(self._whole(predicate)).order_by(friends.c.id)

    def number(self, predicate: Predicate) -> sa.Select[Anything]:
        """See `number_of`."""
        return sa.select(sa.func.count()).select_from(friends).where(self._whole(predicate))

    def leads(self, predicate: Predicate) -> bool:
        """Whether it is found by other means than asking everybody."""
        return False

    def settings(self, predicate: Predicate) -> Sequence[str]:
        """What the database is told beside such a question: PostgreSQL's settings."""
        return ()

    def which(self, predicates: Sequence[Predicate]) -> sa.Select[Anything]:
        """Everybody of whom one of these is true, each with which of them are: a bit for each."""
        zero: ColumnElement[int] = sa.literal_column("0", sa.Integer())
        bits = [
            sa.case((self.compile(one, Asked.TRUE), sa.literal_column(str(1 << place), sa.Integer())), else_=zero)
            for place, one in enumerate(predicates)
        ]
        # Behind a fence, or the bits are worked out for the condition and for their name.
        here = sa.select(friends.c.id, sum(bits, zero).label("bits")).where(self.everybody()).offset(0).subquery()
        return sa.select(here).where(here.c.bits != zero)

    def _whole(self, predicate: Predicate) -> ColumnElement[bool]:
        return sa.and_(reachable(self._account_id), self.compile(predicate, Asked.TRUE).self_group())

    def compile(self, predicate: Predicate, asked: Asked) -> ColumnElement[bool]:
        """True in SQL where the answer is as asked; false or NULL elsewhere, which AND, OR and WHERE treat alike."""
        match predicate:
            case All(parts=()):
                return sa.true() if asked in POSITIVE else sa.false()
            case All():
                return self._joined(predicate.parts, asked, conjunction=asked in POSITIVE)
            case Any(parts=()):
                raise ValueError("'any' without a part selects nobody and is refused")
            case Any():
                return self._joined(predicate.parts, asked, conjunction=asked not in POSITIVE)
            case Not():
                return self.compile(predicate.part, asked.inverted)
            case Maybe():
                # Never unknown itself: true where the part is not false.
                return self.compile(predicate.part, Asked.NOT_FALSE if asked in POSITIVE else Asked.FALSE)
            case InSource():
                true = asked in (Asked.TRUE, Asked.NOT_TRUE)
                members = sa.select(STAGED.c.friend_id).where(STAGED.c.answer == self._staged[predicate, true])
                inside = asked in (Asked.TRUE, Asked.FALSE)
                return self._among(members, inside=inside)
            case _:
                return self._leaf(predicate, asked)

    def _leaf(self, leaf: Leaf, asked: Asked) -> ColumnElement[bool]:
        positive = asked in POSITIVE
        match leaf:
            case HasTag():
                return self._tags([leaf.tag], having=positive, lasts=leaf.lasts)
            case AttributeIs():
                return attribute_is(leaf, self._attributes, asked)
            case AgeIs() | Anniversary():
                return self.compile(settled(leaf, self._now), asked)
            case FriendSince():
                column = friends.c.followed_at if leaf.follow == "latest" else friends.c.first_followed_at
                return with_unknown(
                    self._lies(column, leaf.start, leaf.end, positive=positive), column.is_(None), asked
                )
            case CameBy():
                # Compared with the empty text as well: it is what is told of nobody.
                column = friends.c[leaf.what]
                told = column.in_(leaf.words) if positive else column.not_in(leaf.words)
                return with_unknown(sa.and_(column != "", told), column == "", asked)
            case IsMember():
                return friends.c.member_id != "" if positive else friends.c.member_id == ""
            case Happened():
                return self._happened(leaf, positive=positive)

    def _joined(self, parts: tuple[Predicate, ...], asked: Asked, *, conjunction: bool) -> ColumnElement[bool]:
        """Tags side by side are one set: "one of these tags" where OR joins them, "none of these" where AND does."""
        having = asked in POSITIVE
        together = [part for part in parts if isinstance(part, HasTag) and part.lasts is None]
        named = [part.tag for part in together] if having != conjunction else []
        clauses = [self._tags(named, having=having)] if named else []
        clauses += [self.compile(p, asked) for p in parts if not (named and p in together)]
        return sa.and_(*clauses) if conjunction else sa.or_(*clauses)

    def _tags(self, names: list[str], *, having: bool, lasts: int | None = None) -> ColumnElement[bool]:
        return self._among(self.tagged(names, lasts), inside=having)

    def tagged(self, names: Sequence[str], lasts: int | None = None) -> sa.Select[Anything]:
        """Friends with one of these tags, those who block the account included."""
        members = sa.select(friend_tags.c.friend_id).where(self.tag_is(names))
        if lasts is not None:
            members = members.where(friend_tags.c.tagged_at > instant(lasts, self._now))
        if self._only is not None:
            # Else a question about one friend would gather everybody with the tag first.
            members = members.where(self._only(friend_tags.c.friend_id))
        return members

    def tag_is(self, names: Sequence[str]) -> ColumnElement[bool]:
        """Whether what is recorded of a tag is of one of these."""
        if self._names is None:
            asked = sa.select(tags.c.id).where(tags.c.account_id == self._account_id, tags.c.name.in_(names))
            return friend_tags.c.tag_id.in_(asked)
        numbers = [written(self._names.tags.get(name, _NOTHING)) for name in names]
        return friend_tags.c.tag_id == numbers[0] if len(numbers) == 1 else friend_tags.c.tag_id.in_(numbers)

    def _happened(self, leaf: Happened, *, positive: bool) -> ColumnElement[bool]:
        return self._among(self.did(leaf), inside=positive != of_nothing(leaf.measure))

    def did(self, leaf: Happened) -> sa.Select[Anything]:
        """A set of friends by their events, those who block the account included. Where nothing having happened is
        meant as well, the others are the set that can be found."""
        measure = leaf.measure
        nothing = of_nothing(measure)
        history, members = self._happenings(leaf)
        having = None
        match measure:
            case Count():
                beyond = _beyond(measure)
                if beyond is None:
                    having = between(sa.func.count(), measure, outside=nothing)
                else:
                    members = self._more_than(beyond, members, history)
            case Sum():
                amount = sa.func.sum(_amount(measure, history))
                having = between(sa.func.coalesce(amount, 0.0), measure, outside=nothing)
            case Edge():
                edge = sa.func.max(history.at) if measure.which == "last" else sa.func.min(history.at)
                having = self._lies(edge, measure.start, measure.end, positive=True)
        return members if having is None else members.group_by(history.whose).having(having)

    def measured(self, leaf: Happened) -> sa.Select[Anything]:
        """The events that a measure is about: whose each is, and what it adds, or when it was; neither is ever NULL."""
        history, events_of = self._happenings(leaf)
        match leaf.measure:
            case Count():
                value: ColumnElement[Anything] = sa.literal_column("1")
            case Sum():
                value = sa.func.coalesce(_amount(leaf.measure, history), 0.0)
            case Edge():
                value = history.at
        return events_of.add_columns(sa.cast(value, sa.Double()))

    def _happenings(self, leaf: Happened) -> tuple[History, sa.Select[Anything]]:
        history = self._history(leaf)
        return history, sa.select(history.whose).where(*history.rows, *self._those(leaf, history))

    def _more_than(self, number: int, members: sa.Select[Anything], history: History) -> sa.Select[Anything]:
        """Friends with more events than that. "At least once" needs no counting."""
        return members.group_by(history.whose).having(sa.func.count() > number) if number else members

    def _among(self, members: sa.Select[Anything], *, inside: bool) -> ColumnElement[bool]:
        """Whether a friend is in a set of ids, or is not. The set does not depend on the friend."""
        found = self._is_among(self._id, members)
        return found if inside else ~found

    def _history(self, leaf: Happened) -> History:
        rows = [events.c.type_id == self._type_id(leaf.event)]
        if self._only is not None:
            rows.append(self._only(events.c.friend_id))
        return History(events.c.friend_id, events.c.at, self._fields, tuple(rows))

    def _type_id(self, name: str) -> ColumnElement[Anything]:
        if self._names is not None:
            return written(self._names.event_types.get(name, _NOTHING))
        asked = sa.select(event_types.c.id)
        return asked.where(event_types.c.account_id == self._account_id, event_types.c.name == name).scalar_subquery()

    def _those(self, leaf: Happened, history: History) -> Iterator[ColumnElement[bool]]:
        yield self._lies(history.at, leaf.start, leaf.end, positive=True)
        for test in leaf.where:
            comparison, asked = (test.part, Asked.FALSE) if isinstance(test, Not) else (test, Asked.TRUE)
            if not isinstance(comparison, AttributeIs):
                raise TypeError(f"{type(comparison).__name__} is no comparison with a field")
            yield attribute_is(comparison, history.fields, asked)

    def _lies(
        self, moment: ColumnElement[Anything], start: Point | None, end: Point | None, *, positive: bool
    ) -> ColumnElement[bool]:
        """Whether a moment lies in a window and not in the future, or its opposite; NULL for an unknown one."""
        begin, before = window(start, end, self._now)
        if begin is None:
            return moment < before if positive else moment >= before
        if positive:
            return sa.and_(moment >= begin, moment < before)
        return sa.or_(moment < begin, moment >= before)


def written(value: int) -> ColumnElement[int]:
    """A number that stands in the SQL itself: what a plan is made for."""
    return sa.literal_column(str(value), sa.BigInteger())


def _amount(measure: Sum, history: History) -> ColumnElement[Anything]:
    """What an event adds to a sum; NULL where its field is no number."""
    return history.fields.typed(safe_name(measure.field), "number")


def is_once(measure: Count | Sum | Edge) -> bool:
    """Whether one event is enough for what is to be found."""
    return isinstance(measure, Count) and _beyond(measure) == 0


def _beyond(measure: Count) -> int | None:
    """More events than this is what is to be found, or what is not to be; None where too many are wrong as well."""
    low, high = bounds(measure).low, bounds(measure).high
    one = (high if low is None or low < 0 else None) if of_nothing(measure) else (low if high is None else None)
    return None if one is None else int(one)
