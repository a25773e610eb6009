"""The rules of scenarios, row by row of the product's table and accident by accident, at the offline LINE.

D7 step scenario · several scenarios under one limit · revisions · blocks.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lineform.model.attributes import AttributesSpec
from lineform.model.audience import SegmentSpec
from lineform.model.client import Limits
from lineform.ports.friends import FriendRow
from lineform.ports.journeys import FriendChange
from lineform.scenarios.enrolment import State
from lineform.scenarios.happening import What
from support.declared_clients import campaign
from support.delivering import DUE
from support.living import Life, Lives, says, scenario
from support.scenario_rules import DAY, HOUR, days, texts


def test_offsets_count_from_the_anchor_however_late_the_runs_are(life: Lives) -> None:
    here = life(scenario("s", *(says(f"d{n}", f"{n}d") for n in range(1, 6))))
    here.happens(What.FOLLOW)
    for n in range(1, 6):
        here.at(DUE + n * DAY + timedelta(minutes=2 * n))
        assert here.courses()[0].due in {DUE + (n + 1) * DAY, None}
    assert [at for at, _ in here.read()] == ["12-02 10:02", "12-03 10:04", "12-04 10:06", "12-05 10:08", "12-06 10:10"]


def test_a_step_has_its_time_of_day_its_weekday_and_its_calendar_month(life: Lives) -> None:
    steps = (
        says("weekend", "1d", at="12:00", on=["sat", "sun"]),
        says("month", "1mo"),
        says("leap", "2mo", at="09:30"),
    )
    here = life(scenario("s", *steps))
    here.move(datetime(2026, 12, 31, 1, tzinfo=UTC))
    here.happens(What.FOLLOW)
    here.until(datetime(2027, 3, 2, tzinfo=UTC))
    assert here.read() == [("01-02 12:00", "weekend"), ("01-31 10:00", "month"), ("02-28 09:30", "leap")]


def test_a_branch_leads_everybody_somewhere(life: Lives) -> None:
    branch = [
        {
            "if": {"attribute": "gender", "is": "female"},
            "then": [{"tag": "ladies"}, {"send": [{"text": "for ladies"}]}],
        },
        {"else": True, "then": [{"tag": "standard"}], "goto": "last"},
    ]
    steps = ({"id": "ask", "branch": branch}, says("between", "1d"), says("last", "2d"))
    here = life(scenario("s", *steps), friends=2)
    here.knows(0, gender="female")
    for place in (0, 1):
        here.happens(What.FOLLOW, place)
    for n in (1, 2):
        here.at(DUE + n * DAY)
    assert texts(here, 0) == ["for ladies", "between", "last"]
    assert texts(here, 1) == ["last"]
    friends = here.with_store(lambda store: store.friends(here.client.name, here.ids()))
    assert [friend.tags for friend in friends] == [{"ladies"}, {"standard"}]


@pytest.mark.parametrize("target", ["two", "three", "end"])
def test_a_false_branch_goes_to_its_target_adjacent_or_not(life: Lives, target: str) -> None:
    branch = [{"if": {"tag": "vip"}, "goto": "three"}, {"else": True, "goto": target}]
    steps = ({"id": "one", "branch": branch}, says("two", "1d"), says("three", "2d"))
    here = life(scenario("s", *steps))
    here.happens(What.FOLLOW)
    for n in (1, 2):
        here.at(DUE + n * DAY)
    assert texts(here) == {"two": ["two", "three"], "three": ["three"], "end": []}[target]


def test_whoever_reaches_the_goal_leaves(life: Lives) -> None:
    here = life(scenario("s", says("a"), says("b", "3d"), goal={"event": "purchase"}))
    here.happens(What.FOLLOW)
    here.move(DUE + DAY)
    here.happens(What.EVENT, name="purchase", fields={"amount": 1200})
    here.at(DUE + 3 * DAY)
    assert texts(here) == ["a"]
    assert here.courses()[0].state is State.GOAL


def test_the_purchase_that_begins_it_is_not_its_goal_and_the_next_one_suppresses_the_coupon(life: Lives) -> None:
    steps = (says("thanks"), says("voices", "7d"), says("column", "14d"), says("coupon", "21d"))
    here = life(scenario("s", *steps, trigger={"event": "purchase"}, goal={"event": "purchase"}))
    here.happens(What.EVENT, name="purchase", fields={"amount": 1200})
    for n in (7, 14):
        here.at(DUE + n * DAY)
    here.move(DUE + 18 * DAY)
    here.happens(What.EVENT, name="purchase", fields={"amount": 900})
    here.at(DUE + 21 * DAY)
    assert texts(here) == ["thanks", "voices", "column"]


def test_quiet_hours_keep_the_order_of_steps_and_the_worth_of_coupons(life: Lives) -> None:
    limits = Limits.model_validate({"quiet": "21:00-09:00"})
    steps = (says("a", "11h"), says("b", "12h"), says("coupon", "13h", valid_until="20h"), says("c", "2d"))
    here = life(scenario("s", *steps), limits=limits)
    here.happens(What.FOLLOW)
    here.until(DUE + 26 * HOUR)
    here.at(DUE + 2 * DAY)
    assert here.read() == [("12-02 09:00", "a"), ("12-02 09:00", "b"), ("12-03 10:00", "c")]
    assert here.marks()[2] == ("coupon", "its messages are worth nothing any more")


def test_a_step_waits_for_something_to_happen_or_for_its_time_to_be_over(life: Lives) -> None:
    wait = {
        "for": {"event": "purchase"},
        "within": "3d",
        "then": [{"send": [{"text": "thank you"}]}],
        "goto": "end",
        "else": {"then": [{"send": [{"text": "coupon"}]}]},
    }
    here = life(scenario("s", says("a"), {"id": "w", "after": "1d", "wait": wait}, says("z", "5d")), friends=2)
    for place in (0, 1):
        here.happens(What.FOLLOW, place)
    here.at(DUE + DAY)
    here.move(DUE + 2 * DAY)
    here.happens(What.EVENT, 0, name="purchase", fields={})
    for n in (4, 5):
        here.at(DUE + n * DAY)
    assert days(here, 0) == ["12-01 a", "12-03 thank you"]
    assert days(here, 1) == ["12-01 a", "12-05 coupon", "12-06 z"]


COUPON = scenario("welcome", says("coupon"), trigger={"follow": {"on_unblock": "restart", "cooldown": "30d"}})


@pytest.mark.parametrize("rule", ["skip", "restart", "resume"])
def test_follow_block_unblock_three_times_one_coupon(life: Lives, rule: str) -> None:
    here = life(scenario("welcome", says("coupon"), trigger={"follow": {"on_unblock": rule}}))
    here.follows()
    for _ in range(3):
        here.move(here.clock.now() + HOUR)
        here.blocks()
        here.move(here.clock.now() + HOUR)
        here.follows(unblocked=True)
        here.step()
    assert texts(here) == ["coupon"]


def test_after_the_cool_down_it_may_begin_anew_by_rule(life: Lives) -> None:
    here = life(COUPON)
    here.follows()
    here.blocks()
    here.move(DUE + 31 * DAY)
    here.follows(unblocked=True)
    assert texts(here) == ["coupon", "coupon"]


def test_who_was_forgotten_and_comes_back_gets_no_second_first_coupon(life: Lives) -> None:
    here = life(COUPON)
    here.happens(What.FOLLOW, fields={"forgotten": True})
    assert texts(here) == []


def test_a_block_stops_everything_and_a_resume_goes_on_where_it_stood(life: Lives) -> None:
    steps = (says("a"), says("b", "2d"), says("c", "4d"))
    here = life(scenario("s", *steps, trigger={"follow": {"on_unblock": "resume"}}))
    here.follows()
    here.move(DUE + DAY)
    here.blocks()
    here.at(DUE + 5 * DAY)
    assert texts(here) == ["a"]
    here.move(DUE + 11 * DAY)
    here.follows(unblocked=True)
    for n in (12, 14):
        here.at(DUE + n * DAY)
    assert days(here) == ["12-01 a", "12-13 b", "12-15 c"]


def test_who_came_by_a_route_and_then_follows_begins_what_the_route_begins(life: Lives) -> None:
    here = life(scenario("s", says("welcome"), trigger={"route": "poster"}))
    row = FriendRow(here.users[0], route="poster", blocked=True)
    here.with_store(lambda store: store.import_friends(here.client.name, [row], DUE))
    here.follows()
    assert texts(here) == ["welcome"]
    here.happens(What.ROUTE, name="poster")
    assert texts(here) == ["welcome"]


def test_a_runner_that_was_down_makes_up_for_nothing_in_a_burst(life: Lives) -> None:
    here = life(scenario("s", *(says(f"d{n}", f"{n}d") for n in range(1, 8)), if_late="send"))
    here.happens(What.FOLLOW)
    here.at(DUE + 5 * DAY + HOUR)
    assert texts(here) == ["d5"]
    assert here.marks()[0] == ("d1", "it was missed, and 'd2' came after it")
    here.at(DUE + 6 * DAY)
    assert texts(here) == ["d5", "d6"]


def test_what_was_missed_gives_no_way_to_a_step_for_a_tag_that_it_takes_away(life: Lives) -> None:
    ranks = {"silver": {"group": "rank"}, "gold": {"group": "rank"}}
    words = {"kind": "attributes", "name": "ranks", "tag_groups": {"rank": {"exclusive": True}}, "tags": ranks}
    steps = says("a", "1d", do=[{"tag": "gold"}]), says("b", "2d") | {"if": {"tag": "silver"}}
    here = life(AttributesSpec.model_validate(words), scenario("s", *steps, if_late="send"))
    here.tagged("silver")
    here.happens(What.FOLLOW)
    here.at(DUE + 3 * DAY)
    assert texts(here) == ["a"]
    assert here.marks() == [("a", "sent"), ("b", "its condition is not true")]


@pytest.mark.parametrize(
    ("rule", "hours", "sent"),
    [
        ({"within": "2h", "otherwise": "skip"}, 1, ["a"]),
        ({"within": "2h", "otherwise": "skip"}, 3, []),
        ("skip", 1, []),
        ("send", 400, ["a"]),
        ("hold", 1, []),
    ],
)
def test_what_is_late_is_sent_skipped_or_held_by_rule(life: Lives, rule: Any, hours: int, sent: list[str]) -> None:
    here = life(scenario("s", says("a", "1d"), if_late=rule))
    here.happens(What.FOLLOW)
    here.at(DUE + DAY + hours * HOUR)
    assert texts(here) == sent
    assert here.courses()[0].state is (State.HELD if rule == "hold" else State.DONE)


def test_disabled_then_enabled_sends_nothing_of_what_was_due_meanwhile(life: Lives) -> None:
    here = life(scenario("s", says("a", "1d"), says("b", "5d")))
    here.happens(What.FOLLOW)
    here.with_store(lambda store: store.disarm(here.client.name, "scenario.s", DUE + HOUR))
    here.at(DUE + 2 * DAY)
    assert texts(here) == []
    here.move(DUE + 3 * DAY)
    here.arm(DUE + 3 * DAY)
    here.step()
    assert texts(here) == []
    assert here.marks() == [("a", "it was due while the scenario was not armed")]
    here.at(DUE + 5 * DAY)
    assert days(here) == ["12-06 b"]


def test_with_backfill_it_is_made_up_for(life: Lives) -> None:
    here = life(scenario("s", says("a", "1d"), says("b", "5d"), backfill=True))
    here.happens(What.FOLLOW)
    here.with_store(lambda store: store.disarm(here.client.name, "scenario.s", DUE + HOUR))
    here.at(DUE + 2 * DAY)
    here.move(DUE + 3 * DAY)
    here.arm(DUE + 3 * DAY)
    here.step()
    assert days(here) == ["12-04 a"]


@pytest.mark.parametrize(("rule", "read"), [("leave", ["a"]), ("skip", ["a", "c"])])
def test_an_exclusion_tag_removed_in_mid_series_has_a_defined_outcome(life: Lives, rule: str, read: list[str]) -> None:
    here = life(
        scenario("s", says("a"), says("b", "1d"), says("c", "2d"), exclude=[{"tag": "opted-out"}], excluded=rule)
    )
    here.happens(What.FOLLOW)
    here.tagged("opted-out")
    here.at(DUE + DAY)
    here.tagged(untag=("opted-out",))
    here.at(DUE + 2 * DAY)
    assert texts(here) == read


def test_several_scenarios_under_one_limit_go_by_priority(life: Lives) -> None:
    limits = Limits.model_validate({"per_friend": {"gap": "20h"}})
    high = scenario("teaser", says("t1", "1d"), priority=90, trigger={"tag": "vip"})
    low = scenario("welcome", says("w1", "1d"), priority=10)
    never = scenario("extra", says("e1", "1d"), priority=50, capped="skip")
    here = life(high, low, never, limits=limits)
    here.happens(What.FOLLOW)
    here.tagged("vip")
    here.until(DUE + 3 * DAY)
    assert here.read() == [("12-02 10:00", "t1"), ("12-03 06:00", "w1")]
    marks = {course.scenario: course.marks[0].said for course in here.courses()}
    assert marks == {"teaser": "sent", "welcome": "sent", "extra": "the friend was over a limit"}


def test_a_weekly_limit_counts_campaigns_and_scenarios_together(life: Lives) -> None:
    limits = Limits.model_validate({"per_friend": {"week": 2}})
    sale = campaign("sale", audience={"everyone": True, "expect": {"max": 10}})
    here = life(scenario("s", says("a", "1h"), says("b", "2h"), capped="skip"), sale, limits=limits)
    here.step()
    here.happens(What.FOLLOW)
    for n in (1, 2):
        here.at(DUE + n * HOUR)
    assert len(texts(here)) == 2
    assert here.marks() == [("a", "sent"), ("b", "the friend was over a limit")]


def test_a_tag_that_a_step_gives_begins_another_scenario(life: Lives) -> None:
    here = life(
        scenario("one", {"id": "give", "do": [{"tag": "vip"}, {"set": {"gender": "female"}}]}),
        scenario("two", says("v", text="for vips"), trigger={"tag": "vip"}),
        scenario("three", says("l", "1h", text="for ladies"), trigger={"attribute": "gender", "is": "female"}),
    )
    here.happens(What.FOLLOW)
    here.at(DUE + HOUR)
    assert texts(here) == ["for vips", "for ladies"]


def test_a_circle_that_nobody_saw_is_stopped_and_written_down(life: Lives) -> None:
    record = {"record": {"event": "purchase", "fields": {"amount": 1}}}
    here = life(scenario("loop", {"id": "a", "do": [record]}, trigger={"event": "purchase"}, reentry="restart"))
    here.happens(What.EVENT, name="purchase", fields={})
    notes = here.with_store(lambda store: store.notes(here.client.name))
    assert [note.action for note in notes] == ["stopped a circle"]


def test_one_scenario_starts_and_stops_another(life: Lives) -> None:
    here = life(
        scenario("one", {"id": "a", "do": [{"start": "two"}]}, {"id": "b", "after": "2d", "do": [{"stop": "two"}]}),
        scenario("two", says("x", "1d"), says("y", "3d"), trigger="manual"),
    )
    here.happens(What.FOLLOW)
    for n in (1, 2, 3):
        here.at(DUE + n * DAY)
    assert texts(here) == ["x"]


def revised(life: Lives, rule: str, *steps: Any) -> Life:
    here: Life = life(scenario("s", says("a"), says("b", "2d", text="old b"), says("c", "4d", text="old c")))
    here.happens(What.FOLLOW)
    here.move(DUE + DAY)
    here.declare(scenario("s", *steps, in_flight=rule))
    here.arm(DUE + DAY)
    for n in (2, 3, 4, 5, 6):
        here.at(DUE + n * DAY)
    return here


NEW = (says("a"), says("b", "3d", text="new b"), says("d", "5d", text="new d"))


def test_friends_inside_keep_what_they_began(life: Lives) -> None:
    assert days(revised(life, "keep", *NEW)) == ["12-01 a", "12-03 old b", "12-05 old c"]


def test_friends_inside_move_to_the_step_of_the_same_id(life: Lives) -> None:
    assert days(revised(life, "move", *NEW)) == ["12-01 a", "12-04 new b", "12-06 new d"]


def test_friends_inside_stop(life: Lives) -> None:
    here = revised(life, "stop", *NEW)
    assert days(here) == ["12-01 a"]
    assert here.courses()[0].state is State.STOPPED


def test_where_their_step_is_gone_they_move_to_the_next_one_that_is_left(life: Lives) -> None:
    steps = (says("a"), says("c", "4d", text="new c"))
    assert days(revised(life, "move", *steps)) == ["12-01 a", "12-05 new c"]


def test_a_step_in_the_place_of_theirs_is_not_passed_over(life: Lives) -> None:
    steps = (says("a"), says("x", "2d", text="new x"), says("c", "4d", text="new c"))
    assert days(revised(life, "move", *steps)) == ["12-01 a", "12-03 new x", "12-05 new c"]


def test_existing_friends_are_taken_in_once_when_it_is_armed(life: Lives) -> None:
    here = life(scenario("s", says("a"), enroll="existing"), friends=3)
    here.step()
    here.step()
    here.happens(What.FOLLOW, 0)
    assert [texts(here, place) for place in range(3)] == [["a"]] * 3


def test_new_ones_only_is_the_default(life: Lives) -> None:
    here = life(scenario("s", says("a"), trigger={"tag": "vip"}), friends=2)
    here.tagged("vip", place=0)
    here.step()
    assert [texts(here, place) for place in range(2)] == [["a"], []]


def test_coming_into_a_segment_begins_it_at_its_rhythm(life: Lives) -> None:
    vips = SegmentSpec.model_validate({"kind": "segment", "name": "vips", "where": {"tag": "vip"}})
    here = life(
        vips, scenario("s", says("a"), trigger={"segment": "vips", "check": "1d"}, reentry="when_over"), friends=2
    )

    def give(place: int, *tags: str, untag: tuple[str, ...] = ()) -> None:
        change = FriendChange(here.friend(place), {}, tags, untag)
        here.with_store(lambda store: store.change_friends(here.client.name, [change], DUE))

    give(0, "vip")
    here.step()
    give(1, "vip")
    here.at(DUE + HOUR)
    assert [texts(here, place) for place in range(2)] == [[], []]
    here.at(DUE + DAY)
    assert [texts(here, place) for place in range(2)] == [[], ["a"]]
    give(1, untag=("vip",))
    here.at(DUE + 2 * DAY)
    give(1, "vip")
    here.at(DUE + 3 * DAY)
    assert days(here, 1) == ["12-02 a", "12-04 a"]
