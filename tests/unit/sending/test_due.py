from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import jpholiday
import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from lineform.model.schedule import Schedule
from lineform.sending.due import Due, instant, is_holiday, occurrences, upcoming

TOKYO = "Asia/Tokyo"
NEW_YORK = "America/New_York"


def wall(text: str) -> datetime:
    """A time without zone."""
    return datetime.fromisoformat(text)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def keys(schedule: Schedule, zone: str, after: datetime, until: datetime) -> list[str]:
    return [due.key for due in occurrences(schedule, zone, after, until)]


def at(text: str, **more: object) -> Schedule:
    return Schedule.model_validate({"at": text, **more})


def cron(text: str, **more: object) -> Schedule:
    return Schedule.model_validate({"cron": text, **more})


def test_a_written_time_is_one_occurrence_named_by_its_wall_time() -> None:
    found = occurrences(at("2026-12-01T10:00"), TOKYO, utc(2026, 1, 1), utc(2027, 1, 1))
    assert found == [Due("2026-12-01T10:00", utc(2026, 12, 1, 1))]


def test_the_interval_is_open_at_its_start_and_closed_at_its_end() -> None:
    due = utc(2026, 12, 1, 1)
    assert keys(at("2026-12-01T10:00"), TOKYO, due - timedelta(seconds=1), due) == ["2026-12-01T10:00"]
    assert keys(at("2026-12-01T10:00"), TOKYO, due, due + timedelta(days=1)) == []
    assert keys(cron("0 10 1 12 *"), TOKYO, due, due + timedelta(days=1)) == []


def test_a_schedules_own_time_zone_goes_before_the_clients() -> None:
    found = occurrences(at("2026-12-01T10:00", timezone="UTC"), TOKYO, utc(2026, 1, 1), utc(2027, 1, 1))
    assert found[0].at == utc(2026, 12, 1, 10)


def test_a_time_that_the_clock_skips_is_due_when_the_gap_ends() -> None:
    found = occurrences(at("2026-03-08T02:30"), NEW_YORK, utc(2026, 1, 1), utc(2027, 1, 1))
    assert found == [Due("2026-03-08T02:30", utc(2026, 3, 8, 7))]


def test_a_rule_fires_once_for_all_times_that_the_clock_skips() -> None:
    found = occurrences(cron("*/30 1-3 * * *"), NEW_YORK, utc(2026, 3, 8), utc(2026, 3, 9))
    assert [due.key for due in found] == [
        "2026-03-08T01:00",
        "2026-03-08T01:30",
        "2026-03-08T03:00",
        "2026-03-08T03:30",
    ]


def test_a_time_that_happens_twice_fires_the_first_time_only() -> None:
    found = occurrences(cron("30 1 * * *"), NEW_YORK, utc(2026, 11, 1), utc(2026, 11, 2))
    assert found == [Due("2026-11-01T01:30", utc(2026, 11, 1, 5, 30))]


def test_a_gap_of_half_an_hour_ends_where_it_ends() -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    assert instant(wall("2026-10-04T02:10"), lord_howe).astimezone(lord_howe).hour == 2
    assert instant(wall("2026-10-04T02:10"), lord_howe).astimezone(lord_howe).minute == 30


def test_a_rule_keeps_to_its_days() -> None:
    rule = cron("0 9 * * *", starts="2026-12-02", ends="2026-12-05", except_on=["2026-12-04"])
    assert keys(rule, TOKYO, utc(2026, 11, 1), utc(2027, 1, 1)) == [
        "2026-12-02T09:00",
        "2026-12-03T09:00",
        "2026-12-05T09:00",
    ]


def test_the_first_day_includes_its_midnight() -> None:
    rule = cron("0 0 * * *", starts="2026-12-02", ends="2026-12-02")
    assert keys(rule, TOKYO, utc(2026, 11, 1), utc(2027, 1, 1)) == ["2026-12-02T00:00"]


@pytest.mark.parametrize(("word", "days"), [("send", ["02", "03", "04"]), ("skip", ["02", "04"]), ("only", ["03"])])
def test_holidays_are_sent_skipped_or_the_only_days(word: str, days: list[str]) -> None:
    found = keys(cron("0 9 * * *", holidays=word), TOKYO, utc(2026, 11, 1, 1), utc(2026, 11, 4, 1))
    assert found == [f"2026-11-{day}T09:00" for day in days]


def test_holidays_agree_with_a_second_calendar_for_years() -> None:
    day = date(2020, 1, 1)
    while day < date(2032, 1, 1):
        assert is_holiday(day) == jpholiday.is_holiday(day), day
        day += timedelta(days=1)


def test_either_day_fires_where_both_are_given() -> None:
    found = keys(cron("0 9 1 * mon"), TOKYO, utc(2026, 11, 30, 1), utc(2026, 12, 8))
    assert found == ["2026-12-01T09:00", "2026-12-07T09:00"]


def test_upcoming_names_the_next_occurrences_and_ends_with_the_schedule() -> None:
    rule = cron("0 9 * * *", ends="2026-12-02")
    assert [due.key for due in upcoming(rule, TOKYO, utc(2026, 12, 1), 5)] == ["2026-12-02T09:00"]
    assert upcoming(at("2026-01-01T00:00"), TOKYO, utc(2026, 12, 1)) == []


@given(
    minute=st.one_of(st.just("*"), st.integers(0, 59).map(str), st.integers(2, 30).map("*/{}".format)),
    hour=st.one_of(st.just("*"), st.integers(0, 23).map(str), st.just("9-18"), st.just("8,20")),
    day=st.one_of(st.just("*"), st.integers(1, 28).map(str)),
    month=st.one_of(st.just("*"), st.integers(1, 12).map(str)),
    weekday=st.one_of(st.just("*"), st.sampled_from(["0", "1-5", "6", "mon,wed", "7"])),
    start=st.datetimes(wall("2024-01-01T00:00"), wall("2030-01-01T00:00")),
)
def test_where_no_clock_jumps_a_second_cron_agrees(
    minute: str, hour: str, day: str, month: str, weekday: str, start: datetime
) -> None:
    text = f"{minute} {hour} {day} {month} {weekday}"
    after = start.replace(second=0, microsecond=0, tzinfo=ZoneInfo(TOKYO))
    until = after + timedelta(days=400)
    oracle = CronSim(text, after)
    ours = upcoming(cron(text), TOKYO, after, 5)
    theirs = [moment for _, moment in zip(range(5), oracle, strict=False)]
    assert [due.at for due in ours if due.at <= until] == [moment for moment in theirs if moment <= until]


@settings(max_examples=30)
@given(start=st.datetimes(wall("2024-01-01T00:00"), wall("2030-01-01T00:00")), hour=st.integers(0, 23))
def test_a_daily_rule_agrees_with_a_second_cron_wherever_the_clock_only_goes_forward(
    start: datetime, hour: int
) -> None:
    zone = ZoneInfo(NEW_YORK)
    after = start.replace(second=0, microsecond=0, tzinfo=zone)
    until = after + timedelta(days=200)
    theirs = []
    for moment in CronSim(f"30 {hour} * * *", after):
        if moment.astimezone(UTC) > until.astimezone(UTC):
            break
        theirs.append(moment.astimezone(UTC))
    ours = [due.at for due in occurrences(cron(f"30 {hour} * * *"), NEW_YORK, after, until)]
    # The second cron runs a skipped time at once after the gap, and a repeated one once, as we do.
    assert ours == theirs


@given(st.datetimes(wall("2024-01-01T00:00"), wall("2030-01-01T00:00")))
def test_a_quarter_hourly_rule_never_makes_one_key_or_one_moment_twice(start: datetime) -> None:
    after = start.replace(tzinfo=UTC)
    found = occurrences(cron("*/15 * * * *"), NEW_YORK, after, after + timedelta(days=3))
    assert len({due.key for due in found}) == len({due.at for due in found}) == len(found)
    assert [due.at for due in found] == sorted(due.at for due in found)
