"""Predicates as JSON, for armed revisions: a send that was approved selects by this, and needs no files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any as Anything
from typing import cast, get_args
from zoneinfo import ZoneInfo

from lineform.segments.calendar import is_span
from lineform.segments.predicate import (
    EVERYONE,
    AgeIs,
    All,
    Anniversary,
    Any,
    AttributeIs,
    AttributeType,
    CameBy,
    Comparison,
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
    Point,
    Predicate,
    Sum,
)
from lineform.segments.source_wire import source_from_wire, source_to_wire

_TYPES = frozenset(get_args(AttributeType))
_COMPARISONS = frozenset(get_args(Comparison))
_NUMERIC = frozenset({"is", "above", "at_least", "below", "at_most", "between"})
_UNREADABLE = "is not a predicate that this version can read"


def to_wire(predicate: Predicate) -> dict[str, Anything]:  # noqa: C901 - one line for each kind of predicate
    """JSON that `from_wire` reads back into an equal predicate."""
    match predicate:
        case AttributeIs():
            return {
                "attribute": predicate.attribute,
                "type": predicate.type,
                "comparison": predicate.comparison,
                "operands": list(predicate.operands),
            }
        case HasTag():
            return {"tag": predicate.tag} | ({} if predicate.lasts is None else {"lasts": predicate.lasts})
        case AgeIs():
            years = {"comparison": predicate.comparison, "years": list(predicate.years)}
            return {"age_of": predicate.attribute, **years, "timezone": predicate.timezone}
        case Anniversary():
            return {"anniversary": predicate.attribute, "span": predicate.span, "timezone": predicate.timezone}
        case FriendSince():
            return {"friend_since": predicate.follow, **_window(predicate.start, predicate.end)}
        case CameBy():
            return {"came_by": predicate.what, "words": list(predicate.words)}
        case IsMember():
            return {"member": True}
        case Happened():
            where = {"where": [to_wire(test) for test in predicate.where]} if predicate.where else {}
            window = _window(predicate.start, predicate.end)
            return {"event": predicate.event, **where, **window, "measure": _measure(predicate.measure)}
        case All(parts=()):
            return {"everyone": True}
        case All():
            return {"all": [to_wire(part) for part in predicate.parts]}
        case Any():
            return {"any": [to_wire(part) for part in predicate.parts]}
        case Not():
            return {"not": to_wire(predicate.part)}
        case Maybe():
            return {"maybe": to_wire(predicate.part)}
        case InSource():
            return {"source": source_to_wire(predicate.source), "part": to_wire(predicate.part)}


def from_wire(data: Anything) -> Predicate:
    """The predicate in `data`; ValueError where there is none, an empty ``all`` or ``any`` included."""
    match data:
        case {"everyone": True, **rest} if not rest:
            return EVERYONE
        case {"all": [_, *_] as parts, **rest} if not rest:
            return All(tuple(from_wire(part) for part in parts))
        case {"any": [_, *_] as parts, **rest} if not rest:
            return Any(tuple(from_wire(part) for part in parts))
        case {"not": part, **rest} if not rest:
            return Not(from_wire(part))
        case {"maybe": part, **rest} if not rest:
            return Maybe(from_wire(part))
        case {"source": source, "part": part, **rest} if not rest:
            return InSource(source_from_wire(source), from_wire(part))
        case {"event": str() as event, "measure": measure, **rest} if rest.keys() <= {"where", "start", "end"}:
            where = tuple(_test(one) for one in _list(rest.get("where", [])))
            return Happened(event, where, _point(rest.get("start")), _point(rest.get("end")), _measured(measure))
    if (leaf := _about_friend(data) or _about_dates(data)) is None:
        raise ValueError(_UNREADABLE)
    return leaf


def _about_friend(data: Anything) -> Leaf | None:
    match data:
        case {"tag": str() as tag, **rest} if not rest:
            return HasTag(tag)
        case {"tag": str() as tag, "lasts": lasts, **rest} if not rest and _counts(lasts):
            return HasTag(tag, cast("int", lasts))
        case {"came_by": "language" | "first_route" | "last_route" as what, "words": [_, *_] as words, **rest}:
            if not rest and all(isinstance(word, str) for word in words):
                return CameBy(what, tuple(words))
        case {"member": True, **rest} if not rest:
            return IsMember()
        case {"attribute": str() as name, "type": kind, "comparison": comparison, "operands": [_, *_] as operands}:
            if (
                kind in _TYPES
                and comparison in _COMPARISONS
                and all(isinstance(o, str | int | float) for o in operands)
            ):
                return AttributeIs(name, kind, comparison, tuple(operands))
    return None


def _about_dates(data: Anything) -> Leaf | None:
    match data:
        case {"age_of": str() as name, "comparison": comparison, "years": [_, *_] as years, "timezone": str() as zone}:
            if comparison in _NUMERIC and all(map(_counts, years)):
                return AgeIs(name, comparison, tuple(years), _zone(zone))
        case {"anniversary": str() as name, "span": str() as span, "timezone": str() as zone} if is_span(span):
            return Anniversary(name, span, _zone(zone))
        case {"friend_since": "latest" | "first" as follow, **rest} if rest.keys() <= {"start", "end"}:
            return FriendSince(_point(rest.get("start")), _point(rest.get("end")), follow)
    return None


def _list(value: Anything) -> list[Anything]:
    if not isinstance(value, list):
        raise ValueError(_UNREADABLE)  # noqa: TRY004 - the caller is promised one kind of error
    return value


def _window(start: Point | None, end: Point | None) -> dict[str, Anything]:
    found = {"start": start, "end": end}
    return {
        key: point.isoformat() if isinstance(point, datetime) else point
        for key, point in found.items()
        if point is not None
    }


def _measure(measure: Count | Sum | Edge) -> dict[str, Anything]:
    match measure:
        case Count():
            return {"count": measure.comparison, "operands": list(measure.operands)}
        case Sum():
            return {"sum": measure.field, "comparison": measure.comparison, "operands": list(measure.operands)}
        case Edge():
            return {"edge": measure.which, **_window(measure.start, measure.end)}


def _measured(data: Anything) -> Count | Sum | Edge:
    match data:
        case {"count": comparison, "operands": [_, *_] as operands, **rest} if not rest:
            if comparison in _NUMERIC and all(map(_counts, operands)):
                return Count(comparison, tuple(operands))
        case {"sum": str() as field, "comparison": comparison, "operands": [_, *_] as operands, **rest} if not rest:
            if comparison in _NUMERIC and all(isinstance(o, int | float) for o in operands):
                return Sum(field, comparison, tuple(operands))
        case {"edge": "first" | "last" as which, **rest} if rest.keys() <= {"start", "end"}:
            return Edge(which, _point(rest.get("start")), _point(rest.get("end")))
    raise ValueError(_UNREADABLE)


def _test(data: Anything) -> FieldTest:
    test = from_wire(data)
    if isinstance(test, AttributeIs) or (isinstance(test, Not) and isinstance(test.part, AttributeIs)):
        return test
    raise ValueError(_UNREADABLE)


def _counts(value: Anything) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _point(value: Anything) -> Point | None:
    if value is None or _counts(value):
        return cast("Point | None", value)
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (TypeError, ValueError):
        raise ValueError(_UNREADABLE) from None


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise ValueError(_UNREADABLE) from None
