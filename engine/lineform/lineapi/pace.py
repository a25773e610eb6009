"""How fast one of LINE's limits is used, as a value: a bucket, slowed down for a while where LINE says 429.

It is the same whether one process holds it in memory or several share it in their store.
https://developers.line.biz/en/reference/messaging-api/#rate-limits
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Final

from lineform.lineapi.buckets import Bucket
from lineform.lineapi.rates import SECOND, Rate

BURST: Final = 0.1
"""Of a limit by the second, so much may go out at once: the size of LINE's own bucket is not published. Limits by the
minute and hour may be used whole, or a handful of rich menus would take an hour."""
SLOWEST: Final = 1 / 16
CALM_SECONDS: Final = 5.0
SLICE_SECONDS: Final = 0.25
"""At most so much of the future is taken at once: for so long another worker may have to wait for its turn, and so
many turns are lost with a worker."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Turns that were taken. All moments are seconds since 1970; none where the first would be beyond patience."""

    moments: tuple[float, ...]
    wait: float = 0.0
    """Seconds until the first; also where none was taken."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`speed` is the part of LINE's rate that is used, 1 until LINE refuses; `slowed_at` is when it last changed."""

    rate: Rate
    bucket: Bucket
    speed: float = 1.0
    slowed_at: float = float("-inf")

    @classmethod
    def fresh(cls, rate: Rate, now: float) -> Pace:
        """The full pace of a limit that nobody has used lately."""
        burst = max(1.0, rate.count * BURST) if rate.seconds == SECOND else float(rate.count)
        return cls(rate, Bucket.full(rate, now, burst=burst))

    def seen(self, now: float, tolerance: float = 0.0) -> Pace:
        """The same at `now`: recovered by one step where LINE was calm for long enough.

        A bucket that is more than `tolerance` seconds ahead is from before the machine's clock was set back. Without
        this, nothing would refill until it has caught up.
        """
        pace = self
        if now < pace.bucket.at - tolerance:
            pace = replace(pace, bucket=replace(pace.bucket, at=now), slowed_at=min(pace.slowed_at, now))
        if pace.speed < 1.0 and now - pace.slowed_at >= max(CALM_SECONDS, float(self.rate.seconds)):
            pace = replace(_at_speed(pace, min(1.0, pace.speed * 2), now), slowed_at=now)
        return pace

    def take(self, want: int, patience: float, now: float) -> tuple[Pace, Slice]:
        """Takes up to `want` turns, as many as there are now or in the next moments; none where the first is more than
        `patience` seconds away."""
        bucket = self.bucket.refilled(now)
        # Of a bucket that another machine, whose clock is a little ahead, has just used.
        wait = bucket.wait(now) + max(0.0, bucket.at - now)
        if wait > patience:
            return replace(self, bucket=bucket), Slice((), wait)
        soon = floor(max(0.0, bucket.tokens)) + ceil(bucket.per_second * SLICE_SECONDS)
        count = max(1, min(want, soon))
        moments = tuple(
            max(now, bucket.at + (number - bucket.tokens) / bucket.per_second) for number in range(1, count + 1)
        )
        return replace(self, bucket=replace(bucket, tokens=bucket.tokens - count)), Slice(moments, wait)

    def refused(self, sent_at: float, now: float) -> Pace:
        """LINE said 429 to a request of that moment: empties the bucket and halves the speed.

        Of many requests in flight at once only the first counts, or one hiccup would bring everything to a halt.
        """
        if sent_at < self.slowed_at:
            return self
        slower = _at_speed(self, max(SLOWEST, self.speed / 2), now)
        bucket = replace(slower.bucket, tokens=min(slower.bucket.tokens, 0.0))
        return replace(slower, bucket=bucket, slowed_at=now)


def _at_speed(pace: Pace, speed: float, now: float) -> Pace:
    per_second = pace.rate.count / pace.rate.seconds * speed
    return replace(pace, bucket=replace(pace.bucket.refilled(now), per_second=per_second), speed=speed)
