"""When a step is due: counted from where the scenario began, on the client's clock and calendar; nothing drifts.

``3d`` is 72 hours. With a time of day, days, weeks, months and years are calendar days from the beginning's date;
months and years always are. The 31st of a month that has none is its last day, and 29 February is 28 February in common
years, each counted from the beginning itself and never from an earlier step.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lineform.sending.due import instant

_LENGTH = re.compile(r"(\d+)(mo|[mhdwy])")
_FIXED = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: a number of ``m``, ``h``, ``d``, ``w``, ``mo`` or ``y``."""

    count: int
    unit: str

    @property
    def on_calendar(self) -> bool:
        """Whether it is counted in days of the calendar where a time of day is given."""
        return self.unit in {"d", "w", "mo", "y"}

    @property
    def longest(self) -> timedelta:
        """At least as long as it may be."""
        if self.unit in _FIXED:
            return _FIXED[self.unit] * self.count
        return timedelta(days=(31 if self.unit == "mo" else 366) * self.count)


def span_of(written: str) -> Span:
    """A length as the model holds it: ``3d``. Raises ValueError for anything else."""
    found = _LENGTH.fullmatch(written)
    if found is None:
        raise ValueError(f"'{written}' is no length")
    return Span(int(found[1]), found[2])


def moment_after(
    start: datetime, span: Span, zone: ZoneInfo, *, at: time | None = None, on: Sequence[str] = (), sign: int = 1
) -> datetime:
    """The moment (UTC) that lies `span` after `start`; the first one from there on that has the time of day `at`, and
    the first from there on that is one of the weekdays `on`. With a `sign` of -1 everything is looked for backwards:
    what lies before a date never comes after it."""
    if at is not None and span.on_calendar:
        day = _day_after(start.astimezone(zone).date(), span, sign)
        found = instant(datetime.combine(day, at), zone)
        if (found - start) * sign < timedelta():
            found = instant(datetime.combine(day + timedelta(days=sign), at), zone)
    else:
        found = _plain_after(start, span, zone, sign)
        if at is not None:
            found = _first_at(found, at, zone, sign)
    return _first_on(found, on, zone, sign) if on else found


def _plain_after(start: datetime, span: Span, zone: ZoneInfo, sign: int) -> datetime:
    if span.unit in _FIXED:
        return start + sign * span.count * _FIXED[span.unit]
    local = start.astimezone(zone)
    return instant(datetime.combine(_day_after(local.date(), span, sign), local.time()), zone)


def _day_after(day: date, span: Span, sign: int) -> date:
    if span.unit in _FIXED:
        return day + sign * span.count * _FIXED[span.unit]
    months = sign * span.count * (12 if span.unit == "y" else 1)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _first_at(moment: datetime, at: time, zone: ZoneInfo, sign: int) -> datetime:
    day = moment.astimezone(zone).date()
    found = instant(datetime.combine(day, at), zone)
    if (found - moment) * sign >= timedelta():
        return found
    return instant(datetime.combine(day + timedelta(days=sign), at), zone)


def _first_on(moment: datetime, on: Sequence[str], zone: ZoneInfo, sign: int) -> datetime:
    local = moment.astimezone(zone)
    for days in range(7):
        day = local.date() + timedelta(days=days * sign)
        if _DAYS[day.weekday()] in on:
            return moment if days == 0 else instant(datetime.combine(day, local.time()), zone)
    raise ValueError(f"no day of the week is among {', '.join(on)}")


def date_told(value: object, zone: ZoneInfo) -> datetime | None:
    """The moment that an attribute's value names: a date from its beginning, a local time, or a time with its offset.
    None where it names none."""
    if not isinstance(value, str):
        return None
    try:
        told = datetime.fromisoformat(value)
    except ValueError:
        return None
    return instant(told, zone) if told.tzinfo is None else told.astimezone(UTC)


def next_anniversary(value: object, zone: ZoneInfo, earliest: datetime) -> datetime | None:
    """The first return of a date's day, from its beginning, that is not before `earliest`; None where it is no date."""
    told = date_told(value, zone)
    if told is None:
        return None
    first = told.astimezone(zone).date()
    year = earliest.astimezone(zone).year
    for ahead in (0, 1):
        day = date(year + ahead, first.month, min(first.day, monthrange(year + ahead, first.month)[1]))
        if (found := instant(datetime.combine(day, time()), zone)) >= earliest:
            return found
    return None
