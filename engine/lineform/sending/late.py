"""What becomes of an occurrence at this moment: sent, waited for, held for a person, or skipped.

A machine that was down must neither forget a send nor make up for it in a burst, and a campaign that is armed after
its time must not go out by surprise. So an occurrence that was due before arming is never sent, and of several missed
occurrences of a rule only the newest may be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lineform.model.base import duration_text
from lineform.model.schedule import Schedule, SendWithin
from lineform.plural import plural
from lineform.sending.due import Due
from lineform.sending.quiet import Quiet

ON_TIME = timedelta(minutes=15)
"""A run this soon after the due time is on time: hosted schedules start minutes late, and not every minute."""


@dataclass(frozen=True, slots=True)
class Send:
    """It is due now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now."""

    until: datetime
    reason: str = ""
    """Why it waits although it is due; empty where it is not due yet."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Not sent; a person decides."""

    reason: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Not sent, by rule."""

    reason: str


Decision = Send | Wait | Hold | Skip


def decide(due: Due, armed_at: datetime, now: datetime, schedule: Schedule, quiet: Quiet | None = None) -> Decision:
    """The decision about one occurrence. All moments are aware. What is due in quiet hours is on time when they end;
    what was due before them waits for their end only where it will not be too late by then."""
    if now < due.at:
        return Wait(due.at)
    if due.at < armed_at:
        return _not_sent(schedule, f"was due at {due.key}, before it was armed at {_minute(armed_at)}")
    fair = (quiet and quiet.until(due.at)) or due.at
    allowed = allowance(schedule)
    if now - fair > allowed:
        said = f"is {_rough(now - fair)} late; allowed is {duration_text(allowed)}"
        return _not_sent(schedule, f"was due at {due.key} and {said}")
    night = quiet_now(now, quiet)
    if night is None:
        return Send()
    if night.until - fair > allowed:
        said = f"would be {_rough(night.until - fair)} late after the {night.reason}"
        return _not_sent(schedule, f"was due at {due.key} and {said}; allowed is {duration_text(allowed)}")
    return night


def quiet_now(now: datetime, quiet: Quiet | None) -> Wait | None:
    """The wait for the end of the quiet hours; None outside of them."""
    end = quiet and quiet.until(now)
    return Wait(end, f"quiet hours until {_wall(end, quiet)}") if quiet and end else None


def decide_begun(last_call: datetime, now: datetime, schedule: Schedule, quiet: Quiet | None = None) -> Decision:
    """The decision about the rest of a send that stopped in the middle: a pause may be as long as it may be late.

    Measured from its last call, so that a long send whose runs follow one another is never cut off; quiet hours that
    began in the pause do not count.
    """
    allowed = allowance(schedule)
    end = quiet and quiet.until(min(now, last_call + allowed))
    if now - (end or last_call) <= allowed:
        return Send()
    paused = f"stopped in the middle, {_rough(now - last_call)} ago; allowed is {duration_text(allowed)}"
    return _not_sent(schedule, paused)


def allowance(schedule: Schedule) -> timedelta:
    """How late an occurrence may still be sent."""
    rule = schedule.if_late
    return rule.within if isinstance(rule, SendWithin) else ON_TIME


def decide_all(
    dues: Sequence[Due], armed_at: datetime, now: datetime, schedule: Schedule, quiet: Quiet | None = None
) -> list[tuple[Due, Decision]]:
    """The decisions about occurrences in order of time: only the newest that is due may still be sent."""
    newest = max((index for index, due in enumerate(dues) if due.at <= now), default=-1)
    return [
        (due, Skip(f"was missed, and {dues[newest].key} came after it"))
        if index < newest
        else (due, decide(due, armed_at, now, schedule, quiet))
        for index, due in enumerate(dues)
    ]


def _not_sent(schedule: Schedule, reason: str) -> Decision:
    rule = schedule.if_late
    word = rule.otherwise if isinstance(rule, SendWithin) else rule
    return Hold(reason) if word == "hold" else Skip(reason)


def _rough(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    if minutes < 120:
        return plural(minutes, "minute")
    if minutes < 48 * 60:
        return f"{minutes // 60} hours"
    return f"{minutes // 1440} days"


def _wall(moment: datetime, quiet: Quiet) -> str:
    return moment.astimezone(quiet.zone).replace(tzinfo=None).isoformat(timespec="minutes")


def _minute(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")
