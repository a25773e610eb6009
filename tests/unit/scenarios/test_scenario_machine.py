"""The machine of scenarios, whatever happens in whatever order: each step once, in order, never early, never adrift."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineform.scenarios.effect import Give, Say
from lineform.scenarios.enrolment import Enrolment, State
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.machine import Moment, advance
from lineform.scenarios.reacting import react, revised
from lineform.scenarios.steps import due_of
from lineform.sending.quiet import quiet_hours
from support.coursing import FRIEND, NOW, Lived, begun, says, script

QUIET = quiet_hours("21:00-09:00", "Asia/Tokyo")
UNITS = ("m", "h", "d", "w", "mo")
lengths = st.builds(lambda count, unit: f"{count}{unit}", st.integers(0, 40), st.sampled_from(UNITS))
clocks = st.none() | st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.integers(0, 59))
series = st.lists(st.tuples(lengths, clocks), min_size=1, max_size=6).map(
    lambda several: [
        {**says(f"s{n}", after), **({"at": clock} if clock else {})} for n, (after, clock) in enumerate(several)
    ]
)
gaps = st.lists(st.integers(1, 60 * 24 * 20), min_size=1, max_size=60)


@settings(max_examples=150)
@given(series, gaps, st.sampled_from(["send", "skip", {"within": "2d", "otherwise": "skip"}]))
def test_each_step_is_marked_once_in_order_and_said_at_most_once_never_early(
    steps: list[dict[str, Any]], minutes: list[int], rule: Any
) -> None:
    one = script(*steps, if_late=rule)
    lived = Lived(one, begun(one))
    now = NOW
    for gap in minutes:
        lived.tick(now)
        now += timedelta(minutes=gap)
    lived.tick(now + timedelta(days=2000))
    names = [step["id"] for step in steps]
    assert [mark.step for mark in lived.course.marks] == names
    assert lived.course.state is State.DONE
    said = [name for _, name in lived.said]
    assert said == [name for name in names if name in said]
    assert {mark.step for mark in lived.course.marks if mark.said == "sent"} == set(said)
    for at, name in lived.said:
        due = begun(one)
        step = one.step(name)
        assert step is not None
        own = due_of(one, due, step, FRIEND)
        assert own is not None
        assert own <= at


@settings(max_examples=100)
@given(series, st.integers(0, 14))
def test_when_runs_are_a_little_late_no_step_drifts(steps: list[dict[str, Any]], late: int) -> None:
    one = script(*steps)
    lived = Lived(one, begun(one))
    due = lived.course.due
    moments = []
    while lived.course.state is State.ACTIVE and due is not None:
        lived.tick(due + timedelta(minutes=late))
        moments.append(due)
        due = lived.course.due
    exact = Lived(one, begun(one))
    due, wanted = exact.course.due, []
    while exact.course.state is State.ACTIVE and due is not None:
        exact.tick(due)
        wanted.append(due)
        due = exact.course.due
    assert set(moments) <= set(wanted)
    assert len(lived.said) == len(exact.said) == len(steps)


@settings(max_examples=100)
@given(series, gaps)
def test_nothing_is_said_in_quiet_hours(steps: list[dict[str, Any]], minutes: list[int]) -> None:
    one = script(*steps, if_late="send")
    lived = Lived(one, begun(one))
    now = NOW
    for gap in minutes:
        lived.tick(now, quiet=QUIET)
        now += timedelta(minutes=gap)
    assert QUIET is not None
    assert all(QUIET.until(at) is None for at, _ in lived.said)


@settings(max_examples=100)
@given(st.lists(st.sampled_from(["block", "return", "goal", "follow", "tick"]), max_size=20), st.sampled_from(
    ["skip", "resume", "restart"]))  # fmt: skip
def test_however_often_somebody_blocks_and_returns_a_coupon_comes_once_within_the_cool_down(
    acts: list[str], rule: str
) -> None:
    one = script(
        says("coupon"), says("later", "5d"), trigger={"follow": {"on_unblock": rule, "cooldown": "30d"}},
        goal={"event": "purchase"},
    )  # fmt: skip
    mine: list[Enrolment] = []
    coupons = 0
    blocked = False
    for number, act in enumerate(["follow", *acts]):
        now = NOW + timedelta(hours=number)
        friend = replace(FRIEND, blocked=blocked)
        happening = None
        if act == "block":
            blocked, happening = True, Happening(f"b{number}", 1, What.UNFOLLOW, now)
        elif act in {"return", "follow"}:
            fields = {"unblocked": True} if number else {}
            blocked, friend = False, replace(FRIEND, blocked=False)
            happening = Happening(f"f{number}", 1, What.FOLLOW, now, fields=fields)
        elif act == "goal":
            happening = Happening(f"g{number}", 1, What.EVENT, now, "purchase")
        for moved in react(one, mine, happening, friend, Moment(now)) if happening else []:
            mine = [moved.enrolment]
        if mine and not blocked:
            lived = Lived(one, mine[0], friend)
            lived.tick(now)
            coupons += sum(1 for _, name in lived.said if name == "coupon")
            mine = [lived.course]
    assert coupons == 1


def test_an_effect_has_the_same_key_however_often_it_is_decided() -> None:
    one = script({"id": "a", "send": [{"text": "a"}], "do": [{"tag": "x"}]})
    course = begun(one)
    first = advance(one, course, FRIEND, Moment(NOW)).effects
    assert first == advance(one, course, FRIEND, Moment(NOW)).effects
    assert [(type(effect), effect.source, effect.key) for effect in first] == [
        (Say, "scenario.s/a", "a/1"),
        (Give, "scenario.s/a", "a/1.1"),
    ]


def test_nothing_is_due_early() -> None:
    one = script(says("a", "1d"))
    with pytest.raises(ValueError, match="nothing is due"):
        advance(one, begun(one), FRIEND, Moment(NOW))


def test_limits_keep_a_message_for_seven_days_at_most() -> None:
    one = script(says("a"), says("b", "1d"))
    lived = Lived(one, begun(one))
    lived.tick(NOW, free_at=NOW + timedelta(days=3))
    assert (lived.said, lived.course.due, lived.course.reason) == ([], NOW + timedelta(days=3), "over a limit")
    lived.tick(NOW + timedelta(days=3), free_at=NOW + timedelta(days=9))
    assert lived.course.marks[0].said == "the friend was over a limit"


def test_an_answer_is_kept_back_by_nothing() -> None:
    one = script(says("a"))
    moment = Moment(NOW, quiet_hours("00:00-23:59", "Asia/Tokyo"), NOW + timedelta(days=1), answer=True)
    moved = advance(one, begun(one), FRIEND, moment)
    assert [type(effect) for effect in moved.effects] == [Say]


@given(series, series, st.integers(0, 5), st.sampled_from(["keep", "move", "stop"]))
def test_whoever_is_moved_to_another_version_stands_at_a_step_that_it_has(
    old: list[dict[str, Any]], new: list[dict[str, Any]], done: int, rule: str
) -> None:
    before, after = script(*old), script(*new, in_flight=rule)
    course = replace(begun(before), step=old[min(done, len(old) - 1)]["id"])
    moved = revised(before, after, course, FRIEND, NOW)
    if rule == "keep" or before.version == after.version:
        assert moved == course
    elif rule == "stop":
        assert moved.state is State.STOPPED
    elif moved.open:
        assert after.step(moved.step) is not None
        assert moved.version == after.version
        assert moved.due is not None
    else:
        assert moved.state is State.DONE


OLD = script(says("a"), says("b", "2d"), says("c", "4d"), says("d", "6d"))


@pytest.mark.parametrize(
    ("at", "new", "then"),
    [
        ("b", "abcd", "b"),
        ("b", "axcd", "x"),
        ("a", "xbcd", "x"),
        ("b", "acxd", "c"),
        ("b", "adc", "d"),
        ("d", "abcx", "x"),
        ("c", "xabd", "d"),
        ("c", "dab", "d"),
        ("d", "abc", ""),
    ],
)
def test_whoever_moves_goes_on_from_their_step_or_from_the_first_after_those_they_have_been_at(
    at: str, new: str, then: str
) -> None:
    after = script(*(says(step, f"{day}d") for day, step in enumerate(new)), in_flight="move")
    moved = revised(OLD, after, replace(begun(OLD), step=at), FRIEND, NOW)
    assert (moved.step, moved.open) == (then, bool(then))


def test_whoever_did_the_step_that_is_gone_does_not_do_what_took_its_place() -> None:
    asks = {"id": "b", "send": [{"text": "b?"}], "wait": {"for": {"tag": "vip"}, "within": "1d"}}
    old, new = script(says("a"), asks, says("c", "4d")), script(says("a"), says("x"), says("c", "4d"), in_flight="move")
    waits = replace(begun(old), step="b", waiting=NOW + timedelta(days=1))
    assert revised(old, new, waits, FRIEND, NOW).step == "c"


def test_a_clock_that_is_seconds_behind_the_one_that_armed_it_mutes_nothing() -> None:
    one = replace(script(says("a")), since=NOW + timedelta(seconds=30))
    lived = Lived(one, begun(one))
    lived.tick(NOW)
    assert [name for _, name in lived.said] == ["a"]
    late = replace(one, since=NOW + timedelta(hours=1))
    muted = Lived(late, begun(late))
    muted.tick(NOW + timedelta(hours=1))
    assert (muted.said, muted.course.marks[0].said) == ([], "it was due while the scenario was not armed")
