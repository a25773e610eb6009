from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lineform.model.address import Address, Kind
from lineform.model.base import Spec
from lineform.model.project import Client
from lineform.planning.audience_ages import Membership
from lineform.planning.audiences import audience_hash, declared_audiences, new_mark
from lineform.planning.change import Action
from lineform.planning.live_audiences import AudienceStatus, LiveAudience
from lineform.planning.options import PlanOptions
from lineform.planning.plan import ClientPlan, PlanFile, make_plan
from lineform.planning.planjson import client_plan_to_data, plan_from_json, plan_to_json
from lineform.planning.snapshot import Snapshot, snapshot_from_json, snapshot_to_json
from lineform.planning.steps import describe
from support.declared_clients import campaign, client
from support.line_audiences import ADDRESS, audience, segment, tags
from support.live_accounts import NOW, live

FULL = Membership(selected=3, held=3)


def declared(tag: str = "regular") -> Client:
    return client(tags(), segment(tag), audience())


def hash_of(declared: Client) -> str:
    return audience_hash(declared_audiences(declared)[ADDRESS])


def ours(number: int = 7, *, days: float = 30, of: Client | None = None, **fields: Any) -> LiveAudience:
    """A live audience of ours, made so many days ago."""
    made = NOW - timedelta(days=days)
    description = new_mark("salon", Address.parse(ADDRESS), hash_of(of or declared()), made)
    found = LiveAudience(
        number, description, "UPLOAD", AudienceStatus.READY, 3, made, writable=True, expires=made + timedelta(days=180)
    )
    return replace(found, **fields)


def theirs(number: int = 9, description: str = "made by hand") -> LiveAudience:
    return LiveAudience(number, description, "CHAT_TAG", AudienceStatus.READY, 50, NOW, writable=False)


def plan(
    *audiences: LiveAudience,
    members: Membership | None = FULL,
    wanted: Client | None = None,
    options: PlanOptions = PlanOptions(),  # noqa: B008 - frozen
) -> ClientPlan:
    wanted = wanted or declared()
    by_address = None if members is None else dict.fromkeys(declared_audiences(wanted), members)
    account = replace(live(), audiences=audiences)
    armed = {str(one.address): "as it is armed" for one in wanted.of(Kind.CAMPAIGN)}
    return make_plan(wanted, account, armed, armed, NOW, options, members=by_address)


def changes(found: ClientPlan) -> list[tuple[Action, bool]]:
    return [(change.action, change.housekeeping) for change in found.changes]


def steps(found: ClientPlan) -> list[str]:
    return [describe(step) for step in found.steps]


def test_a_declared_audience_is_created_and_filled() -> None:
    found = plan(members=Membership(selected=3, missing=3))
    assert changes(found) == [(Action.CREATE, False)]
    assert steps(found) == ["create audience.regulars", "upload who is missing in audience.regulars"]


def test_one_that_is_as_declared_is_left_alone() -> None:
    found = plan(ours())
    assert found.empty
    assert found.settled == {ADDRESS: {"audience": hash_of(declared())}}


def test_who_joined_is_added_without_a_new_approval() -> None:
    found = plan(ours(), members=replace(FULL, missing=2))
    assert changes(found) == [(Action.REFRESH, True)]
    assert steps(found) == ["upload who is missing in audience.regulars (7)"]
    assert found.digest == plan(ours()).digest


def test_an_unfinished_upload_is_finished() -> None:
    assert changes(plan(ours(), members=replace(FULL, unfinished=True))) == [(Action.REFRESH, True)]


@pytest.mark.parametrize(
    ("live_audience", "members", "reason"),
    [
        (ours(), replace(FULL, left=1), "1 friend left"),
        (ours(status=AudienceStatus.FAILED), FULL, "LINE says it is FAILED"),
        (ours(status=AudienceStatus.EXPIRED), FULL, "LINE says it is EXPIRED"),
        (ours(uploads_failed=True), FULL, "an upload to it failed"),
        (ours(days=167), FULL, "it expires on"),
        (ours(), replace(FULL, recorded=False, missing=3), "the store does not know"),
    ],
)
def test_what_cannot_be_mended_is_replaced_and_kept_until_the_new_one_is_ready(
    live_audience: LiveAudience, members: Membership, reason: str
) -> None:
    found = plan(live_audience, members=members)
    assert changes(found) == [(Action.REPLACE, True)]
    assert reason in found.changes[0].reason
    assert steps(found) == ["create audience.regulars", "upload who is missing in audience.regulars"]
    assert found.digest == plan(ours()).digest, "the same segment was approved already"


THANKS = campaign("thanks", audience={"audience": "regulars"}, schedule={"at": "2026-11-23T10:00"})
LEFT = replace(FULL, left=1)


def test_nothing_takes_the_place_of_one_that_line_is_still_making() -> None:
    making = ours(days=2, status=AudienceStatus.IN_PROGRESS)
    found = plan(making, members=LEFT, wanted=client(tags(), segment(), audience(), THANKS))
    assert (changes(found), found.empty) == ([(Action.PENDING, False)], True)
    assert "1 friend left its segment; an apply replaces it after LINE has made it" in found.changes[0].reason
    assert "nothing is sent to it until then" in found.changes[0].reason


@pytest.mark.parametrize(
    ("hours", "near", "replaced"), [(23, False, False), (24, False, True), (1, True, False), (2, True, True)]
)
def test_a_copy_is_kept_for_a_day_and_for_hours_before_a_campaign(hours: float, *, near: bool, replaced: bool) -> None:
    wanted = client(tags(), segment(), audience(), *([THANKS] if near else []))
    found = plan(ours(days=hours / 24), members=LEFT, wanted=wanted)
    assert changes(found) == ([(Action.REPLACE, True)] if replaced else [(Action.PENDING, False)])
    assert found.empty is not replaced


def test_a_campaign_that_is_not_enabled_hurries_no_audience() -> None:
    wanted = client(tags(), segment(), audience(), THANKS.model_copy(update={"enabled": False}))
    found = plan(ours(days=2 / 24), members=LEFT, wanted=wanted)
    assert [change.action for change in found.changes if change.address == "audience.regulars"] == [Action.PENDING]
    assert "or in the last day before a campaign" in found.changes[0].reason


@pytest.mark.parametrize("failed", [{"status": AudienceStatus.FAILED}, {"uploads_failed": True}])
def test_what_line_refuses_again_and_again_is_not_made_again_at_every_apply(failed: dict[str, Any]) -> None:
    found = plan(ours(days=0.05, **failed), members=replace(FULL, missing=3))
    assert (changes(found), found.empty) == ([(Action.PENDING, False)], True)
    assert "an apply makes another after 2026-11-22 08:07 UTC" in found.changes[0].reason
    assert changes(plan(ours(days=0.1, **failed), members=FULL)) == [(Action.REPLACE, True)]


def test_who_joined_is_added_to_a_copy_that_waits_to_be_replaced() -> None:
    found = plan(ours(days=0.1), members=replace(LEFT, missing=2))
    assert changes(found) == [(Action.PENDING, False), (Action.REFRESH, True)]


@pytest.mark.parametrize(
    ("days", "passed", "action", "told"),
    [
        (1.5, 5, Action.PENDING, "5 friends left its segment because time went on"),
        (2, 5, Action.REPLACE, "5 friends left its segment"),
        (0.5, 6, Action.PENDING, "nothing is sent to it until then"),
        (1.5, 6, Action.REPLACE, "6 friends left its segment"),
    ],
)
def test_a_few_whom_time_alone_took_out_wait_for_the_next_copy(
    days: float, passed: int, action: Action, told: str
) -> None:
    found = plan(ours(days=days), members=Membership(selected=100, held=100, passed=passed))
    assert [change.action for change in found.changes] == [action]
    assert told in found.changes[0].reason


def test_it_is_not_renewed_more_than_14_days_before_its_end() -> None:
    assert plan(ours(days=165)).empty


def test_another_meaning_of_its_segment_needs_an_approval() -> None:
    found = plan(ours(), wanted=declared("vip"))
    assert changes(found) == [(Action.REPLACE, False)]
    assert found.digest != plan(ours()).digest


def test_a_replaced_audience_goes_when_its_successor_is_ready() -> None:
    old, new = ours(1, days=40), ours(2, status=AudienceStatus.IN_PROGRESS)
    waiting = plan(new, old)
    assert changes(waiting) == [(Action.RETIRING, False)]
    assert waiting.empty
    ready = plan(replace(new, status=AudienceStatus.READY), old)
    assert changes(ready) == [(Action.DELETE, True)]
    assert steps(ready) == ["delete audience.regulars (1)"]


def test_an_audience_without_a_file_stays_until_it_is_pruned() -> None:
    nobody = client(tags(), segment())
    kept = plan(ours(), wanted=nobody)
    assert (changes(kept), kept.empty) == ([(Action.UNDECLARED, False)], True)
    pruned = plan(ours(1), ours(2), wanted=nobody, options=PlanOptions(prune=True))
    assert changes(pruned) == [(Action.DELETE, False)]
    assert steps(pruned) == ["delete audience.regulars (1)", "delete audience.regulars (2)"]


@pytest.mark.parametrize(
    "foreign",
    [
        theirs(),
        theirs(description="lineform:salon/audience.regulars@zz"),
        ours(8, writable=False),
        replace(ours(8), description=ours().description.replace("salon", "other")),
    ],
)
def test_what_is_not_ours_is_reported_and_never_touched(foreign: LiveAudience) -> None:
    found = plan(ours(), foreign, options=PlanOptions(prune=True))
    assert found.empty
    assert found.foreign_audiences == (foreign,)


def test_more_audiences_than_line_allows_stop_the_plan() -> None:
    full = [replace(theirs(number), writable=True) for number in range(1000)]
    found = plan(*full, members=Membership(0))
    assert [change.code for change in found.blocked] == ["G106"]
    assert not plan(*full[1:], members=Membership(0)).blocked


def test_without_a_store_audiences_are_not_compared() -> None:
    assert plan(ours(), wanted=declared("vip"), members=None).changes == ()


def test_a_mark_fits_into_a_description_whatever_the_names() -> None:
    name = "n" * 32
    mark = new_mark("c" * 32, Address.parse(f"audience.{name}"), hash_of(declared()), NOW)
    assert len(mark) <= 120


def test_plan_files_and_snapshots_hold_audiences() -> None:
    found = plan(theirs(), members=Membership(selected=1, missing=1))
    file = PlanFile(NOW, PlanOptions(), (found,))
    read = plan_from_json(plan_to_json(file))
    assert client_plan_to_data(read.clients[0])["foreign_audiences"] == client_plan_to_data(found)["foreign_audiences"]
    assert read.digest == file.digest
    account = replace(live(), audiences=(theirs(), ours()))
    assert snapshot_from_json(snapshot_to_json(Snapshot(NOW, {"salon": account}))).accounts["salon"] == account


def test_each_client_has_an_audience_of_its_own() -> None:
    specs: tuple[Spec, ...] = (tags(), segment(), audience())
    other = client(*specs, name="other")
    account = replace(live(), audiences=(ours(),))
    found = make_plan(other, account, {}, {}, NOW, members={ADDRESS: Membership(1, missing=1)})
    assert changes(found) == [(Action.CREATE, False)]
