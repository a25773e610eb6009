"""How much one friend is sent: seven rolling days, the gap, and the same messages again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.model.client import PerFriend
from lineform.sending.caps import (
    Cap,
    Contact,
    Recent,
    fates,
    look_back,
    messages_digest,
    once_a_year,
    sentence,
    within,
    without,
    year_before,
)

NOW = datetime(2026, 12, 8, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
HELLO, OTHER = messages_digest(b'[{"text":"hello"}]'), messages_digest(b'[{"text":"other"}]')


def rule(**fields: Any) -> PerFriend:
    return PerFriend.model_validate(fields)


def contact(age: timedelta, *ids: int, digest: bytes = OTHER, address: str = "campaign.a") -> Contact:
    return Contact(NOW - age, address, ids, digest)


def recent(limits: PerFriend, *contacts: Contact, ids: tuple[int, ...] = (5, 6, 9), exempt: str = "") -> Recent:
    found = Recent(limits, ids, NOW, exempt)
    for one in contacts:
        found.add(one)
    return found


def test_a_friend_at_the_weekly_limit_is_left_out_and_one_below_it_is_not() -> None:
    found = recent(rule(week=2), contact(DAY, 5, 6), contact(2 * DAY, 5))
    left = within(found, (5, 6, 9), None)
    assert (list(left.ids), list(left.capped), left.why) == ([6, 9], [5], {Cap.WEEK: 1})


@given(st.lists(st.tuples(st.sampled_from([5, 6, 8, 9]), st.sampled_from([HELLO, OTHER]), st.integers(1, 9))))
def test_some_friends_apart_are_known_as_before_and_add_nothing_to_the_others(told: list[Any]) -> None:
    found = recent(
        rule(week=2, gap="20h", same_body="5d"),
        *(contact(days * DAY / 2, one, digest=digest) for one, digest, days in told),
        ids=(5, 6, 8, 9),
    )

    def known(of: Recent, ids: tuple[int, ...]) -> list[Any]:
        return [(of.cap(one), of.has_read(one, HELLO), of.has_read(one, OTHER)) for one in ids]

    before, some = known(found, (5, 6, 8, 9)), found.apart((6, 8))
    assert known(some, (6, 8)) == before[1:3]
    for digest in (HELLO, OTHER):
        some.add(contact(SECOND, 6, 8, digest=digest))
    assert all(cap is not None and hello and other for cap, hello, other in known(some, (6, 8)))
    assert known(found, (5, 6, 8, 9)) == before


@pytest.mark.parametrize(("age", "free"), [(7 * DAY - SECOND, False), (7 * DAY, True), (7 * DAY + SECOND, True)])
def test_a_week_is_seven_rolling_days_to_the_second(age: timedelta, free: bool) -> None:
    assert (recent(rule(week=1), contact(age, 5)).cap(5) is None) is free


@pytest.mark.parametrize(("age", "free"), [(timedelta(hours=20) - SECOND, False), (timedelta(hours=20), True)])
def test_a_gap_is_over_exactly_when_it_is_over(age: timedelta, free: bool) -> None:
    found = recent(rule(gap="20h"), contact(age, 5))
    assert (found.cap(5) is None) is free


def test_the_same_messages_are_not_sent_again_within_the_window() -> None:
    found = recent(rule(same_body="7d"), contact(6 * DAY, 5, digest=HELLO), contact(7 * DAY, 6, digest=HELLO))
    left = within(found, (5, 6, 9), HELLO)
    assert (list(left.ids), list(left.capped), left.why) == ([6, 9], [], {Cap.SAME_BODY: 1})


def test_other_messages_may_follow_at_once_where_only_the_body_is_limited() -> None:
    found = recent(rule(same_body="7d"), contact(SECOND, 5, digest=HELLO))
    assert list(within(found, (5,), OTHER).ids) == [5]


def test_messages_are_known_again_behind_others() -> None:
    found = recent(rule(same_body="7d"), contact(DAY, 5, digest=HELLO), contact(SECOND, 5, digest=OTHER))
    assert found.has_read(5, HELLO)
    assert found.has_read(5, OTHER)
    assert not found.has_read(6, HELLO)
    assert (found.has_read(5), found.has_read(6)) == (True, False)


def test_a_recurring_campaign_may_repeat_itself_but_counts_for_the_week() -> None:
    limits = rule(week=2, same_body="30d")
    weekly = contact(6 * DAY, 5, digest=HELLO, address="campaign.reminder")
    assert list(within(recent(limits, weekly, exempt="campaign.reminder"), (5,), HELLO).ids) == [5]
    assert list(within(recent(limits, weekly), (5,), HELLO).ids) == []
    assert recent(limits, weekly, weekly, exempt="campaign.reminder").cap(5) is Cap.WEEK


def test_a_broadcast_counts_for_everybody_who_followed_before_it() -> None:
    found = Recent(rule(week=1), (5, 6, 9), NOW)
    found.add(Contact(NOW - DAY, "campaign.a", (), HELLO), newcomers={6})
    assert [found.cap(one) for one in (5, 6, 9)] == [Cap.WEEK, None, Cap.WEEK]


def test_friends_outside_of_the_audience_cost_nothing() -> None:
    found = recent(rule(week=1, gap="1h"), contact(SECOND, 1, 4, 10, 1 << 40))
    assert [found.cap(one) for one in (5, 6, 9)] == [None, None, None]
    assert list(within(recent(rule(week=1), contact(SECOND, 1), ids=()), (), None).ids) == []


def test_messages_that_differ_between_friends_are_left_out_one_by_one() -> None:
    left = within(recent(rule(week=3)), (5, 6, 9), None)
    again = without(left, {6})
    assert (list(again.ids), again.why) == ([5, 9], {Cap.SAME_BODY: 1})
    assert without(left, ()) is left


def test_as_much_of_the_ledger_is_asked_as_the_rule_needs() -> None:
    assert look_back(rule(gap="20h")) == DAY
    assert look_back(rule(gap="20h", week=3)) == 7 * DAY
    assert look_back(rule(same_body="30d", week=3)) == 30 * DAY


def test_the_reasons_are_said_with_their_counts() -> None:
    assert sentence({Cap.GAP: 1200, Cap.WEEK: 3}) == "3 over the weekly limit, 1,200 within the gap"
    assert sentence({}) == ""


@pytest.mark.parametrize("wait", [False, True])
def test_only_whom_time_sets_free_is_said_to_wait(wait: bool) -> None:
    why = {Cap.WEEK: 3, Cap.GAP: 1, Cap.SAME_BODY: 2, Cap.YEAR: 0, Cap.SUSPICIOUS: 1}
    limits = "3 over the weekly limit, 1 within the gap"
    if wait:
        told = [("capped", f"{limits}; they wait"), ("capped", "2 read the same already; they are left out")]
    else:
        told = [("capped", f"{limits}, 2 read the same already; they are left out")]
    assert fates(why, wait=wait) == [*told, ("left out", "1 would read something suspicious")]
    assert fates({}, wait=wait) == []


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9 * 24 * 60)), max_size=60),
    st.integers(1, 4),
    st.integers(0, 48),
)
def test_nobody_ever_gets_more_than_the_rule_allows(sends: list[tuple[int, int]], week: int, gap: int) -> None:
    """Asked before each send, in the order of time, no seven days hold more than `week`, and no two are too close."""
    limits = rule(week=week, gap=f"{gap}h")
    sent: list[Contact] = []
    for friend, minutes in sorted(sends, key=lambda one: one[1]):
        now = NOW + timedelta(minutes=minutes)
        found = Recent(limits, (friend,), now)
        for one in sent:
            found.add(one)
        if found.cap(friend) is None:
            sent.append(Contact(now, "campaign.a", (friend,), OTHER))
    for friend in range(21):
        moments = [one.at for one in sent if friend in one.friend_ids]
        for index, moment in enumerate(moments):
            assert sum(moment <= other < moment + 7 * DAY for other in moments) <= week
            if index:
                assert moment - moments[index - 1] >= timedelta(hours=gap)


def test_whom_an_occasion_reached_is_left_out_for_the_year() -> None:
    left = once_a_year([contact(DAY, 5, 7, 99), contact(300 * DAY, 5), contact(DAY)], (5, 6, 9))
    assert (list(left.ids), list(left.capped), left.why) == ([6, 9], [], {Cap.YEAR: 1})
    assert sentence(left.why) == "1 had it within the year already"
    assert once_a_year([contact(DAY, 5)], ()).ids == ()


@pytest.mark.parametrize(("lasts", "days"), [(1, 334), (31, 304), (366, 0)])
def test_the_year_of_an_occasion_ends_before_the_next_one_begins(lasts: int, days: int) -> None:
    assert year_before(lasts) == days * DAY
