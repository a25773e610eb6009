"""Cron's five fields, and nothing more: what may be written, and when it fires on a plain wall clock.

croniter computes the times. It also accepts words that other crons read otherwise or not at all (``R``, six and seven
fields, ``*/90``, 30 February), so a rule is read by our own small grammar first and handed over as plain numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from croniter import croniter

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PART = re.compile(r"(?:(?P<star>\*)|(?P<first>[a-z0-9]+)(?:-(?P<last>[a-z0-9]+))?)(?:/(?P<step>\d{1,3}))?")


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 7, _DAYS),
)


class _Unreadable(ValueError):
    """A field is not written as documented; the message is a sentence."""


def check_cron(text: str) -> str | None:
    """A sentence that says why `text` is no rule that can be kept, or None where it is one.

    Five fields: minute, hour, day of month, month, day of week (0 and 7 are Sunday). In each: ``*``, a number, a range
    ``1-5``, a step over either (``*/15``, ``9-18/3``), or several of these with commas. Months and weekdays may be
    their first three letters in English.
    """
    try:
        _plain(text)
    except _Unreadable as wrong:
        return str(wrong)
    return None


def times_an_hour(text: str) -> int:
    """In how many minutes of an hour the rule fires, in the hours in which it does. ValueError as below."""
    return len(_read(_FIELDS[0], _plain(text).split()[0]))


def times_of_day(text: str) -> list[time]:
    """The times of day at which the rule fires, on the days on which it does. ValueError as below."""
    minutes, hours = (_read(field, part) for field, part in zip(_FIELDS[:2], _plain(text).split()[:2], strict=True))
    return [time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes)]


def cron_times(text: str, after: datetime, until: datetime) -> Iterator[datetime]:
    """The naive wall times later than `after`, up to `until`, at which the rule fires on a clock that never jumps.

    ValueError where `check_cron` has something to say.
    """
    # 20 ms of import that only schedules with a rule need.
    from croniter import CroniterBadDateError  # noqa: PLC0415

    times = copy(_rule(text))
    times.set_current(after)
    while True:
        try:
            moment = times.get_next(datetime)
        except CroniterBadDateError:  # it found none within its 50 years
            return
        if moment > until:
            return
        yield moment


@lru_cache(maxsize=512)
def _rule(text: str) -> croniter:
    """The rule as it was read once, at no moment: every tick asks when the same few rules fire next. To be copied."""
    from croniter import croniter  # noqa: PLC0415 - as above

    return croniter(_plain(text), day_or=True)


def _plain(text: str) -> str:
    written = text.split()
    if len(written) != len(_FIELDS):
        raise _Unreadable(
            f"'{text}' has {len(written)} fields; a rule has five: minute, hour, day of month, month, day of week"
        )
    values = [_read(field, part) for field, part in zip(_FIELDS, written, strict=True)]
    _, _, days, months, _ = values
    _, _, day, _, weekday = written
    if "*" not in (day, weekday) and (day.startswith("*") or weekday.startswith("*")):
        # Some crons take "*/2" beside a weekday as "and", others as "or".
        raise _Unreadable(
            f"'{text}' steps over all days beside another rule for days, which different crons read differently; "
            "list the days, or leave one of the two fields as *"
        )
    if day != "*" and all(min(days) > _LONGEST[month] for month in months):
        raise _Unreadable(f"'{text}' names a day that none of its months has")
    return " ".join(
        "*" if part == "*" else ",".join(map(str, sorted(found))) for part, found in zip(written, values, strict=True)
    )


def _read(field: _Field, text: str) -> set[int]:
    found: set[int] = set()
    for part in text.lower().split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise _Unreadable(f"'{part}' cannot be read as a {field.name}: write *, 5, 1-5, */15 or 9-18/3")
        found.update(_values(field, match))
    return {value % 7 for value in found} if field.words is _DAYS else found


def _values(field: _Field, match: re.Match[str]) -> range:
    top = 6 if field.words is _DAYS else field.high
    first = field.low if match["star"] else _number(field, match["first"])
    last = top if match["star"] else _number(field, match["last"] or match["first"])
    if match["last"] and match["last"] == "sun":
        last = 7
    if first > last:
        raise _Unreadable(f"'{match[0]}' runs backwards as a {field.name}; write the two parts with a comma")
    if match["step"] is None:
        return range(first, last + 1)
    if not match["star"] and match["last"] is None:
        raise _Unreadable(f"'{match[0]}' steps from a single {field.name}; write a range, such as {first}-{top}/2")
    step = int(match["step"])
    if not 0 < step <= last - first:
        raise _Unreadable(f"'{match[0]}' steps further than its range of {field.name}s reaches")
    return range(first, last + 1, step)


def _number(field: _Field, text: str) -> int:
    if text in field.words:
        return field.words.index(text) + (field.low if field.words is _MONTHS else 0)
    if not text.isdecimal() or not field.low <= int(text) <= field.high:
        words = f" or {field.words[0]} to {field.words[-1]}" if field.words else ""
        raise _Unreadable(f"'{text}' is no {field.name}: {field.low} to {field.high}{words}")
    return int(text)
