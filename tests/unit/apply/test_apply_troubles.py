"""What stops an apply before it begins, what stops it on the way, and with which exit code."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from lineform.apply.desk import LEASE
from lineform.apply.result import ApplyStopped, Outcome
from lineform.apply.walk import Approved, apply_plan
from lineform.errors import BlockedError, CredentialError, LockedError, StaleError
from lineform.planning.options import PlanOptions
from lineform.planning.steps import DeleteMenu, describe
from lineform.ports.line_account import RateLimited, Refused, Unauthorised
from support.applying import Shop, revisions
from support.declared_clients import OTHER_BOT, campaign, client, menu
from support.fake_account import FakeAccount, Trouble

OLD = client(menu("main", message="old", default=True), campaign("sale"))
NEW = client(menu("main", message="new", default=True), campaign("sale"))


def a_shop() -> Shop:
    shop = Shop()
    shop.apply(OLD)
    shop.wait(days=3)
    shop.account.calls.clear()
    return shop


def test_a_second_apply_after_success_is_empty_and_calls_nothing() -> None:
    shop = a_shop()
    assert shop.plan(OLD).empty
    result = shop.apply(OLD)
    assert (result.steps, shop.account.calls) == ((), [])


def test_a_token_of_another_bot_stops_before_anything_is_changed() -> None:
    shop = a_shop()
    saved = shop.plan(NEW)
    shop.account.bot_id = OTHER_BOT
    with pytest.raises(CredentialError) as caught:
        shop.apply(NEW, saved=saved)
    assert (caught.value.exit_code, shop.account.calls) == (8, [])


def test_a_foreign_alias_stops_before_anything_is_changed() -> None:
    shop = Shop()
    shop.account.menu_objects["richmenu-foreign"] = {"name": "made by hand", "areas": []}
    shop.account.images["richmenu-foreign"] = b"image"
    shop.account.alias_map["main"] = "richmenu-foreign"
    with pytest.raises(BlockedError):
        shop.apply(NEW)
    assert shop.account.calls == []
    assert shop.store.armed("salon") == ()


def test_two_applies_at_once_are_one() -> None:
    shop = a_shop()
    assert shop.store.lease("apply:salon", "another run", shop.clock.now(), LEASE)
    with pytest.raises(LockedError) as caught:
        shop.apply(NEW)
    assert (caught.value.exit_code, shop.account.calls) == (6, [])
    assert "another run" in caught.value.message


def test_the_lock_is_free_again_after_success_and_after_failure() -> None:
    shop = a_shop()
    shop.account.trouble = Trouble(refuse=lambda count, name: Refused("no", status=400))
    with pytest.raises(ApplyStopped):
        shop.apply(NEW)
    assert shop.store.leases == {}
    shop.account.trouble = Trouble()
    shop.apply(NEW)
    assert shop.store.leases == {}


def test_an_apply_that_lost_its_lock_stops() -> None:
    shop = a_shop()

    def somebody_takes_over(account: FakeAccount, call: str) -> None:
        shop.store.leases["apply:salon"] = ("another run", shop.clock.now() + timedelta(hours=1))

    shop.account.watch = somebody_takes_over
    with pytest.raises(LockedError):
        shop.apply(NEW)
    assert len(shop.account.calls) == 1
    assert shop.store.lease_holder("apply:salon", shop.clock.now()) == "another run"


def test_a_rate_limit_is_a_pause_with_exit_code_7() -> None:
    shop = a_shop()
    limit = RateLimited("100 an hour", status=429, hint="Come back at 08:19 UTC.")
    shop.account.trouble = Trouble(refuse=lambda count, name: limit if count == 3 else None)
    with pytest.raises(ApplyStopped) as caught:
        shop.apply(NEW)
    assert caught.value.exit_code == 7
    assert "08:19" in caught.value.hint
    assert [step.outcome for step in caught.value.result.steps][-1] is Outcome.FAILED
    assert not caught.value.result.complete
    shop.account.trouble = Trouble()
    assert shop.apply(NEW).complete


def test_line_out_of_reach_ends_with_exit_code_9_and_says_how_far_it_came() -> None:
    shop = a_shop()
    down = Refused("LINE is closed", status=403, details="areas[0]: no")
    shop.account.trouble = Trouble(refuse=lambda count, name: down if count >= 2 else None)
    with pytest.raises(ApplyStopped) as caught:
        shop.apply(NEW)
    assert caught.value.exit_code == 9
    assert "stopped after 2 of 8 steps" in caught.value.message
    assert "areas[0]: no" in caught.value.message


def test_a_revoked_token_ends_with_exit_code_8() -> None:
    shop = a_shop()
    shop.account.trouble = Trouble(refuse=lambda count, name: Unauthorised("401", status=401))
    with pytest.raises(ApplyStopped) as caught:
        shop.apply(NEW)
    assert caught.value.exit_code == 8


def test_a_stale_plan_is_refused_with_the_difference() -> None:
    shop = a_shop()
    saved = shop.plan(NEW)
    with pytest.raises(StaleError) as caught:
        shop.apply(client(menu("main", message="newest", default=True), campaign("sale")), saved=saved)
    assert "richmenu.main" in caught.value.message
    assert shop.account.calls == []


def test_a_plan_file_is_used_once() -> None:
    shop = a_shop()
    saved = shop.plan(NEW)
    assert shop.apply(NEW, saved=saved, plan_id="p1").complete
    again = shop.apply(NEW, saved=saved, plan_id="p1")
    assert again.already_applied
    assert again.steps == ()
    shop.apply(OLD)
    with pytest.raises(StaleError, match="used once"):
        shop.apply(NEW, saved=saved, plan_id="p1")


def test_a_used_plan_tidies_nothing_up_when_it_is_applied_again_after_the_grace() -> None:
    shop = a_shop()
    saved = shop.plan(NEW)
    shop.apply(NEW, saved=saved, plan_id="p1")
    shop.wait(hours=25)
    shop.account.calls.clear()
    assert shop.apply(NEW, saved=saved, plan_id="p1").already_applied
    assert shop.account.calls == []
    assert not shop.plan(NEW).empty


def test_a_failed_batch_is_resumed_until_every_friend_is_moved() -> None:
    shop = a_shop()
    for friend in ("a", "b", "c"):
        shop.account.tap(friend, "main")
    shop.account.fail_batches = 2
    shop.apply(NEW)
    assert set(shop.account.links.values()) == {shop.account.alias_map["main"]}
    assert len(shop.account.keys) == 1, "one key for the batch and its resumptions"


def test_a_batch_that_always_fails_leaves_the_new_menu_in_place_and_goes_on_later() -> None:
    shop = a_shop()
    for number in range(9):
        shop.account.tap(f"friend-{number}", "main")
    shop.account.fail_batches = 3
    with pytest.raises(ApplyStopped) as caught:
        shop.apply(NEW)
    assert caught.value.exit_code == 7
    shop.wait(hours=1)
    planned = shop.plan(NEW)
    assert next(describe(step) for step in planned.steps).startswith("move the friends")
    shop.apply(NEW)
    assert set(shop.account.links.values()) == {shop.account.alias_map["main"]}
    assert shop.plan(NEW).empty


def test_a_late_tap_on_the_old_menu_is_caught_by_the_second_batch() -> None:
    shop = a_shop()
    shop.account.tap("early", "main")
    old = shop.account.alias_map["main"]
    shop.apply(NEW)
    shop.account.links["late"] = old
    shop.wait(hours=25)
    shop.apply(NEW)
    assert set(shop.account.links.values()) == {shop.account.alias_map["main"]}
    assert old not in shop.account.menu_objects


def test_a_menu_that_somebody_points_to_in_the_last_moment_is_not_deleted() -> None:
    shop = a_shop()
    old = shop.account.alias_map["main"]
    shop.apply(NEW)
    shop.wait(hours=25)

    def promote_the_old_one(account: FakeAccount, call: str) -> None:
        account.alias_map["promo"] = old

    shop.account.watch = promote_the_old_one
    result = shop.apply(NEW)
    (deletion,) = [step for step in result.steps if isinstance(step.step, DeleteMenu)]
    assert deletion.outcome is Outcome.SKIPPED
    assert old in shop.account.menu_objects


def test_every_step_is_told_when_it_starts_and_when_it_is_done_and_is_noted() -> None:
    shop = a_shop()
    shop.events.clear()
    result = shop.apply(NEW)
    told = [(event.step, event.outcome) for event in shop.events]
    assert told == [pair for done in result.steps for pair in ((done.step, Outcome.STARTED), (done.step, done.outcome))]
    noted = [entry.subject for entry in shop.store.log if entry.action == "apply.step"]
    assert noted[-len(result.steps) :] == [describe(step.step) for step in result.steps]


def test_prune_removes_menu_alias_and_default_and_nothing_foreign() -> None:
    shop = a_shop()
    shop.account.menu_objects["richmenu-foreign"] = {"name": "made by hand"}
    nothing = client()
    shop.apply(nothing)
    assert len(shop.account.menu_objects) == 2
    shop.apply(nothing, PlanOptions(prune=True))
    assert list(shop.account.menu_objects) == ["richmenu-foreign"]
    assert (shop.account.alias_map, shop.account.default) == ({}, "")
    assert shop.plan(nothing, PlanOptions(prune=True)).empty


def test_an_account_that_was_rebuilt_empty_gets_everything_again() -> None:
    shop = a_shop()
    shop.account = FakeAccount()
    shop.apply(OLD)
    assert shop.account.default == shop.account.alias_map["main"]


def test_an_error_of_our_own_is_not_dressed_up_and_still_frees_the_lock() -> None:
    shop = a_shop()
    saved = shop.plan(NEW)

    async def run() -> None:
        desk = shop.desk()
        await apply_plan(desk, NEW, Approved(saved, PlanOptions()), {**revisions(NEW)})

    shop.account.trouble = Trouble(refuse=lambda count, name: ZeroDivisionError("our bug"))
    with pytest.raises(ZeroDivisionError):
        asyncio.run(run())
    assert shop.store.leases == {}


def test_the_lock_is_held_through_a_batch_that_takes_longer_than_the_lock_lasts() -> None:
    shop = a_shop()
    shop.account.tap("friend", "main")
    looks = []

    def remember() -> None:
        looks.append((shop.clock.now(), shop.store.lease_holder("apply:salon", shop.clock.now())))

    shop.account.batch_looks, shop.account.look = 12, remember
    shop.apply(NEW)
    assert looks[-1][0] - looks[0][0] > LEASE
    assert all(holder for _, holder in looks)


def test_a_batch_that_takes_too_long_is_left_to_the_next_apply() -> None:
    shop = a_shop()
    shop.account.tap("friend", "main")
    shop.account.batch_looks = 1_000_000
    with pytest.raises(ApplyStopped) as caught:
        shop.apply(NEW)
    assert caught.value.exit_code == 7
    shop.account.batch_looks = 3
    shop.wait(minutes=5)
    shop.apply(NEW)
    assert shop.account.links == {"friend": shop.account.alias_map["main"]}
