"""When a campaign is sent: once, or by a rule."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from lineform.model.base import Duration, Part


@cache
def _zones() -> frozenset[str]:
    """The names in the tzdata package: the same on every machine, and `zoneinfo.available_timezones` would open each
    of six hundred files at every call."""
    return frozenset((files("tzdata") / "zones").read_text(encoding="utf-8").split())


def _zone(value: str) -> str:
    if value not in _zones():
        raise ValueError("is not a time zone of the IANA database, such as Asia/Tokyo")
    ZoneInfo(value)
    return value


def local_time(value: Any) -> datetime:
    """A local date and time as it is written, ``2026-12-01T10:00``. Raises ValueError for anything else."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is None and "T" in value:
            return moment
    raise ValueError("is not a local date and time such as 2026-12-01T10:00 (the time zone is the client's)")


def is_local_moment(text: str) -> bool:
    """Whether this is a day, or a local date and time, of the calendar."""
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


def _day(value: Any) -> Any:
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("is not a date such as 2026-12-31")


TimeZone = Annotated[str, AfterValidator(_zone)]
LocalTime = Annotated[
    datetime,
    BeforeValidator(local_time),
    PlainSerializer(lambda v: v.isoformat(timespec="minutes") if not v.second else v.isoformat()),
    WithJsonSchema(
        {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$", "examples": ["2026-12-01T10:00"]}
    ),
]
"""Wall-clock time in the client's time zone, without offset."""
Day = Annotated[
    date,
    BeforeValidator(_day),
    PlainSerializer(lambda v: v.isoformat()),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-12-31"]}),
]


class SendWithin(Part):
    """Late by at most this much is still sent; later, the other word decides."""

    within: Duration
    otherwise: Literal["hold", "skip"] = "hold"


class Schedule(Part):
    """Exactly one of `at` and `cron`."""

    at: LocalTime | None = None
    cron: str | None = None
    """Five fields: minute, hour, day of month, month, day of week. Where both days are given, either one matches."""
    timezone: TimeZone | None = None
    """Instead of the client's time zone."""
    starts: Day | None = None
    """For `cron`: the first day on which it may fire."""
    ends: Day | None = None
    """For `cron`: the last day on which it may fire."""
    holidays: Literal["send", "skip", "only"] = "send"
    """For `cron`: what happens on Japan's public holidays."""
    except_on: Annotated[tuple[Day, ...], Field(strict=False)] = ()
    """For `cron`: days on which it does not fire."""
    if_late: Literal["hold", "skip"] | SendWithin = SendWithin(within="1h")  # type: ignore[arg-type]
    """When nothing ran within 15 minutes of the due time: hold for a person, skip, or send within a time."""

    @model_validator(mode="after")
    def _at_or_cron(self) -> Schedule:
        if (self.at is None) == (self.cron is None):
            raise ValueError("needs exactly one of at and cron")
        only_cron = {"starts", "ends", "holidays", "except_on"} & self.model_fields_set
        if self.at is not None and only_cron:
            raise ValueError(f"'{min(only_cron)}' belongs to cron")
        return self
