"""Many predicates about everybody at once: each is a set of friends, and whom rules sort where follows from the sets.

A tag, and whom one predicate selects, the store reads once each. What a set leaves out is everybody else, and of
alternatives that are found in different ways each is found in its own; so nobody is looked up in anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import and_, or_
from typing import Protocol

from lineform.segments.ids import IdSet
from lineform.segments.measures import of_nothing
from lineform.segments.predicate import All, Any, Happened, HasTag, Maybe, Not, Predicate


class Sets(Protocol):
    """Friends of one account in one state of a store. What is asked for twice is remembered, or costs little."""

    def everybody(self) -> IdSet:
        """Everybody who can be reached."""
        ...

    def tagged(self, tag: str) -> IdSet:
        """Everybody with a tag, those who block the account included."""
        ...

    def did(self, leaf: Happened) -> IdSet:
        """A set of friends by their events, those who block the account included: of whom it is true, or, where it is
        true of somebody who did nothing as well, of whom it is not."""
        ...

    def selected(self, predicate: Predicate) -> IdSet:
        """Everybody of whom a predicate is true, by one select."""
        ...


def sort(rules: Sequence[Predicate], sets: Sets) -> Iterator[tuple[int, IdSet]]:
    """Everybody who can be reached, by the place of the first rule that is true of them, or the number of rules where
    none is. Places of nobody are left out."""
    left = sets.everybody()
    for place, rule in enumerate(rules):
        if not left:
            return
        mine = left & true_of(rule, sets)
        if mine:
            yield place, mine
            left -= mine
    if left:
        yield len(rules), left


def overlap(predicates: Sequence[Predicate], sets: Sets) -> dict[int, IdSet]:
    """Everybody who can be reached and of whom one of these is true, by which of them are, each a bit."""
    found = {0: sets.everybody()}
    for place, predicate in enumerate(predicates):
        true = true_of(predicate, sets)
        parts = {bits | 1 << place: ids & true for bits, ids in found.items()}
        parts |= {bits: ids - true for bits, ids in found.items()}
        found = {bits: ids for bits, ids in parts.items() if ids}
    found.pop(0, None)
    return found


def selected_by(predicate: Predicate, sets: Sets) -> IdSet:
    """Everybody who can be reached and of whom a predicate is true."""
    return sets.everybody() & true_of(predicate, sets) if leaves_out(predicate) else sets.selected(predicate)


def leaves_out(predicate: Predicate) -> bool:
    """Whether a predicate means everybody but some who are gathered by their tags and events. Any other is asked best
    by one select: it may lead to a few."""
    match predicate:
        case Happened():
            return of_nothing(predicate.measure)
        case Not(Happened() as leaf):
            return not of_nothing(leaf.measure)
        case Not(HasTag()):
            return True
        case Not(Any(parts)):
            return all(leaves_out(Not(part)) for part in parts)
        case All(parts):
            return bool(parts) and all(map(leaves_out, parts))
        case _:
            return False


def true_of(predicate: Predicate, sets: Sets) -> IdSet:
    """Everybody of whom a predicate is true; with others, maybe, who cannot be reached."""
    match predicate:
        case HasTag(lasts=None):
            return sets.tagged(predicate.tag)
        case Happened():
            found = sets.did(predicate)
            return sets.everybody() - found if of_nothing(predicate.measure) else found
        case Not(part) if _is_gathered(part):
            return sets.everybody() - true_of(part, sets)
        case Maybe(part) if _is_gathered(part):
            return true_of(part, sets)
        case All(()):
            return sets.everybody()
        case All(parts) if all(map(_is_of_tags, parts)) or leaves_out(predicate):
            return reduce(and_, (true_of(part, sets) for part in parts))
        case Any(parts):
            rows = tuple(part for part in parts if _is_of_rows(part))
            apart = [true_of(part, sets) for part in parts if part not in rows]
            return reduce(or_, [*apart, sets.selected(Any(rows))] if rows else apart)
        case _:
            return sets.selected(predicate)


def _is_gathered(predicate: Predicate) -> bool:
    """Whether it is about tags and events alone, and so never unknown: whom it is not true of, it is false of."""
    match predicate:
        case HasTag() | Happened():
            return True
        case Any(parts) | All(parts):
            return all(map(_is_gathered, parts))
        case Not(part) | Maybe(part):
            return _is_gathered(part)
        case _:
            return False


def _is_of_tags(predicate: Predicate) -> bool:
    match predicate:
        case HasTag(lasts=None):
            return True
        case Any(parts) | All(parts):
            return all(map(_is_of_tags, parts))
        case Not(part):
            return _is_of_tags(part)
        case _:
            return False


def _is_of_rows(predicate: Predicate) -> bool:
    """Whether it is about a friend's own row alone: however many such conditions are asked at once, it is read once."""
    match predicate:
        case HasTag() | Happened():
            return False
        case Any(parts) | All(parts):
            return all(map(_is_of_rows, parts))
        case Not(part) | Maybe(part):
            return _is_of_rows(part)
        case _:
            return True
