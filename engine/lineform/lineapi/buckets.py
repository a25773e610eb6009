"""A token bucket as a value: what LINE's own limiter is, and what the pacer keeps under.

https://developers.line.biz/en/reference/messaging-api/#how-rate-limits-work names the algorithm; the size of a burst is
not published, so it is the caller's choice.
"""

from __future__ import annotations

from dataclasses import dataclass

from lineform.lineapi.rates import Rate


@dataclass(frozen=True, slots=True)
class Bucket:
    """`tokens` at the moment `at` (seconds of any clock that only goes forward); it refills by the second."""

    capacity: float
    per_second: float
    tokens: float
    at: float

    @classmethod
    def full(cls, rate: Rate, at: float, *, burst: float | None = None) -> Bucket:
        """A full bucket for `rate`; it holds `burst` tokens, or the whole count of the period."""
        size = float(rate.count if burst is None else burst)
        return cls(size, rate.count / rate.seconds, size, at)

    def refilled(self, now: float) -> Bucket:
        """The same bucket at `now`; a clock that went back adds nothing."""
        if now <= self.at:
            return self
        tokens = min(self.capacity, self.tokens + (now - self.at) * self.per_second)
        return Bucket(self.capacity, self.per_second, tokens, now)

    def wait(self, now: float) -> float:
        """Seconds from `now` until a token is there; 0 where one is."""
        missing = 1.0 - self.refilled(now).tokens
        return missing / self.per_second if missing > _DUST else 0.0

    def take(self, now: float) -> tuple[Bucket, bool]:
        """The bucket after one request at `now`, and whether it was let through (LINE: else 429)."""
        bucket = self.refilled(now)
        if 1.0 - bucket.tokens > _DUST:
            return bucket, False
        return Bucket(bucket.capacity, bucket.per_second, max(0.0, bucket.tokens - 1.0), bucket.at), True

    def reserve(self, now: float) -> tuple[Bucket, float]:
        """Take a token in advance: the bucket after it, and how many seconds to sleep before the request.

        The pacer's way: several waiting requests queue up behind each other without asking again.
        """
        bucket = self.refilled(now)
        delay = self.wait(now)
        return Bucket(bucket.capacity, bucket.per_second, bucket.tokens - 1.0, bucket.at), delay


_DUST = 1e-9
"""Refilling in fractions leaves rounding errors; a token short of this much is a token."""
