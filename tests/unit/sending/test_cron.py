from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.sending.cron import check_cron, cron_times


def wall(text: str) -> datetime:
    """A time without zone."""
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    "text",
    [
        "0 10 * * *",
        "*/15 9-18 * * mon-fri",
        "0 9 1,15 * *",
        "0 9 29 2 *",
        "0 9 * jan,dec *",
        "0 9 * * fri-sun",
        "5 8-20/2 * * 7",
    ],
)
def test_what_is_documented_is_accepted(text: str) -> None:
    assert check_cron(text) is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("0 10 * *", "five"),
        ("0 10 * * * *", "five"),
        ("0 0 10 * * * 2026", "five"),
        ("", "five"),
        ("@daily", "five"),
        ("R * * * *", "minute"),
        ("0 H * * *", "hour"),
        ("60 * * * *", "0 to 59"),
        ("0 24 * * *", "0 to 23"),
        ("0 0 0 * *", "1 to 31"),
        ("*/90 * * * *", "further"),
        ("*/60 * * * *", "further"),
        ("*/0 * * * *", "further"),
        ("0 9 L * *", "day of month"),
        ("0 9 * * mon#1", "day of week"),
        ("0 9 * * sat-mon", "backwards"),
        ("0 18-9 * * *", "backwards"),
        ("5/15 * * * *", "range"),
        ("0 0 30 2 *", "none of its months"),
        ("0 0 31 4,6,9,11 *", "none of its months"),
        ("0 9 */2 * mon", "differently"),
        ("0 9 1 * */2", "differently"),
        ("0 ９ * * *", "hour"),
        ("0 9 ? * *", "day of month"),
    ],
)
def test_what_is_not_documented_is_refused_with_a_sentence(text: str, word: str) -> None:
    said = check_cron(text)
    assert said is not None
    assert word in said


def test_times_of_a_refused_rule_are_not_computed() -> None:
    with pytest.raises(ValueError, match="five"):
        next(cron_times("* * * * * *", wall("2026-01-01T00:00"), wall("2027-01-01T00:00")))


def test_sunday_is_both_0_and_7() -> None:
    year = (wall("2026-01-01T00:00"), wall("2026-12-31T00:00"))
    assert list(cron_times("0 9 * * 0", *year)) == list(cron_times("0 9 * * 7", *year))
    assert list(cron_times("0 9 * * fri-sun", *year)) == list(cron_times("0 9 * * 5,6,0", *year))


@given(st.text(alphabet="0123456789*/,- monfribR#L?", max_size=20))
def test_whatever_is_accepted_can_be_computed(text: str) -> None:
    if check_cron(text) is None:
        after = wall("2024-01-01T00:00")
        found = list(islice(cron_times(text, after, after + timedelta(days=1500)), 1))
        assert found
        assert found[0] > after
