"""Row D10: a coupon. Relative validity, and an already expired coupon in a later send is refused; LINE's own coupons
are made once, never changed behind anybody's back, and brought by messages by their names (row S1)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from lineform.apply.desk import Desk
from lineform.apply.images import menu_image
from lineform.apply.result import ApplyResult
from lineform.apply.walk import Approved, apply_plan, fresh_plan
from lineform.errors import BlockedError
from lineform.model.coupon import CouponSpec, coupon_to_line
from lineform.planning.arming import revisions_of
from lineform.planning.change import Action
from lineform.planning.options import PlanOptions
from lineform.planning.plan import ClientPlan
from lineform.run.options import new_worker
from lineform.run.outcome import Outcome
from lineform.store.open import open_store
from support.declared_clients import campaign
from support.delivering import ARMED, DUE, Crash, Dying, Scene, opened

Wrap = Callable[[Any], Any]
T = TypeVar("T")
HALF = {"type": "discount", "priceInfo": {"type": "percentage", "percentage": 50}}


def coupon(**fields: Any) -> CouponSpec:
    written = {"title": "半額クーポン", "starts": "2026-11-30", "ends": "2026-12-31", "reward": HALF, **fields}
    return CouponSpec.model_validate({"kind": "coupon", "name": "half-price", **written})


def bringing(**fields: Any) -> Any:
    """A campaign whose message brings the coupon."""
    return campaign("sale", **{"messages": ({"text": "半額です"}, {"coupon": "half-price"}), **fields})


class Shop:
    """Three friends, a coupon, and a campaign that brings it."""

    def __init__(self, origin: str, folder: Path, *specs: Any) -> None:
        self.scene = Scene(origin, folder, *(specs or (coupon(), bringing())))

    def plan(self, **options: Any) -> ClientPlan:
        return self._with(lambda desk: self._planned(desk, PlanOptions(**options)))

    async def _planned(self, desk: Desk, options: PlanOptions) -> ClientPlan:
        return (await fresh_plan(desk, self.scene.client, revisions_of(self.scene.client), options))[0]

    def apply(self, wrap: Wrap = lambda port: port, **options: Any) -> ApplyResult:
        return self._with(lambda desk: self._applied(desk, PlanOptions(**options)), wrap)

    async def _applied(self, desk: Desk, options: PlanOptions) -> ApplyResult:
        owner, revisions = self.scene.client, revisions_of(self.scene.client)
        plan, _ = await fresh_plan(desk, owner, revisions, options)
        return await apply_plan(desk, owner, Approved(plan, options), revisions)

    def _with(self, work: Callable[[Desk], Awaitable[T]], wrap: Wrap = lambda port: port) -> T:
        async def run() -> T:
            account = opened(self.scene)
            try:
                with open_store(self.scene.url) as store:
                    desk = Desk(
                        *(self.scene.client.name, wrap(account), wrap(store)),
                        *(menu_image, self.scene.clock, new_worker()),
                    )
                    return await work(desk)
            finally:
                await account.close()

        return asyncio.run(run())

    def live(self) -> dict[str, str]:
        """Every running coupon's title by its id."""

        async def look() -> dict[str, str]:
            account = opened(self.scene)
            try:
                return {one.id: one.title for one in await account.coupons()}
            finally:
                await account.close()

        return asyncio.run(look())


def test_a_declared_coupon_is_made_and_a_message_brings_it(origin: str, tmp_path: Path) -> None:
    shop = Shop(origin, tmp_path)
    shop.apply()
    ((made, title),) = shop.live().items()
    assert title == "半額クーポン"
    shop.scene.move(DUE)
    (entry,) = shop.scene.tick().entries
    assert entry.outcome is Outcome.SENT
    for delivery in shop.scene.control.deliveries(shop.scene.account):
        assert delivery["messages"][1] == {"type": "coupon", "couponId": made}
    assert shop.plan().empty


def test_a_message_is_not_sent_before_its_coupon_is_made(origin: str, tmp_path: Path) -> None:
    shop = Shop(origin, tmp_path)
    shop.scene.move(DUE)
    (entry,) = shop.scene.tick().entries
    assert (entry.outcome, entry.guard, shop.scene.calls()) == (Outcome.BLOCKED, "G220", [])


def test_a_changed_coupon_stops_the_plan_until_somebody_says_replace(origin: str, tmp_path: Path) -> None:
    shop = Shop(origin, tmp_path)
    shop.apply()
    (old,) = shop.live()
    shop.scene.declare(coupon(title="七割引クーポン"))
    (blocked,) = shop.plan().blocked
    assert (blocked.code, blocked.address) == ("G120", "coupon.half-price")
    assert "--replace coupon.half-price" in blocked.hint
    with pytest.raises(BlockedError, match="LINE changes no coupon"):
        shop.apply()
    assert set(shop.live()) == {old}
    shop.apply(replace=frozenset({"coupon.half-price"}))
    assert list(shop.live().values()) == ["七割引クーポン"]
    assert old not in shop.live()
    assert shop.plan().empty


def test_a_coupon_of_others_is_told_and_left_alone(origin: str, tmp_path: Path) -> None:
    shop = Shop(origin, tmp_path)
    shop.apply()
    with open_store(shop.scene.url) as store:
        (ours,) = [one.coupon_id for one in store.coupons(shop.scene.client.name)]

    async def theirs() -> str:
        account = opened(shop.scene)
        try:
            return await account.create_coupon(coupon_to_line(coupon(title="店長のクーポン"), "Asia/Tokyo"))
        finally:
            await account.close()

    made = asyncio.run(theirs())
    plan = shop.plan(prune=True)
    assert [(one.coupon_id, one.title) for one in plan.foreign_coupons] == [(made, "店長のクーポン")]
    assert plan.empty
    assert set(shop.live()) == {ours, made}


def test_a_file_that_is_gone_leaves_its_coupon_until_somebody_says_prune(origin: str, tmp_path: Path) -> None:
    shop = Shop(origin, tmp_path, coupon())
    shop.apply()
    shop.scene.client = replace(shop.scene.client, resources={})
    plan = shop.plan()
    assert ([change.action for change in plan.changes], plan.empty) == ([Action.UNDECLARED], True)
    shop.apply(prune=True)
    assert shop.live() == {}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", range(1, 45, 2))
def test_killed_at_any_call_an_apply_goes_on_and_makes_one_coupon(
    origin: str, tmp_path: Path, call: int, after: bool
) -> None:
    shop = Shop(origin, tmp_path)
    count = [0]
    try:
        shop.apply(lambda port: Dying(port, count, call, after=after))
    except Crash:
        shop.scene.move(ARMED + timedelta(minutes=5))  # the lock of the one that died opens
        shop.apply()
    assert list(shop.live().values()) == ["半額クーポン"]
    assert shop.plan().empty


def test_a_coupon_that_is_over_when_its_message_is_sent_stops_the_send(origin: str, tmp_path: Path) -> None:
    shop = Shop(origin, tmp_path, coupon(ends="2026-12-01T09:00"), bringing())
    shop.apply()
    shop.scene.move(DUE)
    (entry,) = shop.scene.tick().entries
    assert (entry.outcome, entry.guard) == (Outcome.BLOCKED, "G218")
    assert entry.reason == "coupon.half-price expires at 2026-12-01 09:00, and this is sent at 2026-12-01 10:00"


def test_a_coupon_whose_end_is_over_is_not_made(origin: str, tmp_path: Path) -> None:
    shop = Shop(origin, tmp_path, coupon(starts="2026-11-01", ends="2026-11-20"))
    (blocked,) = shop.plan().blocked
    assert blocked.code == "G121"


def test_a_text_says_until_when_from_the_day_it_is_sent(origin: str, tmp_path: Path) -> None:
    text = {"text": "{{ run.date | add_days(3) | date }}まで半額"}
    shop = Shop(origin, tmp_path, coupon(valid_for="3d"), bringing(messages=(text, {"coupon": "half-price"})))
    shop.apply()
    shop.scene.move(DUE)
    assert [entry.outcome for entry in shop.scene.tick().entries] == [Outcome.SENT]
    texts = {m["text"] for one in shop.scene.control.deliveries(shop.scene.account) for m in one["messages"][:1]}
    assert texts == {"12月4日まで半額"}
