"""An apply may die at any call, or lose any answer; the next one finishes, and no friend misses a menu meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lineform.planning.options import PlanOptions
from lineform.planning.plan import ClientPlan, PlanFile
from lineform.planning.planjson import plan_from_json, plan_to_json
from support.applying import Shop
from support.declared_clients import campaign, client, menu
from support.fake_account import Crash, FakeAccount, Trouble

BEFORE = client(menu("main", message="old", default=True), menu("news", message="old"), campaign("sale"))
AFTER = client(
    menu("main", message="new", default=True),
    menu("news", message="new"),
    menu("shop", message="first"),
    campaign("sale", silent=True),
)
FRIENDS = ("newcomer", "on-main", "on-news")


def a_shop_with_friends() -> Shop:
    shop = Shop()
    shop.apply(BEFORE)
    shop.account.tap("on-main", "main")
    shop.account.tap("on-news", "news")
    shop.wait(days=3)
    shop.account.calls.clear()
    return shop


def everybody_has_a_menu(account: FakeAccount, call: str) -> None:
    for friend in FRIENDS:
        assert account.sees(friend), f"{friend} sees no menu after {call}"
        linked = account.links.get(friend)
        assert linked is None or linked in account.menu_objects, f"{friend}'s menu vanished after {call}"
    for alias, target in account.alias_map.items():
        assert target in account.images, f"a tap on {alias} ends nowhere after {call}"


def calls_of_a_whole_apply() -> int:
    shop = a_shop_with_friends()
    shop.apply(AFTER)
    return len(shop.account.calls)


CALLS = calls_of_a_whole_apply()


def test_the_apply_that_is_interrupted_below_makes_many_calls() -> None:
    assert CALLS >= 10


def finish_and_check(shop: Shop) -> None:
    shop.account.trouble = Trouble()
    shop.wait(minutes=11)
    shop.apply(AFTER)
    assert shop.plan(AFTER).empty
    account = shop.account
    assert set(account.alias_map) == {"main", "news", "shop"}
    assert account.default == account.alias_map["main"]
    assert account.links == {"on-main": account.alias_map["main"], "on-news": account.alias_map["news"]}
    (armed,) = shop.store.armed("salon")
    assert {"digest": armed.digest} == shop.plan(AFTER).settled["campaign.sale"]
    changes = len(account.calls)
    shop.apply(AFTER)
    assert len(account.calls) == changes, "a second apply calls nothing"
    shop.wait(hours=25)
    shop.apply(AFTER)
    assert shop.plan(AFTER).empty
    assert len(account.menu_objects) == 3, "retired menus are gone after their grace"


@pytest.mark.parametrize("call", range(1, CALLS + 1))
@pytest.mark.parametrize(
    "trouble",
    [lambda call: Trouble(crash_before=call), lambda call: Trouble(crash_after=call)],
    ids=["crash_before", "crash_after"],
)
def test_a_crash_at_any_call_is_finished_by_the_next_apply(trouble: Callable[[int], Trouble], call: int) -> None:
    shop = a_shop_with_friends()
    shop.account.watch = everybody_has_a_menu
    shop.account.trouble = trouble(call)
    with pytest.raises(Crash):
        shop.apply(AFTER)
    finish_and_check(shop)


@pytest.mark.parametrize("call", range(1, CALLS + 1))
@pytest.mark.parametrize(
    "trouble",
    [lambda call: Trouble(lost_answer=call), lambda call: Trouble(never_arrived=call)],
    ids=["lost_answer", "never_arrived"],
)
def test_a_lost_answer_at_any_call_changes_nothing_in_the_end(trouble: Callable[[int], Trouble], call: int) -> None:
    shop = a_shop_with_friends()
    shop.account.watch = everybody_has_a_menu
    shop.account.trouble = trouble(call)
    shop.apply(AFTER)
    assert len(shop.account.menu_objects) == 5, "nothing was created twice"
    finish_and_check(shop)


@pytest.mark.parametrize("call", range(1, CALLS + 1))
def test_the_approved_plan_may_be_used_again_after_a_crash(call: int) -> None:
    shop = a_shop_with_friends()
    options = PlanOptions()
    saved = through_a_file(shop, shop.plan(AFTER), options)
    shop.account.trouble = Trouble(crash_after=call)
    with pytest.raises(Crash):
        shop.apply(AFTER, saved=saved, plan_id="plan-1")
    shop.account.trouble = Trouble()
    shop.wait(minutes=11)
    shop.apply(AFTER, saved=saved, plan_id="plan-1")
    assert shop.plan(AFTER).empty


def through_a_file(shop: Shop, plan: ClientPlan, options: PlanOptions) -> ClientPlan:
    text = plan_to_json(PlanFile(shop.clock.now(), options, (plan,)))
    return plan_from_json(text).clients[0]
