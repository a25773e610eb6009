"""Conditions as sentences, for explanations."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lineform.model.base import duration_text
from lineform.segments.friend import Value
from lineform.segments.predicate import (
    AgeIs,
    All,
    Anniversary,
    Any,
    AttributeIs,
    CameBy,
    Count,
    Edge,
    FieldTest,
    FriendSince,
    Happened,
    HasTag,
    InSource,
    IsMember,
    Leaf,
    Maybe,
    Not,
    Operand,
    Point,
    Predicate,
    Sum,
)

_PHRASES = {
    "is": "is {}",
    "in": "is one of {}",
    "above": "is above {}",
    "at_least": "is at least {}",
    "below": "is below {}",
    "at_most": "is at most {}",
    "starts_with": "starts with {}",
    "all_of": "contains all of {}",
    "month_day": "falls on {}",
}
_SET_PHRASES = {"is": "contains {}", "in": "contains one of {}", "all_of": "contains all of {}"}
_NEGATED = {"is": "is not {}", "in": "is none of {}"}
_NEGATED_SET = {"is": "does not contain {}", "in": "contains none of {}"}
_CAME_BY = {"language": "language", "first_route": "first route", "last_route": "last route"}


def sentence(leaf: Leaf, timezone: str) -> str:
    """A condition about one friend as people would say it, on the clocks of a time zone."""
    match leaf:
        case AttributeIs():
            return _attribute(leaf)
        case HasTag(tag, lasts):
            return f"has tag {tag}" + ("" if lasts is None else f", given within {_length(lasts)}")
        case AgeIs():
            years = " to ".join(map(str, leaf.years))
            phrase = "is from {}" if leaf.comparison == "between" else _PHRASES[leaf.comparison]
            return f"age by {leaf.attribute} {phrase.format(years)}"
        case Anniversary():
            return f"anniversary of {leaf.attribute} is {_span(leaf.span)}"
        case FriendSince():
            first = " first" if leaf.follow == "first" else ""
            return f"followed{first} {_window(leaf.start, leaf.end, timezone)}"
        case CameBy(what, words):
            return f"{_CAME_BY[what]} is {'one of ' if len(words) > 1 else ''}{', '.join(words)}"
        case IsMember():
            return "is linked to a member"
        case Happened():
            return _happened(leaf, timezone)


def phrase(predicate: Predicate, timezone: str) -> str:
    """A whole condition in one line."""
    match predicate:
        case All(parts=()):
            return "everyone"
        case All(parts):
            return " and ".join(_inside(part, timezone) for part in parts)
        case Any(parts):
            return " or ".join(_inside(part, timezone) for part in parts)
        case Not(part):
            return f"not ({phrase(part, timezone)})"
        case Maybe(part):
            return f"possibly ({phrase(part, timezone)})"
        case InSource(source, part):
            return f"{phrase(part, timezone)}, as {source.name} knows the friend"
        case _:
            return sentence(predicate, timezone)


def _inside(part: Predicate, timezone: str) -> str:
    said = phrase(part, timezone)
    return f"({said})" if isinstance(part, All | Any) and len(part.parts) > 1 else said


def plain(value: Value | Operand) -> str:
    """A value as people write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value) or "empty"
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value) or "empty"


def moment(when: datetime, timezone: str) -> str:
    """A moment on the clocks of a time zone, to the minute."""
    return f"{when.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M}"


def _attribute(leaf: AttributeIs) -> str:
    name, operands = leaf.attribute, leaf.operands
    if leaf.comparison == "known":
        return f"{name} is {'known' if operands[0] else 'unknown'}"
    if leaf.comparison == "between":
        return f"{name} is from {plain(operands[0])} to {plain(operands[1])}"
    phrases = _SET_PHRASES if leaf.type == "set" else _PHRASES
    return f"{name} {phrases[leaf.comparison].format(', '.join(map(plain, operands)))}"


def _test(test: FieldTest) -> str:
    if isinstance(test, AttributeIs):
        return _attribute(test)
    leaf = test.part
    if not isinstance(leaf, AttributeIs) or leaf.comparison not in _NEGATED:
        raise ValueError("only 'is' and 'in' are negated in a field's test")
    phrases = _NEGATED_SET if leaf.type == "set" else _NEGATED
    return f"{leaf.attribute} {phrases[leaf.comparison].format(', '.join(map(plain, leaf.operands)))}"


def _happened(leaf: Happened, timezone: str) -> str:
    where = f" where {' and '.join(_test(test) for test in leaf.where)}" if leaf.where else ""
    window = "" if leaf.start is None and leaf.end is None else f" {_window(leaf.start, leaf.end, timezone)}"
    return f"{leaf.event}{where}{window}: {_measure(leaf.measure, timezone)}"


def _measure(measure: Count | Sum | Edge, timezone: str) -> str:
    match measure:
        case Count("is", (0,)):
            return "never"
        case Count(comparison, operands):
            times = "time" if operands == (1,) else "times"
            return f"{_numbers(comparison, operands)} {times}"
        case Sum(field, comparison, operands):
            return f"{field} adds up to {_numbers(comparison, operands)}"
        case Edge(which, start, end):
            return f"the {which} one {_window(start, end, timezone)}"


def _numbers(comparison: str, operands: tuple[float, ...]) -> str:
    words = {"is": "exactly", "above": "more than", "at_least": "at least", "below": "less than", "at_most": "at most"}
    if comparison == "between":
        return f"from {plain(operands[0])} to {plain(operands[1])}"
    return f"{words[comparison]} {plain(operands[0])}"


def _span(span: str) -> str:
    kind, _, rest = span.partition("_")
    if kind == "month":
        return f"in month {rest}"
    if kind == "next" and rest.endswith("_days"):
        return f"within the {rest.removesuffix('_days')} days from today"
    return span.replace("_", " ")


def _window(start: Point | None, end: Point | None, timezone: str) -> str:
    """A window of the past in words."""
    begins, ends = _begins(start, timezone), _ends(end, timezone)
    return " and ".join(part for part in (begins, ends) if part) or "at any time"


def _begins(start: Point | None, timezone: str) -> str:
    if start is None:
        return ""
    return f"from {moment(start, timezone)}" if isinstance(start, datetime) else f"within {_length(start)}"


def _ends(end: Point | None, timezone: str) -> str:
    if end is None:
        return ""
    return f"before {moment(end, timezone)}" if isinstance(end, datetime) else f"more than {_length(end)} ago"


def _length(seconds: int) -> str:
    return duration_text(timedelta(seconds=seconds))
