"""What a message promises and what ends some day: a code of a pool, a coupon. Time is a parameter, as everywhere here.

Campaigns ask when they are read, planned and sent; whatever has steps asks the same of each step's moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lineform.plural import plural


@dataclass(frozen=True, slots=True)
class Promise:
    """`address` says what it is (``codes.gift``); it is worth something before `expires` (None: for ever), and whoever
    reads of it must have at least `valid_for`."""

    address: str
    expires: datetime | None = None
    valid_for: timedelta = timedelta(0)

    @property
    def latest(self) -> datetime | None:
        """After this moment nothing may speak of it any more; None where that is never."""
        return None if self.expires is None else self.expires - self.valid_for


def expires_before(promise: Promise, moment: datetime) -> bool:
    """Whether it is worth nothing to who reads of it at `moment`, or not for as long as is promised."""
    if promise.expires is None:
        return False
    return promise.expires <= moment or promise.expires < moment + promise.valid_for


def lapsed(promises: Iterable[Promise], moment: datetime) -> tuple[Promise, ...]:
    """Those that nothing may promise at `moment`."""
    return tuple(promise for promise in promises if expires_before(promise, moment))


def why_lapsed(promise: Promise, moment: datetime, timezone: str) -> str:
    """The sentence for one that has lapsed at `moment`."""
    if promise.expires is None:
        raise ValueError(f"{promise.address} never expires")
    zone = ZoneInfo(timezone)
    end = f"{promise.expires.astimezone(zone):%Y-%m-%d %H:%M}"
    sent = f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
    if promise.expires <= moment:
        return f"{promise.address} expires at {end}, and this is sent at {sent}"
    days = _length(promise.valid_for)
    return f"{promise.address} expires at {end}, less than the promised {days} after this is sent at {sent}"


def _length(length: timedelta) -> str:
    days, rest = divmod(length, timedelta(days=1))
    if days and not rest:
        return plural(days, "day")
    hours = length / timedelta(hours=1)
    return f"{hours:g} {'hour' if hours == 1 else 'hours'}"
