"""Whom a scenario takes in when it is armed and when its file changes: the plan says it, and the next run does it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.journeys.outlook import scenario_outlook
from lineform.line.account import open_account
from lineform.model.attributes import AttributesSpec
from lineform.model.audience import SegmentSpec
from lineform.model.scenario import ScenarioSpec
from lineform.planning.arming import revisions_of
from lineform.ports.journeys import FriendChange
from lineform.run.options import Records, Run, TickOptions
from lineform.store.open import open_store
from support.delivering import DUE
from support.living import Life, Lives, says, scenario

HOUR = timedelta(hours=1)
WORDS = AttributesSpec.model_validate({"kind": "attributes", "name": "words", "tags": {"vip": {}, "gold": {}}})
VIPS = {"tag": "vip"}
WIDER = {"any": [{"tag": "vip"}, {"tag": "gold"}]}


@pytest.fixture
def life(origin: str, tmp_path: Path) -> Lives:
    def make(*specs: Any) -> Life:
        here = Life(origin, tmp_path, WORDS, *specs, friends=4)
        here.move(DUE)
        return here

    return make


def segment(where: Any) -> SegmentSpec:
    return SegmentSpec.model_validate({"kind": "segment", "name": "some", "where": where})


def give(here: Life, place: int, *tags: str, untag: tuple[str, ...] = ()) -> None:
    """Tags change, and no happening tells of it."""
    change = FriendChange(here.friend(place), {}, tags, untag)
    here.with_store(lambda store: store.change_friends(here.client.name, [change], here.clock.now()))


def planned(here: Life) -> int:
    """How many the plan says that an apply takes in at once."""

    async def ask() -> int:
        account = open_account(here.origin, here.token, here.clock)
        with open_store(here.url) as store:
            records = Records(store)
            run = Run(here.client, account, records, here.clock, TickOptions(dry_run=True))
            try:
                entry = await scenario_outlook(run, "scenario.s", revisions_of(here.client)["scenario.s"])
            finally:
                records.close()
                await account.close()
        return entry.recipients

    return asyncio.run(ask())


def applied(here: Life) -> tuple[int, int]:
    """How many the plan says, and how many then were sent the first step by the runs of half a day."""
    said, before = planned(here), reads(here)
    here.arm(here.clock.now())
    for _ in range(6):
        here.at(here.clock.now() + 2 * HOUR)
    return said, sum(reads(here)) - sum(before)


def reads(here: Life) -> list[int]:
    return [len(here.read(place)) for place in range(4)]


def rule(enroll: str, text: str = "a", reentry: str = "never") -> Any:
    trigger = {"segment": "some", "check": "1h"}
    return scenario("s", says("a", text=text), trigger=trigger, enroll=enroll, reentry=reentry)


@pytest.mark.parametrize(("enroll", "people"), [("new", 0), ("existing", 2), ("both", 2)])
def test_a_segment_that_is_widened_takes_in_whom_the_plan_says(life: Lives, enroll: str, people: int) -> None:
    here = life(segment(VIPS), rule(enroll))
    give(here, 0, "vip")
    give(here, 1, "gold")
    give(here, 2, "gold")
    here.step()
    here.at(DUE + 2 * HOUR)
    here.declare(segment(WIDER))
    here.move(DUE + 3 * HOUR)
    assert applied(here) == (people, people)
    give(here, 3, "vip")
    here.at(here.clock.now() + 2 * HOUR)
    assert reads(here)[3] == (0 if enroll == "existing" else 1)


@pytest.mark.parametrize("enroll", ["new", "existing", "both"])
@pytest.mark.parametrize("reentry", ["never", "when_over"])
def test_whoever_was_in_it_and_left_is_not_taken_in_for_a_wider_segment(life: Lives, enroll: str, reentry: str) -> None:
    here = life(segment(VIPS), rule(enroll, reentry=reentry))
    here.step()
    give(here, 0, "vip", "gold")
    here.at(DUE + 2 * HOUR)
    give(here, 0, untag=("vip",))
    here.at(DUE + 4 * HOUR)
    here.declare(segment(WIDER))
    here.move(DUE + 5 * HOUR)
    was_in = reads(here)[0]
    said, sent = applied(here)
    assert said == sent
    assert reads(here)[0] == (was_in if was_in or enroll == "new" else 1)


@pytest.mark.parametrize("enroll", ["new", "existing", "both"])
def test_another_text_takes_nobody_in(life: Lives, enroll: str) -> None:
    here = life(segment(VIPS), rule(enroll))
    give(here, 0, "vip")
    here.step()
    give(here, 1, "vip")
    here.declare(rule(enroll, "another text"))
    if enroll != "existing":
        here.at(DUE + 2 * HOUR)
    assert applied(here) == (0, 0)


def test_with_both_those_are_taken_in_who_were_left_alone_before(life: Lives) -> None:
    here = life(segment(VIPS), rule("new"))
    give(here, 0, "vip")
    here.step()
    here.declare(rule("both"))
    assert applied(here) == (1, 1)


@pytest.mark.parametrize("enroll", ["existing", "both"])
def test_those_for_whom_it_is_true_already_are_taken_in_once_however_often_a_text_changes(
    life: Lives, enroll: str
) -> None:
    def tagged(text: str) -> ScenarioSpec:
        return scenario("s", says("a", text=text), trigger={"tag": "vip"}, enroll=enroll)

    here = life(tagged("a"))
    give(here, 0, "vip")
    here.step()
    give(here, 1, "vip")
    here.declare(tagged("another text"))
    here.move(DUE + HOUR)
    assert applied(here) == (0, 0)
    assert reads(here) == [1, 0, 0, 0]
