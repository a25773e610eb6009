"""The plain reading of a predicate about one friend: the meaning that every database's select must agree with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import fsum

from lineform.errors import BlockedError
from lineform.segments.calendar import instant, settled, to_millisecond
from lineform.segments.friend import Event, Friend, Value
from lineform.segments.measures import bounds
from lineform.segments.predicate import (
    AgeIs,
    All,
    Anniversary,
    Any,
    AttributeIs,
    AttributeType,
    CameBy,
    Count,
    Edge,
    FieldTest,
    FriendSince,
    Happened,
    HasTag,
    InSource,
    IsMember,
    Maybe,
    Not,
    Operand,
    Point,
    Predicate,
    Sum,
)


def matches(predicate: Predicate, friend: Friend, now: datetime) -> bool | None:
    """True, False, or None where it cannot be known. Whether the friend can be reached is no part of it.

    Raises ValueError where the predicate is about events and the friend was read without them.
    """
    match predicate:
        case AttributeIs():
            return compare(predicate, known_value(friend.attributes, predicate.attribute, predicate.type))
        case HasTag():
            return tagged(predicate, friend, now)
        case AgeIs() | Anniversary():
            return matches(settled(predicate, now), friend, now)
        case FriendSince():
            followed = friend.followed_at if predicate.follow == "latest" else friend.first_followed_at
            return None if followed is None else _lies(followed, predicate.start, predicate.end, now)
        case CameBy():
            told = came_by(predicate, friend)
            return told in predicate.words if told else None
        case IsMember():
            return bool(friend.member_id)
        case Happened():
            return measured(predicate, counted(predicate, friend, now), now)
        case All():
            return every([matches(part, friend, now) for part in predicate.parts])
        case Any():
            return some([matches(part, friend, now) for part in predicate.parts])
        case Not():
            inside = matches(predicate.part, friend, now)
            return None if inside is None else not inside
        case Maybe():
            return matches(predicate.part, friend, now) is not False
        case InSource():
            there = as_known_there(predicate, friend)
            return None if there is None else matches(predicate.part, there, now)


def as_known_there(asked: InSource, friend: Friend) -> Friend | None:
    """The same person as a source knows them; None where it does not. Raises `BlockedError` where nobody asked it."""
    if friend.sources is None or asked.source.name not in friend.sources:
        raise BlockedError(
            f"only the source '{asked.source.name}' knows who this is about, and it is not asked here",
            hint="count the segment, or plan and run its campaign: those ask it",
        )
    return friend.sources[asked.source.name]


def every(parts: list[bool | None]) -> bool | None:
    """Kleene's "and"."""
    if False in parts:
        return False
    return None if None in parts else True


def some(parts: list[bool | None]) -> bool | None:
    """Kleene's "or"."""
    if True in parts:
        return True
    return None if None in parts else False


def tagged(leaf: HasTag, friend: Friend, now: datetime) -> bool:
    """Whether the friend has the tag, and it has not expired."""
    if leaf.tag not in friend.tags:
        return False
    given = friend.tagged_at.get(leaf.tag)
    return leaf.lasts is None or given is None or given > instant(leaf.lasts, now)


def came_by(leaf: CameBy, friend: Friend) -> str:
    """What was told of the friend; empty where nothing was."""
    return {"language": friend.language, "first_route": friend.first_route, "last_route": friend.last_route}[leaf.what]


def counted(leaf: Happened, friend: Friend, now: datetime) -> list[Event]:
    """The friend's events that the condition is about, the earliest first."""
    if friend.events is None:
        raise ValueError("this friend was read without events")
    about = (event for event in friend.events if event.type == leaf.event)
    within = (event for event in about if _lies(event.at, leaf.start, leaf.end, now))
    return sorted((e for e in within if all(_passes(test, e.fields) for test in leaf.where)), key=lambda e: e.at)


def measured(leaf: Happened, events: Sequence[Event], now: datetime) -> bool:
    """Whether these events come to what the condition asks."""
    match leaf.measure:
        case Count():
            return bounds(leaf.measure).holds(len(events))
        case Sum():
            return bounds(leaf.measure).holds(total(leaf.measure.field, events))
        case Edge(which, start, end):
            return bool(events) and _lies(events[0 if which == "first" else -1].at, start, end, now)


def total(field: str, events: Sequence[Event]) -> float:
    """What a field adds up to; an event without it adds nothing."""
    amounts = (known_value(event.fields, field, "number") for event in events)
    return fsum(amount for amount in amounts if isinstance(amount, float))


def _passes(test: FieldTest, fields: Mapping[str, Value]) -> bool:
    if isinstance(test, AttributeIs):
        return compare(test, known_value(fields, test.attribute, test.type)) is True
    inside = test.part
    if not isinstance(inside, AttributeIs):
        raise TypeError(f"{type(inside).__name__} is no comparison with a field")
    return compare(inside, known_value(fields, inside.attribute, inside.type)) is False


def _lies(moment: datetime, start: Point | None, end: Point | None, now: datetime) -> bool:
    """Whether a moment lies in a window and not in the future."""
    if moment >= to_millisecond(now) + timedelta(milliseconds=1):
        return False
    return (start is None or moment >= instant(start, now)) and (end is None or moment < instant(end, now))


def known_value(values: Mapping[str, Value], attribute: str, declared: AttributeType) -> Value | None:
    """The value, or None where it is unknown. One of another type, from before the declaration changed, is unknown."""
    value = values.get(attribute)
    match declared:
        case "number":
            return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
        case "bool":
            return value if isinstance(value, bool) else None
        case "set":
            return value if isinstance(value, tuple) else None
        case "text" | "date" | "enum":
            return value if isinstance(value, str) else None


def compare(leaf: AttributeIs, value: Value | None) -> bool | None:
    """One comparison with a value that has the leaf's type, or with None."""
    if leaf.comparison == "known":
        return (value is not None) == leaf.operands[0]
    if value is None:
        return None
    operands = leaf.operands
    if isinstance(value, tuple):
        return set(operands) <= set(value) if leaf.comparison == "all_of" else bool(set(operands) & set(value))
    match leaf.comparison:
        case "is" | "in":
            return value in operands
        case "month_day":
            return str(value)[5:10] in operands
        case "starts_with":
            return str(value).startswith(str(operands[0]))
        case "all_of":
            raise ValueError("'all_of' is for sets")
        case _:
            return _ordered(leaf, value)


def _ordered(leaf: AttributeIs, value: Operand) -> bool:
    low, high = leaf.operands[0], leaf.operands[-1]
    if isinstance(value, str) and isinstance(low, str) and isinstance(high, str):
        return _within(leaf.comparison, value, low, high)
    if isinstance(value, float) and not isinstance(low, str) and not isinstance(high, str):
        return _within(leaf.comparison, value, float(low), float(high))
    raise ValueError(f"'{leaf.comparison}' cannot compare {leaf.type} '{leaf.attribute}'")


def _within(comparison: str, value: str | float, low: str | float, high: str | float) -> bool:
    checks = {
        "above": lambda: value > low,  # type: ignore[operator]
        "at_least": lambda: value >= low,  # type: ignore[operator]
        "below": lambda: value < high,  # type: ignore[operator]
        "at_most": lambda: value <= high,  # type: ignore[operator]
        "between": lambda: low <= value <= high,  # type: ignore[operator]
    }
    return bool(checks[comparison]())
