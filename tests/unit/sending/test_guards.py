from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from lineform.lineapi.routes import Route
from lineform.model.audience import Expect
from lineform.model.client import Limits, PricePlan
from lineform.model.codes import GUARDS
from lineform.sending.cost import Cost, estimate, month_start, yen
from lineform.sending.guards import Figures, guard_named, named, stops

PLAN = PricePlan(included=5000, yen_per_message=3.0)


def figures(recipients: int, *, exact: bool = True, left: int | None = None, line: int = 0, us: int = 0) -> Figures:
    return Figures(recipients, exact, left, line, us)


def ids(
    found: Figures, expect: Expect | None = None, limits: Limits | None = None, plan: PricePlan | None = None
) -> list[str]:
    return [stop.guard for stop in stops(found, expect, limits or Limits(), plan)]


def test_without_limits_nothing_is_stopped() -> None:
    assert ids(figures(10_000_000)) == []


@pytest.mark.parametrize(("count", "stopped"), [(9, True), (10, False), (20, False), (21, True)])
def test_the_audience_must_be_as_large_as_expected(count: int, stopped: bool) -> None:
    assert ids(figures(count), Expect(min=10, max=20)) == (["G204"] if stopped else [])


def test_lines_quota_must_suffice_to_the_last_message() -> None:
    assert ids(figures(10, left=10)) == []
    assert ids(figures(11, left=10)) == ["G201"]


def test_the_budget_counts_what_was_sent_by_whoever_counted_more() -> None:
    limits = Limits(monthly_messages=100)
    assert ids(figures(50, line=50), limits=limits) == []
    assert ids(figures(50, line=51), limits=limits) == ["G202"]
    assert ids(figures(50, us=51), limits=limits) == ["G202"]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (figures(1, line=9), "1 message after 9 this month is more than the budget of 9"),
        (figures(2, line=9), "2 messages after 9 this month are more than the budget of 9"),
        (figures(1, left=0), "1 message is needed, and LINE has 0 left this month"),
    ],
)
def test_one_message_is_told_as_one(found: Figures, said: str) -> None:
    (stop,) = stops(found, None, Limits(monthly_messages=None if found.quota_left == 0 else 9), None)
    assert stop.sentence == said


def test_the_guard_that_keeps_something_back_is_read_from_its_reason() -> None:
    assert guard_named(named("G202", "too much: far too much")) == ("G202", "too much: far too much")
    assert guard_named("quiet hours: long ones") is None


def test_the_budget_in_yen_counts_only_what_the_plan_does_not_include() -> None:
    limits = Limits(monthly_yen=300)
    assert ids(figures(5100), limits=limits, plan=PLAN) == []
    assert ids(figures(5101), limits=limits, plan=PLAN) == ["G203"]


def test_a_budget_in_yen_without_prices_stops_everything() -> None:
    assert ids(figures(1), limits=Limits(monthly_yen=300)) == ["G203"]


def test_a_budget_needs_a_number_even_for_a_broadcast_to_unknown_friends() -> None:
    limits = Limits(monthly_messages=100)
    assert ids(figures(0, exact=False), limits=limits) == ["G205"]
    assert ids(figures(0, exact=False)) == []


def test_every_stop_is_a_known_guard_and_says_what_to_do() -> None:
    found = stops(figures(900, left=1, line=1), Expect(max=5), Limits(monthly_messages=1, monthly_yen=1), None)
    assert len(found) == 4
    for stop in found:
        assert stop.guard in GUARDS
        assert stop.sentence
        assert stop.hint


def test_a_send_costs_what_it_adds_to_the_month() -> None:
    assert yen(5000, PLAN) == 0
    assert estimate(200, 4900, PLAN, Route.MULTICAST) == Cost(200, 1, 300.0)
    assert estimate(200, 0, None, None) == Cost(200, 200, None)
    assert estimate(1001, 0, PLAN, Route.MULTICAST).calls == 3
    assert estimate(1001, 0, PLAN, Route.BROADCAST).calls == 1


def test_the_month_is_japans() -> None:
    assert month_start(datetime(2026, 11, 30, 15, 0, tzinfo=UTC)) == datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
    assert month_start(datetime(2026, 11, 30, 14, 59, tzinfo=UTC)) == datetime(2026, 10, 31, 15, 0, tzinfo=UTC)


# --- volume


def volume(limits: Limits, expect: Expect | None = None, **figures: Any) -> list[str]:
    """The guards that are about how many are meant."""
    usual = Figures(recipients=100, exact=True, quota_left=None, used_by_line=0, used_by_us=0)
    return [stop.guard for stop in stops(replace(usual, **figures), expect, limits, None)]


def test_one_send_reaches_as_many_as_it_may_and_not_one_more() -> None:
    assert volume(Limits(max_recipients=100)) == []
    assert volume(Limits(max_recipients=99)) == ["G214"]


def test_a_limit_of_one_send_needs_to_know_how_many_there_are() -> None:
    assert volume(Limits(max_recipients=10), recipients=0, exact=False) == ["G205"]
    assert volume(Limits(tested_above=10), recipients=0, exact=False) == ["G205"]
    assert volume(Limits(), recipients=0, exact=False) == []


@pytest.mark.parametrize(("now", "stopped"), [(0, True), (49, True), (50, False), (150, False), (151, True)])
def test_an_audience_may_move_so_far_after_it_was_armed(now: int, stopped: bool) -> None:
    assert volume(Limits(), recipients=now, approved=100, tolerated=50) == (["G225"] if stopped else [])
    # Who is left out by a limit about single friends was chosen all the same.
    assert volume(Limits(), recipients=0, capped=now, approved=100, tolerated=50) == (["G225"] if stopped else [])


def test_nobody_counted_or_anything_tolerated_is_no_question() -> None:
    assert volume(Limits(), recipients=9_000, approved=None, tolerated=50) == []
    assert volume(Limits(), recipients=9_000, approved=10, tolerated=None) == []


def test_a_large_send_needs_a_test() -> None:
    assert volume(Limits(tested_above=99)) == ["G216"]
    assert volume(Limits(tested_above=99), tested=True) == []
    assert volume(Limits(tested_above=100)) == []


@pytest.mark.parametrize(
    ("count", "friends", "guards"),
    [(97, 100, ["G215"]), (96, 100, []), (99, 99, []), (970, 1000, ["G215"]), (969, 1000, []), (100, None, [])],
)
def test_almost_everyone_begins_at_ninety_seven_percent_of_a_hundred_friends(
    count: int, friends: int | None, guards: list[str]
) -> None:
    assert volume(Limits(), recipients=count, friends=friends) == guards
    assert volume(Limits(), Expect(max=2000), recipients=count, friends=friends) == []


def test_friends_over_a_limit_are_still_chosen_by_the_condition() -> None:
    assert volume(Limits(), recipients=90, capped=7, friends=100) == ["G215"]
