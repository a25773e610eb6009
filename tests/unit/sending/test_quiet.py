"""Quiet hours: over midnight, over a change of the clock, and what they do to a send that is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lineform.model.client import Limits
from lineform.model.schedule import Schedule
from lineform.sending import late
from lineform.sending.due import Due
from lineform.sending.quiet import Quiet, quiet_hours

JAPAN = "Asia/Tokyo"
MINUTE = timedelta(minutes=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def night(written: str = "21:00-09:00", timezone: str = JAPAN) -> Quiet:
    found = quiet_hours(written, timezone)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-12-01T20:59:59+09:00", None),
        ("2026-12-01T21:00:00+09:00", "2026-12-02T09:00+09:00"),
        ("2026-12-01T23:59:59+09:00", "2026-12-02T09:00+09:00"),
        ("2026-12-02T00:00:00+09:00", "2026-12-02T09:00+09:00"),
        ("2026-12-02T08:59:59+09:00", "2026-12-02T09:00+09:00"),
        ("2026-12-02T09:00:00+09:00", None),
    ],
)
def test_a_night_goes_over_midnight_and_ends_to_the_second(now: str, end: str | None) -> None:
    assert night().until(utc(now)) == (None if end is None else utc(end))


def test_a_noon_stays_within_its_day() -> None:
    noon = night("12:00-13:00")
    assert noon.until(utc("2026-12-01T12:30+09:00")) == utc("2026-12-01T13:00+09:00")
    assert noon.until(utc("2026-12-01T13:00+09:00")) is None
    assert noon.until(utc("2026-12-01T23:00+09:00")) is None


def test_no_quiet_hours_are_none() -> None:
    assert quiet_hours(None, JAPAN) is None


@pytest.mark.parametrize(
    ("written", "now", "end"),
    [
        # Spring: 02:00 to 03:00 does not exist, so what ends inside of it ends at its end.
        ("22:00-02:30", "2027-03-14T01:00-05:00", "2027-03-14T03:00-04:00"),
        ("21:00-09:00", "2027-03-14T01:00-05:00", "2027-03-14T09:00-04:00"),
        # Autumn: 01:30 happens twice.
        ("22:00-01:30", "2027-11-07T00:30-04:00", "2027-11-07T01:30-04:00"),
        ("22:00-01:30", "2027-11-07T01:10-05:00", "2027-11-07T01:30-05:00"),
        ("21:00-09:00", "2027-11-07T01:10-05:00", "2027-11-07T09:00-05:00"),
    ],
)
def test_the_end_follows_the_wall_clock_where_it_jumps(written: str, now: str, end: str) -> None:
    assert night(written, "America/New_York").until(utc(now)) == utc(end)


@given(
    st.integers(1_767_225_600, 1_830_297_600),
    st.times(),
    st.times(),
    st.sampled_from([JAPAN, "America/New_York", "Australia/Lord_Howe", "Europe/London"]),
)
def test_an_end_lies_ahead_and_within_a_day_and_is_not_quiet(moment: int, start: Any, end: Any, timezone: str) -> None:
    begin, stop = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    if begin == stop:
        return
    now = datetime.fromtimestamp(moment, UTC)
    quiet = night(f"{begin:%H:%M}-{stop:%H:%M}", timezone)
    found = quiet.until(now)
    if found is not None:
        assert now < found <= now + timedelta(hours=26)
        wall = found.astimezone(quiet.zone).time()
        assert wall >= stop or begin < stop


@pytest.mark.parametrize("written", ["21:00", "21:00-21:00", "24:00-09:00", "9:00-21:00", "21:00 - 09:00"])
def test_quiet_hours_that_cannot_be_read_are_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        Limits.model_validate({"quiet": written})


# --- what is due in them


def decide(due: str, now: str, **schedule: Any) -> late.Decision:
    written = Schedule.model_validate({"at": due, "if_late": {"within": "1h"}, **schedule})
    moment = utc(f"{due}+09:00")
    return late.decide(Due(due, moment), utc("2026-11-01T00:00+09:00"), utc(now), written, night())


def test_what_is_due_at_night_waits_for_the_morning_and_is_on_time_then() -> None:
    waiting = decide("2026-12-01T22:00", "2026-12-02T08:59+09:00")
    assert waiting == late.Wait(utc("2026-12-02T09:00+09:00"), "quiet hours until 2026-12-02T09:00")
    assert decide("2026-12-01T22:00", "2026-12-02T09:00+09:00") == late.Send()
    assert decide("2026-12-01T22:00", "2026-12-02T10:00+09:00") == late.Send()


def test_what_is_due_at_night_is_late_from_the_morning_on() -> None:
    assert isinstance(decide("2026-12-01T22:00", "2026-12-02T10:01+09:00"), late.Hold)


def test_what_was_due_before_the_night_is_not_excused_by_it() -> None:
    assert decide("2026-12-01T20:50", "2026-12-01T20:59+09:00") == late.Send()
    assert isinstance(decide("2026-12-01T20:50", "2026-12-02T09:00+09:00"), late.Hold)


@pytest.mark.parametrize(("word", "kind"), [("hold", late.Hold), ("skip", late.Skip)])
def test_what_would_be_too_late_after_the_night_is_decided_when_it_begins(word: str, kind: type) -> None:
    found = decide("2026-12-01T20:00", "2026-12-01T21:05+09:00", if_late={"within": "2h", "otherwise": word})
    assert found == kind(
        "was due at 2026-12-01T20:00 and would be 13 hours late after the quiet hours until 2026-12-02T09:00; "
        "allowed is 2h"
    )


def test_what_was_due_before_the_night_waits_where_it_may_be_as_late_as_that() -> None:
    allowed = {"within": "13h", "otherwise": "skip"}
    waiting = decide("2026-12-01T20:00", "2026-12-01T21:05+09:00", if_late=allowed)
    assert waiting == late.Wait(utc("2026-12-02T09:00+09:00"), "quiet hours until 2026-12-02T09:00")
    assert decide("2026-12-01T20:00", "2026-12-02T09:00+09:00", if_late=allowed) == late.Send()


def test_what_is_not_due_yet_has_no_reason_to_wait() -> None:
    assert decide("2026-12-01T22:00", "2026-12-01T21:30+09:00") == late.Wait(utc("2026-12-01T22:00+09:00"))


OFFICE = Limits.model_validate(
    {
        "windows": {
            "allow": [
                {"days": ["mon", "tue", "wed", "thu", "fri"], "hours": "10:00-18:00"},
                {"days": ["sat"], "hours": "10:00-12:00"},
            ],
            "deny": [{"starts": "2026-12-31", "ends": "2027-01-03"}],
        }
    }
)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-12-01T10:00+09:00", None),  # a Tuesday
        ("2026-12-01T17:59:59+09:00", None),
        ("2026-12-01T18:00+09:00", "2026-12-02T10:00+09:00"),
        ("2026-12-02T03:00+09:00", "2026-12-02T10:00+09:00"),
        ("2026-12-04T18:00+09:00", "2026-12-05T10:00+09:00"),
        ("2026-12-05T12:00+09:00", "2026-12-07T10:00+09:00"),
        ("2026-12-30T18:00+09:00", "2027-01-04T10:00+09:00"),
        ("2026-12-31T12:00+09:00", "2027-01-04T10:00+09:00"),
        ("2027-01-03T23:59+09:00", "2027-01-04T10:00+09:00"),
    ],
)
def test_sends_are_made_in_a_window_and_never_on_a_closed_day(now: str, opens: str | None) -> None:
    found = quiet_hours(None, JAPAN, OFFICE.windows)
    assert found is not None
    assert found.until(utc(now)) == (None if opens is None else utc(opens))


def test_quiet_hours_and_windows_hold_together() -> None:
    found = quiet_hours("09:00-11:00", JAPAN, OFFICE.windows)
    assert found is not None
    assert found.until(utc("2026-12-01T18:00+09:00")) == utc("2026-12-02T11:00+09:00")


@pytest.mark.parametrize(
    "windows",
    [
        {"allow": [{"hours": "18:00-10:00"}]},
        {"allow": [{"days": [], "hours": "10:00-18:00"}]},
        {"allow": [{"days": ["mo"], "hours": "10:00-18:00"}]},
        {"deny": [{"starts": "2027-01-03", "ends": "2026-12-31"}]},
        {"denied": []},
    ],
)
def test_a_window_that_cannot_be_is_refused(windows: Any) -> None:
    with pytest.raises(ValidationError):
        Limits.model_validate({"windows": windows})


# --- what a decision promises


@given(
    due=st.integers(0, 48 * 60),
    after=st.integers(0, 24 * 60),
    allowed=st.integers(1, 20 * 60),
    word=st.sampled_from(["hold", "skip"]),
)
def test_what_waits_for_the_end_of_the_quiet_hours_is_sent_then(due: int, after: int, allowed: int, word: str) -> None:
    wall = datetime(2026, 12, 1) + due * MINUTE  # noqa: DTZ001 - a wall time, as a file has it
    written = Schedule.model_validate(
        {"at": wall.isoformat(timespec="minutes"), "if_late": {"within": f"{allowed}m", "otherwise": word}}
    )
    moment = utc(f"{wall.isoformat()}+09:00")
    one, armed = Due(wall.isoformat(timespec="minutes"), moment), moment - timedelta(days=1)
    found = late.decide(one, armed, moment + after * MINUTE, written, night())
    if isinstance(found, late.Wait):
        assert late.decide(one, armed, found.until, written, night()) == late.Send()
