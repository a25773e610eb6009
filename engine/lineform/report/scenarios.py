"""Where friends stand in scenarios, in numbers and one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from lineform.plural import plural
from lineform.ports.journeys import Stand
from lineform.report.terminal import padded, width
from lineform.scenarios.enrolment import Enrolment, State
from lineform.scenarios.machine import UNKNOWN_DATE

_WAITS = {State.ACTIVE: "wait for", State.PAUSED: "blocked before", State.HELD: "held at"}
_OVER = {
    State.DONE: "through",
    State.GOAL: "reached the goal",
    State.LEFT: "left by rule",
    State.BLOCKED: "blocked the account",
    State.STOPPED: "stopped",
    State.OUTSIDE: "outside of its segment",
    State.INSIDE: "in its segment before it began",
}


def stand_lines(client: str, stands: Sequence[Stand], armed: Mapping[str, str]) -> Iterator[str]:
    """Friends by scenario and step. `armed` gives the version of each armed scenario by its name."""
    names = sorted({one.scenario for one in stands} | armed.keys())
    if not names:
        yield f"{client}: no scenario is armed, and nobody is in one"
    for name in names:
        mine = [one for one in stands if one.scenario == name]
        state = "" if name in armed else " (not armed: nothing is sent)"
        inside = sum(one.count for one in mine if one.state in _WAITS)
        yield f"{client}: scenario.{name}{state}: {plural(inside, 'friend')} in it"
        rows = [(_where(one, armed.get(name, one.version)), one.count) for one in mine]
        wide = max((width(where) for where, _ in rows), default=0)
        for where, count in rows:
            yield f"  {padded(where, wide)}  {count:>9,}"


def _where(one: Stand, version: str) -> str:
    older = " (an older version)" if one.version != version and one.state in _WAITS else ""
    if one.state in _WAITS:
        return f"{_WAITS[one.state]} {one.step}{older}"
    return _OVER[one.state]


def stand_data(stands: Iterable[Stand], armed: Mapping[str, str]) -> list[dict[str, object]]:
    """The same as JSON values."""
    return [
        {
            "scenario": one.scenario,
            "armed": one.scenario in armed,
            "version": one.version,
            "state": one.state.value,
            "step": one.step or None,
            "friends": one.count,
        }
        for one in stands
    ]


_CHANGED: Final = {
    "keep": "ends the older version that it began with",
    "move": "the next run moves it on to the version that is armed now",
    "stop": "the next run ends it",
}
_UNCHANGED: Final[Mapping[str, str]] = {}


def course_lines(
    who: str,
    courses: Sequence[Enrolment],
    timezone: str,
    name: str,
    changed: Mapping[str, str] = _UNCHANGED,
) -> Iterator[str]:
    """Where one friend stands in a scenario and how they came there. `changed` gives, by instance, the rule of the
    armed version for courses that began with an older one: those stand as the next run will have them."""
    zone = ZoneInfo(timezone)
    if not courses:
        yield f"{who} was never in scenario.{name}"
    for course in courses:
        which = f" ({course.instance})" if course.instance else ""
        turn = f", for the {_nth(course.entry)} time" if course.entry > 1 else ""
        yield f"{who} in scenario.{name}{which}{turn}: {_standing(course, zone)}"
        if course.entry:
            yield f"  began {_moment(course.entered_at, zone)}, counted from {_moment(course.anchor, zone)}"
        if rule := changed.get(course.instance):
            yield f"  the scenario changed since: {_CHANGED[rule]} (in_flight: {rule})"
        for mark in course.marks:
            yield f"  {_moment(mark.at, zone)}  {mark.step}: {mark.said}"


def tap_lines(taps: Iterable[tuple[datetime, str, str]], timezone: str) -> Iterator[str]:
    """The links of a scenario that one friend tapped: when, which, and in which step."""
    zone = ZoneInfo(timezone)
    for at, link, step in taps:
        yield f"  {_moment(at, zone)}  tapped the link '{link}' in '{step}'"


def _standing(course: Enrolment, zone: ZoneInfo) -> str:
    reason = f", {course.reason}" if course.reason else ""
    if course.state is State.ACTIVE and course.due is not None:
        until = "waits at" if course.waiting is not None else "next is"
        return f"{until} '{course.step}' on {_moment(course.due, zone)}{reason}"
    if course.state is State.ACTIVE and course.reason == UNKNOWN_DATE:
        return f"waits at '{course.step}' until its date is known"
    if course.state is State.ACTIVE:
        return f"stands still before '{course.step}' while the scenario is not armed{reason}"
    word = _WAITS.get(course.state) or _OVER[course.state]
    return f"{word} '{course.step}'{reason}" if course.open else f"{word}{reason}"


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _nth(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    ending = "th" if 10 <= number % 100 <= 20 else endings.get(number % 10, "th")
    return f"{number}{ending}"
