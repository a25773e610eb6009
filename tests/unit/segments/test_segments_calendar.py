"""Ages, anniversaries and windows, by the calendar and the clocks of the client."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.segments.calendar import (
    days_of_occasion,
    instant,
    is_span,
    local_moment,
    month_days,
    on_date,
    with_longer_memory,
)
from lineform.segments.friend import Event, Friend
from lineform.segments.predicate import (
    EVERYONE,
    AgeIs,
    All,
    Anniversary,
    Any,
    AttributeIs,
    Count,
    Edge,
    FriendSince,
    Happened,
    HasTag,
    Maybe,
    Not,
    Predicate,
)
from lineform.segments.reading import matches

TOKYO = "Asia/Tokyo"
NOON = datetime(2026, 12, 1, 3, tzinfo=UTC)
DAY = timedelta(days=1)
WITHIN_60_DAYS = 60 * 86_400


def born(day: str) -> Friend:
    return Friend(1, "U" + "1" * 32, "", "", None, False, {"birthday": day}, frozenset())


def at(local: str, zone: str = TOKYO) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def age(birthday: date, today: date) -> int:
    """Counted birthday by birthday; one of 29 February is kept on the 28th in common years."""
    years = -1
    for year in range(birthday.year, today.year + 1):
        try:
            kept = birthday.replace(year=year)
        except ValueError:
            kept = date(year, 2, 28)
        years += kept <= today
    return years


@given(
    birthday=st.dates(date(1920, 1, 1), date(2026, 1, 1)) | st.sampled_from([date(2004, 2, 29), date(2000, 2, 29)]),
    today=st.dates(date(2026, 1, 2), date(2040, 12, 31)) | st.sampled_from([date(2027, 2, 28), date(2028, 2, 29)]),
    years=st.integers(0, 120),
)
def test_an_age_is_the_number_of_birthdays(birthday: date, today: date, years: int) -> None:
    now = at(f"{today}T00:30")
    expected: dict[Literal["is", "above", "at_least", "below", "at_most"], bool] = {
        "is": age(birthday, today) == years,
        "above": age(birthday, today) > years,
        "at_least": age(birthday, today) >= years,
        "below": age(birthday, today) < years,
        "at_most": age(birthday, today) <= years,
    }
    for comparison, holds in expected.items():
        leaf = AgeIs("birthday", comparison, (years,), TOKYO)
        assert matches(leaf, born(str(birthday)), now) is holds, comparison
    between = AgeIs("birthday", "between", (years, years + 3), TOKYO)
    assert matches(between, born(str(birthday)), now) is (years <= age(birthday, today) <= years + 3)


def test_nobody_has_an_age_or_an_anniversary_without_a_birthday() -> None:
    nobody = Friend(1, "U" + "1" * 32, "", "", None, False, {"birthday": 1990}, frozenset())
    for leaf in (AgeIs("birthday", "below", (20,), TOKYO), Anniversary("birthday", "today", TOKYO)):
        assert matches(leaf, nobody, at("2026-12-01T10:00")) is None
        assert matches(Not(leaf), nobody, at("2026-12-01T10:00")) is None


@pytest.mark.parametrize(
    ("day", "now", "expected"),
    [
        ("1990-12-01", "2026-12-01T00:00", True),
        ("1990-12-01", "2026-11-30T23:59", False),
        ("1990-12-01", "2026-12-01T23:59", True),
        ("2000-02-29", "2028-02-29T10:00", True),
        ("2000-02-29", "2028-02-28T10:00", False),
        ("2000-02-29", "2027-02-28T10:00", True),
        ("2000-02-29", "2027-03-01T10:00", False),
        ("2001-02-28", "2027-02-28T10:00", True),
    ],
)
def test_a_birthday_is_one_day_in_tokyo(day: str, now: str, expected: bool) -> None:
    assert matches(Anniversary("birthday", "today", TOKYO), born(day), at(now)) is expected


@given(birthday=st.dates(date(1920, 1, 1), date(2026, 1, 1)), year=st.integers(2026, 2040))
def test_everybody_has_one_birthday_a_year(birthday: date, year: int) -> None:
    first = date(year, 1, 1)
    days = [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
    name = f"{birthday:%m-%d}"
    assert sum(name in month_days("today", day) for day in days) == 1


def test_the_day_of_the_send_is_that_of_the_clients_clock() -> None:
    moment = datetime(2026, 11, 30, 15, 30, tzinfo=UTC)
    assert matches(Anniversary("birthday", "today", TOKYO), born("1990-12-01"), moment) is True
    assert matches(Anniversary("birthday", "today", "UTC"), born("1990-12-01"), moment) is False
    assert matches(AgeIs("birthday", "is", (36,), TOKYO), born("1990-12-01"), moment) is True
    assert matches(AgeIs("birthday", "is", (35,), "UTC"), born("1990-12-01"), moment) is True


def test_spans_of_the_calendar() -> None:
    today = date(2026, 12, 30)
    assert month_days("tomorrow", today) == ["12-31"]
    assert month_days("next_3_days", today) == ["01-01", "12-30", "12-31"]
    assert len(month_days("this_month", today)) == 31
    assert month_days("next_month", today)[0] == "01-01"
    assert month_days("this_month", date(2027, 2, 10))[-1] == "02-29"
    assert month_days("month_2", today)[-1] == "02-29"
    assert month_days("next_2_days", date(2027, 2, 27)) == ["02-27", "02-28", "02-29"]
    assert month_days("next_2_days", date(2028, 2, 27)) == ["02-27", "02-28"]
    assert len(month_days("next_366_days", today)) == 366
    with pytest.raises(ValueError, match="no span"):
        month_days("someday", today)
    known = ("today", "this_month", "next_7_days", "next_366_days", "month_12")
    assert all(map(is_span, known))
    assert not any(map(is_span, ("next_0_days", "next_367_days", "month_13", "month_0", "yesterday", "")))


def test_a_point_is_so_long_ago_or_a_moment_for_ever() -> None:
    now = datetime(2026, 12, 1, 1, 0, 0, 123_999, tzinfo=UTC)
    assert instant(60, now) == datetime(2026, 12, 1, 0, 59, 0, 123_000, tzinfo=UTC)
    assert instant(10**15, now).year == 1027
    assert local_moment("2026-12-01", TOKYO) == datetime(2026, 11, 30, 15, tzinfo=UTC)
    assert local_moment("2026-12-01T10:00", TOKYO) == datetime(2026, 12, 1, 1, tzinfo=UTC)
    assert instant(local_moment("2026-12-01", TOKYO), now) == datetime(2026, 11, 30, 15, tzinfo=UTC)


def test_settling_on_a_date_leaves_what_is_measured_from_the_moment() -> None:
    since, born_today = FriendSince(86_400, None), Anniversary("birthday", "today", TOKYO)
    settled = AttributeIs("birthday", "date", "month_day", ("12-01",))
    tree = All((Any((born_today, since)), Not(Maybe(born_today)), HasTag("vip")))
    assert on_date(tree, at("2026-12-01T09:00")) == All((Any((settled, since)), Not(Maybe(settled)), HasTag("vip")))
    late = at("2026-12-02T00:30")
    assert matches(on_date(born_today, at("2026-12-01T23:00")), born("1990-12-01"), late) is True


TODAY, MONTH = Anniversary("birthday", "today", TOKYO), Anniversary("birthday", "this_month", TOKYO)
TAG = HasTag("vip")


@pytest.mark.parametrize(
    ("predicate", "days"),
    [
        (TODAY, 1),
        (MONTH, 31),
        (Anniversary("birthday", "next_7_days", TOKYO), 7),
        (Anniversary("birthday", "month_12", TOKYO), 0),
        (All((TAG, All((TODAY,)))), 1),
        (Any((TODAY, MONTH)), 31),
        (Any((TODAY, TAG)), 0),
        (Not(TODAY), 0),
        (All((TAG, Not(Maybe(TODAY)))), 0),
        (EVERYONE, 0),
    ],
)
def test_an_occasion_is_an_anniversary_that_everybody_has(predicate: Predicate, days: int) -> None:
    assert days_of_occasion(predicate) == days


def buyer(**ago: float) -> Friend:
    event = Event("purchase", "1", NOON - timedelta(**ago), {})
    return Friend(1, "U" + "1" * 32, "", "", NOON - 90 * DAY, False, {}, frozenset(), events=(event,))


BOUGHT = Happened("purchase", (), WITHIN_60_DAYS, None, Count("at_least", (1,)))
BOUGHT_LAST = Happened("purchase", (), None, None, Edge("last", WITHIN_60_DAYS, None))


@pytest.mark.parametrize("bought", [BOUGHT, BOUGHT_LAST])
def test_who_is_out_of_a_window_because_time_went_on_is_told_from_who_did_something(bought: Happened) -> None:
    lately, long_ago, just_now = buyer(days=60.5), buyer(days=61.5), buyer(hours=1)
    longer = with_longer_memory(bought, DAY)
    assert (matches(bought, lately, NOON), matches(longer, lately, NOON)) == (False, True)
    assert matches(longer, long_ago, NOON) is False
    silent = Not(bought)
    assert matches(silent, just_now, NOON) is False
    assert matches(with_longer_memory(silent, DAY), just_now, NOON) is False, "time alone takes nobody out of it"


def test_only_what_is_relative_to_the_moment_of_asking_remembers_longer() -> None:
    fixed = FriendSince(NOON - 9 * DAY, NOON)
    birthday = Anniversary("birthday", "today", TOKYO)
    parts = (fixed, birthday, HasTag("vip"), AgeIs("birthday", "above", (20,), TOKYO), EVERYONE)
    assert with_longer_memory(All(parts), DAY) == All(parts)
    moving = Any((HasTag("vip", 100), Maybe(FriendSince(200, 100))))
    assert with_longer_memory(moving, DAY) == Any((HasTag("vip", 86_500), Maybe(FriendSince(86_600, 86_500))))
