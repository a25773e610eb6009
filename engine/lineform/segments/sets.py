"""Many predicates about everybody at once: each is a set of friends, and whom rules sort where follows from the sets.

A tag, and whom one predicate selects, the store reads once each. What a set leaves out is everybody else, and of
alternatives that are found in different ways each is found in its own; so nobody is looked up in anything.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from operator import or_
from typing import Final, Protocol, TypeGuard

from lineform.segments.ids import IdSet
from lineform.segments.measures import of_nothing
from lineform.segments.predicate import (
    EVERYONE,
    All,
    Any,
    Happened,
    HasTag,
    InSource,
    Maybe,
    Not,
    Predicate,
    leaves,
)

_REMEMBERED: Final = 32
"""Sets that are kept for rules to come: some ten megabytes of ten million friends."""
_EACH: Final = 16
"""Predicates that are asked of a friend's row at once."""


class Sets(Protocol):
    """Friends of one account in one state of a store."""

    apart: bool
    """Whether one select is asked of friends' own rows only, or of one tag or source only, and everything else follows
    from such sets."""

    def everybody(self) -> IdSet:
        """Everybody who can be reached; asked for often."""
        ...

    def blocked(self) -> IdSet:
        """Everybody who blocks the account."""
        ...

    def tagged(self, *tags: str) -> IdSet:
        """Everybody with one of these tags, those who block the account included."""
        ...

    def did(self, leaf: Happened) -> IdSet:
        """A set of friends by their events, those who block the account included: of whom it is true, or, where it is
        true of somebody who did nothing as well, of whom it is not."""
        ...

    def selected(self, predicate: Predicate) -> IdSet:
        """Everybody who can be reached and of whom a predicate is true, by one select; of one tag or source, maybe with
        others."""
        ...

    def number(self, predicate: Predicate) -> int:
        """How many can be reached and a predicate is true of, by one select."""
        ...

    def selected_each(self, predicates: Sequence[Predicate]) -> Sequence[IdSet]:
        """The same of a few predicates about friends' own rows, which are best read once for all of them."""
        ...


def sort(rules: Sequence[Predicate], sets: Sets) -> Iterator[tuple[int, IdSet]]:
    """Everybody who can be reached, by the place of the first rule that is true of them, or the number of rules where
    none is. Places of nobody are left out."""
    asked = _Asked(rules, sets)
    left = sets.everybody()
    for place, rule in enumerate(rules):
        if not left:
            return
        mine = left & asked.true_of(rule)
        if mine:
            yield place, mine
            left -= mine
    if left:
        yield len(rules), left


def overlap(predicates: Sequence[Predicate], sets: Sets) -> dict[int, IdSet]:
    """Everybody who can be reached and of whom one of these is true, by which of them are, each a bit."""
    asked = _Asked(predicates, sets)
    found = {0: sets.everybody()}
    for place, predicate in enumerate(predicates):
        true = asked.true_of(predicate)
        parts = {bits | 1 << place: ids & true for bits, ids in found.items()}
        parts |= {bits: ids - true for bits, ids in found.items()}
        found = {bits: ids for bits, ids in parts.items() if ids}
    found.pop(0, None)
    return found


def selected_by(predicate: Predicate, sets: Sets) -> IdSet:
    """Everybody who can be reached and of whom a predicate is true."""
    if leaves_out(predicate):
        return sets.everybody() - _Asked([predicate], sets).left_out(predicate)
    if not sets.apart or _is_of_rows(predicate):
        return sets.selected(predicate)
    found = _Asked([predicate], sets).true_of(predicate)
    return found if _is_of_some_rows(predicate) else found - sets.blocked()


def number_of(predicate: Predicate, sets: Sets) -> int:
    """How many can be reached and a predicate is true of."""
    if leaves_out(predicate):
        # To count the others, only whom it leaves out has to be gathered.
        return sets.number(EVERYONE) - len(left_out(predicate, sets))
    if not sets.apart or _is_of_rows(predicate):
        return sets.number(predicate)
    return len(selected_by(predicate, sets))


def left_out(predicate: Predicate, sets: Sets) -> IdSet:
    """Everybody who can be reached and whom a predicate that `leaves_out` leaves out."""
    return _Asked([predicate], sets).left_out(predicate) - sets.blocked()


def leaves_out(predicate: Predicate) -> bool:
    """Whether a predicate means everybody but some who are gathered by their tags and events. Any other is asked best
    of a store by one select: it may lead to a few."""
    match predicate:
        case Happened():
            return of_nothing(predicate.measure)
        case Not(Happened() as leaf):
            return not of_nothing(leaf.measure)
        case Not(HasTag()):
            return True
        case Not(Any(parts)) if parts:
            return all(leaves_out(Not(part)) for part in parts)
        case All(parts) if parts:
            return all(map(leaves_out, parts))
        case _:
            return False


class _Asked:
    """Predicates that are asked of the same friends one after the other, and what some of them have in common."""

    def __init__(self, predicates: Sequence[Predicate], sets: Sets) -> None:
        self._sets = sets
        rows = Counter(rows for predicate in predicates for rows in _rows_in(predicate))
        self._shared = {one for one, times in rows.items() if times > 1}
        self._waiting = [one for one in dict.fromkeys(predicates) if _is_of_rows(one) and one != EVERYONE]
        self._known: OrderedDict[Predicate, IdSet] = OrderedDict()

    def true_of(self, predicate: Predicate) -> IdSet:
        """Everybody of whom it is true; with others, maybe, who cannot be reached."""
        match predicate:
            case HasTag(lasts=None):
                return self._remembered(predicate, lambda: self._sets.tagged(predicate.tag))
            case Happened():
                found = self._did(predicate)
                return self._sets.everybody() - found if of_nothing(predicate.measure) else found
            case Not(part) if is_gathered(part):
                return self._sets.everybody() - self.true_of(part)
            case Maybe(part) if is_gathered(part):
                return self.true_of(part)
            case All(()):
                return self._sets.everybody()
            case All(parts) if all(map(_is_of_tags, parts)) or leaves_out(predicate):
                return self._true_of_each(parts)
            case All(parts) if not self._shared.isdisjoint(_rows_in(predicate)):
                rows, others = _apart(parts)
                return self._selected(All(rows)) & self.true_of(All(others))
            case Any(parts) if self._sets.apart and len(tags := tuple(filter(_is_lasting_tag, parts))) > 1:
                found = self._remembered(Any(tags), lambda: self._sets.tagged(*(one.tag for one in tags)))
                rest = tuple(part for part in parts if part not in tags)
                return found | self.true_of(Any(rest)) if rest else found
            case Any(parts) if parts:
                rows, others = _apart(parts)
                each = [self.true_of(part) for part in others]
                return reduce(or_, [*each, self._selected(Any(rows))] if rows else each)
            case _ if not self._sets.apart or _is_of_rows(predicate):
                return self._selected(predicate)
            case _:
                return self._from_parts(predicate)

    def _from_parts(self, predicate: Predicate) -> IdSet:
        """The same, where nothing but one tag or one source is asked beside friends' own rows."""
        match predicate:
            case All(parts):
                rows, others = _apart(parts)
                return self._true_of_each((All(rows), *others) if rows else others)
            case Maybe(part):
                return self._sets.everybody() - self.true_of(Not(part))
            case Not(All(parts)):
                return self.true_of(Any(tuple(map(Not, parts))))
            case Not(Any(parts)):
                return self.true_of(All(tuple(map(Not, parts))))
            case Not(Not(part)):
                return self.true_of(part)
            case Not(Maybe(part)):
                return self.true_of(Not(part))
            case _:
                return self._selected(predicate)

    def _true_of_each(self, parts: Sequence[Predicate]) -> IdSet:
        found = self.true_of(parts[0])
        for part in parts[1:]:
            if not found:
                break
            found &= self.true_of(part)
        return found

    def left_out(self, predicate: Predicate) -> IdSet:
        """Everybody whom a predicate that `leaves_out` leaves out; with others, maybe, who cannot be reached."""
        match predicate:
            case Happened():
                return self._did(predicate)
            case Not(part):
                return self.true_of(part)
            case All(parts):
                return reduce(or_, map(self.left_out, parts))
            case _:
                raise ValueError(f"a {type(predicate).__name__} leaves nobody out")

    def _did(self, leaf: Happened) -> IdSet:
        return self._remembered(leaf, lambda: self._sets.did(leaf))

    def _selected(self, predicate: Predicate) -> IdSet:
        if predicate in self._waiting:
            each, self._waiting = self._waiting[:_EACH], self._waiting[_EACH:]
            for one, found in zip(each, self._sets.selected_each(each), strict=True):
                self._remember(one, found)
        return self._remembered(predicate, lambda: self._sets.selected(predicate))

    def _remembered(self, asked: Predicate, answer: Callable[[], IdSet]) -> IdSet:
        found = self._known.pop(asked, None)
        return self._remember(asked, answer() if found is None else found)

    def _remember(self, asked: Predicate, found: IdSet) -> IdSet:
        self._known[asked] = found
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return found


def _rows_in(predicate: Predicate) -> Iterator[Predicate]:
    """What conjunctions ask of friends' own rows beside their tags and events."""
    match predicate:
        case All(parts):
            rows, others = _apart(parts)
            if rows and others:
                yield All(rows)
        case Any(parts):
            for part in parts:
                yield from _rows_in(part)


def _apart(parts: tuple[Predicate, ...]) -> tuple[tuple[Predicate, ...], tuple[Predicate, ...]]:
    """What is about a friend's own row alone, and what is not."""
    return tuple(filter(_is_of_rows, parts)), tuple(part for part in parts if not _is_of_rows(part))


def is_gathered(predicate: Predicate) -> bool:
    """Whether it is about tags and events alone, and so never unknown: whom it is not true of, it is false of."""
    return all(isinstance(leaf, HasTag | Happened) for leaf in leaves(predicate))


def _is_of_tags(predicate: Predicate) -> bool:
    return all(map(_is_lasting_tag, leaves(predicate)))


def _is_lasting_tag(predicate: Predicate) -> TypeGuard[HasTag]:
    return isinstance(predicate, HasTag) and predicate.lasts is None


def _is_of_rows(predicate: Predicate) -> bool:
    """Whether it is about a friend's own row alone: however many such conditions are asked at once, it is read once."""
    return not any(isinstance(leaf, HasTag | Happened | InSource) for leaf in leaves(predicate))


def _is_of_some_rows(predicate: Predicate) -> bool:
    """Whether nobody is selected but out of rows that were asked: of these, all can be reached."""
    return isinstance(predicate, All) and any(map(_is_of_rows, predicate.parts))
