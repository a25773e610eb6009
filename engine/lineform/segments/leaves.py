"""What each written condition about one friend means, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable

from lineform.model.conditions import (
    AgeCondition,
    AnniversaryCondition,
    AnswerCondition,
    AttributeCondition,
    ClickCondition,
    EventCondition,
    FriendSinceCondition,
    LanguageCondition,
    LeafCondition,
    MemberCondition,
    RouteCondition,
    TagCondition,
)
from lineform.model.origin import Path
from lineform.model.problem import did_you_mean
from lineform.segments.calendar import MOST_DAYS, is_span
from lineform.segments.declared import Declared
from lineform.segments.finding import Finding
from lineform.segments.happening import read_answer, read_click, read_event
from lineform.segments.leaf import read_leaf
from lineform.segments.points import empty_window, points
from lineform.segments.predicate import AgeIs, Anniversary, CameBy, FriendSince, HasTag, IsMember, Leaf, Not

Read = tuple[Leaf | Not | None, list[Finding]]
_SPANS = ("today", "tomorrow", "this_month", "next_month", "next_7_days")


def read(condition: LeafCondition, declared: Declared, timezone: str, path: Path) -> Read:
    """The meaning of a condition on the clocks of a time zone, or everything that is wrong with it."""
    match condition:
        case AttributeCondition():
            return read_leaf(condition, declared, path)
        case TagCondition():
            return _tag(condition.tag, declared, path)
        case AgeCondition():
            return _age(condition, declared, timezone, path)
        case AnniversaryCondition():
            return _anniversary(condition, declared, timezone, path)
        case FriendSinceCondition():
            findings = empty_window(condition.friend_since, (*path, "friend_since"))
            since = FriendSince(*points(condition.friend_since, timezone), condition.follow)
            return (None if findings else since), findings
        case LanguageCondition():
            return CameBy("language", _several(condition.language)), []
        case RouteCondition():
            return _route(condition, declared, path)
        case MemberCondition():
            return (IsMember() if condition.member == "linked" else Not(IsMember())), []
        case EventCondition():
            return read_event(condition, declared, timezone, path)
        case ClickCondition():
            return read_click(condition, declared, timezone, path)
        case AnswerCondition():
            return read_answer(condition, declared, timezone, path)


def _several(words: str | tuple[str, ...]) -> tuple[str, ...]:
    return words if isinstance(words, tuple) else (words,)


def _tag(tag: str, declared: Declared, path: Path) -> Read:
    if tag in declared.tags:
        return HasTag(tag, declared.lasting(tag)), []
    hint = did_you_mean(tag, declared.tags) or "declare it in a file of kind attributes"
    return None, [Finding((*path, "tag"), "E302", f"unknown tag '{tag}'", hint)]


def _age(condition: AgeCondition, declared: Declared, timezone: str, path: Path) -> Read:
    findings = _no_date(condition.age_of, declared, (*path, "age_of"))
    written, years = condition.comparison()
    if years[0] > years[-1]:
        message = f"nobody's age lies between {years[0]} and {years[-1]}"
        findings.append(Finding((*path, written), "E310", message, "write the smaller one first"))
    if written == "below" and years == (0,):
        findings.append(Finding((*path, written), "E310", "nobody is younger than 0"))
    if findings:
        return None, findings
    return AgeIs(condition.age_of, written, years, timezone), []  # type: ignore[arg-type]


def _anniversary(condition: AnniversaryCondition, declared: Declared, timezone: str, path: Path) -> Read:
    findings = _no_date(condition.anniversary, declared, (*path, "anniversary"))
    span = f"month_{condition.month}" if condition.in_ is None else condition.in_
    if not is_span(span) or (condition.in_ is not None and span.startswith("month_")):
        hint = did_you_mean(span, _SPANS) or f"write {', '.join(_SPANS[:-1])}, or next_<days>_days up to {MOST_DAYS}"
        findings.append(Finding((*path, "in"), "E318", f"'{span}' is no span of the calendar", hint))
    return (None if findings else Anniversary(condition.anniversary, span, timezone)), findings


def _no_date(name: str, declared: Declared, path: Path) -> list[Finding]:
    dates = [known for known, spec in declared.attributes.items() if spec.type == "date"]
    if name in dates:
        return []
    if (spec := declared.attributes.get(name)) is not None:
        hint = f"dates are {', '.join(dates)}" if dates else "declare an attribute of type date"
        return [Finding(path, "E304", f"'{name}' is of type {spec.type}, and has to be a date", hint)]
    hint = did_you_mean(name, dates) or "declare it in a file of kind attributes"
    return [Finding(path, "E301", f"unknown attribute '{name}'", hint)]


def _route(condition: RouteCondition, declared: Declared, path: Path) -> Read:
    routes = _several(condition.route)
    findings = list(_unknown_routes(routes, declared, path, listed=isinstance(condition.route, tuple)))
    if findings:
        return None, findings
    return CameBy("first_route" if condition.touch == "first" else "last_route", routes), []


def _unknown_routes(routes: tuple[str, ...], declared: Declared, path: Path, *, listed: bool) -> Iterable[Finding]:
    for index, route in enumerate(routes):
        if route not in declared.routes:
            hint = did_you_mean(route, declared.routes) or "declare it under routes in a file of kind attributes"
            place = (*path, "route", index) if listed else (*path, "route")
            yield Finding(place, "E316", f"unknown entry route '{route}'", hint)
