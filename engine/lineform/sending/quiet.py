"""When nobody is disturbed: quiet hours, and the days and hours in which sends may be made, on the client's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lineform.model.client import WEEK, Windows
from lineform.sending.due import instant

_STEPS = 1000
"""Ends of closed times in a row after which a time that is open is not looked for any more."""


@dataclass(frozen=True, slots=True)
class Open:
    """Hours of some days of the week, Monday being 0."""

    days: frozenset[int]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Quiet:
    """From `start` up to, not including, `end`; over midnight where `end` is the earlier one. Both None where only
    windows are given: sends are made in one of `allow`, if there are any, and on no day of `deny` (both included)."""

    start: time | None
    end: time | None
    zone: ZoneInfo
    allow: tuple[Open, ...] = ()
    deny: tuple[tuple[date, date], ...] = ()

    def until(self, now: datetime) -> datetime | None:
        """When the quiet time that `now` is in ends (UTC); None outside of it."""
        moment, found = now, None
        for _ in range(_STEPS):
            end = self._night(moment) or self._denied(moment) or self._opening(moment)
            if end is None:
                break
            moment = found = end
        return found

    def closed_at(self, wall: time) -> bool:
        """Whether nothing is sent at this time of day, whatever the day."""
        night = self.start is not None and self.end is not None and _holds(self.start, self.end, wall)
        return night or (bool(self.allow) and not any(one.start <= wall < one.end for one in self.allow))

    def _night(self, now: datetime) -> datetime | None:
        if self.start is None or self.end is None:
            return None
        local = now.astimezone(self.zone)
        wall = local.time()
        if not _holds(self.start, self.end, wall):
            return None
        day = local.date() + (timedelta(days=1) if wall >= self.end else timedelta())
        end = datetime.combine(day, self.end)
        moment = instant(end, self.zone)
        # Where the clock is put back, the end happens twice, and we may be between the two.
        return moment if moment > now else end.replace(tzinfo=self.zone, fold=1).astimezone(UTC)

    def _denied(self, now: datetime) -> datetime | None:
        today = now.astimezone(self.zone).date()
        ends = [end for start, end in self.deny if start <= today <= end]
        return instant(datetime.combine(max(ends) + timedelta(days=1), time()), self.zone) if ends else None

    def _opening(self, now: datetime) -> datetime | None:
        local = now.astimezone(self.zone)
        if not self.allow or any(
            local.weekday() in one.days and one.start <= local.time() < one.end for one in self.allow
        ):
            return None
        days = (local.date() + timedelta(days=number) for number in range(8))
        starts = (datetime.combine(day, one.start) for day in days for one in self.allow if day.weekday() in one.days)
        # A start that the clock skips or repeats may come out before now.
        return min(moment for moment in (instant(start, self.zone) for start in starts) if moment > now)


def _holds(start: time, end: time, wall: time) -> bool:
    if start < end:
        return start <= wall < end
    return wall >= start or wall < end


def quiet_hours(written: str | None, timezone: str, windows: Windows | None = None) -> Quiet | None:
    """The quiet hours written as ``21:00-09:00``, and the windows; None where there are neither."""
    if written is None and windows is None:
        return None
    start, end = _hours(written) if written else (None, None)
    windows = windows or Windows()
    allow = tuple(Open(frozenset(WEEK.index(day) for day in one.days), *_hours(one.hours)) for one in windows.allow)
    return Quiet(start, end, ZoneInfo(timezone), allow, tuple((one.starts, one.ends) for one in windows.deny))


def _hours(written: str) -> tuple[time, time]:
    start, _, end = written.partition("-")
    return time.fromisoformat(start), time.fromisoformat(end)
