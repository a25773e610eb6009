"""What a day of the calendar makes of a condition: ages, anniversaries, and moments that are so long ago.

Somebody born on 29 February has the anniversary on 28 February in common years, and is a year older from that day on.
"""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from lineform.segments.predicate import (
    AgeIs,
    All,
    Anniversary,
    Any,
    AttributeIs,
    Edge,
    FriendSince,
    Happened,
    HasTag,
    InSource,
    Maybe,
    Not,
    Point,
    Predicate,
)

NEXT_DAYS = re.compile(r"next_([1-9][0-9]{0,2})_days")
MOST_DAYS = 366
_EVER = 1_000 * 365 * 86_400
"""Seconds before which nobody did anything."""
_MONTH = re.compile(r"month_([1-9]|1[0-2])")
_LASTS = {"today": 1, "tomorrow": 1, "this_month": 31, "next_month": 31}
"""Days of a span of the calendar."""


def to_millisecond(moment: datetime) -> datetime:
    """The moment as events are recorded; LINE's own times have no more digits."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def instant(point: Point, now: datetime) -> datetime:
    """The moment that a point means when somebody asks at `now`."""
    return point if isinstance(point, datetime) else to_millisecond(now) - timedelta(seconds=min(point, _EVER))


def window(start: Point | None, end: Point | None, now: datetime) -> tuple[datetime | None, datetime]:
    """From which moment on, and before which one, something happened that lies between two points and not in the
    future, for whoever asks at `now`."""
    future = to_millisecond(now) + timedelta(milliseconds=1)
    before = future if end is None else min(future, instant(end, now))
    return None if start is None else instant(start, now), before


def local_moment(text: str, timezone: str) -> datetime:
    """``2026-12-01`` (the day's beginning) or ``2026-12-01T10:00`` on that zone's clocks, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def on_date(predicate: Predicate, moment: datetime) -> Predicate:
    """The predicate with ages and anniversaries settled for the day of `moment`; what else is relative stays so."""
    match predicate:
        case AgeIs() | Anniversary():
            return settled(predicate, moment)
        case All():
            return All(tuple(on_date(part, moment) for part in predicate.parts))
        case Any():
            return Any(tuple(on_date(part, moment) for part in predicate.parts))
        case Not():
            return Not(on_date(predicate.part, moment))
        case Maybe():
            return Maybe(on_date(predicate.part, moment))
        case _:
            return predicate


def with_longer_memory(predicate: Predicate, length: timedelta) -> Predicate:
    """The predicate with every window that is relative to the moment of asking ending and beginning so much earlier:
    whoever is selected by this and not by the predicate is out of it for no other reason than the time that passed.
    Days of the calendar (ages, anniversaries) stay as they are."""
    seconds = int(length.total_seconds())

    def earlier(point: Point | None) -> Point | None:
        return point + seconds if isinstance(point, int) else point

    match predicate:
        case All():
            return All(tuple(with_longer_memory(part, length) for part in predicate.parts))
        case Any():
            return Any(tuple(with_longer_memory(part, length) for part in predicate.parts))
        case Not() | Maybe() | InSource():
            return replace(predicate, part=with_longer_memory(predicate.part, length))
        case HasTag() if predicate.lasts is not None:
            return replace(predicate, lasts=predicate.lasts + seconds)
        case FriendSince():
            return replace(predicate, start=earlier(predicate.start), end=earlier(predicate.end))
        case Happened():
            measure = predicate.measure
            if isinstance(measure, Edge):
                measure = replace(measure, start=earlier(measure.start), end=earlier(measure.end))
            return replace(predicate, start=earlier(predicate.start), end=earlier(predicate.end), measure=measure)
        case _:
            return predicate


def settled(leaf: AgeIs | Anniversary, now: datetime) -> Predicate:
    """The comparison of dates that a leaf comes to on the day of `now` in its time zone."""
    today = now.astimezone(ZoneInfo(leaf.timezone)).date()
    if isinstance(leaf, Anniversary):
        return AttributeIs(leaf.attribute, "date", "month_day", tuple(month_days(leaf.span, today)))
    low, high = leaf.years[0], leaf.years[-1]
    match leaf.comparison:
        case "at_least":
            return _born(leaf, "at_most", low, today)
        case "above":
            return _born(leaf, "at_most", low + 1, today)
        case "below":
            return _born(leaf, "above", low, today)
        case "at_most":
            return _born(leaf, "above", low + 1, today)
        case "is" | "between":
            return All((_born(leaf, "at_most", low, today), _born(leaf, "above", high + 1, today)))


def _born(leaf: AgeIs, comparison: Literal["at_most", "above"], years: int, today: date) -> AttributeIs:
    """Born up to, or after, the last day whose children have turned this old."""
    day = 29 if (today.month, today.day) == (2, 28) and not isleap(today.year) else today.day
    latest = f"{max(0, today.year - years):04}-{today.month:02}-{day:02}"
    return AttributeIs(leaf.attribute, "date", comparison, (latest,))


def is_span(span: str) -> bool:
    """Whether this is a span of the calendar that an anniversary may fall into."""
    if found := NEXT_DAYS.fullmatch(span):
        return int(found[1]) <= MOST_DAYS
    return span in {"today", "tomorrow", "this_month", "next_month"} or bool(_MONTH.fullmatch(span))


def days_of_occasion(predicate: Predicate) -> int:
    """How many days the anniversary lasts that everybody selected by this has; 0 where they need not have one. That of
    a month which is always the same is no occasion: it says who somebody is."""
    match predicate:
        case Anniversary(span=span):
            found = NEXT_DAYS.fullmatch(span)
            return int(found[1]) if found else _LASTS.get(span, 0)
        case All(parts=parts):
            return max(map(days_of_occasion, parts), default=0)
        case Any(parts=parts):
            days = [days_of_occasion(part) for part in parts]
            return max(days) if all(days) else 0
        case InSource(part=part):
            return days_of_occasion(part)
        case _:
            return 0


def month_days(span: str, today: date) -> list[str]:
    """The days of a span as ``12-31``, in the order of the calendar."""
    return sorted({day for one in _days(span, today) for day in _names(one)})


def _names(day: date) -> tuple[str, ...]:
    name = f"{day.month:02}-{day.day:02}"
    return (name, "02-29") if name == "02-28" and not isleap(day.year) else (name,)


def _days(span: str, today: date) -> Iterator[date]:
    if span in {"this_month", "next_month"}:
        month = today.month if span == "this_month" else today.month % 12 + 1
        yield from _month(today.year + (month < today.month), month)
    elif found := _MONTH.fullmatch(span):
        yield from _month(2000, int(found[1]))
    elif span in {"today", "tomorrow"}:
        yield today + timedelta(days=span == "tomorrow")
    elif found := NEXT_DAYS.fullmatch(span):
        yield from (today + timedelta(days=n) for n in range(int(found[1])))
    else:
        raise ValueError(f"'{span}' is no span of the calendar")


def _month(year: int, month: int) -> Iterator[date]:
    yield from (date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1))
