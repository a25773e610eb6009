"""Reading, making and closing LINE's coupons, so that doing it again does no harm.

A coupon has no room for a mark. That one is about to be made is written down before; where its answer is lost, the
account is searched for a coupon of the same content that nobody recorded, before one is made anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineform.apply.desk import FIRST_WAIT, TRIES, Desk
from lineform.apply.result import Outcome
from lineform.model.address import Address, Kind
from lineform.model.project import Client
from lineform.planning.coupons import CouponBook, ForeignCoupon, OwnCoupon
from lineform.ports.line_account import NotFound, OutcomeUnknown, Refused

_SAME = (
    *("title", "startTimestamp", "endTimestamp", "maxUseCountPerTicket"),
    *("visibility", "couponCode", "usageCondition"),
)
"""By these a coupon is known again; its pictures have other addresses at LINE."""
_CLOSED_ALREADY = 410


async def read_coupons(desk: Desk, client: Client) -> CouponBook:
    """The account's coupons; LINE is asked only where this client has some, or had."""
    recorded = await desk.offload(desk.store.coupons, client.name)
    if not recorded and not client.of(Kind.COUPON):
        return CouponBook()
    own = []
    for one in recorded:
        status = ""
        if one.coupon_id:
            try:
                status = str((await desk.account.coupon(one.coupon_id)).get("status", ""))
            except NotFound:
                status = ""
        own.append(OwnCoupon(one.name, one.hash, one.coupon_id, status))
    ours = {one.coupon_id for one in recorded}
    listed = await desk.account.coupons()
    return CouponBook(tuple(own), tuple(ForeignCoupon(one.id, one.title) for one in listed if one.id not in ours))


async def create_coupon(desk: Desk, address: str, wanted: str, coupon: Mapping[str, Any]) -> tuple[Outcome, str]:
    """Makes it, unless an earlier try did; the outcome and LINE's id."""
    name = Address.parse(address).name
    recorded = await desk.offload(desk.store.coupons, desk.client)
    tried_before = any((one.name, one.hash, one.coupon_id) == (name, wanted, "") for one in recorded)
    await desk.offload(desk.store.intend_coupon, desk.client, name, wanted, desk.clock.now())
    made = await _find_made(desk, coupon) if tried_before else ""
    outcome = Outcome.ALREADY if made else Outcome.DONE
    wait = FIRST_WAIT
    for tried in range(1, TRIES + 1):
        if made:
            break
        try:
            made = await desk.account.create_coupon(coupon)
        except OutcomeUnknown:
            await desk.pause(wait)
            wait *= 2
            made, outcome = await _find_made(desk, coupon), Outcome.ALREADY
            if not made and tried == TRIES:
                raise
    await desk.offload(desk.store.record_coupon, desk.client, name, wanted, made)
    return outcome, made


async def _find_made(desk: Desk, coupon: Mapping[str, Any]) -> str:
    """A coupon of this content that nobody recorded; empty where there is none."""
    recorded = {one.coupon_id for one in await desk.offload(desk.store.coupons, desk.client)}
    for listed in await desk.again(desk.account.coupons):
        if listed.id in recorded or listed.title != coupon["title"]:
            continue
        try:
            found = await desk.again(lambda one=listed.id: desk.account.coupon(one))  # type: ignore[misc]
        except NotFound:
            continue
        if all(found.get(key) == coupon.get(key) for key in _SAME):
            return listed.id
    return ""


async def close_coupon(desk: Desk, coupon_id: str) -> Outcome:
    """Closes it for everybody."""
    outcome = Outcome.DONE
    try:
        await desk.again(lambda: desk.account.close_coupon(coupon_id))
    except NotFound:
        outcome = Outcome.ALREADY
    except Refused as refused:
        if refused.status != _CLOSED_ALREADY:
            raise
        outcome = Outcome.ALREADY
    await desk.offload(desk.store.record_closed, desk.client, coupon_id, desk.clock.now())
    return outcome
