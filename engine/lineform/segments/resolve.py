"""From what people write to what is selected: references inlined, values typed, nothing left to guess."""

from __future__ import annotations

from lineform.errors import BlockedError
from lineform.model import audience as written
from lineform.model.audience import Audience, Condition, SegmentCondition
from lineform.segments.check import check_audience, check_condition, circular
from lineform.segments.declared import Declared, declared
from lineform.segments.finding import ConditionError, Finding
from lineform.segments.leaves import read
from lineform.segments.predicate import EVERYONE, All, Any, InSource, Maybe, Not, Predicate
from lineform.segments.sources import source_of

__all__ = ["Declared", "audience_predicate", "declared", "to_predicate"]


def to_predicate(condition: Condition, declared: Declared, timezone: str) -> Predicate:
    """The meaning of a condition on the clocks of a time zone. Raises `ConditionError` with the first problem that
    `check_condition` finds."""
    _refuse(check_condition(condition, declared, sources=True))
    return _straight(condition, declared, timezone)


def _straight(condition: Condition, declared: Declared, timezone: str) -> Predicate:
    """The meaning of a condition that was checked, if it leads into no circle."""
    if circle := circular(condition, declared):
        message = f"segment '{circle[0]}' is defined by itself: {' → '.join(circle)}"
        raise ConditionError(Finding((), "E307", message, "take one reference out"))
    return _resolve(condition, declared, timezone)


def audience_predicate(audience: Audience, declared: Declared, timezone: str) -> Predicate:
    """Whom an audience means, on the clocks of a time zone. An exclusion drops all friends for whom it is not known to
    be false.

    Raises `ConditionError` where the audience has a problem, `BlockedError` where LINE selects: a demographic
    audience, or one that LINE keeps.
    """
    if audience.audience is not None:
        raise BlockedError(
            "an audience of LINE's is sent to as a whole",
            hint="name its segment where friends have to be known one by one",
        )
    if audience.demographic is not None:
        raise BlockedError(
            "only LINE knows who is in a demographic audience",
            hint="use attributes or tags where friends have to be known one by one",
        )
    _refuse(check_audience(audience, declared))
    if audience.segment is not None:
        base = to_predicate(SegmentCondition(segment=audience.segment), declared, timezone)
    elif audience.where is not None:
        base = _straight(audience.where, declared, timezone)
    else:
        base = EVERYONE
    excluded = tuple(Not(Maybe(_straight(condition, declared, timezone))) for condition in audience.exclude)
    if not excluded:
        return base
    return All(excluded if base == EVERYONE else (base, *excluded))


def _in_source(name: str, part: Predicate, declared: Declared, timezone: str) -> Predicate:
    if name not in declared.sources:
        raise ConditionError(Finding(("source",), "E325", f"unknown source '{name}'", "declare it under sources"))
    return InSource(source_of(name, declared.sources[name], timezone), part)


def _refuse(findings: list[Finding]) -> None:
    if findings:
        raise ConditionError(findings[0])


def _resolve(condition: Condition, declared: Declared, timezone: str) -> Predicate:
    match condition:
        case SegmentCondition():
            key, done = (condition.segment, timezone), declared.looked.predicates
            if key not in done:
                _refuse(check_condition(declared.segments[condition.segment], declared, sources=True))
                part = _resolve(declared.segments[condition.segment], declared, timezone)
                source = declared.sourced.get(condition.segment)
                done[key] = part if source is None else _in_source(source, part, declared, timezone)
            return done[key]
        case written.AllOf():
            return All(tuple(_resolve(p, declared, timezone) for p in condition.all))
        case written.AnyOf():
            return Any(tuple(_resolve(p, declared, timezone) for p in condition.any))
        case written.Not():
            return Not(_resolve(condition.not_, declared, timezone))
        case _:
            leaf, findings = read(condition, declared, timezone, ())
            _refuse(findings)
            assert leaf is not None  # noqa: S101 - a leaf without findings has a value
            return leaf
