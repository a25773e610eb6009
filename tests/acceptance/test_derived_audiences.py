"""Who tapped and who saw, as LINE alone knows it: an audience made of a broadcast, and a narrowcast to it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.apply.desk import Desk
from lineform.apply.images import menu_image
from lineform.apply.walk import Approved, apply_plan, fresh_plan
from lineform.model.audience_spec import AudienceSpec
from lineform.planning.arming import revisions_of
from lineform.planning.change import Action
from lineform.planning.options import PlanOptions
from lineform.planning.plan import ClientPlan
from lineform.run.options import new_worker
from lineform.run.outcome import Outcome
from lineform.store.open import open_store
from support.declared_clients import campaign
from support.delivering import DUE, Scene, opened

DAY = timedelta(days=1)


def audience(**source: str) -> AudienceSpec:
    return AudienceSpec.model_validate({"kind": "audience", "name": "tapped", "from": source})


def teaser(**fields: Any) -> Any:
    return campaign("teaser", **{"messages": ({"text": "https://shop.example.jp/sale"},), **fields})


def follow_up() -> Any:
    return campaign("later", audience={"audience": "tapped"}, schedule={"at": "2026-12-03T10:00"})


def planned(here: Scene, *, apply: bool = False) -> ClientPlan:
    async def run() -> ClientPlan:
        account, owner, options = opened(here), here.client, PlanOptions()
        try:
            with open_store(here.url) as store:
                desk = Desk(owner.name, account, store, menu_image, here.clock, new_worker())
                plan, _ = await fresh_plan(desk, owner, revisions_of(owner), options)
                if apply:
                    await apply_plan(desk, owner, Approved(plan, options), revisions_of(owner))
                return plan
        finally:
            await account.close()

    return asyncio.run(run())


def of_audience(plan: ClientPlan) -> list[tuple[Action, str]]:
    return [(change.action, change.reason) for change in plan.changes if change.address == "audience.tapped"]


@pytest.mark.parametrize("source", [{"clicks": "campaign.teaser"}, {"impressions": "campaign.teaser"}])
def test_who_tapped_or_saw_a_broadcast_is_sent_to_by_a_narrowcast(
    origin: str, tmp_path: Path, source: dict[str, str]
) -> None:
    here = Scene(origin, tmp_path, teaser(), follow_up(), audience(**source), friends=60)
    waiting = "LINE makes it when campaign.teaser has been sent, by broadcast or narrowcast"
    assert of_audience(planned(here)) == [(Action.PENDING, waiting)]
    here.move(DUE)
    here.tick()
    assert [call["path"].rpartition("/")[2] for call in here.calls()] == ["broadcast"]
    plan = planned(here, apply=True)
    assert of_audience(plan) == [
        (Action.CREATE, "declared, not on the account; campaign.teaser was sent to 60 friends")
    ]
    assert of_audience(planned(here)) == []
    (live,) = here.control.audiences(here.account)
    here.control.change_audience(here.account, live["audienceGroupId"], members=here.users[:55])
    here.move(DUE + 2 * DAY)
    (entry,) = here.tick().entries
    assert entry.outcome in {Outcome.ACCEPTED, Outcome.SENT}
    here.move(DUE + 2 * DAY + timedelta(minutes=5))
    here.tick()
    assert {user for user, count in here.received().items() if count == 2} == set(here.users[:55])


def test_an_audience_below_the_privacy_floor_is_not_sent_to(origin: str, tmp_path: Path) -> None:
    here = Scene(origin, tmp_path, teaser(), follow_up(), audience(clicks="campaign.teaser"), friends=60)
    here.move(DUE)
    here.tick()
    planned(here, apply=True)
    (live,) = here.control.audiences(here.account)
    here.control.change_audience(here.account, live["audienceGroupId"], members=here.users[:30])
    here.move(DUE + 2 * DAY)
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.guard) == (Outcome.BLOCKED, "G223")


def test_a_send_to_too_few_or_too_long_ago_makes_none_and_says_why(origin: str, tmp_path: Path) -> None:
    few = Scene(origin, tmp_path, teaser(), audience(clicks="campaign.teaser"), friends=10)
    few.move(DUE)
    few.tick()
    assert of_audience(planned(few)) == [
        (Action.PENDING, "campaign.teaser reached 10 friends, and LINE wants 50 in such an audience")
    ]
    old = Scene(origin, tmp_path, teaser(), audience(clicks="campaign.teaser"), friends=60)
    old.move(DUE)
    old.tick()
    old.move(DUE + 61 * DAY)
    ((action, reason),) = of_audience(planned(old))
    assert (action, reason.startswith("LINE makes it of sends of the last 60 days")) == (Action.PENDING, True)


def test_another_send_makes_another_audience_and_nothing_else_does(origin: str, tmp_path: Path) -> None:
    weekly = teaser(schedule={"cron": "0 10 * * 2"})
    here = Scene(origin, tmp_path, weekly, audience(impressions="campaign.teaser"), friends=60)
    here.move(DUE)
    here.tick()
    planned(here, apply=True)
    here.move(DUE + DAY)
    assert of_audience(planned(here)) == []
    here.move(DUE + 7 * DAY)
    here.tick()
    assert of_audience(planned(here, apply=True)) == [(Action.REPLACE, "campaign.teaser was sent again")]
    assert len(here.control.audiences(here.account)) == 2


def test_one_that_cannot_be_renewed_is_said_to_expire(origin: str, tmp_path: Path) -> None:
    here = Scene(origin, tmp_path, teaser(), audience(clicks="campaign.teaser"), friends=60)
    here.move(DUE)
    here.tick()
    planned(here, apply=True)
    here.move(DUE + 170 * DAY)
    ((action, reason),) = of_audience(planned(here))
    assert (action, reason.endswith("is renewed when campaign.teaser is sent again")) == (Action.PENDING, True)
