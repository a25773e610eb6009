"""From what people write to what is selected: references inlined, values typed, nothing left to guess."""

from __future__ import annotations

from lineform.errors import BlockedError
from lineform.model import audience as written
from lineform.model.audience import AttributeCondition, Audience, Condition, SegmentCondition, TagCondition
from lineform.segments.check import check_audience, check_condition, circular
from lineform.segments.declared import Declared, declared
from lineform.segments.finding import ConditionError, Finding
from lineform.segments.leaf import read_leaf
from lineform.segments.predicate import EVERYONE, All, Any, HasTag, Maybe, Not, Predicate

__all__ = ["Declared", "audience_predicate", "declared", "to_predicate"]


def to_predicate(condition: Condition, declared: Declared) -> Predicate:
    """The meaning of a condition. Raises `ConditionError` with the first problem that `check_condition` finds."""
    _refuse(check_condition(condition, declared))
    return _straight(condition, declared)


def _straight(condition: Condition, declared: Declared) -> Predicate:
    """The meaning of a condition that was checked, if it leads into no circle."""
    if circle := circular(condition, declared):
        message = f"segment '{circle[0]}' is defined by itself: {' → '.join(circle)}"
        raise ConditionError(Finding((), "E307", message, "take one reference out"))
    return _resolve(condition, declared)


def audience_predicate(audience: Audience, declared: Declared) -> Predicate:
    """Whom an audience means. An exclusion drops all friends for whom it is not known to be false.

    Raises `ConditionError` where the audience has a problem, `BlockedError` where it is demographic: only LINE knows
    who is in it.
    """
    if audience.demographic is not None:
        raise BlockedError(
            "only LINE knows who is in a demographic audience",
            hint="use attributes or tags where friends have to be known one by one",
        )
    _refuse(check_audience(audience, declared))
    if audience.segment is not None:
        base = to_predicate(SegmentCondition(segment=audience.segment), declared)
    elif audience.where is not None:
        base = _straight(audience.where, declared)
    else:
        base = EVERYONE
    excluded = tuple(Not(Maybe(_straight(condition, declared))) for condition in audience.exclude)
    if not excluded:
        return base
    return All(excluded if base == EVERYONE else (base, *excluded))


def _refuse(findings: list[Finding]) -> None:
    if findings:
        raise ConditionError(findings[0])


def _resolve(condition: Condition, declared: Declared) -> Predicate:
    match condition:
        case AttributeCondition():
            leaf, findings = read_leaf(condition, declared, ())
            _refuse(findings)
            assert leaf is not None  # noqa: S101 - a leaf without findings has a value
            return leaf
        case TagCondition():
            return HasTag(condition.tag)
        case SegmentCondition():
            name, done = condition.segment, declared.looked.predicates
            if name not in done:
                _refuse(check_condition(declared.segments[name], declared))
                done[name] = _resolve(declared.segments[name], declared)
            return done[name]
        case written.AllOf():
            return All(tuple(_resolve(p, declared) for p in condition.all))
        case written.AnyOf():
            return Any(tuple(_resolve(p, declared) for p in condition.any))
        case written.Not():
            return Not(_resolve(condition.not_, declared))
