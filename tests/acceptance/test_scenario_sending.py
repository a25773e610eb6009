"""How steps leave: as answers where they can, by budget, limits and quiet hours where they cannot."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from lineform.model.client import Limits
from lineform.ports.friends import FriendRow
from lineform.run import pump
from lineform.run.halt import halt
from lineform.run.outcome import Outcome
from lineform.scenarios.enrolment import State
from lineform.scenarios.happening import What
from support.delivering import DUE, Crash, Dying
from support.living import Life, Lives, says, scenario
from support.scenario_rules import DAY, HOUR, texts


def frozen_by_the_dead(here: Life) -> None:
    """A step of now is frozen, and its process dies before it calls anything."""
    for number in range(1, 80):
        with suppress(Crash):
            here.step(partial(Dying, count=[0], at=number, after=True))
        if any(send.status == "frozen" for send in here.sends()):
            break
    assert (len(here.sends()), here.calls()) == (1, [])


def test_what_was_frozen_before_the_quiet_hours_waits_for_their_end(life: Lives) -> None:
    here = life(scenario("s", says("a", "10h")), limits=Limits.model_validate({"quiet": "21:00-09:00"}))
    here.happens(What.FOLLOW)
    here.move(DUE + 10 * HOUR)
    frozen_by_the_dead(here)
    assert [entry.outcome for entry in here.at(DUE + 16 * HOUR).entries] == [Outcome.WAITING]
    here.at(DUE + 23 * HOUR)
    assert here.read() == [("12-02 09:00", "a")]


def test_steps_that_are_being_called_stop_when_the_quiet_hours_begin(
    life: Lives, monkeypatch: pytest.MonkeyPatch
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


def test_what_was_frozen_and_is_worth_nothing_any_more_is_not_sent(life: Lives) -> None:
    here = life(scenario("s", says("a", "10h", valid_until="12h"), says("b", "3d")))
    here.happens(What.FOLLOW)
    here.move(DUE + 10 * HOUR)
    frozen_by_the_dead(here)
    assert [entry.outcome for entry in here.at(DUE + 13 * HOUR).entries] == [Outcome.SKIPPED]
    assert here.read() == []
    assert here.marks() == [("a", "not sent: it was frozen, and what it says is worth nothing any more")]


def test_what_was_frozen_and_would_be_worth_nothing_after_the_quiet_hours_does_not_wait_for_them(life: Lives) -> None:
    limits = Limits.model_validate({"quiet": "21:00-09:00"})
    here = life(scenario("s", says("a", "10h", valid_until="22h"), says("b", "3d")), limits=limits)
    here.happens(What.FOLLOW)
    here.move(DUE + 10 * HOUR)
    frozen_by_the_dead(here)
    assert [entry.outcome for entry in here.at(DUE + 12 * HOUR).entries] == [Outcome.SKIPPED]
    why = "it was frozen, and what it says would be worth nothing when the quiet hours are over"
    assert here.marks() == [("a", f"not sent: {why}")]


def test_a_first_step_is_answered_with_the_reply_token_which_is_free(life: Lives) -> None:
    here = life(scenario("s", says("a")))
    token = here.control.reply_token(here.account, here.users[0])
    here.happens(What.FOLLOW, reply_token=token, received_at=here.clock.now())
    assert texts(here) == ["a"]
    assert here.calls() == []
    assert here.control.account(here.account)["used"] == 0
    (send,) = here.sends()
    assert send.status == "sent"


def test_where_the_token_is_dead_it_is_pushed(life: Lives) -> None:
    here = life(scenario("s", says("a")))
    here.happens(What.FOLLOW, reply_token="0" * 32, received_at=here.clock.now())
    assert texts(here) == ["a"]
    assert [send.status for send in here.sends()] == ["refused", "sent"]


DEAD = "0" * 32


def test_a_push_in_place_of_an_answer_keeps_within_the_budget(life: Lives) -> None:
    here = life(scenario("s", says("a")), friends=3, limits=Limits.model_validate({"monthly_messages": 1}))
    for place in range(3):
        here.happens(What.FOLLOW, place, reply_token=DEAD, received_at=here.clock.now())
    assert [texts(here, place) for place in range(3)] == [["a"], [], []]
    assert here.marks(2) == [("a", "not sent: the budget does not allow it")]


def test_a_push_in_place_of_an_answer_keeps_the_limits_and_the_quiet_hours(life: Lives) -> None:
    """A friend who books at two in the morning is answered; where only a push is left, it waits for the morning."""
    limits = Limits.model_validate({"per_friend": {"week": 1}, "quiet": "21:00-09:00"})
    booked = says("a", text="booked {{ event.number }}")
    here = life(scenario("s", booked, trigger={"event": "booking"}, per="number"), limits=limits)
    for number in range(3):
        here.move(DUE + 16 * HOUR + number * timedelta(minutes=5))
        fields, now = {"number": str(number)}, here.clock.now()
        here.happens(What.EVENT, name="booking", fields=fields, reply_token=DEAD, received_at=now)
        here.step()
    assert here.read() == []
    here.at(DUE + DAY)
    assert here.read() == [("12-02 10:00", "booked 0")]
    assert [course.marks[-1].said for course in here.courses()] == [
        "sent",
        *["not sent: the friend was over a limit"] * 2,
    ]


class Blocking:
    """An account at whose answer the first friend blocks it."""

    def __init__(self, port: Any, here: Life) -> None:
        self._port, self._here = port, here

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    async def reply(self, *answer: Any) -> Any:
        row = FriendRow(self._here.users[0], blocked=True)
        self._here.with_store(lambda store: store.import_friends(self._here.client.name, [row], self._here.clock.now()))
        return await self._port.reply(*answer)


def test_nothing_is_pushed_in_place_of_an_answer_to_whoever_blocked_the_account_meanwhile(life: Lives) -> None:
    here = life(scenario("s", says("a")), friends=1)
    followed = here.happening(What.FOLLOW, reply_token=DEAD, received_at=here.clock.now())
    here.live(followed, wrap=lambda port: Blocking(port, here))
    assert here.marks() == [("a", "not sent: the friend blocked the account")]
    assert here.calls() == []


class Hesitant:
    """An account that takes its time with the first answer, and with that alone."""

    def __init__(self, port: Any) -> None:
        self._port, self._first = port, True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    async def reply(self, *answer: Any) -> Any:
        first, self._first = self._first, False
        if first:
            await asyncio.sleep(0.2)
        return await self._port.reply(*answer)


def test_a_friend_reads_answers_in_the_order_of_what_they_did_and_nobody_else_waits_for_them(life: Lives) -> None:
    booked = says("a", text="booked {{ event.number }}")
    here = life(scenario("s", booked, trigger={"event": "booking"}, per="number"), friends=2)
    done = [
        here.happening(
            What.EVENT,
            place,
            name="booking",
            fields={"number": number},
            reply_token=here.control.reply_token(here.account, here.users[place]),
            received_at=here.clock.now(),
        )
        for place, number in ((0, "1"), (0, "2"), (1, "3"), (0, "4"))
    ]
    here.live(*done, wrap=Hesitant)
    assert texts(here) == ["booked 1", "booked 2", "booked 4"]
    assert [one["user"] for one in here.control.deliveries(here.account)].index(here.users[1]) == 0


def test_of_two_answers_at_once_that_are_pushed_instead_the_second_keeps_the_gap(life: Lives) -> None:
    booked = says("a", text="booked {{ event.number }}")
    limits = Limits.model_validate({"per_friend": {"gap": "1h"}})
    here = life(scenario("s", booked, trigger={"event": "booking"}, per="number"), friends=1, limits=limits)
    booking = here.happening(What.EVENT, name="booking", received_at=here.clock.now())
    here.live(
        *(replace(booking, key=number, fields={"number": number}, reply_token=number * 32) for number in ("1", "2"))
    )
    assert texts(here) == ["booked 1"]


def test_a_budget_that_is_spent_stops_steps_before_they_are_sent(life: Lives) -> None:
    limits = Limits.model_validate({"monthly_messages": 1})
    here = life(scenario("s", says("a", "1h")), friends=3, limits=limits)
    for place in range(3):
        here.happens(What.FOLLOW, place)
    entries = here.at(DUE + HOUR).entries
    assert [entry.outcome for entry in entries] == [Outcome.SENT, Outcome.BLOCKED]
    assert entries[1].guard == "G202"
    assert sum(here.received().values()) == 1


def test_a_budget_that_is_spent_stops_nothing_but_messages(life: Lives) -> None:
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
        ("s", DUE + 4 * HOUR, "G202: 1 message after 1 this month is more than the budget of 1")
    ] * 2


@pytest.mark.parametrize("capped", ["send", "skip", "wait"])
def test_a_budget_that_is_spent_loses_no_step_whatever_the_rule_about_limits(life: Lives, capped: str) -> None:
    here = life(
        scenario("s", says("a"), capped=capped), friends=2, limits=Limits.model_validate({"monthly_messages": 1})
    )
    for place in (0, 1):
        here.happens(What.FOLLOW, place)
    assert [texts(here, place) for place in (0, 1)] == [["a"], []]
    here.limit({"monthly_messages": 10})
    here.at(DUE + 2 * HOUR)
    assert texts(here, 1) == ["a"]


def test_what_is_looked_at_late_is_no_answer_any_more_and_keeps_every_rule(life: Lives) -> None:
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


def test_equal_messages_share_a_multicast(life: Lives) -> None:
    here = life(scenario("s", says("a", "1h")), friends=5)
    here.live(*(here.happening(What.FOLLOW, place) for place in range(5)))
    (entry,) = here.at(DUE + HOUR).entries
    assert (entry.address, entry.key.partition("@")[0], entry.recipients, entry.calls) == ("scenario.s", "a", 5, 1)


def test_where_the_budget_is_spent_what_happens_is_looked_at_and_its_step_waits(life: Lives) -> None:
    here = life(scenario("s", says("a"), {"id": "b", "after": "1d", "do": [{"tag": "vip"}]}), friends=2)
    here.limit({"monthly_messages": 1})
    here.happens(What.FOLLOW, 0)
    here.happens(What.FOLLOW, 1)
    assert [texts(here, place) for place in (0, 1)] == [["a"], []]
    assert here.courses(1)[0].due == DUE + HOUR
    here.limit({"monthly_messages": 2})
    here.at(DUE + HOUR)
    assert texts(here, 1) == ["a"]


def test_while_sending_is_halted_nobody_is_answered_either(life: Lives) -> None:
    here = life(scenario("s", says("a")))
    here.with_store(lambda store: halt(store, here.client.name, "aya", DUE))
    token = here.control.reply_token(here.account, here.users[0])
    here.happens(What.FOLLOW, reply_token=token, received_at=here.clock.now())
    here.step()
    assert texts(here) == []
    (send,) = here.sends()
    assert (send.status, "halted by aya" in send.reason) == ("refused", True)


def test_a_friend_whose_block_nobody_told_of_is_sent_nothing_and_their_course_ends(life: Lives) -> None:
    here = life(scenario("s", says("a", "1d")))
    here.happens(What.FOLLOW)
    row = FriendRow(here.users[0], blocked=True)
    here.with_store(lambda store: store.import_friends(here.client.name, [row], DUE))
    here.at(DUE + DAY)
    assert here.courses()[0].state is State.BLOCKED
    assert here.calls() == []
