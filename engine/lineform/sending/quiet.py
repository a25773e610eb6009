"""Quiet hours: a part of the day, by the client's own clock, in which nobody is disturbed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lineform.sending.due import instant


@dataclass(frozen=True, slots=True)
class Quiet:
    """From `start` up to, not including, `end`; over midnight where `end` is the earlier one."""

    start: time
    end: time
    zone: ZoneInfo

    def until(self, now: datetime) -> datetime | None:
        """When the quiet hours that `now` is in end (UTC); None outside of them."""
        local = now.astimezone(self.zone)
        wall = local.time()
        if not self._holds(wall):
            return None
        day = local.date() + (timedelta(days=1) if wall >= self.end else timedelta())
        end = datetime.combine(day, self.end)
        moment = instant(end, self.zone)
        # Where the clock is put back, the end happens twice, and we may be between the two.
        return moment if moment > now else end.replace(tzinfo=self.zone, fold=1).astimezone(UTC)

    def _holds(self, wall: time) -> bool:
        if self.start < self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end


def quiet_hours(written: str | None, timezone: str) -> Quiet | None:
    """The quiet hours written as ``21:00-09:00``; None where there are none."""
    if written is None:
        return None
    start, _, end = written.partition("-")
    return Quiet(time.fromisoformat(start), time.fromisoformat(end), ZoneInfo(timezone))
