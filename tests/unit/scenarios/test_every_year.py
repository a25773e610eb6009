"""What a date begins: a block, a goal or an exclusion ends what is left of it, and never what comes in later years."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineform.scenarios.effect import Say
from lineform.scenarios.enrolment import Enrolment, State
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.machine import Moment, advance
from lineform.scenarios.reacting import react
from lineform.scenarios.script import Script
from lineform.segments.friend import Value
from support.coursing import FRIEND, NOW, says, script

DAY, YEARS = timedelta(days=1), 3
WISH = {"at": "10:00", "after": "0d"}
EVERY_YEAR = {"trigger": {"date": "birthday", "every": "year"}, "enroll": "both"}


class Years:
    """A friend of a scenario that a date begins, with a run a day at noon; the birthday is 24 December."""

    def __init__(self, one: Script, **known: Value) -> None:
        self.script, self.friend = one, replace(FRIEND, attributes=known)
        self.mine: list[Enrolment] = []
        self.now, self.said = NOW, list[tuple[datetime, str]]()
        for name in known:
            self.happens(What.ATTRIBUTE, name)

    def happens(self, what: What, name: str = "") -> None:
        self.friend = replace(self.friend, blocked=(what is What.UNFOLLOW or self.friend.blocked) and what != "follow")
        happening = Happening(f"{what}{self.now}", 1, what, self.now, name)
        for moved in react(self.script, self.mine, happening, self.friend, Moment(self.now)):
            self.mine = [moved.enrolment]
            self._say(moved.effects)
        self.tick()

    def tick(self) -> None:
        while self.mine and (due := self.mine[0].due) is not None and due <= self.now:
            moved = advance(self.script, self.mine[0], self.friend, Moment(self.now))
            self.mine = [moved.enrolment]
            self._say(moved.effects)

    def until(self, end: datetime) -> None:
        while self.mine and (due := self.mine[0].due) is not None and due <= end:
            self.now = max(self.now, due)
            self.tick()
        self.now = end

    def _say(self, effects: Any) -> None:
        self.said += [(self.now, one.messages[0]["text"]) for one in effects if isinstance(one, Say)]

    def days(self, text: str) -> list[str]:
        return [f"{at:%Y-%m-%d}" for at, said in self.said if said == text]


acts = st.lists(
    st.tuples(st.integers(1, 365 * YEARS), st.sampled_from(["block", "return", "goal", "exit", "exclude", "include"])),
    max_size=25,
).map(sorted)


@settings(max_examples=150)
@given(acts)
def test_nobody_misses_a_birthday_but_who_blocks_or_is_excluded_on_that_day(several: list[tuple[int, str]]) -> None:
    steps = (says("soon", before="7d", at="10:00"), says("wish", **WISH), says("last", "7d", at="10:00"))
    one = script(*steps, goal={"event": "purchase"}, exit_on={"event": "booking"}, exclude=[{"tag": "x"}], **EVERY_YEAR)
    life = Years(one, birthday="1990-12-24")
    kept = dict.fromkeys(range(2026, 2027 + YEARS), True)  # whether nothing ended it before the day
    away = excluded = False
    for days, act in several:
        at = NOW + days * DAY + timedelta(hours=2)
        life.until(at)
        if act in {"goal", "exit"} and not away and datetime(at.year, 12, 17, 1, tzinfo=UTC) <= at:
            kept[at.year] = kept[at.year] and at >= datetime(at.year, 12, 24, 1, tzinfo=UTC)
        if act == "block" and not away:
            away = True
            life.happens(What.UNFOLLOW)
        elif act == "return" and away:
            away = False
            life.happens(What.FOLLOW)
        elif act in {"goal", "exit"}:
            life.happens(What.EVENT, "purchase" if act == "goal" else "booking")
        elif act in {"exclude", "include"}:
            excluded = act == "exclude"
            life.friend = replace(life.friend, tags=frozenset({"x"} if excluded else ()))
    life.until(NOW + timedelta(days=365 * YEARS + 30))
    wished = life.days("wish")
    assert len(wished) == len(set(wished))
    for year, undisturbed in list(kept.items())[:YEARS]:
        day = datetime(year, 12, 24, 1, tzinfo=UTC)
        before = [(NOW + days * DAY + timedelta(hours=2), act) for days, act in several]
        if all(_present(before, datetime(year, 12, one, 1, tzinfo=UTC)) for one in (17, 24)) and undisturbed:
            assert f"{day:%Y-%m-%d}" in wished
        if not _present(before, day):
            assert f"{day:%Y-%m-%d}" not in wished


def _present(acts: list[tuple[datetime, str]], at: datetime) -> bool:
    """Whether the friend has not blocked the account at a moment, and is not excluded."""
    away = excluded = False
    for moment, act in acts:
        if moment <= at:
            away = {"block": True, "return": False}.get(act, away)
            excluded = {"exclude": True, "include": False}.get(act, excluded)
    return not away and not excluded


def test_a_block_of_a_day_costs_no_birthday() -> None:
    life = Years(script(says("wish", **WISH), **EVERY_YEAR), birthday="1990-12-24")
    life.until(NOW + DAY)
    life.happens(What.UNFOLLOW)
    life.until(NOW + 2 * DAY)
    life.happens(What.FOLLOW)
    life.until(datetime(2028, 12, 31, tzinfo=UTC))
    assert life.days("wish") == ["2026-12-24", "2027-12-24", "2028-12-24"]


def test_who_comes_back_while_an_exclusion_holds_is_congratulated_the_year_after() -> None:
    life = Years(script(says("wish", **WISH), exclude=[{"tag": "x"}], **EVERY_YEAR), birthday="1990-12-24")
    life.until(NOW + DAY)
    life.happens(What.UNFOLLOW)
    life.until(NOW + 30 * DAY)
    life.friend = replace(life.friend, tags=frozenset({"x"}))
    life.happens(What.FOLLOW)
    life.friend = replace(life.friend, tags=frozenset())
    life.until(datetime(2027, 12, 31, tzinfo=UTC))
    assert life.days("wish") == ["2027-12-24"]


def test_a_goal_ends_this_year_and_no_other_one() -> None:
    steps = (says("wish", **WISH), says("last", "7d", at="10:00"))
    life = Years(script(*steps, goal={"event": "purchase"}, **EVERY_YEAR), birthday="1990-12-24")
    life.until(NOW + DAY)
    life.happens(What.EVENT, "purchase")
    life.until(datetime(2026, 12, 25, tzinfo=UTC))
    life.happens(What.EVENT, "purchase")
    life.until(datetime(2028, 1, 31, tzinfo=UTC))
    assert (life.days("wish"), life.days("last")) == (["2026-12-24", "2027-12-24"], ["2027-12-31"])


def test_a_birthday_that_is_told_after_its_only_step_is_kept_for_the_next_year() -> None:
    life = Years(script(says("soon", before="30d", at="10:00"), **EVERY_YEAR), birthday="1990-12-24")
    life.until(datetime(2027, 12, 31, tzinfo=UTC))
    assert life.days("soon") == ["2027-11-24"]


@pytest.mark.parametrize(("days", "read"), [(2, ["2026-12-09", "2026-12-10"]), (8, ["2026-12-10"]), (12, [])])
def test_who_comes_back_before_a_booking_is_reminded_of_what_is_still_to_come(days: int, read: list[str]) -> None:
    steps = (says("told", before="1d"), says("told2", before="2h"))
    life = Years(script(*steps, trigger={"date": "booking_at"}, enroll="both"), booking_at="2026-12-10T14:00")
    life.until(NOW + DAY)
    life.happens(What.UNFOLLOW)
    life.until(NOW + days * DAY + timedelta(hours=5))
    life.happens(What.FOLLOW)
    life.until(NOW + 30 * DAY)
    assert [f"{at:%Y-%m-%d}" for at, _ in life.said] == read
    assert life.mine[0].state is (State.BLOCKED if days == 12 else State.DONE)


def test_a_booking_that_was_moved_during_a_block_is_reminded_of_as_it_is_now() -> None:
    steps = (says("told", before="1d"),)
    life = Years(script(*steps, trigger={"date": "booking_at"}, enroll="both"), booking_at="2026-12-10T14:00")
    life.happens(What.UNFOLLOW)
    life.friend = replace(life.friend, attributes={"booking_at": "2026-12-20T14:00"})
    life.happens(What.ATTRIBUTE, "booking_at")
    life.until(NOW + 2 * DAY)
    life.happens(What.FOLLOW)
    life.until(NOW + 30 * DAY)
    assert [f"{at:%Y-%m-%d}" for at, _ in life.said] == ["2026-12-19"]
