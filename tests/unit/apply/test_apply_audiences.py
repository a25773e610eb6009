"""Audiences through an apply: made, filled, replaced and deleted, with a crash or a lost answer at any call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from lineform.model.project import Client
from lineform.planning.live_audiences import AudienceStatus, LiveAudience
from lineform.planning.options import PlanOptions
from lineform.ports.line_account import RateLimited, Refused
from support.applying import Shop
from support.declared_clients import campaign, client, menu
from support.fake_account import Crash, FakeAccount, Trouble
from support.line_audiences import audience, segment, tags

DECLARED = client(tags(), segment(), audience(), campaign("thanks", audience={"audience": "regulars"}))
SECOND = client(tags(), segment(), audience(), audience("again"), menu("main"))
PEOPLE = tuple(f"U{number:032x}" for number in range(5))


def a_shop(*users: str) -> Shop:
    shop = Shop()
    shop.store.segment(*(users or PEOPLE[:3]))
    return shop


def settle(shop: Shop, declared: Client = DECLARED) -> None:
    """Time passes, LINE finishes, and applies until there is nothing left to do."""
    for _ in range(3):
        shop.account.audience_book.finish()
        shop.wait(minutes=11)
        shop.apply(declared)
    assert shop.plan(declared).empty


def held(shop: Shop) -> list[set[str]]:
    """Who is in each audience of the account."""
    shop.account.audience_book.finish()
    return list(shop.account.audience_book.members.values())


def test_an_audience_is_made_before_the_campaign_that_needs_it_is_armed() -> None:
    shop = a_shop()
    result = shop.apply(DECLARED)
    assert [type(step.step).__name__ for step in result.steps] == ["CreateAudience", "FillAudience", "ArmRevision"]
    assert held(shop) == [set(PEOPLE[:3])]


def test_a_second_apply_is_empty() -> None:
    shop = a_shop()
    shop.apply(DECLARED)
    calls = len(shop.account.calls)
    shop.apply(DECLARED)
    shop.account.audience_book.finish()
    shop.apply(DECLARED)
    assert len(shop.account.calls) == calls


def test_only_who_joined_is_uploaded() -> None:
    shop = a_shop()
    shop.apply(DECLARED)
    shop.store.segment(*PEOPLE[:5])
    shop.account.calls.clear()
    shop.apply(DECLARED)
    (call,) = shop.account.calls
    assert call.startswith("add_to_audience")
    (uploads,) = shop.store.uploaded.values()
    assert [len(upload.friend_ids) for upload in uploads] == [3, 2]
    assert held(shop) == [set(PEOPLE)]


def test_where_somebody_left_a_new_audience_takes_the_place_of_the_old() -> None:
    shop = a_shop()
    shop.apply(DECLARED)
    shop.account.audience_book.finish()
    shop.store.segment(*PEOPLE[1:4])
    shop.wait(days=1)
    shop.apply(DECLARED)
    assert len(shop.account.audience_book.shown) == 2, "the old one is kept until the new one is ready"
    settle(shop)
    assert held(shop) == [set(PEOPLE[1:4])]
    assert len(shop.store.uploaded) == 1


def test_who_has_blocked_the_account_is_no_reason_for_a_new_audience() -> None:
    shop = a_shop()
    shop.apply(DECLARED)
    shop.store.blocked.add(PEOPLE[0])
    assert shop.plan(DECLARED).empty


def test_an_audience_is_renewed_before_it_expires() -> None:
    shop = a_shop()
    shop.account.audience_book.now = shop.clock.now()
    shop.apply(DECLARED)
    settle(shop)
    (first,) = shop.account.audience_book.shown
    shop.wait(days=167)
    shop.account.audience_book.now = shop.clock.now()
    settle(shop)
    (renewed,) = shop.account.audience_book.shown.values()
    assert renewed.id != first
    assert renewed.expires is not None
    assert renewed.expires - shop.clock.now() > timedelta(days=170)
    assert held(shop) == [set(PEOPLE[:3])]


def test_many_members_go_out_in_pieces_of_ten_thousand() -> None:
    users = [f"U{number:032x}" for number in range(20_001)]
    shop = a_shop(*users)
    shop.apply(DECLARED)
    assert [len(upload.friend_ids) for upload in shop.store.uploads("salon", 1_000_000_000_001)] == [10_000, 10_000, 1]
    assert held(shop) == [set(users)]


def test_ten_uploads_at_once_are_waited_for() -> None:
    shop = a_shop()
    busy = iter([RateLimited("busy", status=429)] * 3)
    shop.account.trouble = Trouble(refuse=lambda _, name: next(busy, None) if name.startswith("add_to") else None)
    shop.apply(DECLARED)
    assert held(shop) == [set(PEOPLE[:3])]


def test_a_pruned_audience_is_deleted_with_what_was_remembered_of_it() -> None:
    shop = a_shop()
    shop.apply(DECLARED)
    gone = client(tags(), segment())
    shop.apply(gone)
    assert len(shop.account.audience_book.shown) == 1
    shop.apply(gone, PlanOptions(prune=True))
    assert (shop.account.audience_book.shown, shop.store.uploaded) == ({}, {})


def test_foreign_audiences_are_never_touched() -> None:
    shop = a_shop()
    foreign = shop.account.audience_book.upload("of somebody else", "", PEOPLE)
    shop.apply(DECLARED)
    shop.apply(client(tags(), segment()), PlanOptions(prune=True))
    assert list(shop.account.audience_book.shown) == [foreign]


def test_an_account_that_may_have_no_audiences_matters_only_where_some_are_declared() -> None:
    class Elsewhere(FakeAccount):
        async def audiences(self) -> Sequence[LiveAudience]:
            raise Refused("Access to this API is not available for your account", status=403)

    shop = Shop(account=Elsewhere())
    assert not shop.plan(client(menu("main"))).empty
    with pytest.raises(Refused):
        shop.plan(DECLARED)


def begin() -> Shop:
    """A shop whose next apply of SECOND adds to one audience, replaces none and makes another and a menu."""
    shop = a_shop()
    shop.apply(client(tags(), segment(), audience()))
    shop.account.audience_book.finish()
    shop.store.segment(*PEOPLE[1:])
    shop.wait(days=1)
    shop.account.calls.clear()
    return shop


def calls_of_a_whole_apply() -> int:
    shop = begin()
    shop.apply(SECOND)
    return len(shop.account.calls)


CALLS = calls_of_a_whole_apply()


def finished(shop: Shop) -> None:
    shop.account.trouble = Trouble()
    settle(shop, SECOND)
    assert held(shop) == [set(PEOPLE[1:])] * 2
    assert all(a.status is AudienceStatus.READY for a in shop.account.audience_book.shown.values())
    assert len(shop.account.menu_objects) == 1
    calls = len(shop.account.calls)
    shop.apply(SECOND)
    assert len(shop.account.calls) == calls, "a second apply calls nothing"


def test_the_apply_that_is_interrupted_below_makes_and_fills_two_audiences() -> None:
    assert CALLS >= 7


@pytest.mark.parametrize("call", range(1, CALLS + 1))
@pytest.mark.parametrize(
    "trouble",
    [lambda call: Trouble(crash_before=call), lambda call: Trouble(crash_after=call)],
    ids=["crash_before", "crash_after"],
)
def test_a_crash_at_any_call_is_finished_by_the_next_apply(trouble: Callable[[int], Trouble], call: int) -> None:
    shop = begin()
    shop.account.trouble = trouble(call)
    with pytest.raises(Crash):
        shop.apply(SECOND)
    finished(shop)


@pytest.mark.parametrize("call", range(1, CALLS + 1))
@pytest.mark.parametrize(
    "trouble",
    [lambda call: Trouble(lost_answer=call), lambda call: Trouble(never_arrived=call)],
    ids=["lost_answer", "never_arrived"],
)
def test_a_lost_answer_at_any_call_makes_no_audience_twice(trouble: Callable[[int], Trouble], call: int) -> None:
    shop = begin()
    shop.account.trouble = trouble(call)
    shop.apply(SECOND)
    assert len(shop.account.audience_book.shown) == 3, "two new ones, and one that is replaced"
    finished(shop)
