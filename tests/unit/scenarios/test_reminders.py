"""Steps that lie before a date: read at their time or not at all, because "tomorrow" is false on the day itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineform.report.scenarios import course_lines
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.machine import Moment
from lineform.scenarios.reacting import react
from lineform.scenarios.steps import due_of
from lineform.segments.friend import Value
from lineform.sending.late import ON_TIME
from support.coursing import NOW, Lived, begun, says, script

HOUR = timedelta(hours=1)
befores = st.builds(
    lambda by, at: {"before": {"field": "at", "by": by}, **({"at": at} if at else {})},
    st.sampled_from(["45m", "2h", "1d", "3d", "1w"]),
    st.none() | st.just("18:00"),
)
afters = st.builds(lambda after: {"after": after}, st.sampled_from(["0m", "10m", "1h", "1d", "4d"]))
reminders = st.lists(befores | afters, min_size=1, max_size=6).map(
    lambda several: [says(f"s{n}", **timed) for n, timed in enumerate(several)]
)


def booked(steps: list[dict[str, Any]], ahead: timedelta) -> Lived:
    one = script(*steps, trigger={"event": "booking"})
    at: Value = (NOW + ahead).isoformat()
    return Lived(one, begun(one, what=What.EVENT, name="booking", fields={"at": at}))


@settings(max_examples=150)
@given(reminders, st.integers(-60, 60 * 24 * 10))
def test_a_reminder_is_read_at_its_own_time_or_not_at_all(steps: list[dict[str, Any]], minutes: int) -> None:
    lived = booked(steps, timedelta(minutes=minutes))
    begins, reached = lived.course, NOW
    lived.until(NOW + timedelta(days=30))
    said = {name: at for at, name in lived.said}
    for step in lived.script.steps:
        due = due_of(lived.script, begins, step, lived.friend)
        assert due is not None
        in_time = due >= reached - ON_TIME
        assert (step.id in said) == (in_time or step.before is None)
        if step.before is not None and step.id in said:
            assert abs(said[step.id] - due) <= ON_TIME
        reached = max(reached, due)


@pytest.mark.parametrize(
    ("hours", "read"), [(5, ["confirmed", "soon"]), (1, ["confirmed"]), (48, ["confirmed", "tomorrow", "soon"])]
)
def test_who_books_for_today_is_not_told_tomorrow(hours: int, read: list[str]) -> None:
    steps = [
        says("confirmed"),
        says("tomorrow", before={"field": "at", "by": "1d"}, at="18:00"),
        says("soon", before={"field": "at", "by": "2h"}),
    ]
    lived = booked(steps, hours * HOUR)
    lived.until(NOW + timedelta(days=5))
    assert [name for _, name in lived.said] == read


def test_a_reminder_that_a_wait_kept_until_after_the_date_is_not_read() -> None:
    wait = {"for": {"event": "purchase"}, "within": "3d"}
    lived = booked([{"id": "w", "wait": wait}, says("soon", before={"field": "at", "by": "2h"})], 24 * HOUR)
    lived.until(NOW + timedelta(days=5))
    assert (lived.said, lived.marks["soon"]) == ([], "it was past when its turn came")


def tagged(*steps: dict[str, Any]) -> Lived:
    """Who has a tag is reminded of a booking, wherever its date comes from and whenever it is told."""
    one = script(*steps, trigger={"tag": "x"})
    return Lived(one, begun(one, what=What.TAGGED, name="x"))


def told(lived: Lived, at: datetime, date: datetime) -> None:
    lived.friend = replace(lived.friend, attributes={"booking_at": date.isoformat()})
    happening = Happening(f"told{at}", 1, What.ATTRIBUTE, at, "booking_at")
    for moved in react(lived.script, [lived.course], happening, lived.friend, Moment(at)):
        lived.course = moved.enrolment


DAY_BEFORE = {"attribute": "booking_at", "by": "1d"}


@settings(max_examples=150)
@given(st.integers(0, 60 * 24 * 8), st.integers(0, 60 * 24 * 12), st.none() | st.integers(1, 10))
def test_a_date_that_is_told_later_is_reminded_of_as_long_as_it_is_true(
    told_at: int, date: int, later: int | None
) -> None:
    after = [] if later is None else [says("later", f"{later}d")]
    lived = tagged(says("tomorrow", before=DAY_BEFORE), *after)
    at, booked = NOW + timedelta(minutes=told_at), NOW + timedelta(minutes=date)
    lived.until(at)
    open_still = lived.course.step == "tomorrow"
    told(lived, at, booked)
    lived.until(NOW + timedelta(days=30))
    due = booked - timedelta(days=1)
    said = {name: moment for moment, name in lived.said}
    assert ("tomorrow" in said) == (open_still and due >= at - ON_TIME)
    assert "tomorrow" not in said or said["tomorrow"] >= due
    assert open_still == (later is None or NOW + timedelta(days=later) > at)
    assert ("later" in said) == (later is not None)


def test_a_date_that_nobody_tells_keeps_nothing_that_comes_after_it() -> None:
    lived = tagged(says("tomorrow", before=DAY_BEFORE), says("later", "3d"))
    lived.until(NOW + timedelta(days=5))
    assert ([name for _, name in lived.said], lived.marks["tomorrow"]) == (["later"], "its date is not known")


def test_a_date_that_moves_so_near_that_its_reminder_is_past_is_not_reminded_of() -> None:
    lived = tagged(says("tomorrow", before=DAY_BEFORE))
    told(lived, NOW, NOW + timedelta(days=10))
    lived.until(NOW + timedelta(days=5))
    told(lived, NOW + timedelta(days=5), NOW + timedelta(days=5, hours=15))
    lived.until(NOW + timedelta(days=12))
    assert (lived.said, lived.marks) == ([], {"tomorrow": "it was past when its date became known"})


def test_who_waits_for_a_date_is_said_to_wait_for_it() -> None:
    lived = tagged(says("tomorrow", before=DAY_BEFORE))
    lived.until(NOW + timedelta(days=5))
    assert lived.course.due is None
    said = list(course_lines("Aoi", [lived.course], "Asia/Tokyo", "s"))
    assert said[0] == "Aoi in scenario.s: waits at 'tomorrow' until its date is known"
