"""Which of LINE's coupons are ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RecordedCoupon:
    """A coupon of ours. `coupon_id` is empty while it is being made: LINE may have made it or not."""

    name: str
    hash: str
    coupon_id: str
    intended_at: datetime


class Coupons(Protocol):
    """Which of LINE's coupons are ours: they have no room for a mark."""

    def coupons(self, account: str) -> Sequence[RecordedCoupon]:
        """Those that are not closed, the oldest first."""
        ...

    def intend_coupon(self, account: str, name: str, hash_: str, now: datetime) -> None:
        """Writes down, durably, that a coupon is about to be made; once, however often it is said."""
        ...

    def record_coupon(self, account: str, name: str, hash_: str, coupon_id: str) -> None:
        """LINE has made it."""
        ...

    def record_closed(self, account: str, coupon_id: str, now: datetime) -> None: ...
