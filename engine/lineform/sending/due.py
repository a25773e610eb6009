"""When a campaign is due: its schedule as occurrences, each with the wall-clock key that makes it happen once.

An occurrence is named by the local time that was written, ``2026-12-01T10:00``, not by an instant. So two schedulers,
a repeated hour in autumn and a changed time zone database cannot make two sends of one. Where the clock is put back, a
wall time happens twice and its first happening counts. Where the clock is put forward, wall times that do not exist
are due at the first moment after the gap, together once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

from lineform.model.schedule import Schedule
from lineform.sending.cron import cron_times

LOOK_BACK = timedelta(days=7)
"""How far back a tick looks for missed occurrences. What is older is not even reported as missed."""
_HORIZON = timedelta(days=366 * 5)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """One occurrence: `key` is its local wall time, `at` the moment in UTC."""

    key: str
    at: datetime


def occurrences(schedule: Schedule, timezone: str, after: datetime, until: datetime) -> list[Due]:
    """Every occurrence later than `after` and not later than `until`, in order.

    `after` and `until` are aware; `timezone` is the client's, which the schedule may replace.
    """
    return list(_between(schedule, ZoneInfo(schedule.timezone or timezone), after, until))


def upcoming(schedule: Schedule, timezone: str, after: datetime, count: int = 1) -> list[Due]:
    """The next `count` occurrences later than `after`; fewer where the schedule ends (or fires none in five years)."""
    return list(islice(_between(schedule, ZoneInfo(schedule.timezone or timezone), after, after + _HORIZON), count))


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment (UTC) of a naive wall time: its first happening, or the end of the gap that it falls into."""
    local = wall.replace(tzinfo=zone, fold=0)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # In a gap, fold=0 counts with the offset before it and fold=1 with the offset after it (PEP 495); the clock is
    # put forward somewhere between the two moments.
    early, late = sorted((moment, local.replace(fold=1).astimezone(UTC)))
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def key_of(wall: datetime) -> str:
    """The name of an occurrence: its wall time, to the minute where it has no seconds."""
    return wall.isoformat() if wall.second or wall.microsecond else wall.isoformat(timespec="minutes")


def _between(schedule: Schedule, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[Due]:
    if schedule.at is not None:
        moment = instant(schedule.at, zone)
        if after < moment <= until:
            yield Due(key_of(schedule.at), moment)
        return
    waiting: Due | None = None
    for due in _cron_dues(schedule, zone, after, until):
        # Of several at one moment, the last written wall time stays: it is the one that exists on the clock.
        if waiting is not None and waiting.at != due.at:
            yield waiting
        waiting = due
    if waiting is not None:
        yield waiting


def _cron_dues(schedule: Schedule, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[Due]:
    assert schedule.cron is not None  # noqa: S101 - the model allows exactly one of at and cron
    # A day's margin on both sides covers every shift of the clock; the moments themselves decide.
    start = after.astimezone(zone).replace(tzinfo=None) - _DAY
    end = until.astimezone(zone).replace(tzinfo=None) + _DAY
    if schedule.starts is not None:
        start = max(start, datetime.combine(schedule.starts, datetime.min.time()) - timedelta(minutes=1))
    if schedule.ends is not None:
        end = min(end, datetime.combine(schedule.ends, datetime.max.time()))
    for wall in cron_times(schedule.cron, start, end):
        if _fires_on(schedule, wall.date()) and after < (moment := instant(wall, zone)) <= until:
            yield Due(key_of(wall), moment)


def _fires_on(schedule: Schedule, day: date) -> bool:
    if day in schedule.except_on:
        return False
    if (schedule.starts and day < schedule.starts) or (schedule.ends and day > schedule.ends):
        return False
    if schedule.holidays == "send":
        return True
    return is_holiday(day) == (schedule.holidays == "only")


def is_holiday(day: date) -> bool:
    """Whether `day` is a public holiday in Japan, substitute holidays included."""
    return day in _holidays(day.year)


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    # Takes 30 ms to import, and most schedules never ask.
    from holidays.countries.japan import Japan  # noqa: PLC0415

    return frozenset(Japan(years=year))
