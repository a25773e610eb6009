"""Whether something is open: hours of the day, weekdays and holidays on the client's clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from lineform.model.reply import Hours
from lineform.sending.due import is_holiday

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def is_open(hours: Sequence[Hours], now: datetime, timezone: str) -> bool:
    """Whether any of these hours holds at `now`."""
    local = now.astimezone(ZoneInfo(timezone)).replace(tzinfo=None)
    return any(_within(one, local) for one in hours)


def _within(hours: Hours, local: datetime) -> bool:
    start, _, end = hours.open.partition("-")
    time = local.strftime("%H:%M")
    if start < end:
        return start <= time < end and _is_day(hours, local.date())
    if time >= start:
        return _is_day(hours, local.date())
    return time < end and _is_day(hours, local.date() - timedelta(days=1))


def _is_day(hours: Hours, day: date) -> bool:
    if day in hours.except_on or _DAYS[day.weekday()] not in hours.weekdays:
        return False
    if hours.holidays == "open":
        return True
    return is_holiday(day) == (hours.holidays == "only")
