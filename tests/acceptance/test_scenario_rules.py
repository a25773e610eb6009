"""The rules of scenarios, row by row of the product's table and accident by accident, at the offline LINE.

D7 step scenario · D9 birthday · D11 reminder before a booking · several scenarios under one limit · revisions · blocks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.model.attributes import AttributesSpec
from lineform.model.audience import SegmentSpec
from lineform.model.client import Limits
from lineform.ports.friends import FriendRow
from lineform.ports.journeys import FriendChange
from lineform.run import pump
from lineform.run.halt import halt
from lineform.run.outcome import Outcome
from lineform.sandbox.server import SandboxServer
from lineform.scenarios.enrolment import State
from lineform.scenarios.happening import What
from support.declared_clients import campaign
from support.delivering import DUE, Crash, Dying
from support.living import Life, says, scenario

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WORDS = AttributesSpec.model_validate(
    {
        "kind": "attributes",
        "name": "words",
        "attributes": {
            "gender": {"type": "enum", "values": ["female", "male"]},
            "birthday": {"type": "date"},
            "booking_at": {"type": "text"},
        },
        "tags": {"vip": {}, "ladies": {}, "standard": {}, "opted-out": {}},
        "events": {"purchase": {"fields": {"amount": "number"}}, "booking": {"fields": {"number": "text"}}},
    }
)


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with SandboxServer() as server:
        yield server.origin


@pytest.fixture
def life(origin: str, tmp_path: Path) -> Any:
    def make(*specs: Any, **settings: Any) -> Life:
        here = Life(origin, tmp_path, WORDS, *specs, **{"friends": 1, **settings})
        here.move(DUE)
        return here

    return make


def texts(here: Life, place: int = 0) -> list[str]:
    return [text for _, text in here.read(place)]


def days(here: Life, place: int = 0) -> list[str]:
    return [f"{at[:5]} {text}" for at, text in here.read(place)]


# D7


def frozen_by_the_dead(here: Life) -> None:
    """A step of now is frozen, and its process dies before it calls anything."""
    for number in range(1, 80):
        with suppress(Crash):
            here.step(lambda port, count=[0], at=number: Dying(port, count, at, after=True))
        if any(send.status == "frozen" for send in here.sends()):
            break
    assert (len(here.sends()), here.calls()) == (1, [])


def test_what_was_frozen_before_the_quiet_hours_waits_for_their_end(life: Any) -> None:
    here = life(scenario("s", says("a", "10h")), limits=Limits.model_validate({"quiet": "21:00-09:00"}))
    here.happens(What.FOLLOW)
    here.move(DUE + 10 * HOUR)
    frozen_by_the_dead(here)
    assert [entry.outcome for entry in here.at(DUE + 16 * HOUR).entries] == [Outcome.WAITING]
    here.at(DUE + 23 * HOUR)
    assert here.read() == [("12-02 09:00", "a")]


def test_steps_that_are_being_called_stop_when_the_quiet_hours_begin(
    life: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "LOOK_EVERY", 0.0)
    limits = Limits.model_validate({"quiet": "21:00-09:00"})
    here = life(scenario("s", says("a", "10h", text="{{ friend.display_name }}")), friends=3, limits=limits)
    here.live(*(here.happening(What.FOLLOW, place) for place in range(3)))

    class Slow:
        """A LINE that takes an hour for the first call."""

        def __init__(self, port: Any) -> None:
            self._port = port

        def __getattr__(self, name: str) -> Any:
            return self._send if name == "send" else getattr(self._port, name)

        async def _send(self, *args: Any, **kwargs: Any) -> Any:
            found = await self._port.send(*args, **kwargs)
            here.move(DUE + 11 * HOUR)
            await asyncio.sleep(0.1)
            return found

    here.move(DUE + 10 * HOUR)
    here.step(lambda port: Slow(port) if hasattr(port, "reply") else port, concurrency=1)
    assert here.received().total() == 1
    here.at(DUE + 23 * HOUR)
    assert sorted(at for place in range(3) for at, _ in here.read(place)) == ["12-01 20:00", *["12-02 09:00"] * 2]


def test_what_was_frozen_and_is_worth_nothing_any_more_is_not_sent(life: Any) -> None:
    here = life(scenario("s", says("a", "10h", valid_until="12h"), says("b", "3d")))
    here.happens(What.FOLLOW)
    here.move(DUE + 10 * HOUR)
    frozen_by_the_dead(here)
    assert [entry.outcome for entry in here.at(DUE + 13 * HOUR).entries] == [Outcome.SKIPPED]
    assert here.read() == []
    assert here.marks() == [("a", "not sent: it was frozen, and what it says is worth nothing any more")]


def test_offsets_count_from_the_anchor_however_late_the_runs_are(life: Any) -> None:
    here = life(scenario("s", *(says(f"d{n}", f"{n}d") for n in range(1, 6))))
    here.happens(What.FOLLOW)
    for n in range(1, 6):
        here.at(DUE + n * DAY + timedelta(minutes=2 * n))
        assert here.courses()[0].due in {DUE + (n + 1) * DAY, None}
    assert [at for at, _ in here.read()] == ["12-02 10:02", "12-03 10:04", "12-04 10:06", "12-05 10:08", "12-06 10:10"]


def test_a_step_has_its_time_of_day_its_weekday_and_its_calendar_month(life: Any) -> None:
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


def test_a_branch_leads_everybody_somewhere(life: Any) -> None:
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
def test_a_false_branch_goes_to_its_target_adjacent_or_not(life: Any, target: str) -> None:
    branch = [{"if": {"tag": "vip"}, "goto": "three"}, {"else": True, "goto": target}]
    steps = ({"id": "one", "branch": branch}, says("two", "1d"), says("three", "2d"))
    here = life(scenario("s", *steps))
    here.happens(What.FOLLOW)
    for n in (1, 2):
        here.at(DUE + n * DAY)
    assert texts(here) == {"two": ["two", "three"], "three": ["three"], "end": []}[target]


def test_whoever_reaches_the_goal_leaves(life: Any) -> None:
    here = life(scenario("s", says("a"), says("b", "3d"), goal={"event": "purchase"}))
    here.happens(What.FOLLOW)
    here.move(DUE + DAY)
    here.happens(What.EVENT, name="purchase", fields={"amount": 1200})
    here.at(DUE + 3 * DAY)
    assert texts(here) == ["a"]
    assert here.courses()[0].state is State.GOAL


def test_the_purchase_that_begins_it_is_not_its_goal_and_the_next_one_suppresses_the_coupon(life: Any) -> None:
    steps = (says("thanks"), says("voices", "7d"), says("column", "14d"), says("coupon", "21d"))
    here = life(scenario("s", *steps, trigger={"event": "purchase"}, goal={"event": "purchase"}))
    here.happens(What.EVENT, name="purchase", fields={"amount": 1200})
    for n in (7, 14):
        here.at(DUE + n * DAY)
    here.move(DUE + 18 * DAY)
    here.happens(What.EVENT, name="purchase", fields={"amount": 900})
    here.at(DUE + 21 * DAY)
    assert texts(here) == ["thanks", "voices", "column"]


def test_quiet_hours_keep_the_order_of_steps_and_the_worth_of_coupons(life: Any) -> None:
    limits = Limits.model_validate({"quiet": "21:00-09:00"})
    steps = (says("a", "11h"), says("b", "12h"), says("coupon", "13h", valid_until="20h"), says("c", "2d"))
    here = life(scenario("s", *steps), limits=limits)
    here.happens(What.FOLLOW)
    here.until(DUE + 26 * HOUR)
    here.at(DUE + 2 * DAY)
    assert here.read() == [("12-02 09:00", "a"), ("12-02 09:00", "b"), ("12-03 10:00", "c")]
    assert here.marks()[2] == ("coupon", "its messages are worth nothing any more")


def test_a_step_waits_for_something_to_happen_or_for_its_time_to_be_over(life: Any) -> None:
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


# D11


REMINDER = scenario(
    "reminder",
    says("tomorrow", before="1d", at="18:00", text="明日のご予約です"),
    says("soon", before="2h", text="まもなくです"),
    trigger={"date": "booking_at"},
    enroll="both",
)


def test_a_reminder_comes_before_the_booking(life: Any) -> None:
    here = life(REMINDER)
    here.knows(booking_at="2026-12-10T14:00")
    here.until(DUE + 12 * DAY)
    assert here.read() == [("12-09 18:00", "明日のご予約です"), ("12-10 12:00", "まもなくです")]


def test_a_reminder_follows_a_booking_that_moves(life: Any) -> None:
    here = life(REMINDER)
    here.knows(booking_at="2026-12-10T14:00")
    here.until(DUE + 8 * DAY + 9 * HOUR)
    assert days(here) == ["12-09 明日のご予約です"]
    here.knows(booking_at="2026-12-20T14:00")
    here.until(DUE + 22 * DAY)
    assert here.read()[1:] == [("12-19 18:00", "明日のご予約です"), ("12-20 12:00", "まもなくです")]


def test_a_booking_that_moves_nearer_is_not_reminded_of_a_day_that_is_past(life: Any) -> None:
    here = life(REMINDER)
    here.knows(booking_at="2026-12-10T14:00")
    here.at(DUE + HOUR)
    here.knows(booking_at="2026-12-01T15:00")
    here.until(DUE + 2 * DAY)
    assert here.read() == [("12-01 13:00", "まもなくです")]


def test_a_booking_that_is_cancelled_is_reminded_of_no_more(life: Any) -> None:
    here = life(REMINDER)
    here.knows(booking_at="2026-12-10T14:00")
    here.at(DUE + DAY)
    here.knows(booking_at=None)
    here.until(DUE + 12 * DAY)
    assert here.read() == []
    assert here.courses()[0].reason == "its date was taken away"
    here.knows(booking_at="2026-12-20T14:00")
    here.until(DUE + 22 * DAY)
    assert len(here.read()) == 2


def test_two_bookings_side_by_side_are_told_apart(life: Any) -> None:
    steps = (says("seen"), {"id": "later", "after": "2d", "send": [{"text": "{{ event.number | default('') }}"}]})
    here = life(
        scenario("s", *steps, trigger={"event": "booking"}, per="number", exit_on={"untag": "vip"}, reentry="never")
    )
    here.happens(What.EVENT, name="booking", fields={"number": "A"})
    here.move(DUE + DAY)
    here.happens(What.EVENT, name="booking", fields={"number": "B"})
    here.happens(What.EVENT, name="booking", fields={"number": "A"})
    for n in (2, 3):
        here.at(DUE + n * DAY)
    assert days(here) == ["12-01 seen", "12-02 seen", "12-03 A", "12-04 B"]


# D9


def test_two_bookings_in_one_second_are_both_confirmed_however_they_are_decided(life: Any) -> None:
    """The key of a message says more than its step, its second and its friend."""
    known = {"event": "booking", "where": {"number": {"known": True}}}
    here = life(scenario("s", says("thanks", text="{{ event.number }}"), trigger=known, per="number"))
    for number in ("1", "2"):
        here.happens(What.EVENT, name="booking", fields={"number": number})
    together = [here.happening(What.EVENT, name="booking", fields={"number": number}) for number in ("3", "4")]
    here.live(*together)
    assert sorted(texts(here)) == ["1", "2", "3", "4"]
    assert [send.status for send in here.sends()] == ["sent"] * 4
    assert len({send.key for send in here.sends()}) == 4


def test_a_birthday_is_congratulated_once_a_year_for_ever(life: Any) -> None:
    wish = says("wish", 0, at="10:00", text="おめでとう")
    here = life(scenario("birthday", wish, trigger={"date": "birthday", "every": "year"}, enroll="both"), friends=2)
    here.knows(0, birthday="1990-12-24")
    here.knows(1, birthday="2000-02-29")
    here.until(datetime(2028, 12, 31, tzinfo=UTC))
    assert days(here, 0) == ["12-24 おめでとう"] * 3
    assert days(here, 1) == ["02-28 おめでとう", "02-29 おめでとう"]


def test_a_birthday_that_is_corrected_or_armed_anew_is_not_congratulated_twice_in_a_year(life: Any) -> None:
    trigger = {"date": "birthday", "every": "year"}
    here = life(scenario("birthday", says("wish", 0, at="10:00"), trigger=trigger, enroll="both"))
    here.knows(birthday="1990-12-03")
    here.until(DUE + 2 * DAY + HOUR / 12)
    here.declare(scenario("birthday", says("wish", 0, at="10:00", text="again"), trigger=trigger, enroll="both"))
    here.arm(here.clock.now())
    here.step()
    for day in (6, 10):
        here.knows(birthday=f"1990-12-{day:02}")
        here.until(here.clock.now() + 10 * DAY)
    assert days(here) == ["12-03 wish"]
    here.until(datetime(2027, 12, 31, tzinfo=UTC))
    assert days(here) == ["12-03 wish", "12-10 again"]


def test_a_birthday_that_is_corrected_in_mid_series_has_its_rest_by_the_new_day(life: Any) -> None:
    steps = ({"id": "soon", "before": "7d", "at": "10:00", "send": [{"text": "soon"}]}, says("wish", 0, at="10:00"))
    here = life(scenario("birthday", *steps, trigger={"date": "birthday", "every": "year"}, enroll="both"))
    here.knows(birthday="1990-12-12")
    here.until(DUE + 5 * DAY)
    here.knows(birthday="1990-12-14")
    here.until(DUE + 20 * DAY)
    assert days(here) == ["12-05 soon", "12-14 wish"]


def test_who_has_a_birthday_already_is_taken_in_when_it_is_armed(life: Any) -> None:
    wish = says("wish", 0, at="10:00", text="おめでとう")
    here = life(scenario("birthday", wish, trigger={"date": "birthday", "every": "year"}, enroll="both"))
    known = FriendChange(here.friend(), {"birthday": "1990-12-24"})
    here.with_store(lambda store: store.change_friends(here.client.name, [known], DUE))
    here.step()
    here.at(datetime(2026, 12, 24, 1, tzinfo=UTC))
    assert days(here) == ["12-24 おめでとう"]


# Blocks


COUPON = scenario("welcome", says("coupon"), trigger={"follow": {"on_unblock": "restart", "cooldown": "30d"}})


@pytest.mark.parametrize("rule", ["skip", "restart", "resume"])
def test_follow_block_unblock_three_times_one_coupon(life: Any, rule: str) -> None:
    here = life(scenario("welcome", says("coupon"), trigger={"follow": {"on_unblock": rule}}))
    here.follows()
    for _ in range(3):
        here.move(here.clock.now() + HOUR)
        here.blocks()
        here.move(here.clock.now() + HOUR)
        here.follows(unblocked=True)
        here.step()
    assert texts(here) == ["coupon"]


def test_after_the_cool_down_it_may_begin_anew_by_rule(life: Any) -> None:
    here = life(COUPON)
    here.follows()
    here.blocks()
    here.move(DUE + 31 * DAY)
    here.follows(unblocked=True)
    assert texts(here) == ["coupon", "coupon"]


def test_who_was_forgotten_and_comes_back_gets_no_second_first_coupon(life: Any) -> None:
    here = life(COUPON)
    here.happens(What.FOLLOW, fields={"forgotten": True})
    assert texts(here) == []


def test_a_block_stops_everything_and_a_resume_goes_on_where_it_stood(life: Any) -> None:
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


def test_who_blocks_for_a_day_is_reminded_and_congratulated_all_the_same(life: Any) -> None:
    wish = says("wish", 0, at="10:00")
    here = life(
        scenario("birthday", wish, trigger={"date": "birthday", "every": "year"}, enroll="both"),
        scenario("booked", says("soon", before="2h"), trigger={"date": "booking_at"}, enroll="both"),
    )
    here.knows(birthday="1990-12-24", booking_at="2026-12-20T14:00")
    here.at(DUE + DAY)
    here.blocks()
    here.move(DUE + 2 * DAY)
    here.follows(unblocked=True)
    here.until(datetime(2027, 12, 31, tzinfo=UTC))
    assert days(here) == ["12-20 soon", "12-24 wish", "12-24 wish"]


def test_who_came_by_a_route_and_then_follows_begins_what_the_route_begins(life: Any) -> None:
    here = life(scenario("s", says("welcome"), trigger={"route": "poster"}))
    row = FriendRow(here.users[0], route="poster", blocked=True)
    here.with_store(lambda store: store.import_friends(here.client.name, [row], DUE))
    here.follows()
    assert texts(here) == ["welcome"]
    here.happens(What.ROUTE, name="poster")
    assert texts(here) == ["welcome"]


# Late, disabled, excluded


def test_a_runner_that_was_down_makes_up_for_nothing_in_a_burst(life: Any) -> None:
    here = life(scenario("s", *(says(f"d{n}", f"{n}d") for n in range(1, 8)), if_late="send"))
    here.happens(What.FOLLOW)
    here.at(DUE + 5 * DAY + HOUR)
    assert texts(here) == ["d5"]
    assert here.marks()[0] == ("d1", "it was missed, and 'd2' came after it")
    here.at(DUE + 6 * DAY)
    assert texts(here) == ["d5", "d6"]


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
def test_what_is_late_is_sent_skipped_or_held_by_rule(life: Any, rule: Any, hours: int, sent: list[str]) -> None:
    here = life(scenario("s", says("a", "1d"), if_late=rule))
    here.happens(What.FOLLOW)
    here.at(DUE + DAY + hours * HOUR)
    assert texts(here) == sent
    assert here.courses()[0].state is (State.HELD if rule == "hold" else State.DONE)


def test_disabled_then_enabled_sends_nothing_of_what_was_due_meanwhile(life: Any) -> None:
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


def test_with_backfill_it_is_made_up_for(life: Any) -> None:
    here = life(scenario("s", says("a", "1d"), says("b", "5d"), backfill=True))
    here.happens(What.FOLLOW)
    here.with_store(lambda store: store.disarm(here.client.name, "scenario.s", DUE + HOUR))
    here.at(DUE + 2 * DAY)
    here.move(DUE + 3 * DAY)
    here.arm(DUE + 3 * DAY)
    here.step()
    assert days(here) == ["12-04 a"]


@pytest.mark.parametrize(("rule", "read"), [("leave", ["a"]), ("skip", ["a", "c"])])
def test_an_exclusion_tag_removed_in_mid_series_has_a_defined_outcome(life: Any, rule: str, read: list[str]) -> None:
    here = life(
        scenario("s", says("a"), says("b", "1d"), says("c", "2d"), exclude=[{"tag": "opted-out"}], excluded=rule)
    )
    here.happens(What.FOLLOW)
    here.tagged("opted-out")
    here.at(DUE + DAY)
    here.tagged(untag=("opted-out",))
    here.at(DUE + 2 * DAY)
    assert texts(here) == read


# Several at once


def test_several_scenarios_under_one_limit_go_by_priority(life: Any) -> None:
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


def test_a_weekly_limit_counts_campaigns_and_scenarios_together(life: Any) -> None:
    limits = Limits.model_validate({"per_friend": {"week": 2}})
    sale = campaign("sale", audience={"everyone": True, "expect": {"max": 10}})
    here = life(scenario("s", says("a", "1h"), says("b", "2h"), capped="skip"), sale, limits=limits)
    here.step()
    here.happens(What.FOLLOW)
    for n in (1, 2):
        here.at(DUE + n * HOUR)
    assert len(texts(here)) == 2
    assert here.marks() == [("a", "sent"), ("b", "the friend was over a limit")]


# What follows from what follows


def test_a_tag_that_a_step_gives_begins_another_scenario(life: Any) -> None:
    here = life(
        scenario("one", {"id": "give", "do": [{"tag": "vip"}, {"set": {"gender": "female"}}]}),
        scenario("two", says("v", text="for vips"), trigger={"tag": "vip"}),
        scenario("three", says("l", "1h", text="for ladies"), trigger={"attribute": "gender", "is": "female"}),
    )
    here.happens(What.FOLLOW)
    here.at(DUE + HOUR)
    assert texts(here) == ["for vips", "for ladies"]


def test_a_circle_that_nobody_saw_is_stopped_and_written_down(life: Any) -> None:
    record = {"record": {"event": "purchase", "fields": {"amount": 1}}}
    here = life(scenario("loop", {"id": "a", "do": [record]}, trigger={"event": "purchase"}, reentry="restart"))
    here.happens(What.EVENT, name="purchase", fields={})
    notes = here.with_store(lambda store: store.notes(here.client.name))
    assert [note.action for note in notes] == ["stopped a circle"]


def test_one_scenario_starts_and_stops_another(life: Any) -> None:
    here = life(
        scenario("one", {"id": "a", "do": [{"start": "two"}]}, {"id": "b", "after": "2d", "do": [{"stop": "two"}]}),
        scenario("two", says("x", "1d"), says("y", "3d"), trigger="manual"),
    )
    here.happens(What.FOLLOW)
    for n in (1, 2, 3):
        here.at(DUE + n * DAY)
    assert texts(here) == ["x"]


# Revisions


def revised(life: Any, rule: str, *steps: Any) -> Life:
    here: Life = life(scenario("s", says("a"), says("b", "2d", text="old b"), says("c", "4d", text="old c")))
    here.happens(What.FOLLOW)
    here.move(DUE + DAY)
    here.declare(scenario("s", *steps, in_flight=rule))
    here.arm(DUE + DAY)
    for n in (2, 3, 4, 5, 6):
        here.at(DUE + n * DAY)
    return here


NEW = (says("a"), says("b", "3d", text="new b"), says("d", "5d", text="new d"))


def test_friends_inside_keep_what_they_began(life: Any) -> None:
    assert days(revised(life, "keep", *NEW)) == ["12-01 a", "12-03 old b", "12-05 old c"]


def test_friends_inside_move_to_the_step_of_the_same_id(life: Any) -> None:
    assert days(revised(life, "move", *NEW)) == ["12-01 a", "12-04 new b", "12-06 new d"]


def test_friends_inside_stop(life: Any) -> None:
    here = revised(life, "stop", *NEW)
    assert days(here) == ["12-01 a"]
    assert here.courses()[0].state is State.STOPPED


def test_where_their_step_is_gone_they_move_to_the_next_one_that_is_left(life: Any) -> None:
    steps = (says("a"), says("c", "4d", text="new c"))
    assert days(revised(life, "move", *steps)) == ["12-01 a", "12-05 new c"]


# Who is taken in


def test_existing_friends_are_taken_in_once_when_it_is_armed(life: Any) -> None:
    here = life(scenario("s", says("a"), enroll="existing"), friends=3)
    here.step()
    here.step()
    here.happens(What.FOLLOW, 0)
    assert [texts(here, place) for place in range(3)] == [["a"]] * 3


def test_new_ones_only_is_the_default(life: Any) -> None:
    here = life(scenario("s", says("a"), trigger={"tag": "vip"}), friends=2)
    here.tagged("vip", place=0)
    here.step()
    assert [texts(here, place) for place in range(2)] == [["a"], []]


def test_coming_into_a_segment_begins_it_at_its_rhythm(life: Any) -> None:
    vips = SegmentSpec.model_validate({"kind": "segment", "name": "vips", "where": {"tag": "vip"}})
    here = life(
        vips, scenario("s", says("a"), trigger={"segment": "vips", "check": "1d"}, reentry="when_over"), friends=2
    )
    give = lambda place, *tags, untag=(): here.with_store(  # noqa: E731
        lambda store: store.change_friends(here.client.name, [_tags(here, place, tags, untag)], DUE)
    )
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


def _tags(here: Life, place: int, tags: tuple[str, ...], untag: tuple[str, ...]) -> Any:
    return FriendChange(here.friend(place), {}, tags, untag)


# Answers


def test_a_first_step_is_answered_with_the_reply_token_which_is_free(life: Any) -> None:
    here = life(scenario("s", says("a")))
    token = here.control.reply_token(here.account, here.users[0])
    here.happens(What.FOLLOW, reply_token=token, received_at=here.clock.now())
    assert texts(here) == ["a"]
    assert here.calls() == []
    assert here.control.account(here.account)["used"] == 0
    (send,) = here.sends()
    assert send.status == "sent"


def test_where_the_token_is_dead_it_is_pushed(life: Any) -> None:
    here = life(scenario("s", says("a")))
    here.happens(What.FOLLOW, reply_token="0" * 32, received_at=here.clock.now())
    assert texts(here) == ["a"]
    assert [send.status for send in here.sends()] == ["refused", "sent"]


DEAD = "0" * 32
"""A reply token that LINE takes for nothing."""


def test_a_push_in_place_of_an_answer_keeps_within_the_budget(life: Any) -> None:
    here = life(scenario("s", says("a")), friends=3, limits=Limits.model_validate({"monthly_messages": 1}))
    for place in range(3):
        here.happens(What.FOLLOW, place, reply_token=DEAD, received_at=here.clock.now())
    assert [texts(here, place) for place in range(3)] == [["a"], [], []]
    assert here.marks(2) == [("a", "not sent: the budget does not allow it")]


def test_a_push_in_place_of_an_answer_keeps_the_limits_and_the_quiet_hours(life: Any) -> None:
    """A friend who books at two in the morning is answered; where only a push is left, it waits for the morning."""
    limits = Limits.model_validate({"per_friend": {"week": 1}, "quiet": "21:00-09:00"})
    booked = says("a", text="booked {{ event.number }}")
    here = life(scenario("s", booked, trigger={"event": "booking"}, per="number"), limits=limits)
    for number in range(3):
        here.move(DUE + 16 * HOUR + number * timedelta(minutes=5))
        token = {"reply_token": DEAD, "received_at": here.clock.now()}
        here.happens(What.EVENT, name="booking", fields={"number": str(number)}, **token)
        here.step()
    assert here.read() == []
    here.at(DUE + DAY)
    assert here.read() == [("12-02 10:00", "booked 0")]
    assert [course.marks[-1].said for course in here.courses()] == [
        "sent",
        *["not sent: the friend was over a limit"] * 2,
    ]


def test_a_budget_that_is_spent_stops_steps_before_they_are_sent(life: Any) -> None:
    limits = Limits.model_validate({"monthly_messages": 1})
    here = life(scenario("s", says("a", "1h")), friends=3, limits=limits)
    for place in range(3):
        here.happens(What.FOLLOW, place)
    entries = here.at(DUE + HOUR).entries
    assert [entry.outcome for entry in entries] == [Outcome.SENT, Outcome.BLOCKED]
    assert entries[1].guard == "G202"
    assert sum(here.received().values()) == 1


def test_a_budget_that_is_spent_stops_nothing_but_messages(life: Any) -> None:
    gives = scenario("gives", {"id": "t", "after": "2h", "do": [{"tag": "vip"}]})
    limits = Limits.model_validate({"monthly_messages": 1})
    here = life(scenario("s", says("a", "1h")), gives, friends=3, limits=limits)
    for place in range(3):
        here.happens(What.FOLLOW, place)
    here.at(DUE + 3 * HOUR)
    assert here.received().total() == 1
    assert all(
        "vip" in friend.tags for friend in here.with_store(lambda store: store.friends(here.client.name, here.ids()))
    )
    waiting = [one for place in range(3) for one in here.courses(place) if one.state is State.ACTIVE]
    assert [(one.scenario, one.due, one.reason) for one in waiting] == [
        ("s", DUE + 4 * HOUR, "the budget is spent")
    ] * 2


@pytest.mark.parametrize("capped", ["send", "skip", "wait"])
def test_a_budget_that_is_spent_loses_no_step_whatever_the_rule_about_limits(life: Any, capped: str) -> None:
    here = life(
        scenario("s", says("a"), capped=capped), friends=2, limits=Limits.model_validate({"monthly_messages": 1})
    )
    for place in (0, 1):
        here.happens(What.FOLLOW, place)
    assert [texts(here, place) for place in (0, 1)] == [["a"], []]
    here.limit({"monthly_messages": 10})
    here.at(DUE + 2 * HOUR)
    assert texts(here, 1) == ["a"]


def test_what_is_looked_at_late_is_no_answer_any_more_and_keeps_every_rule(life: Any) -> None:
    """The server was down for a night, or for three days: the reply token is dead, and so is its licence."""
    limits = Limits.model_validate({"quiet": "21:00-09:00"})
    here = life(scenario("s", says("a"), if_late={"within": "1d", "otherwise": "skip"}), friends=2, limits=limits)
    follows = [here.happening(What.FOLLOW, place, reply_token=DEAD, received_at=here.clock.now()) for place in (0, 1)]
    here.move(DUE + 16 * HOUR)
    here.live(follows[0])
    assert here.read() == []
    here.at(DUE + 23 * HOUR)
    assert here.read() == [("12-02 09:00", "a")]
    here.move(DUE + 3 * DAY)
    here.live(follows[1])
    assert (here.read(1), here.marks(1)) == ([], [("a", "it was too late")])


def test_equal_messages_share_a_multicast(life: Any) -> None:
    here = life(scenario("s", says("a", "1h")), friends=5)
    here.live(*(here.happening(What.FOLLOW, place) for place in range(5)))
    (entry,) = here.at(DUE + HOUR).entries
    assert (entry.address, entry.key.partition("@")[0], entry.recipients, entry.calls) == ("scenario.s", "a", 5, 1)


def test_where_the_budget_is_spent_what_happens_is_looked_at_and_its_step_waits(life: Any) -> None:
    here = life(scenario("s", says("a"), {"id": "b", "after": "1d", "do": [{"tag": "vip"}]}), friends=2)
    here.limit({"monthly_messages": 1})
    here.happens(What.FOLLOW, 0)
    here.happens(What.FOLLOW, 1)
    assert [texts(here, place) for place in (0, 1)] == [["a"], []]
    assert here.courses(1)[0].due == DUE + HOUR
    here.limit({"monthly_messages": 2})
    here.at(DUE + HOUR)
    assert texts(here, 1) == ["a"]


def test_while_sending_is_halted_nobody_is_answered_either(life: Any) -> None:
    here = life(scenario("s", says("a")))
    here.with_store(lambda store: halt(store, here.client.name, "aya", DUE))
    token = here.control.reply_token(here.account, here.users[0])
    here.happens(What.FOLLOW, reply_token=token, received_at=here.clock.now())
    here.step()
    assert texts(here) == []
    (send,) = here.sends()
    assert (send.status, "halted by aya" in send.reason) == ("refused", True)


def test_a_friend_whose_block_nobody_told_of_is_sent_nothing_and_their_course_ends(life: Any) -> None:
    here = life(scenario("s", says("a", "1d")))
    here.happens(What.FOLLOW)
    row = FriendRow(here.users[0], blocked=True)
    here.with_store(lambda store: store.import_friends(here.client.name, [row], DUE))
    here.at(DUE + DAY)
    assert here.courses()[0].state is State.BLOCKED
    assert here.calls() == []
