"""Coupons: https://developers.line.biz/en/reference/messaging-api/#coupon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lineform.line.calls import Area
from lineform.line.exchange import JsonObject, Request, part, post
from lineform.lineapi import limits
from lineform.ports.line_account import ListedCoupon

_COUPONS: Final = "/v2/bot/coupon"


class CouponCalls(Area):
    """Objects of LINE's go through as they are: its SDK refuses a whole coupon for one word that it does not know."""

    async def coupons(self) -> Sequence[ListedCoupon]:
        """Pages move while somebody makes one, so each coupon is taken once, by its id."""
        found: dict[str, ListedCoupon] = {}
        start = ""
        while True:
            query = [("status", "RUNNING"), ("limit", str(limits.COUPON_PAGE)), *([("start", start)] if start else [])]
            answer = await self._calls.get_object(_COUPONS, tuple(query))
            for one in answer.each("items"):
                coupon = ListedCoupon(one.text("couponId"), one.optional_text("title"))
                found.setdefault(coupon.id, coupon)
            start = answer.optional_text("next")
            if not start:
                return list(found.values())

    async def coupon(self, coupon_id: str) -> Mapping[str, Any]:
        return (await self._calls.get_object(f"{_COUPONS}/{part(coupon_id)}")).members

    async def create_coupon(self, coupon: Mapping[str, Any]) -> str:
        request = post(_COUPONS, dict(coupon))
        return JsonObject.read(request, await self._calls.once(request)).text("couponId")

    async def close_coupon(self, coupon_id: str) -> None:
        await self._calls.once(Request("PUT", f"{_COUPONS}/{part(coupon_id)}/close"))
