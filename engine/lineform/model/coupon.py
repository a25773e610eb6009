"""``kind: coupon``: one of LINE's own coupons, which friends keep and show in their LINE app."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from lineform.lineapi.coupons import TIMEZONES
from lineform.model.base import Duration, Spec
from lineform.model.code_pool import Until, end_of


class CouponSpec(Spec):
    """A coupon as LINE makes it: for good. LINE changes none, so a changed one needs another name, or one's word."""

    kind: Literal["coupon"]
    title: str
    """What friends read first."""
    starts: Until
    """From this local day or time on it can be used."""
    ends: Until
    """Up to the end of this local day, or up to this local time."""
    reward: dict[str, Any]
    """In LINE's own form: {type: discount, priceInfo: {type: percentage, percentage: 50}}, {type: free} and others."""
    acquisition: dict[str, Any] = {"type": "normal"}
    """Who gets it: everybody, or by lot: {type: lottery, lotteryProbability: 10, maxAcquireCount: 500}."""
    reusable: bool = False
    """Whether a friend can use it more than once."""
    visibility: Literal["unlisted", "public"] = "unlisted"
    """Whether it is shown to everybody in LINE, or only to whom a message brings it."""
    details: str = ""
    """What friends read about it."""
    conditions: str = ""
    """Under which conditions it can be used."""
    code: str = ""
    """A word to say at the till, the same for everybody. Codes for one person each are a pool: kind codes."""
    image: str = ""
    """An https address of its picture, which LINE copies when the coupon is made."""
    barcode: str = ""
    """An https address of the picture of a barcode."""
    valid_for: Duration = timedelta(0)
    """How long a friend must still have: with 3d, no message brings it within three days of its end."""


def coupon_to_line(spec: CouponSpec, timezone: str) -> dict[str, Any]:
    """The object that LINE is asked to make (https://developers.line.biz/en/reference/messaging-api/#create-coupon)."""
    zone = ZoneInfo(timezone)
    texts = {
        "description": spec.details,
        "usageCondition": spec.conditions,
        "couponCode": spec.code,
        "imageUrl": spec.image,
        "barcodeImageUrl": spec.barcode,
    }
    return {
        "title": spec.title,
        "startTimestamp": int(datetime.fromisoformat(spec.starts).replace(tzinfo=zone).timestamp()),
        "endTimestamp": int(end_of(spec.ends, timezone).timestamp()),
        "timezone": line_timezone(timezone),
        "maxUseCountPerTicket": -1 if spec.reusable else 1,
        "visibility": spec.visibility.upper(),
        "acquisitionCondition": spec.acquisition,
        "reward": spec.reward,
        **{name: text for name, text in texts.items() if text},
    }


FIELDS = {
    "startTimestamp": "starts",
    "endTimestamp": "ends",
    "acquisitionCondition": "acquisition",
    "description": "details",
    "usageCondition": "conditions",
    "couponCode": "code",
    "imageUrl": "image",
    "barcodeImageUrl": "barcode",
}
"""Where authors write what LINE calls otherwise."""


def line_timezone(timezone: str) -> str:
    """LINE's name of a zone; Japan's where it knows none of this one: moments are the same, only their words differ."""
    name = timezone.upper().replace("/", "_")
    return name if name in TIMEZONES else "ASIA_TOKYO"
