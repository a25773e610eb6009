"""How a course begins, goes on to its next step, and ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from lineform.scenarios.enrolment import Enrolment, State
from lineform.scenarios.script import Script, ScriptStep, Way
from lineform.scenarios.steps import planned
from lineform.scenarios.timing import next_anniversary
from lineform.segments.friend import Friend, Value


def onwards(
    script: Script, enrolment: Enrolment, step: ScriptStep, way: Way, friend: Friend, reached: datetime
) -> Enrolment:
    """On to the step after, or to the end; where a day of every year begins it, to the next year."""
    after = script.following(step, way)
    if after is not None:
        there = replace(enrolment, step=after.id, reached=reached, waiting=None, turn="")
        return replace(there, due=planned(script, there, friend))
    if (again := _next_year(script, enrolment, friend)) is not None:
        return again
    return replace(enrolment, step="", reached=reached).over(State.DONE)


def ended(script: Script, enrolment: Enrolment, friend: Friend, state: State, reason: str, now: datetime) -> Enrolment:
    """A course that its own rules end: for good; or, where a day of every year begins it, until the next year."""
    again = _next_year(script, enrolment.marked(enrolment.step, reason, now), friend)
    return enrolment.over(state, reason) if again is None else again


def _next_year(script: Script, enrolment: Enrolment, friend: Friend) -> Enrolment | None:
    if not script.yearly:
        return None
    value = friend.attributes.get(script.date)
    again = next_anniversary(value, script.zone, enrolment.anchor + timedelta(days=2))
    if again is None:
        return None
    return course(script, enrolment, friend, again, enrolment.anchor, enrolment.began_with)


def course(
    script: Script,
    known: Enrolment | None,
    friend: Friend,
    anchor: datetime,
    now: datetime,
    began_with: str,
    *,
    instance: str = "",
    fields: Mapping[str, Value] | None = None,
) -> Enrolment:
    """A course from the beginning, whatever the rules say; the next one of `known`."""
    fresh = Enrolment(
        scenario=script.name,
        friend_id=friend.id,
        instance=known.instance if known else instance,
        entry=known.entry + 1 if known else 1,
        version=script.version,
        state=State.ACTIVE,
        step=script.steps[0].id,
        anchor=anchor,
        entered_at=now,
        due=now,
        reached=min(anchor, now),
        began_with=began_with,
        fields=fields or {},
        # What was sent last year, or before the date was corrected, is remembered.
        marks=known.marks if known and script.yearly else (),
    )
    return replace(fresh, due=planned(script, fresh, friend))
