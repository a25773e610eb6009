"""Steps that lie before a date: read at their time or not at all, because "tomorrow" is false on the day itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineform.scenarios.happening import What
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
