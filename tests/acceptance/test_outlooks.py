"""What a plan says about the campaigns that it arms: when they really go, and how often they come due."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.model.client import Limits
from lineform.planning.arming import revisions_of
from lineform.run.options import Records, Run, TickOptions
from lineform.run.outcome import Outcome, TickEntry
from lineform.run.outlook import outlook
from lineform.store import open_store
from support.declared_clients import campaign
from support.delivering import DUE, Scene, opened


def planned(
    origin: str, folder: Path, schedule: dict[str, Any], limits: dict[str, Any] | None = None, **fields: Any
) -> TickEntry:
    """What a plan of 30 November says about a campaign to three friends."""
    sale = campaign("sale", schedule=schedule, **fields)
    return said_of(Scene(origin, folder, sale, limits=Limits.model_validate(limits or {})))


def said_of(here: Scene) -> TickEntry:
    """What a plan says about the scene's one campaign."""

    async def ask() -> TickEntry:
        account = opened(here)
        try:
            with open_store(here.url) as store:
                records = Records(store)
                run = Run(here.client, account, records, here.clock, TickOptions(dry_run=True))
                try:
                    return await outlook(run, "campaign.sale", revisions_of(here.client)["campaign.sale"])
                finally:
                    records.close()
        finally:
            await account.close()

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ({"cron": "0 10 * * *"}, "comes due 30 times within 30 days, 90 messages with as many friends each time"),
        ({"cron": "0 10 * * 2"}, "comes due 5 times within 30 days, 15 messages with as many friends each time"),
        ({"cron": "0 10 1 12 *"}, "comes due once within 30 days, 3 messages with as many friends each time"),
        ({"cron": "0 10 * * *", "ends": "2026-12-03"}, "comes due 3 times within 30 days, 9 messages"),
        ({"cron": "0 10-12 * * *", "starts": "2027-04-01"}, "comes due 90 times within 30 days, 270 messages"),
    ],
)
def test_a_plan_says_how_often_a_rule_comes_due(
    origin: str, tmp_path: Path, schedule: dict[str, Any], said: str
) -> None:
    entry = planned(origin, tmp_path, schedule)
    assert entry.outcome is Outcome.WOULD_SEND
    assert f"one call; from then on it {said}" in entry.why
    assert "limits." not in entry.why


def test_and_when_that_is_more_than_a_month_may_have(origin: str, tmp_path: Path) -> None:
    entry = planned(origin, tmp_path, {"cron": "0 10 * * *"}, {"monthly_messages": 50})
    assert entry.why.endswith("each time (limits.monthly_messages allows 50 in a month)")


def test_also_where_the_first_of_them_is_blocked(origin: str, tmp_path: Path) -> None:
    entry = planned(origin, tmp_path, {"cron": "0 10 * * *"}, {"monthly_messages": 2})
    assert (entry.outcome, entry.guard) == (Outcome.BLOCKED, "G202")
    assert entry.reason.endswith("; from then on it comes due 30 times within 30 days")


def test_what_is_due_once_needs_no_number(origin: str, tmp_path: Path) -> None:
    assert planned(origin, tmp_path, {"at": "2026-12-01T10:00"}).why == "broadcast: one text for everyone, one call"


@pytest.mark.parametrize("schedule", [{"at": "2026-12-01T07:00"}, {"cron": "0 7 * * *"}])
def test_a_plan_says_when_it_goes_if_it_is_due_in_quiet_hours(
    origin: str, tmp_path: Path, schedule: dict[str, Any]
) -> None:
    entry = planned(origin, tmp_path, schedule, {"quiet": "21:00-09:00"})
    assert entry.key == "2026-12-01T07:00"
    assert "it goes at 2026-12-01T09:00, as it is due in the quiet hours 21:00-09:00" in entry.why


def test_or_outside_of_the_windows(origin: str, tmp_path: Path) -> None:
    windows = {"windows": {"allow": [{"days": ["wed"], "hours": "10:00-18:00"}]}}
    entry = planned(origin, tmp_path, {"at": "2026-12-01T12:00"}, windows)
    assert entry.why.endswith("it goes at 2026-12-02T10:00, as it is due outside of limits.windows")


def test_a_plan_shows_what_friends_read_with_what_differs_for_each_as_it_is_written(
    origin: str, tmp_path: Path
) -> None:
    said = "{{ friend.name | default('お客') }}さま、冬のセールです"
    sticker = {"sticker": {"packageId": "446", "stickerId": "1988"}}
    entry = planned(origin, tmp_path, {"at": "2026-12-01T10:00"}, messages=({"text": said}, sticker))
    assert entry.reads == (said, "[sticker]")


def test_and_of_what_a_guard_stops_as_well(origin: str, tmp_path: Path) -> None:
    entry = planned(origin, tmp_path, {"at": "2026-12-01T10:00"}, {"monthly_messages": 1})
    assert (entry.outcome, entry.reads) == (Outcome.BLOCKED, ("hello",))


def test_a_plan_says_that_a_one_time_campaign_that_was_sent_is_not_sent_again(origin: str, tmp_path: Path) -> None:
    here = Scene(origin, tmp_path, campaign("sale"))
    here.move(DUE)
    here.tick()
    here.declare(campaign("sale", schedule={"at": "2026-12-03T10:00"}, messages=({"text": "another text"},)))
    entry = said_of(here)
    assert (entry.outcome, entry.guard, entry.key) == (Outcome.BLOCKED, "G209", "2026-12-03T10:00")
    assert entry.reason.startswith("this one-time campaign was sent already: 2026-12-01T10:00 is sent")
    assert entry.hint == "a sent campaign cannot be sent again; copy it under another name"


def test_but_one_that_was_held_or_is_a_rule_now_may_go(origin: str, tmp_path: Path) -> None:
    here = Scene(origin, tmp_path, campaign("sale", schedule={"at": "2026-12-01T10:00", "if_late": "hold"}))
    here.move(DUE + timedelta(hours=1))
    assert [entry.outcome for entry in here.tick().entries] == [Outcome.HELD]
    here.declare(campaign("sale", schedule={"at": "2026-12-03T10:00"}))
    assert said_of(here).outcome is Outcome.WOULD_SEND
    here.declare(campaign("sale", schedule={"cron": "0 10 * * *"}))
    assert said_of(here).outcome is Outcome.WOULD_SEND
