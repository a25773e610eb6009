"""What one decision says: what the limits about single friends keep from them, and what they let through."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lineform.journeys.limits import Lately
from lineform.journeys.people import Said
from lineform.journeys.speech import Speech
from lineform.model.client import PerFriend
from lineform.scenarios.effect import Say
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.script import Script
from support.coursing import FRIEND, says, script

NOW = datetime(2026, 12, 8, 1, tzinfo=UTC)
OVER = "the friend was over a limit"
TAGGED = Happening("k1", FRIEND.id, What.TAGGED, NOW, "vip")
WRITTEN = replace(TAGGED, key="k2", reply_token="token", received_at=NOW)


def speech() -> Speech:
    """In which a friend may be sent something once a day."""
    return Speech(NOW, Lately(PerFriend.model_validate({"gap": "1d"})))


def reply(key: str = "a", cause: Happening | None = TAGGED, **fields: Any) -> Said:
    say = replace(Say("reply.hours", key, ({"type": "text", "text": key},)), **fields)
    return Said(FRIEND, say, None, cause)


def refused(here: Speech) -> list[str]:
    return [said.refused for said in here.said]


def test_without_limits_everything_is_said_and_read() -> None:
    here = Speech(NOW)
    here.say(reply("a"))
    here.say(reply("b", replace(TAGGED, key="other")))
    assert refused(here) == ["", ""]
    assert (here.free_at(FRIEND), here.pushed) == (None, 2)
    assert here.reads_first(FRIEND, "reply.hours", b"12345678")
    assert here.reads_first(FRIEND, "reply.hours", b"12345678")


def test_what_was_said_counts_for_what_follows() -> None:
    here = speech()
    here.say(reply("a"))
    here.say(reply("b", replace(TAGGED, key="other")))
    assert refused(here) == ["", OVER]
    assert (here.free_at(FRIEND), here.pushed) == (NOW + timedelta(days=1), 1)


def test_messages_that_go_together_are_judged_once() -> None:
    here = speech()
    for key in "abc":
        here.say(reply(key))
    assert refused(here) == ["", "", ""]


def test_what_is_refused_keeps_nothing_away() -> None:
    here = speech()
    here.say(replace(reply("a"), refused="a pool is empty"))
    assert (here.free_at(FRIEND), here.pushed) == (None, 0)
    here.say(reply("b", replace(TAGGED, key="other")))
    assert refused(here) == ["a pool is empty", ""]


def test_what_is_sent_whatever_the_limits_is_not_kept_and_counts() -> None:
    here = speech()
    here.say(reply("a"))
    here.say(reply("b", replace(TAGGED, key="other"), capped="send"))
    here.say(reply("c", replace(TAGGED, key="third")))
    assert refused(here) == ["", "", OVER]


def test_an_answer_by_token_keeps_no_limit_and_counts_for_none() -> None:
    here = speech()
    here.say(reply("a", WRITTEN, answer=True))
    assert (here.free_at(FRIEND), here.pushed) == (None, 0)
    here.say(reply("b"))
    here.say(reply("c", replace(WRITTEN, key="k3"), answer=True))
    assert refused(here) == ["", "", ""]


@pytest.mark.parametrize("steps", [script(says("a")), None], ids=["a step", "a reply"])
def test_an_answer_that_becomes_a_push_keeps_the_limits_whoever_decided_it(steps: Script | None) -> None:
    here = speech()
    here.say(reply("a"))
    here.push(replace(reply("b", WRITTEN, answer=True), script=steps))
    assert [(said.refused, said.say.answer) for said in here.said] == [("", False), (OVER, False)]


def test_a_step_was_judged_by_the_machine_and_counts_for_the_rest() -> None:
    here = speech()
    step = replace(reply("a"), script=script(says("a")))
    here.say(step)
    here.say(replace(step, cause=replace(TAGGED, key="other")))
    here.say(reply("b"))
    assert refused(here) == ["", "", OVER]


def test_the_same_messages_are_read_once_within_a_day() -> None:
    here = speech()
    assert here.reads_first(FRIEND, "reply.hours", b"12345678")
    assert not here.reads_first(FRIEND, "reply.hours", b"12345678")
    assert here.reads_first(FRIEND, "reply.hours", b"87654321")
    here.now += timedelta(days=1)
    assert here.reads_first(FRIEND, "reply.hours", b"12345678")
