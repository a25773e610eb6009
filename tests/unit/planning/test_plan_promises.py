"""A scenario whose later step promises what has expired by then stops the plan before it is armed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lineform.model.code_pool import CodesSpec
from lineform.planning.change import Action
from lineform.planning.plan import ClientPlan, make_plan
from support.declared_clients import client
from support.live_accounts import NOW, live
from support.living import says, scenario

POOL = {"kind": "codes", "name": "gift"}


def plan(*steps: Any, recorded: str = "", **pool: Any) -> ClientPlan:
    owner = client(scenario("s", *steps), CodesSpec.model_validate({**POOL, **pool}))
    known = {"scenario.s": recorded} if recorded else {}
    return make_plan(owner, live(), known, {"scenario.s": "now"}, NOW)


def day(days: int) -> str:
    return f"{NOW + timedelta(days=days):%Y-%m-%d}"


CODE = says("gift", "10d", text="{{ code.gift }}")


def test_a_step_that_comes_before_the_end_is_armed() -> None:
    assert [change.action for change in plan(CODE, expires=day(30)).changes] == [Action.ARM]


def test_a_code_that_has_expired_when_its_step_comes_stops_the_plan() -> None:
    made = plan(says("hello"), CODE, expires=day(5))
    (stopped,) = made.blocked
    assert (stopped.address, stopped.code) == ("scenario.s", "G218")
    assert stopped.reason.startswith("step 'gift': codes.gift expires at")
    assert made.refusal() is not None


def test_what_is_armed_already_and_lapses_later_stops_no_other_plan() -> None:
    assert plan(CODE, expires=day(5), recorded="now").empty


@pytest.mark.parametrize("step", [{"after": "1d", "from": "previous"}, {"before": {"field": "at", "by": "1d"}}])
def test_a_step_whose_time_nobody_knows_yet_is_judged_by_now(step: dict[str, Any]) -> None:
    whole = {"id": "gift", "send": [{"text": "{{ code.gift }}"}], **step}
    assert not plan(says("hello"), whole, expires=day(5)).blocked
    assert plan(says("hello"), whole, expires=day(-5)).blocked
