"""Courses that a date of the friend's begins, once or every year: when they begin, and what a corrected date or a block
makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

from lineform.scenarios.courses import course
from lineform.scenarios.enrolment import Enrolment, State
from lineform.scenarios.machine import counts_as_sent
from lineform.scenarios.script import Script
from lineform.scenarios.steps import due_of, may_begin, planned
from lineform.scenarios.timing import date_told, next_anniversary
from lineform.segments.friend import Friend
from lineform.sending.due import instant


def dated(
    script: Script, known: Enrolment | None, friend: Friend, now: datetime, key: str, *, asked: bool = True
) -> Enrolment | None:
    """The course that follows a date of the friend's: a new one where the date is another one than before; the same,
    ended, where there is none any more; None where nothing changes. `asked` is whether it is asked if they may enter,
    as of whoever is not in it already."""
    value = friend.attributes.get(script.date)
    if script.yearly and known is not None and known.open and known.step not in {"", script.steps[0].id}:
        return _corrected(script, known, friend)
    today = instant(datetime.combine(now.astimezone(script.zone).date(), time()), script.zone)
    earliest = max([today, *(sent + _NOT_AGAIN for sent in _sent(script, known))])
    anchor = next_anniversary(value, script.zone, earliest) if script.yearly else date_told(value, script.zone)
    if anchor is None:
        if known is not None and known.open:
            return known.over(State.LEFT, "its date was taken away")
        return None
    if known is not None and known.anchor == anchor and known.state not in {State.LEFT, State.BLOCKED}:
        return None
    if asked and not may_begin(script, friend, now):
        return None
    began = course(script, known, friend, anchor, now, key)
    if _has_ahead(script, began, friend, now):
        return began
    if script.yearly and (again := next_anniversary(value, script.zone, anchor + timedelta(days=2))) is not None:
        # Of this year nothing is left.
        there = known is not None and known.open and known.anchor == again
        return None if there else course(script, known, friend, again, now, key)
    if known is not None and known.open:
        return known.over(State.LEFT, "its date moved into the past")
    return None


def came_back(script: Script, known: Enrolment | None, friend: Friend, now: datetime, key: str) -> Enrolment | None:
    """The course of somebody who blocked the account, and whose date is still to come: the rest of it, or the one that
    follows from the date as it is by now. What was past when they came back is skipped."""
    if known is None:
        return dated(script, None, friend, now, key) if script.enroll == "both" else None
    if known.state is not State.BLOCKED:
        return None
    value = friend.attributes.get(script.date)
    anchor = (
        next_anniversary(value, script.zone, known.anchor - _HALF_A_YEAR)
        if script.yearly
        else date_told(value, script.zone)
    )
    there = replace(known, version=script.version, state=State.ACTIVE, reason="", entered_at=now)
    step = script.step(known.step)
    if anchor != known.anchor or step is None or not _has_ahead(script, there, friend, now):
        return dated(script, known, friend, now, key, asked=False)
    if step.wait is not None and any(mark.step == step.id and mark.at >= known.entered_at for mark in known.marks):
        after = script.following(step, step.wait.missed)  # what it waited for is no answer any more
        if after is None:
            return dated(script, known, friend, now, key, asked=False)
        there = replace(there, step=after.id)
    return replace(there, due=planned(script, there, friend))


def _has_ahead(script: Script, enrolment: Enrolment, friend: Friend, now: datetime) -> bool:
    """Whether a step is still to come, from where the course stands on."""
    steps = script.steps[script.places.get(enrolment.step, 0) :]
    return any((due := due_of(script, enrolment, step, friend)) is None or due >= now - _MARGIN for step in steps)


_MARGIN = timedelta(minutes=15)
_NOT_AGAIN = timedelta(days=330)
"""For how long nobody is congratulated a second time: a year, less what a step may be late or lie around its day."""


def _sent(script: Script, known: Enrolment | None) -> list[datetime]:
    """When a friend read something of a scenario that begins every year."""
    marks = known.marks if known is not None and script.yearly else ()
    return [mark.at for mark in marks if counts_as_sent(mark.said)]


def _corrected(script: Script, known: Enrolment, friend: Friend) -> Enrolment | None:
    """The rest of a course of this year, by the date as it is told now; None where it is the same day."""
    anchor = next_anniversary(friend.attributes.get(script.date), script.zone, known.anchor - _HALF_A_YEAR)
    if anchor is None:
        return known.over(State.LEFT, "its date was taken away")
    if anchor == known.anchor:
        return None
    there = replace(known, anchor=anchor)
    return replace(there, due=known.waiting or planned(script, there, friend))


_HALF_A_YEAR = timedelta(days=182)
