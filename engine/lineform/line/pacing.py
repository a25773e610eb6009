"""Keeping under LINE's rates: one token bucket per method and path template, slowed down where LINE says 429.

https://developers.line.biz/en/reference/messaging-api/#rate-limits
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from lineform.line.exchange import Request
from lineform.lineapi.buckets import Bucket
from lineform.lineapi.rates import SECOND, Rate, rate_for
from lineform.ports.clock import Clock
from lineform.ports.line_account import RateLimited

BURST: Final = 0.1
"""Of a limit by the second, so much may go out at once: the size of LINE's own bucket is not published. Limits by the
minute and hour may be used whole, or a handful of rich menus would take an hour."""
SLOWEST: Final = 1 / 16
CALM_SECONDS: Final = 5.0


@dataclass(slots=True)
class _Lane:
    """The queue of one bucket. `speed` is the part of LINE's rate that is used, 1 until LINE refuses."""

    rate: Rate
    bucket: Bucket
    speed: float = 1.0
    slowed_at: float = float("-inf")

    @property
    def calm(self) -> float:
        """So many seconds without a 429 until the speed is doubled again."""
        return max(CALM_SECONDS, float(self.rate.seconds))

    def at_speed(self, speed: float) -> None:
        self.speed = speed
        self.bucket = replace(self.bucket, per_second=self.rate.count / self.rate.seconds * speed)


class Pacer:
    """Paces the calls of one channel. Waits longer than `patience` seconds are refused, not slept."""

    def __init__(self, clock: Clock, patience: float) -> None:
        self._clock = clock
        self._patience = patience
        self._lanes: dict[str, _Lane] = {}

    async def turn(self, request: Request) -> float:
        """Waits until `request` may go out and returns that moment; raises `RateLimited` with when to come back."""
        now = self._clock.now().timestamp()
        lane = self._lane(request, now)
        self._recover(lane, now)
        wait = lane.bucket.wait(now)
        if wait > self._patience:
            raise self._too_long(request, lane, wait)
        lane.bucket, delay = lane.bucket.reserve(now)
        if delay > 0:
            await self._clock.sleep(delay)
        return now + delay

    def refused(self, request: Request, sent_at: float) -> float:
        """LINE said 429 to a request of that moment: empties the bucket and halves the speed; the seconds to wait.

        Of many requests in flight at once only the first counts, or one hiccup would bring everything to a halt.
        """
        now = self._clock.now().timestamp()
        lane = self._lane(request, now)
        if sent_at >= lane.slowed_at:
            lane.slowed_at = now
            bucket = lane.bucket.refilled(now)
            lane.bucket = replace(bucket, tokens=min(bucket.tokens, 0.0))
            lane.at_speed(max(SLOWEST, lane.speed / 2))
        return lane.bucket.wait(now)

    def _lane(self, request: Request, now: float) -> _Lane:
        rate = rate_for(request.method, request.path)
        lane = self._lanes.get(rate.bucket)
        if lane is None:
            burst = max(1.0, rate.count * BURST) if rate.seconds == SECOND else float(rate.count)
            lane = self._lanes[rate.bucket] = _Lane(rate, Bucket.full(rate, now, burst=burst))
        if now < lane.bucket.at:
            # The machine's clock was set back. Without this, nothing would refill until it has caught up.
            lane.bucket = replace(lane.bucket, at=now)
            lane.slowed_at = min(lane.slowed_at, now)
        return lane

    def _recover(self, lane: _Lane, now: float) -> None:
        if lane.speed < 1.0 and now - lane.slowed_at >= lane.calm:
            lane.bucket = lane.bucket.refilled(now)
            lane.at_speed(min(1.0, lane.speed * 2))
            lane.slowed_at = now

    def _too_long(self, request: Request, lane: _Lane, wait: float) -> RateLimited:
        back = self._clock.now() + timedelta(seconds=wait)
        per = {1: "second", 60: "minute", 3600: "hour"}.get(lane.rate.seconds, f"{lane.rate.seconds} seconds")
        return RateLimited(
            f"{request} would have to wait {wait:.0f} seconds: LINE allows {lane.rate.count} a {per}",
            retry_after=wait,
            hint=f"Nothing was sent. Run the same command again after {back:%Y-%m-%d %H:%M:%S} UTC.",
        )
