"""What is true of one step of a course: when it is due, whether it comes too late, until when its messages are worth
something."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from lineform.scenarios.enrolment import Enrolment
from lineform.scenarios.script import BeforeSpan, Script, ScriptStep, Way
from lineform.scenarios.timing import Span, date_told, moment_after
from lineform.segments.friend import Friend
from lineform.segments.predicate import Predicate
from lineform.segments.reading import matches
from lineform.sending.due import instant
from lineform.sending.late import ON_TIME

_BARE = Way()
_MOMENT: Final = timedelta(seconds=1)
"""Before a date that is not that date itself."""


def due_of(script: Script, enrolment: Enrolment, step: ScriptStep, friend: Friend) -> datetime | None:
    """When a step is due by itself; None where its date is not known."""
    zone = script.zone
    if step.before is None:
        start = enrolment.reached if step.from_previous else enrolment.anchor
        return moment_after(start, step.after, zone, at=step.at, on=step.on)
    date = _date_of(step.before, script, enrolment, friend)
    return None if date is None else moment_after(date, step.before.span, zone, at=step.at, on=step.on, sign=-1)


def _date_of(before: BeforeSpan, script: Script, enrolment: Enrolment, friend: Friend) -> datetime | None:
    """The date that a step lies before; None where it is not known."""
    if before.attribute:
        return date_told(friend.attributes.get(before.attribute), script.zone)
    return date_told(enrolment.fields.get(before.field), script.zone) if before.field else enrolment.anchor


def planned(script: Script, enrolment: Enrolment, friend: Friend) -> datetime:
    """When somebody has to look at the present step: never before the step that was due before it."""
    step = script.step(enrolment.step)
    due = None if step is None else due_of(script, enrolment, step, friend)
    return enrolment.reached if due is None else max(due, enrolment.reached)


def past(script: Script, enrolment: Enrolment, step: ScriptStep, due: datetime) -> str:
    """Why a step that hangs on a date comes too late to be true: "tomorrow" must not be read on the day itself. Empty
    where it does not."""
    if (script.date or step.before is not None) and due < enrolment.entered_at - ON_TIME:
        return "it was past when its date became known"
    if step.before is not None and due < enrolment.reached - ON_TIME:
        return "it was past when its turn came"
    return ""


def worth_until(script: Script, enrolment: Enrolment, step: ScriptStep, friend: Friend) -> datetime | None:
    """The last moment at which its messages are true and keep what they promise; None where there is none."""
    until = step.valid_until
    own = moment_after(enrolment.anchor, until, script.zone) if isinstance(until, Span) else until
    ends = [own, step.promised_until, _true_until(script, enrolment, step, friend)]
    return min((end for end in ends if end is not None), default=None)


def _true_until(script: Script, enrolment: Enrolment, step: ScriptStep, friend: Friend) -> datetime | None:
    """Until when it is still so long before a date. What is counted in days says "tomorrow", which is true until
    midnight; whatever else ("soon", "next month") until the date itself."""
    due = due_of(script, enrolment, step, friend)
    if step.before is None or due is None:
        return None
    end = _date_of(step.before, script, enrolment, friend)
    if step.before.span.unit == "d" or not step.before.span.count:
        day = due.astimezone(script.zone).date() + timedelta(days=1)
        end = instant(datetime.combine(day, time()), script.zone)
    return None if end is None else end - _MOMENT


def holds(predicate: Predicate, friend: Friend, now: datetime) -> bool:
    """Whether it is known to be true."""
    return matches(predicate, friend, now) is True


def chosen(step: ScriptStep, friend: Friend, now: datetime) -> Way:
    """The way of its branch on which a friend is led by what is known now; a bare one where it has no branch."""
    ways = (way for condition, way in step.arms if condition is None or holds(condition, friend, now))
    return next(ways, _BARE)


def may_begin(script: Script, friend: Friend, now: datetime) -> bool:
    """Whether this friend may be taken in now."""
    wanted = (script.may_enter, script.not_excluded)
    return not friend.blocked and all(one is None or holds(one, friend, now) for one in wanted)
