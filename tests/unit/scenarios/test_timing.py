"""Times of steps: hours are hours, months are months, and nothing drifts."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.scenarios.timing import Span, date_told, moment_after, next_anniversary, span_of

TOKYO = ZoneInfo("Asia/Tokyo")
BERLIN = ZoneInfo("Europe/Berlin")
moments = st.integers(0, 15 * 365 * 24 * 60).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
spans = st.builds(Span, st.integers(0, 60), st.sampled_from(["m", "h", "d", "w", "mo", "y"]))


def local(moment: datetime, zone: ZoneInfo = TOKYO) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def at(text: str, zone: ZoneInfo = TOKYO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "written", "clock", "days", "due"),
    [
        ("2026-12-01T10:00", "45m", None, (), "2026-12-01 10:45"),
        ("2026-12-01T10:00", "3d", None, (), "2026-12-04 10:00"),
        ("2026-12-01T10:00", "3d", "09:00", (), "2026-12-04 09:00"),
        ("2026-12-01T23:59", "1d", "09:00", (), "2026-12-02 09:00"),
        ("2026-12-01T10:00", "0m", "09:00", (), "2026-12-02 09:00"),
        ("2026-12-01T08:00", "0m", "09:00", (), "2026-12-01 09:00"),
        ("2026-12-01T10:00", "0d", "09:00", (), "2026-12-02 09:00"),
        ("2026-12-01T10:00", "30h", "09:00", (), "2026-12-03 09:00"),
        ("2027-01-31T10:00", "1mo", None, (), "2027-02-28 10:00"),
        ("2028-01-31T10:00", "1mo", None, (), "2028-02-29 10:00"),
        ("2027-01-31T10:00", "2mo", None, (), "2027-03-31 10:00"),
        ("2026-11-30T10:00", "3mo", "18:30", (), "2027-02-28 18:30"),
        ("2028-02-29T10:00", "1y", None, (), "2029-02-28 10:00"),
        ("2028-02-29T10:00", "4y", None, (), "2032-02-29 10:00"),
        ("2026-12-01T10:00", "1d", None, ("tue",), "2026-12-08 10:00"),
        ("2026-12-01T10:00", "0m", None, ("tue",), "2026-12-01 10:00"),
        ("2026-12-01T10:00", "1d", "12:00", ("sat", "sun"), "2026-12-05 12:00"),
        ("2026-12-01T10:00", "1w", "12:00", (), "2026-12-08 12:00"),
    ],
)  # fmt: skip
def test_a_step_is_due_at(start: str, written: str, clock: str | None, days: tuple[str, ...], due: str) -> None:
    of_day = None if clock is None else time.fromisoformat(clock)
    assert local(moment_after(at(start), span_of(written), TOKYO, at=of_day, on=days)) == due


@pytest.mark.parametrize(
    ("written", "clock", "days", "due"),
    [
        ("2h", None, (), "2026-12-10 12:00"),
        ("1d", "18:00", (), "2026-12-09 18:00"),
        ("1mo", None, (), "2026-11-10 14:00"),
        ("2h", "10:00", (), "2026-12-10 10:00"),
        ("5h", "10:00", (), "2026-12-09 10:00"),
        ("0d", "18:00", (), "2026-12-09 18:00"),
        ("1d", None, ("mon",), "2026-12-07 14:00"),
        ("1d", "18:00", ("wed",), "2026-12-09 18:00"),
        ("2h", "18:00", ("thu", "fri"), "2026-12-04 18:00"),
    ],
)
def test_before_a_date(written: str, clock: str | None, days: tuple[str, ...], due: str) -> None:
    of_day = None if clock is None else time.fromisoformat(clock)
    assert local(moment_after(at("2026-12-10T14:00"), span_of(written), TOKYO, at=of_day, on=days, sign=-1)) == due


def test_three_days_are_72_hours_also_where_the_clock_changes() -> None:
    start = at("2027-03-27T10:00", BERLIN)
    assert moment_after(start, span_of("3d"), BERLIN) - start == timedelta(hours=72)
    assert local(moment_after(start, span_of("3d"), BERLIN), BERLIN) == "2027-03-30 11:00"
    assert local(moment_after(start, span_of("3d"), BERLIN, at=time(10)), BERLIN) == "2027-03-30 10:00"


@given(moments, spans, st.none() | st.times(), st.lists(st.sampled_from(["mon", "wed", "sun"]), unique=True))
def test_no_step_is_due_before_its_start(start: datetime, span: Span, clock: time | None, days: list[str]) -> None:
    clock = None if clock is None else clock.replace(microsecond=0, tzinfo=None)
    due = moment_after(start, span, TOKYO, at=clock, on=tuple(days))
    assert due >= start
    assert due - start <= span.longest + timedelta(days=9)
    if clock is not None:
        assert due.astimezone(TOKYO).time() == clock


@given(moments, spans, st.none() | st.times(), st.lists(st.sampled_from(["mon", "wed", "sun"]), unique=True))
def test_no_step_before_a_date_is_due_after_it(date: datetime, span: Span, clock: time | None, days: list[str]) -> None:
    clock = None if clock is None else clock.replace(microsecond=0, tzinfo=None)
    due = moment_after(date, span, TOKYO, at=clock, on=tuple(days), sign=-1)
    assert due <= date
    assert date - due <= span.longest + timedelta(days=9)
    assert clock is None or due.astimezone(TOKYO).time() == clock
    assert not days or f"{due.astimezone(TOKYO):%a}".lower() in days


@given(moments, st.integers(1, 40))
def test_months_are_counted_from_the_start_and_never_from_each_other(start: datetime, months: int) -> None:
    day = start.astimezone(TOKYO).day
    due = moment_after(start, Span(months, "mo"), TOKYO).astimezone(TOKYO)
    last = (due.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    assert due.day == min(day, last.day)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2026-12-10", "2026-12-10 00:00"),
        ("2026-12-10T14:00", "2026-12-10 14:00"),
        ("2026-12-10T05:00+00:00", "2026-12-10 14:00"),
        ("soon", None),
        (12, None),
        (None, None),
    ],
)
def test_a_date_is_told_by(value: object, told: str | None) -> None:
    found = date_told(value, TOKYO)
    assert (None if found is None else local(found)) == told


@pytest.mark.parametrize(
    ("born", "earliest", "day"),
    [
        ("1990-12-24", "2026-12-01T00:00", "2026-12-24"),
        ("1990-12-24", "2026-12-24T00:00", "2026-12-24"),
        ("1990-12-24", "2026-12-24T00:01", "2027-12-24"),
        ("2000-02-29", "2027-01-01T00:00", "2027-02-28"),
        ("2000-02-29", "2028-01-01T00:00", "2028-02-29"),
    ],
)
def test_a_birthday_returns_on(born: str, earliest: str, day: str) -> None:
    found = next_anniversary(born, TOKYO, at(earliest))
    assert found is not None
    assert local(found) == f"{day} 00:00"


@pytest.mark.parametrize("wrong", ["3", "d", "-1d", "1.5d", "3 d", ""])
def test_what_is_no_length_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="no length"):
        span_of(wrong)
