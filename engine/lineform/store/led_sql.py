"""How SQLite is asked about everybody: what leads is said, since it keeps no counts of what a condition selects.

A conjunction is led by its narrowest part: a tag, an indexed attribute that is some word, an event. Whom that part
selects is gathered through one index, in the order of ids, and only these are asked the rest: tags and indexed words as
sets of ids, which need no friend's row; then the row; events last, friend by friend, through an index that is walked in
the same order. What must not lead is hidden from the indexes by a plus sign, as SQLite's own documentation has it
(https://www.sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_).

Where nothing leads, everybody is asked by id, and whom a set leaves out (`EXCEPT`) is merged with them: both come in
the order of ids, and no set has to be looked up. Events that are a set are gathered in the best of the ways that lead
to them (`lineform.store.ways`).

Measured with a million friends, processor seconds: five conditions 0.1 instead of 1.4, three attributes 0.03 instead of
0.3, everybody but those who tapped a link 0.17 instead of 0.26.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter
from typing import Any as Anything
from typing import Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from lineform.segments.measures import of_nothing
from lineform.segments.predicate import (
    All,
    Any,
    AttributeIs,
    Happened,
    HasTag,
    Indexed,
    InSource,
    Not,
    Predicate,
)
from lineform.store.comparison_sql import Asked
from lineform.store.driver_sql import AnySelect
from lineform.store.hot import MEANT
from lineform.store.json_values import SqliteValues
from lineform.store.predicate_sql import Compiler, History, Question, conjuncts, reachable
from lineform.store.tables import events, friends
from lineform.store.ways import Way, Ways

_AT: ColumnElement[datetime] = sa.literal_column("+events.at", events.c.at.type)
_WHOSE: ColumnElement[int] = sa.literal_column("+events.friend_id", sa.BigInteger())
_ID: ColumnElement[int] = sa.literal_column("+friends.id", sa.BigInteger())
_MERGED: Final = 8
"""Sets that are merged with everybody at once; SQLite takes no more than 500."""
_WORDS: Final = ("is", "in")
_RANGES: Final = ("above", "at_least", "below", "at_most", "between")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a store before it is asked."""

    indexes: Sequence[Indexed]
    """Over attributes."""
    ways: Ways

    def finds(self, part: AttributeIs) -> bool:
        """Whether there is an index over this attribute alone."""
        return {part.attribute: part.type} in self.indexes


class _Walking(Compiler):
    """Compiles sets of friends' ids, each gathered in the way that is best for it."""

    def __init__(self, question: Question, known: Known) -> None:
        super().__init__(question)
        self._known = known

    def _history(self, leaf: Happened) -> History:
        """SQLite by itself guesses that little lies in a window, and likes to sort nothing: what it must not go by is
        hidden from it."""
        history = super()._history(leaf)
        in_order = self._known.ways[leaf] is Way.IN_ORDER
        return replace(history, at=_AT) if in_order else replace(history, whose=_WHOSE)


class _Gathering(_Walking):
    """What both below have in common: sets stand beside what leads, and lead nothing themselves."""

    def __init__(self, question: Question, known: Known) -> None:
        super().__init__(replace(question, among=_hidden_in), known)
        self._question = question
        self._one_by_one = _OneByOne(question)

    def _gathered(self, those: ColumnElement[bool]) -> sa.Select[Anything]:
        return sa.select(friends.c.id).where(reachable(self._account_id), those).correlate(None)

    def _leading(self, part: Predicate) -> ColumnElement[bool]:
        """A part as its index finds it: hidden from none."""
        return _Walking(self._question, self._known).compile(part, Asked.TRUE)

    def _width(self, part: Predicate) -> float:
        return _width(part, self._known)


class LedCompiler(_Gathering):
    """Compiles a question about everybody: asked of one after the other, or of those whom the narrowest part leads
    to."""

    def everybody(self) -> ColumnElement[bool]:
        """By ids: the index with the least in it, and in which the next friend's row, tags and events are near."""
        return sa.and_(super().everybody(), friends.c.id > 0)

    def ids(self, predicate: Predicate) -> AnySelect:
        apart = self._without(predicate)
        return super().ids(predicate) if apart is None else apart.order_by(sa.text("1"))

    def number(self, predicate: Predicate) -> sa.Select[Anything]:
        apart = self._without(predicate)
        if apart is None:
            return super().number(predicate)
        # Ordered, or SQLite would gather what it only has to merge.
        return sa.select(sa.func.count()).select_from(apart.order_by(sa.text("1")).subquery())

    def leads(self, predicate: Predicate) -> bool:
        return bool(self._lead(conjuncts(predicate, self._now)))

    def did(self, leaf: Happened) -> sa.Select[Anything]:
        if self._known.ways[leaf] is not Way.ONE_BY_ONE:
            return super().did(leaf)
        asked = Asked.FALSE if of_nothing(leaf.measure) else Asked.TRUE
        return sa.select(friends.c.id).where(self.everybody(), self._one_by_one.compile(leaf, asked))

    def compile(self, predicate: Predicate, asked: Asked) -> ColumnElement[bool]:
        """What is led is a set of its own here, as are words in an index: no friend's row is read for them."""
        if isinstance(predicate, Happened) and self._known.ways[predicate] is Way.ONE_BY_ONE:
            return self._one_by_one.compile(predicate, asked)
        if asked is Asked.TRUE and isinstance(predicate, All | AttributeIs):
            led = self._days(predicate) if isinstance(predicate, AttributeIs) else None
            led = self._led(predicate) if led is None and not _is_range(predicate) else led
            if led is not None:
                return self._among(self._gathered(led), inside=True)
        return super().compile(predicate, asked)

    def _whole(self, predicate: Predicate) -> ColumnElement[bool]:
        """Led by its narrowest part, where there is one."""
        led = self._led(predicate)
        if led is not None:
            return sa.and_(reachable(self._account_id), led)
        return sa.and_(self.everybody(), self.compile(predicate, Asked.TRUE).self_group())

    def _without(self, predicate: Predicate) -> sa.CompoundSelect[Anything] | None:
        """Whom a conjunction selects without those whom it leaves out; None where something leads, or nobody is left
        out."""
        parts = list(_together(conjuncts(predicate, self._now)))
        left_out = [part for part in parts if _leaves_out(part, self._known.ways)][:_MERGED]
        if not left_out or self._lead(parts):
            return None
        asked = [self.compile(part, Asked.TRUE) for part in parts if part not in left_out]
        mine = sa.select(friends.c.id).where(self.everybody(), *asked)
        return sa.except_(mine, *(self._left_out(part) for part in left_out))

    def _left_out(self, part: Predicate) -> sa.Select[Anything]:
        walking = _Walking(self._question, self._known)
        match part:
            case Not(Any(parts)):
                return walking.tagged([one.tag for one in parts if isinstance(one, HasTag)])
            case Not(HasTag(tag, lasts)):
                return walking.tagged([tag], lasts)
            case (Happened() as leaf) | Not(Happened() as leaf):
                return walking.did(leaf)
            case _:
                raise TypeError(f"{type(part).__name__} leaves out no set")

    def _led(self, predicate: Predicate) -> ColumnElement[bool] | None:
        parts = sorted(conjuncts(predicate, self._now), key=self._width)
        first = self._lead(parts)
        if not first:
            return None
        together = [MEANT] if len(first) > 1 else []
        lead = sa.and_(*together, *map(self._leading, first))
        others = [part for part in parts if part not in first]
        if together or (others and _is_range(first[0])):
            # As a set it leads in the order of ids, and not of the values: friends' rows lie in that order. And where
            # ids are asked for in their order, an index over several attributes would not be taken outside of a set.
            lead = friends.c.id.in_(self._gathered(lead))
        beside = _Beside(self._question, self._known)
        return sa.and_(lead, *(beside.compile(part, Asked.TRUE) for part in others))

    def _lead(self, parts: Iterable[Predicate]) -> Sequence[Predicate]:
        """What is the narrowest in a conjunction: a part, or several that one index finds together. Nothing where no
        index finds any."""
        known = list(parts)
        found: list[tuple[float, tuple[Predicate, ...]]] = [(self._width(part), (part,)) for part in known]
        found += [(_share(along), along) for index in self._known.indexes if len(along := _along(index, known)) > 1]
        width, first = min(found, key=itemgetter(0), default=(math.inf, ()))
        return first if width < math.inf else ()

    def _days(self, part: AttributeIs) -> ColumnElement[bool] | None:
        """Days of the year out of an index over dates, which is read through for them."""
        if part.comparison != "month_day" or not self._known.finds(part):
            return None
        date = self._question.attributes.typed(part.attribute, part.type)
        return sa.and_(date >= "", self._leading(part))


class _Beside(_Gathering):
    """Compiles what is asked of those whom something leads to."""

    def __init__(self, question: Question, known: Known) -> None:
        super().__init__(question, known)
        self._attributes = SqliteValues(sa.literal_column("+friends.attributes"))

    def compile(self, predicate: Predicate, asked: Asked) -> ColumnElement[bool]:
        if isinstance(predicate, Happened) and not _has_link(predicate):
            return self._one_by_one.compile(predicate, asked)
        if asked is Asked.TRUE and self._is_word(predicate):
            return self._among(self._gathered(self._leading(predicate)), inside=True)
        return super().compile(predicate, asked)

    def _is_word(self, part: Predicate) -> bool:
        return isinstance(part, AttributeIs) and part.comparison in _WORDS and self._width(part) < math.inf


class _OneByOne(Compiler):
    """Compiles a condition about events to be asked friend by friend, of each friend's events alone."""

    def __init__(self, question: Question) -> None:
        fields = SqliteValues(sa.literal_column("+events.fields"))
        super().__init__(replace(question, fields=fields, only=_the_friend, among=_where_it_is_about))

    def _more_than(self, number: int, members: sa.Select[Anything], history: History) -> sa.Select[Anything]:
        """Whoever has one more, of whom the others are not counted."""
        return members.limit(1).offset(number) if number else members


def _hidden_in(_id: ColumnElement[Anything], members: sa.Select[Anything]) -> ColumnElement[bool]:
    return _ID.in_(members)


def _the_friend(id_: ColumnElement[int]) -> ColumnElement[bool]:
    return id_ == friends.c.id


def _where_it_is_about(_id: ColumnElement[Anything], members: sa.Select[Anything]) -> ColumnElement[bool]:
    """`members` is about one friend already."""
    return members.correlate(friends).exists()


def _along(index: Indexed, parts: Iterable[Predicate]) -> tuple[Predicate, ...]:
    """What one walk along an index finds: words of its first attributes, and a range of the next one."""
    compared = [part for part in parts if isinstance(part, AttributeIs)]
    found: list[Predicate] = []
    for attribute, kind in index.items():
        here = [part for part in compared if (part.attribute, part.type) == (attribute, kind)]
        words = [part for part in here if part.comparison in _WORDS]
        found += words or filter(_is_range, here)
        if not words:
            break
    return tuple(found)


def _share(parts: Sequence[Predicate]) -> float:
    """How many of a hundred friends several parts may select together, by the same guesses."""
    return 100 * math.prod(_guess(part) / 100 for part in parts)


def _is_range(part: Predicate) -> bool:
    return isinstance(part, AttributeIs) and part.comparison in _RANGES


def _has_link(leaf: Happened) -> bool:
    """Taps of some links, which have an index of their own: a small set, found without reading any event."""
    tests = (part for part in leaf.where if isinstance(part, AttributeIs))
    return any(part.attribute == "link" and part.comparison in _WORDS for part in tests)


def _leaves_out(part: Predicate, ways: Ways) -> bool:
    """Whether a part means everybody but those of one set."""
    match part:
        case Happened():
            return of_nothing(part.measure) and ways[part] is not Way.ONE_BY_ONE
        case Not(Happened() as leaf):
            return not of_nothing(leaf.measure) and ways[leaf] is not Way.ONE_BY_ONE
        case Not(HasTag()):
            return True
        case Not(Any(parts)):
            return all(_is_lasting_tag(one) for one in parts)
        case _:
            return False


def _together(parts: Iterable[Predicate]) -> Iterator[Predicate]:
    """Tags that friends must not have as one part, which is one set."""
    unwanted: list[Predicate] = []
    for part in parts:
        match part:
            case Not(Any(several)) if all(map(_is_lasting_tag, several)):
                unwanted += several
            case Not(one) if _is_lasting_tag(one):
                unwanted.append(one)
            case _:
                yield part
    if unwanted:
        yield Not(Any(tuple(unwanted)))


def _is_lasting_tag(part: Predicate) -> bool:
    return isinstance(part, HasTag) and part.lasts is None


def _width(part: Predicate, known: Known) -> float:
    """How many of a hundred friends a part may select, beside others; infinite for what no index finds."""
    match part:
        case AttributeIs() if not known.finds(part):
            return math.inf
        case Happened() if not of_nothing(part.measure):
            return {Way.BY_TIME: 10, Way.IN_ORDER: 50, Way.ONE_BY_ONE: math.inf}[known.ways[part]]
        case _:
            return _guess(part)


def _guess(part: Predicate) -> float:
    """The same of what an index finds, where there is one: only their order depends on it."""
    match part:
        case HasTag():
            return 1
        case Any() if all(map(_is_lasting_tag, part.parts)):
            return len(part.parts)
        case AttributeIs() if part.comparison in _WORDS and part.type != "set":
            return 1.5 * len(part.operands)
        case AttributeIs() if part.comparison in _RANGES:
            return 20
        case InSource():
            return 10
        case _:
            return math.inf
