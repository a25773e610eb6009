"""The contract of the LineAccount port about coupons; see test_line_account.py for the two stages."""

from __future__ import annotations

import pytest

from lineform.line.account import HttpLineAccount
from lineform.ports.line_account import ListedCoupon, NotFound, Refused
from support.line_stages import Stage

COUPON = {
    "title": "秋のクーポン",
    "startTimestamp": 1793458800,
    "endTimestamp": 4102412400,
    "timezone": "ASIA_TOKYO",
    "maxUseCountPerTicket": 1,
    "visibility": "UNLISTED",
    "acquisitionCondition": {"type": "normal"},
    "reward": {"type": "discount", "priceInfo": {"type": "fixed", "fixedAmount": 500}},
}


def test_a_coupon_lives_from_its_making_to_its_closing(stage: Stage) -> None:
    async def play(account: HttpLineAccount) -> None:
        made = await account.create_coupon(COUPON)
        assert await account.coupons() == [ListedCoupon(made, "秋のクーポン")]
        found = await account.coupon(made)
        assert (found["couponId"], found["status"], found["endTimestamp"]) == (made, "RUNNING", 4102412400)
        assert found["reward"] == {
            "type": "discount",
            "priceInfo": {"type": "fixed", "fixedAmount": 500, "currency": "JPY"},
        }
        await account.close_coupon(made)
        assert await account.coupons() == []
        with pytest.raises(Refused) as caught:
            await account.close_coupon(made)
        assert caught.value.status == 410

    stage.play(play)


def test_a_coupon_that_is_not_there_is_not_found_and_a_wrong_one_is_refused(stage: Stage) -> None:
    async def play(account: HttpLineAccount) -> None:
        with pytest.raises(NotFound):
            await account.coupon("01KQXS5NVPCN4MB6Y2ETK23PC5")
        with pytest.raises(Refused) as caught:
            await account.create_coupon({**COUPON, "title": ""})
        assert "title" in caught.value.details

    stage.play(play)


def test_every_page_of_coupons_is_read(stage: Stage) -> None:
    async def play(account: HttpLineAccount) -> None:
        made = [await account.create_coupon({**COUPON, "title": f"c{number}"}) for number in range(101)]
        assert {one.id for one in await account.coupons()} == set(made)

    stage.play(play)
