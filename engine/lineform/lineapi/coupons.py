"""What LINE takes as a coupon: https://developers.line.biz/en/reference/messaging-api/#create-coupon."""

from __future__ import annotations

from typing import Final

from lineform.lineapi import limits
from lineform.lineapi.findings import Finding, Reason
from lineform.lineapi.shapes import Num, Obj, Object, Shape, Str, Union, Url, Walk, Way, integer, typed

TIMEZONES: Final = (
    *("ETC_GMT_MINUS_12", "ETC_GMT_MINUS_11", "PACIFIC_HONOLULU", "AMERICA_ANCHORAGE", "AMERICA_LOS_ANGELES"),
    *("AMERICA_PHOENIX", "AMERICA_CHICAGO", "AMERICA_NEW_YORK", "AMERICA_CARACAS", "AMERICA_SANTIAGO"),
    *("AMERICA_ST_JOHNS", "AMERICA_SAO_PAULO", "ETC_GMT_MINUS_2", "ATLANTIC_CAPE_VERDE", "EUROPE_LONDON"),
    *("EUROPE_PARIS", "EUROPE_ISTANBUL", "EUROPE_MOSCOW", "ASIA_TEHRAN", "ASIA_TBILISI", "ASIA_KABUL"),
    *("ASIA_TASHKENT", "ASIA_COLOMBO", "ASIA_KATHMANDU", "ASIA_ALMATY", "ASIA_RANGOON", "ASIA_BANGKOK"),
    *("ASIA_TAIPEI", "ASIA_TOKYO", "AUSTRALIA_DARWIN", "AUSTRALIA_SYDNEY", "ASIA_VLADIVOSTOK"),
    *("ETC_GMT_PLUS_12", "PACIFIC_TONGATAPU"),
)
"""LINE's own names of time zones."""
STATUSES: Final = ("DRAFT", "RUNNING", "CLOSED")

_YEN: Final = integer(1, doc="In the account's own currency.")
_PERCENT: Final = integer(1, 99)


def _price(noun: str, name: str, more: dict[str, Shape]) -> Union:
    fixed = typed(f"{name}FixedPriceInfoRequest", "fixed", {"fixedAmount": _YEN}, ("fixedAmount",))
    share = typed(f"{name}PercentagePriceInfoRequest", "percentage", {"percentage": _PERCENT}, ("percentage",))
    return Union(noun, {"fixed": fixed, "percentage": share, **more})


_EXPLICIT: Final = typed(
    "DiscountExplicitPriceInfoRequest",
    "explicit",
    {"originalPrice": _YEN, "priceAfterDiscount": integer(0)},
    ("originalPrice", "priceAfterDiscount"),
)
REWARD: Final = Union(
    "reward",
    {
        "discount": typed(
            "CouponDiscountRewardRequest",
            "discount",
            {"priceInfo": _price("discount", "Discount", {"explicit": _EXPLICIT})},
        ),
        "cashBack": typed(
            "CouponCashBackRewardRequest", "cashBack", {"priceInfo": _price("cash back", "CashBack", {})}
        ),
        "free": typed("CouponFreeRewardRequest", "free", {}),
        "gift": typed("CouponGiftRewardRequest", "gift", {}),
        "others": typed("CouponOthersRewardRequest", "others", {}),
    },
)


def _unless_one_or_none(lottery: Object, at: Way, walk: Walk) -> None:
    count = lottery.get("maxAcquireCount")
    if type(count) is int and not (count == -1 or 1 <= count <= limits.COUPON_ACQUIRE_MAX):
        text = f"is {count}; LINE wants 1 to {limits.COUPON_ACQUIRE_MAX:,} here, or -1 for no limit"
        walk.report((at, "maxAcquireCount"), Reason.TOO_SMALL if count < 1 else Reason.TOO_BIG, text)


ACQUISITION: Final = Union(
    "way of getting a coupon",
    {
        "normal": typed("NormalAcquisitionConditionRequest", "normal", {}),
        "lottery": typed(
            "LotteryAcquisitionConditionRequest",
            "lottery",
            {
                "lotteryProbability": integer(1, limits.COUPON_LOTTERY_MAX, doc="Percent."),
                "maxAcquireCount": Num(whole=True, doc="How many may win; -1 for no limit."),
            },
            ("lotteryProbability", "maxAcquireCount"),
            checks=(_unless_one_or_none,),
        ),
    },
)


def _times(coupon: Object, at: Way, walk: Walk) -> None:
    start, end = coupon.get("startTimestamp"), coupon.get("endTimestamp")
    if type(start) is int and type(end) is int and end <= start:
        walk.report((at, "endTimestamp"), Reason.CONFLICT, "does not lie after the start")
    uses = coupon.get("maxUseCountPerTicket")
    if type(uses) is int and uses not in (1, -1):
        text = f"is {uses}; LINE takes 1 here, or -1 for no limit"
        walk.report((at, "maxUseCountPerTicket"), Reason.TOO_SMALL if uses < 1 else Reason.TOO_BIG, text)


COUPON: Final = Obj(
    "CouponCreateRequest",
    {
        "title": Str(max=limits.COUPON_TITLE, min=1),
        "description": Str(max=limits.COUPON_DESCRIPTION),
        "usageCondition": Str(max=limits.COUPON_USAGE_CONDITION),
        "couponCode": Str(max=limits.COUPON_CODE),
        "imageUrl": Url(),
        "barcodeImageUrl": Url(),
        "startTimestamp": integer(0),
        "endTimestamp": integer(0),
        "timezone": Str(words=TIMEZONES),
        "maxUseCountPerTicket": Num(whole=True),
        "visibility": Str(words=("UNLISTED", "PUBLIC")),
        "acquisitionCondition": ACQUISITION,
        "reward": REWARD,
    },
    (
        *("title", "startTimestamp", "endTimestamp", "timezone", "maxUseCountPerTicket", "visibility"),
        *("acquisitionCondition", "reward"),
    ),
    checks=(_times,),
    doc="a coupon",
)
"""LINE's reference requires the reward; its OpenAPI does not. The reference is followed."""


def check_coupon(coupon: object) -> list[Finding]:
    """What is wrong with a coupon as it would be created."""
    walk = Walk()
    COUPON.check(coupon, None, walk)
    return walk.findings
