"""Steps that wait: whatever the runs are like, what happened within the time that was declared has happened in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineform.scenarios.effect import Say
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.machine import Moment
from lineform.scenarios.reacting import react
from lineform.sending.quiet import quiet_hours
from support.coursing import NOW, Lived, begun, says, script

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
QUIET = quiet_hours("21:00-09:00", "Asia/Tokyo")
DUE = NOW + DAY


def waits(within: str, **fields: Any) -> dict[str, Any]:
    ways = {"then": [{"send": [{"text": "thanks"}]}], "else": {"then": [{"send": [{"text": "unused?"}]}]}}
    return {"id": "w", "after": "1d", "wait": {"for": {"event": "purchase"}, "within": within, **ways}, **fields}


class Waited(Lived):
    """A course in which somebody buys something."""

    def buys(self, at: datetime, **moment: Any) -> None:
        happening = Happening("bought", 1, What.EVENT, at, "purchase")
        for moved in react(self.script, [self.course], happening, self.friend, Moment(at, **moment)):
            self.course = moved.enrolment
            self.said += [(at, one.messages[0]["text"]) for one in moved.effects if isinstance(one, Say)]
        if self.course.turn:
            self.tick(at, **moment)

    def tick(self, now: datetime, **moment: Any) -> None:
        before = len(self.effects)
        super().tick(now, **moment)
        said = [one.messages[0]["text"] for one in self.effects[before:] if isinstance(one, Say)]
        self.said[len(self.said) - len(said) :] = [(now, text) for text in said]


def lives(one: Any, ticks: list[int], bought: int | None, **moment: Any) -> Waited:
    """Ticks, and a purchase, in minutes after the beginning."""
    lived = Waited(one, begun(one))
    moments = [(NOW + minutes * MINUTE, False) for minutes in ticks]
    moments += [] if bought is None else [(NOW + bought * MINUTE, True)]
    for at, buys in sorted(moments):
        (lived.buys if buys else lived.tick)(at, **moment)
    lived.tick(NOW + timedelta(days=60), **moment)
    return lived


ticks = st.lists(st.integers(0, 60 * 24 * 6), unique=True, max_size=30)
bought = st.none() | st.integers(60 * 23, 60 * 24 * 4)
withins = st.sampled_from(["10m", "2h", "1d", "3d"])


@settings(max_examples=200)
@given(ticks, bought, withins)
def test_what_happens_in_the_time_of_a_wait_has_happened_however_late_the_runs_are(
    runs: list[int], at: int | None, within: str
) -> None:
    lived = lives(script(waits(within), if_late="send"), runs, at)
    length = {"10m": 10 * MINUTE, "2h": 2 * HOUR, "1d": DAY, "3d": 3 * DAY}[within]
    in_time = at is not None and DUE <= NOW + at * MINUTE <= DUE + length
    assert [text for _, text in lived.said] == ["thanks" if in_time else "unused?"]


@settings(max_examples=200)
@given(ticks, bought, withins, st.booleans())
def test_whoever_is_sent_something_has_the_whole_time_to_answer_it(
    runs: list[int], at: int | None, within: str, quiet: bool
) -> None:
    one = script(waits(within, send=[{"text": "coupon"}]), if_late="send")
    lived = lives(one, runs, at, **({"quiet": QUIET} if quiet else {}))
    length = {"10m": 10 * MINUTE, "2h": 2 * HOUR, "1d": DAY, "3d": 3 * DAY}[within]
    if not lived.said:
        return  # the last run came in quiet hours
    (sent, coupon), *rest = lived.said
    assert (coupon, len(rest) <= 1) == ("coupon", True)
    for answered, text in rest:
        in_time = at is not None and sent <= NOW + at * MINUTE <= sent + length
        assert text == ("thanks" if in_time else "unused?")
        assert text == "thanks" or answered >= sent + length


def test_a_purchase_between_the_time_of_a_wait_and_the_next_run_is_seen() -> None:
    lived = Waited(one := script(says("a"), waits("3d")), begun(one))
    lived.tick(NOW)
    lived.buys(DUE + 20 * timedelta(seconds=1))
    lived.tick(DUE + MINUTE)
    lived.tick(DUE + 3 * DAY)
    assert [text for _, text in lived.said] == ["a", "thanks"]


@pytest.mark.parametrize(
    ("asks", "said"), [({"send": [{"text": "coupon"}]}, ["coupon"]), ({"do": [{"form": "profile"}]}, [])]
)
def test_quiet_hours_take_nothing_from_the_time_to_answer(asks: dict[str, Any], said: list[str]) -> None:
    lived = Waited(one := script(waits("6h", after="12h", **asks)), begun(one))
    lived.tick(NOW + 12 * HOUR, quiet=QUIET)
    assert lived.effects == []
    lived.tick(NOW + 23 * HOUR, quiet=QUIET)
    lived.tick(NOW + 29 * HOUR - MINUTE, quiet=QUIET)
    assert ([text for _, text in lived.said], len(lived.effects)) == (said, 1)
    lived.tick(NOW + 29 * HOUR, quiet=QUIET)
    assert [text for _, text in lived.said] == [*said, "unused?"]


@pytest.mark.parametrize("before", [{"do": [{"tag": "x"}]}, {"send": [{"text": "first"}], "do": [{"tag": "x"}]}])
def test_what_a_step_before_the_wait_does_is_left_to_the_next_run(before: dict[str, Any]) -> None:
    lived = Waited(one := script({"id": "a", "after": "1d", **before}, waits("3d")), begun(one))
    lived.buys(DUE + MINUTE)
    assert (lived.said, lived.course.step) == ([], "a")


@pytest.mark.parametrize(("rule", "read"), [("leave", []), ("skip", ["z"])])
@pytest.mark.parametrize("bought", [None, 60 * 25])
def test_who_is_excluded_when_a_wait_is_over_is_sent_nothing(rule: str, read: list[str], bought: int | None) -> None:
    one = script(waits("2h"), says("z", "3d"), exclude=[{"tag": "x"}], excluded=rule)
    lived = Waited(one, begun(one))
    lived.tick(DUE)
    lived.friend = replace(lived.friend, tags=frozenset({"x"}))
    if bought is not None:
        lived.buys(NOW + bought * MINUTE)
    lived.tick(DUE + 2 * HOUR)
    lived.friend = replace(lived.friend, tags=frozenset())
    lived.tick(DUE + 2 * DAY)
    assert [text for _, text in lived.said] == read
