"""Everything that is wrong with a condition, before anything is made of it."""

from __future__ import annotations

from collections.abc import Iterator

from lineform.model import audience as written
from lineform.model.audience import Audience, Condition, SegmentCondition
from lineform.model.conditions import (
    AgeCondition,
    AnniversaryCondition,
    AnswerCondition,
    AttributeCondition,
    ClickCondition,
    Comparing,
    EventCondition,
    FriendSinceCondition,
    LanguageCondition,
    LeafCondition,
    RouteCondition,
)
from lineform.model.origin import Path
from lineform.model.problem import did_you_mean
from lineform.segments.calendar import NEXT_DAYS
from lineform.segments.declared import Declared
from lineform.segments.demographic import check_demographic
from lineform.segments.finding import Finding
from lineform.segments.leaves import read
from lineform.segments.sources import sourced_below

MOST_CONDITIONS = 800
"""Comparisons in one tree, referenced segments included: SQLite refuses expressions more than 1,000 deep."""
MOST_VALUES = 20_000
"""Values in one tree: SQLite binds at most 32,766."""
DEEPEST = 100
"""Conditions inside conditions, referenced segments included."""


def check_condition(
    condition: Condition, declared: Declared, path: Path = (), *, segment: str = "", sources: bool = False
) -> list[Finding]:
    """All problems of a condition that stands at `path`. `segment` is the name of the segment whose own condition it
    is: only there a circle of references is reported. `sources` says whether segments that are asked of a source may
    be named: that takes a question about everybody, and time."""
    findings = list(_parts(condition, declared, path, segment))
    if not findings and not circular(condition, declared):
        findings = _too_large(condition, declared, path)
        if not sources and not segment:
            findings += _looked_at_one_by_one(condition, declared, path)
    return findings


def _looked_at_one_by_one(condition: Condition, declared: Declared, path: Path) -> list[Finding]:
    hint = "a campaign and an audience of LINE's can be for it; tag its people by a campaign, and ask for the tag here"
    return [
        Finding(path, "E327", f"segment '{name}' is asked of a source, and here friends are looked at one by one", hint)
        for name in sourced_below(condition, declared)
    ]


def check_audience(audience: Audience, declared: Declared, path: Path = ()) -> list[Finding]:
    """All problems of an audience that stands at `path`."""
    findings: list[Finding] = []
    if audience.segment is not None:
        findings += _reference(audience.segment, declared, (*path, "segment"), "")
    if audience.where is not None:
        findings += check_condition(audience.where, declared, (*path, "where"), sources=True)
    if audience.demographic is not None:
        findings += check_demographic(audience.demographic, (*path, "demographic"))
    for index, condition in enumerate(audience.exclude):
        findings += check_condition(condition, declared, (*path, "exclude", index), sources=True)
    return findings


def references(condition: Condition) -> Iterator[str]:
    """Names of the segments that a condition names itself."""
    match condition:
        case SegmentCondition():
            yield condition.segment
        case written.AllOf():
            for part in condition.all:
                yield from references(part)
        case written.AnyOf():
            for part in condition.any:
                yield from references(part)
        case written.Not():
            yield from references(condition.not_)


def circular(condition: Condition, declared: Declared) -> tuple[str, ...]:
    """The segments of a circle that this condition leads into; empty where there is none."""
    done = declared.looked.straight

    def walk(name: str, above: tuple[str, ...]) -> tuple[str, ...]:
        if name in above:
            return (*above[above.index(name) :], name)
        if name in done or name not in declared.segments:
            return ()
        for further in references(declared.segments[name]):
            if circle := walk(further, (*above, name)):
                return circle
        done.add(name)
        return ()

    for name in references(condition):
        if circle := walk(name, ()):
            return circle
    return ()


def _parts(condition: Condition, declared: Declared, path: Path, segment: str) -> Iterator[Finding]:
    match condition:
        case SegmentCondition():
            yield from _reference(condition.segment, declared, (*path, "segment"), segment)
        case written.AllOf():
            for index, part in enumerate(condition.all):
                yield from _parts(part, declared, (*path, "all", index), segment)
        case written.AnyOf():
            for index, part in enumerate(condition.any):
                yield from _parts(part, declared, (*path, "any", index), segment)
        case written.Not():
            yield from _parts(condition.not_, declared, (*path, "not"), segment)
        case _:
            # Which problems there are does not depend on where the clocks stand.
            yield from read(condition, declared, "UTC", path)[1]


def _reference(name: str, declared: Declared, path: Path, segment: str) -> Iterator[Finding]:
    if name not in declared.segments:
        hint = did_you_mean(name, declared.segments) or "write it under segments, or let the client use it"
        yield Finding(path, "E303", f"unknown segment '{name}'", hint)
    elif segment and segment in (circle := _way(name, segment, declared)):
        way = " → ".join((segment, *circle))
        yield Finding(path, "E307", f"segment '{segment}' is defined by itself: {way}", "take one reference out")


def _way(start: str, goal: str, declared: Declared) -> tuple[str, ...]:
    """The shortest chain of references from one segment to another; empty where there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    for way in ways:
        if way[-1] == goal:
            return way
        for further in references(declared.segments[way[-1]]):
            if further in declared.segments and further not in seen:
                seen.add(further)
                ways.append((*way, further))
    return ()


def _too_large(condition: Condition, declared: Declared, path: Path) -> list[Finding]:
    sizes = declared.looked.sizes

    def size(part: Condition) -> tuple[int, int, int]:
        """Comparisons, values and depth."""
        match part:
            case SegmentCondition():
                if part.segment not in declared.segments:
                    return 1, 1, 1
                if part.segment not in sizes:
                    sizes[part.segment] = size(declared.segments[part.segment])
                return sizes[part.segment]
            case written.AllOf():
                inside = [size(p) for p in part.all]
            case written.AnyOf():
                inside = [size(p) for p in part.any]
            case written.Not():
                inside = [size(part.not_)]
            case _:
                return (*_weight(part), 1)
        return sum(s[0] for s in inside), sum(s[1] for s in inside), 1 + max(s[2] for s in inside)

    comparisons, values, depth = size(condition)
    for count, most, what in (
        (comparisons, MOST_CONDITIONS, "conditions"),
        (values, MOST_VALUES, "values"),
        (depth, DEEPEST, "conditions inside conditions"),
    ):
        if count > most:
            message = f"has {count:,} {what}, the segments that it names included; {most:,} are possible"
            return [Finding(path, "E311", message, "give these friends a tag at import, and ask for the tag")]
    return []


def _weight(leaf: LeafCondition) -> tuple[int, int]:
    """Comparisons and values of one condition in a database's select, at most."""
    match leaf:
        case AttributeCondition():
            return 1, _several(leaf)
        case AgeCondition():
            return 2, 2
        case AnniversaryCondition():
            found = NEXT_DAYS.fullmatch(leaf.in_ or "")
            return 1, int(found[1]) + 1 if found else 31
        case FriendSinceCondition():
            return 3, 2
        case LanguageCondition(language=words) | RouteCondition(route=words):
            return 1, len(words) if isinstance(words, tuple) else 1
        case EventCondition():
            return 1, _OF_EVENTS + sum(_several(one) for one in (leaf.where or {}).values())
        case AnswerCondition() if leaf.compares:
            return 1, _OF_EVENTS + _several(leaf)
        case ClickCondition() | AnswerCondition():
            return 1, _OF_EVENTS
        case _:
            return 1, 2


_OF_EVENTS = 12
"""Values of a condition about events beside those that its fields are compared with: account, type, moments, bounds."""


def _several(comparing: Comparing) -> int:
    value = comparing.comparison()[1]
    return len(value) if isinstance(value, tuple) else 1
