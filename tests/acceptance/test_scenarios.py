"""Scenarios at the offline LINE, over HTTP and through a real store: each step at its time, once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.model.attributes import AttributesSpec
from lineform.scenarios.enrolment import State
from lineform.scenarios.happening import What
from lineform.sending.due import Due
from support.declared_clients import campaign
from support.delivering import DUE
from support.living import Life, Lives, says, scenario

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def life(origin: str, tmp_path: Path) -> Lives:
    def make(*specs: Any, **settings: Any) -> Life:
        return Life(origin, tmp_path, *specs, **settings)

    return make


WELCOME = scenario("welcome", says("thanks"), says("story", "3d", at="10:00"), says("coupon", "7d"))


def test_a_follow_begins_a_series_whose_steps_come_at_their_times(life: Lives) -> None:
    here = life(WELCOME)
    here.move(DUE)
    here.happens(What.FOLLOW)
    assert here.read() == [("12-01 10:00", "thanks")]
    here.at(DUE + 2 * DAY)
    assert len(here.read()) == 1
    here.at(DUE + 3 * DAY)
    here.at(DUE + 7 * DAY)
    assert here.read() == [("12-01 10:00", "thanks"), ("12-04 10:00", "story"), ("12-08 10:00", "coupon")]
    here.at(DUE + 30 * DAY)
    assert len(here.read()) == 3
    assert here.courses()[0].state is State.DONE
    assert here.read(1) == []


def test_a_tick_tells_the_next_step_beside_the_next_campaign(life: Lives) -> None:
    monday = campaign("monday", audience={"everyone": True}, schedule={"at": "2026-12-06T09:00"})
    here = life(WELCOME, monday)
    here.move(DUE)
    assert here.step().next_due == ("campaign.monday", Due("2026-12-06T09:00", DUE + 5 * DAY - HOUR))
    here.happens(What.FOLLOW)
    assert here.step().next_due == ("scenario.welcome", Due("2026-12-04T10:00", DUE + 3 * DAY))
    assert here.at(DUE + 3 * DAY).next_due == ("campaign.monday", Due("2026-12-06T09:00", DUE + 5 * DAY - HOUR))
    assert here.at(DUE + 5 * DAY).next_due == ("scenario.welcome", Due("2026-12-08T10:00", DUE + 7 * DAY))
    assert here.at(DUE + 7 * DAY).next_due is None


def test_a_one_step_scenario_sends_its_step(life: Lives) -> None:
    here = life(scenario("one", says("only", "1h")))
    here.move(DUE)
    here.happens(What.FOLLOW)
    assert here.read() == []
    here.at(DUE + timedelta(hours=1))
    assert here.read() == [("12-01 11:00", "only")]


def test_what_happened_once_is_looked_at_once(life: Lives) -> None:
    here = life(WELCOME)
    here.move(DUE)
    followed = here.happening(What.FOLLOW)
    assert here.live(followed).looked_at == 1
    again = here.live(followed, followed)
    assert (again.looked_at, again.repeated) == (0, 2)
    assert len(here.read()) == 1


def test_a_tag_that_is_given_again_counts_from_then_on_for_what_follows_at_once(life: Lives) -> None:
    words = {"kind": "attributes", "name": "words", "tags": {"guest": {"expires": "30d"}}}
    steps = (
        says("missed", "35d"),
        {"id": "again", "after": "36d", "do": [{"tag": "guest"}]},
        says("for-guests", "37d") | {"if": {"tag": "guest"}},
    )
    here = life(AttributesSpec.model_validate(words), scenario("s", *steps, if_late="send"), friends=1)
    here.move(DUE)
    here.tagged("guest")
    here.happens(What.FOLLOW)
    here.at(DUE + 40 * DAY)
    assert [text for _, text in here.read()] == ["for-guests"]


class _Watched:
    """A port that remembers how many answers were on their way at once."""

    def __init__(self, port: Any) -> None:
        self._port, self._now, self.most = port, 0, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    async def reply(self, body: bytes, token: str) -> Any:
        self._now += 1
        self.most = max(self.most, self._now)
        await asyncio.sleep(0.01)  # as long as the way to LINE takes at least
        try:
            return await self._port.reply(body, token)
        finally:
            self._now -= 1


def test_many_who_follow_at_once_are_answered_side_by_side(life: Lives) -> None:
    here = life(WELCOME, friends=12)
    here.move(DUE)
    tokens = [here.control.reply_token(here.account, user) for user in here.users]
    followed = [
        here.happening(What.FOLLOW, place, reply_token=token, received_at=DUE) for place, token in enumerate(tokens)
    ]
    watched = []

    def watch(port: Any) -> Any:
        watched.append(_Watched(port))
        return watched[-1]

    here.live(*followed, wrap=watch)
    assert max(port.most for port in watched) > 2
    assert [here.read(place) for place in range(12)] == [[("12-01 10:00", "thanks")]] * 12
