"""A report names what is due and does not go: by whom or what it is kept, since when, and what to do."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.model.attributes import AttributesSpec
from lineform.model.client import Limits
from lineform.run.halt import halt, resume
from lineform.run.release import release
from lineform.run.stopped import kept_back
from lineform.scenarios.happening import What
from lineform.sending.kept import KeptBack
from support.declared_clients import campaign
from support.delivering import DUE, Scene
from support.living import Life, Lives, says, scenario

HOUR, MINUTES = timedelta(hours=1), timedelta(minutes=1)
TEN = "2026-12-01T10:00"
NIGHT = {"quiet": "10:30-20:00"}
KNOWN = AttributesSpec.model_validate(
    {"kind": "attributes", "name": "known", "attributes": {"regular": {"type": "bool"}}}
)
IN_PARTS: dict[str, Any] = {
    "audience": {"where": {"attribute": "regular", "known": False}, "expect": {"max": 1000}},
    "messages": ({"text": "{{ friend.display_name | default('お客さま') }}さま"},),
    "rollout": ({"percent": 40, "wait": "45m"}, {"percent": 100}),
}
EIGHT = DUE + 10 * HOUR


@pytest.fixture
def life(origin: str, tmp_path: Path) -> Lives:
    def make(*specs: Any, limits: dict[str, Any] | None = None, **settings: Any) -> Life:
        return Life(origin, tmp_path, KNOWN, *specs, limits=Limits.model_validate(limits or {}), **settings)

    return make


def due_at_ten(if_late: Any = "hold", **fields: Any) -> Any:
    return campaign("a", schedule={"at": TEN, "if_late": if_late}, **fields)


def told(here: Scene, address: str = "") -> KeptBack:
    found: KeptBack = here.with_store(
        lambda store: kept_back(store, here.client, here.clock.now(), address=address),
    )
    return found


def stopped(here: Scene) -> list[tuple[str, str, str, int]]:
    return [(one.address, one.key, one.guard, one.friends) for one in told(here).stopped]


def halted(here: Scene, by: str = "aki") -> None:
    here.with_store(lambda store: halt(store, here.client.name, by, here.clock.now()))


def resumed(here: Scene) -> None:
    here.with_store(lambda store: resume(store, here.client.name, "mika", here.clock.now()))


# --- the kill switch


def test_a_halt_is_told_with_who_did_it_since_when_and_what_is_due_meanwhile(life: Lives) -> None:
    here = life(due_at_ten(), campaign("later", schedule={"at": "2026-12-02T10:00"}))
    here.move(DUE - HOUR)
    halted(here)
    found = told(here)
    assert found.halt is not None
    assert (found.halt.by, found.halt.since, found.stopped) == ("aki", DUE - HOUR, ())
    assert found.halt.hint == "`lineform run --resume --client salon` lets it send again"
    here.move(DUE + 5 * MINUTES)
    (one,) = told(here).stopped
    assert (one.address, one.key, one.guard, one.reason) == ("campaign.a", TEN, "G210", "sending is halted by aki")
    assert (one.since, one.last) == (DUE, DUE), "it was not due before"
    resumed(here)
    here.tick()
    assert told(here) == KeptBack()


def test_a_halt_counts_from_its_own_beginning(life: Lives) -> None:
    here = life(due_at_ten())
    halted(here, "hana")
    here.move(DUE - 3 * HOUR)
    resumed(here)
    here.move(DUE - 2 * HOUR)
    halted(here)
    here.move(DUE - HOUR)
    halted(here)
    found = told(here).halt
    assert found is not None
    assert (found.by, found.since) == ("aki", DUE - 2 * HOUR)


def test_of_a_rule_whose_times_passed_in_a_halt_the_newest_alone_is_due(life: Lives) -> None:
    here = life(campaign("a", schedule={"cron": "0 10 * * *", "if_late": "skip"}))
    halted(here)
    here.move(DUE + 48 * HOUR)
    assert stopped(here) == [("campaign.a", "2026-12-03T10:00", "G210", 0)]


def test_a_halt_keeps_steps_that_friends_stand_before(life: Lives) -> None:
    here = life(scenario("s", says("a", "1h"), says("b", "3d")), friends=3)
    here.move(DUE)
    here.live(*(here.happening(What.FOLLOW, place) for place in range(3)))
    halted(here)
    here.move(DUE + 2 * HOUR)
    assert stopped(here) == [("scenario.s/a", "", "G210", 3)]
    assert told(here, "campaign.a").stopped == ()


def test_a_halt_keeps_what_a_person_let_go_and_the_rest_of_a_rollout(life: Lives) -> None:
    here = life(due_at_ten(**IN_PARTS), friends=20)
    here.move(DUE)
    here.tick()
    halted(here)
    assert stopped(here) == [], "its next part is not due yet"
    here.move(DUE + HOUR)
    assert stopped(here) == [("campaign.a", TEN, "G210", 0)]
    resumed(here)
    here.tick()
    here.with_store(lambda store: release(store, here.client, "campaign.a", TEN, "mika", here.clock.now()))
    halted(here)
    assert stopped(here) == [("campaign.a", f"{TEN}+released", "G210", 0)]


# --- the budget, for steps


def test_a_step_that_the_budget_stops_is_named_with_how_many_wait_until_it_goes(life: Lives) -> None:
    here = life(scenario("s", says("a", "1h")), friends=3, limits={"monthly_messages": 1})
    here.move(DUE)
    here.live(*(here.happening(What.FOLLOW, place) for place in range(3)))
    here.at(DUE + HOUR)
    (one,) = told(here).stopped
    assert (one.address, one.guard, one.friends, one.due_at) == ("scenario.s/a", "G202", 2, DUE + 2 * HOUR)
    assert one.reason == "1 message after 1 this month is more than the budget of 1"
    assert (one.hint, one.since, one.last) == ("raise limits.monthly_messages", None, DUE + HOUR)
    here.limit({"monthly_messages": 3})
    here.at(DUE + 2 * HOUR)
    assert told(here) == KeptBack()


def test_so_is_one_that_would_have_answered_at_once(life: Lives) -> None:
    here = life(scenario("s", says("a")), limits={"monthly_messages": 0})
    here.happens(What.FOLLOW)
    assert stopped(here) == [("scenario.s/a", "", "G202", 1)]


# --- quiet hours


def test_what_waits_for_the_end_of_the_quiet_hours_is_told_and_not_as_stopped(life: Lives) -> None:
    here = life(due_at_ten({"within": "12h"}), limits={"monthly_messages": 2, **NIGHT})
    here.move(DUE)
    here.tick()
    assert stopped(here) == [("campaign.a", TEN, "G202", 0)]
    here.move(DUE + HOUR)
    here.tick()
    assert stopped(here) == []
    (one,) = told(here).waiting
    assert (one.address, one.key, one.due_at, one.until) == ("campaign.a", TEN, DUE, EIGHT)
    assert one.reason == "quiet hours until 2026-12-01T20:00"
    here.move(EIGHT)
    here.tick()
    assert (stopped(here), told(here).waiting) == ([("campaign.a", TEN, "G202", 0)], ())


def test_what_a_person_let_go_and_steps_wait_for_it_as_well(life: Lives) -> None:
    here = life(due_at_ten(), scenario("s", says("a", "2h")), limits=NIGHT)
    here.move(DUE)
    here.happens(What.FOLLOW)
    here.at(DUE + 2 * HOUR)
    here.with_store(lambda store: release(store, here.client, "campaign.a", TEN, "mika", here.clock.now()))
    found = [(one.address, one.key, one.until, one.friends) for one in told(here).waiting]
    assert found == [("campaign.a", f"{TEN}+released", EIGHT, 0), ("scenario.s/a", "", EIGHT, 1)]


def test_a_part_of_a_rollout_waits_for_it_when_its_time_has_come(life: Lives) -> None:
    spec = due_at_ten({"within": "12h"}, **IN_PARTS)
    here = life(spec, friends=20, limits=NIGHT)
    here.move(DUE)
    here.tick()
    here.move(DUE + 40 * MINUTES)
    assert told(here).waiting == ()
    here.move(DUE + HOUR)
    assert [(one.key, one.until) for one in told(here).waiting] == [(TEN, EIGHT)]
