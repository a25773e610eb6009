"""An approved plan may be applied while every object is as it was, or already as it should become."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lineform.model.base import Spec
from lineform.planning.compare import Comparison, compare
from lineform.planning.live import LiveAccount
from lineform.planning.options import PlanOptions
from lineform.planning.plan import ClientPlan, PlanFile, make_plan
from lineform.planning.planjson import plan_from_json, plan_to_json
from support.declared_clients import campaign, client, menu
from support.live_accounts import NOW, foreign_menu, live, live_menu

A, B, C = (menu("main", message=text, default=True) for text in ("a", "b", "c"))
ON_A = live([live_menu("m1", A)], {"main": "m1"}, "m1")
ON_B = live([live_menu("m2", B, created=NOW)], {"main": "m2"}, "m2")


def plan(*declared: Spec, on: LiveAccount, recorded: dict[str, str] | None = None, prune: bool = False) -> ClientPlan:
    owner = client(*declared)
    digests = {f"campaign.{spec.name}": "now" for spec in declared if spec.kind == "campaign"}
    return make_plan(owner, on, recorded, digests, NOW, PlanOptions(prune=prune))


def judged(saved: ClientPlan, fresh: ClientPlan) -> Comparison:
    return compare(saved, fresh)


def test_the_same_plan_may_be_applied() -> None:
    assert judged(plan(B, on=ON_A), plan(B, on=ON_A)) == Comparison((), applied=False)


def test_a_plan_that_is_done_is_already_applied() -> None:
    assert judged(plan(B, on=ON_A), plan(B, on=ON_B)) == Comparison((), applied=True)


def test_half_of_a_plan_may_be_resumed() -> None:
    half = live([live_menu("m1", A), live_menu("m2", B, created=NOW)], {"main": "m2"}, "m1")
    fresh = plan(B, on=half)
    assert not fresh.empty
    assert judged(plan(B, on=ON_A), fresh) == Comparison((), applied=False)


def test_another_declaration_is_stale() -> None:
    moved = judged(plan(B, on=ON_A), plan(C, on=ON_A)).moved
    assert len(moved) == 1
    assert "richmenu.main: approved was" in moved[0]


def test_another_account_state_is_stale() -> None:
    on_c = live([live_menu("m3", C)], {"main": "m3"}, "m3")
    moved = judged(plan(B, on=ON_A), plan(B, on=on_c)).moved
    assert "on the account" in moved[0]


def test_an_object_that_the_plan_does_not_touch_may_move() -> None:
    drifted = live([live_menu("m1", A), foreign_menu("f1")], {"main": "m1", "theirs": "f1"}, "m1")
    assert judged(plan(B, on=ON_A), plan(B, on=drifted)).moved == ()


def test_new_work_that_nobody_approved_is_stale() -> None:
    moved = judged(plan(B, on=ON_A), plan(B, menu("shop"), on=ON_A)).moved
    assert moved == ("+ richmenu.shop is new: declared, not on the account",)


def test_work_that_would_not_happen_any_more_is_stale() -> None:
    saved = plan(B, menu("shop"), on=ON_A)
    moved = judged(saved, plan(B, on=ON_A)).moved
    assert len(moved) == 1
    assert moved[0].startswith("+ richmenu.shop would not happen")


def test_an_approved_edit_that_was_taken_back_is_stale_and_not_done() -> None:
    result = judged(plan(B, on=ON_A), plan(A, on=ON_A))
    assert not result.applied
    assert "would not happen" in result.moved[0]


def test_a_pruned_menu_that_is_gone_is_done() -> None:
    assert judged(plan(on=ON_A, prune=True), plan(on=live(), prune=True)) == Comparison((), applied=True)


def test_an_armed_campaign_is_done_and_a_changed_one_is_stale() -> None:
    sale = campaign("sale")
    saved = plan(sale, on=live(), recorded={})
    assert judged(saved, plan(sale, on=live(), recorded={"campaign.sale": "now"})).applied
    assert judged(saved, plan(sale, on=live(), recorded={"campaign.sale": "other"})).moved


def test_a_plan_of_another_bot_is_stale() -> None:
    saved = ClientPlan("salon", "U" + "e" * 32, (), recorded=True)
    assert judged(saved, plan(B, on=ON_A)).moved


def test_the_error_lists_what_moved_and_says_what_to_do() -> None:
    error = judged(plan(B, on=ON_A), plan(C, on=ON_A)).error("salon")
    assert error is not None
    assert error.exit_code == 5
    assert "richmenu.main" in error.message
    assert "plan again" in error.hint


ONCE: dict[str, Any] = {"at": "2026-12-01T10:00"}
DAILY: dict[str, Any] = {"cron": "0 10 * * *"}
TEN = datetime(2026, 12, 1, 1, tzinfo=UTC)
"""Ten o'clock in Tokyo."""
BEFORE, AFTER, MINUTE = TEN - timedelta(hours=1), TEN + timedelta(hours=1), timedelta(minutes=1)


def planned(schedule: dict[str, Any], now: datetime, *, sent: bool = False) -> ClientPlan:
    """A campaign whose text was edited, as a plan of this moment has it after it was in a file."""
    owner = client(campaign("sale", schedule=schedule))
    old, new = {"campaign.sale": "old"}, {"campaign.sale": "new"}
    plan = make_plan(owner, live(), old, new, now, sent=("campaign.sale",) if sent else ())
    return plan_from_json(plan_to_json(PlanFile(now, PlanOptions(), (plan,)))).clients[0]


@pytest.mark.parametrize("late", ["hold", "skip", {"within": "2h", "otherwise": "hold"}, {"within": "2d"}])
def test_a_send_whose_time_passed_since_it_was_approved_is_stale_whatever_its_late_rule(late: Any) -> None:
    once = {**ONCE, "if_late": late}
    moved = judged(planned(once, BEFORE), planned(once, AFTER)).moved
    sentence = "approved was that it goes at 2026-12-01T10:00, and applied now it goes never"
    assert moved == (f"~» campaign.sale: {sentence}; its time is over, or it was sent already",)


def test_a_rule_is_approved_for_all_its_times_until_it_ends() -> None:
    assert not judged(planned(DAILY, BEFORE), planned(DAILY, AFTER)).moved
    ending = {**DAILY, "ends": "2026-12-01"}
    (moved,) = judged(planned(ending, BEFORE), planned(ending, AFTER)).moved
    assert "goes by its rule, and applied now it goes never" in moved


def test_a_send_that_went_out_meanwhile_under_another_date_is_stale() -> None:
    assert "sent already" in judged(planned(ONCE, BEFORE), planned(ONCE, BEFORE + MINUTE, sent=True)).moved[0]


@pytest.mark.parametrize("schedule", [ONCE, DAILY])
def test_a_send_whose_time_is_still_to_come_may_be_applied(schedule: dict[str, Any]) -> None:
    assert not judged(planned(schedule, BEFORE), planned(schedule, TEN - MINUTE)).moved


def test_a_send_that_was_over_when_it_was_approved_may_be_applied() -> None:
    assert not judged(planned(ONCE, AFTER), planned(ONCE, AFTER + MINUTE)).moved
    assert not judged(planned(ONCE, BEFORE, sent=True), planned(ONCE, AFTER, sent=True)).moved


def test_a_send_that_an_earlier_try_armed_in_time_is_done() -> None:
    owner, armed = client(campaign("sale", schedule=ONCE)), {"campaign.sale": "new"}
    assert judged(planned(ONCE, BEFORE), make_plan(owner, live(), armed, armed, AFTER)).applied


def test_a_plan_file_of_a_version_that_wrote_no_times_is_judged_by_the_rest() -> None:
    saved = planned(ONCE, BEFORE)
    old = replace(saved, changes=tuple(replace(change, goes=None) for change in saved.changes))
    assert not judged(old, planned(ONCE, AFTER)).moved


def test_the_digest_says_whether_a_send_with_one_date_goes_and_not_when_a_rule_does() -> None:
    assert planned(ONCE, BEFORE).digest == planned(ONCE, TEN - MINUTE).digest != planned(ONCE, AFTER).digest
    assert planned(DAILY, BEFORE).digest == planned(DAILY, AFTER).digest
