"""Keeping under LINE's rates: one queue per method and path template, slowed down where LINE says 429.

A process that calls alone keeps its pace in memory. Where several call for one account, the pace is kept where all of
them see it, and each takes turns from there: a few at a time, as many as there are callers waiting.

https://developers.line.biz/en/reference/messaging-api/#rate-limits
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import Final

from lineform.line.exchange import Request
from lineform.lineapi.pace import Pace, Slice
from lineform.lineapi.rates import Rate, rate_for
from lineform.ports.clock import Clock
from lineform.ports.line_account import RateLimited
from lineform.ports.pacing import SharedPace

STALE: Final = 1.0
"""Seconds after which a turn that nobody used is let go: saved up, they would be a burst."""


TOGETHER: Final = 0.01
"""Seconds. Whoever waits for a moment goes out with all others of the same hundredth: at 2,000 a second each wake-up of
its own costs a third of the call's processor time, and LINE counts by the second."""


AHEAD: Final = 0.02
"""Seconds of turns that are taken at once even where fewer callers wait: each question is a transaction."""


@dataclass(slots=True)
class _Lane:
    """The queue of one limit. `pace` is our own, and of a shared one what we know of it."""

    pace: Pace
    turns: deque[float] = field(default_factory=deque)
    """Taken from the shared pace, and not used yet."""
    waiting: int = 0
    taking: asyncio.Task[Slice] | None = None
    refused_at: float | None = None
    """A 429 that the others have not heard of."""


class Pacer:
    """Paces the calls of one channel. Waits longer than `patience` seconds are refused, not slept.

    Without `shared` it is alone with the account.
    """

    def __init__(self, clock: Clock, patience: float, shared: SharedPace | None = None) -> None:
        self._clock = clock
        self._patience = patience
        self._shared = shared
        self._lanes: dict[str, _Lane] = {}

    async def turn(self, request: Request) -> float:
        """Waits until `request` may go out and returns that moment; raises `RateLimited` with when to come back."""
        now = self._clock.now().timestamp()
        lane = self._lane(request, now)
        if self._shared is not None:
            moment = await self._shared_turn(request, lane, self._shared)
        else:
            lane.pace, taken = lane.pace.take(1, self._patience, now)
            if not taken.moments:
                raise self._too_long(request, lane.pace.rate, taken.wait)
            moment = taken.moments[0]
        delay = moment - self._clock.now().timestamp()
        if delay <= 0:
            return moment
        together = ceil(moment / TOGETHER) * TOGETHER
        await self._clock.sleep(delay + together - moment)
        return together

    def refused(self, request: Request, sent_at: float) -> float:
        """LINE said 429 to a request of that moment: slows down, and tells the others; the seconds to wait.

        Of many requests in flight at once only the first counts, or one hiccup would bring everything to a halt.
        """
        now = self._clock.now().timestamp()
        lane = self._lane(request, now)
        if self._shared is not None and sent_at >= lane.pace.slowed_at:
            lane.refused_at = sent_at
            lane.turns.clear()
        lane.pace = lane.pace.refused(sent_at, now)
        return lane.pace.bucket.wait(now)

    async def close(self) -> None:
        """Returns when nothing is asked of the shared pace any more."""
        asking = [lane.taking for lane in self._lanes.values() if lane.taking is not None]
        await asyncio.gather(*asking, return_exceptions=True)

    async def _shared_turn(self, request: Request, lane: _Lane, shared: SharedPace) -> float:
        lane.waiting += 1
        try:
            while True:
                oldest = self._clock.now().timestamp() - STALE
                while lane.turns and lane.turns[0] < oldest:
                    lane.turns.popleft()
                if lane.turns:
                    return lane.turns.popleft()
                taken = await self._taken(lane, shared)
                if not taken.moments:
                    raise self._too_long(request, lane.pace.rate, taken.wait)
        finally:
            lane.waiting -= 1

    async def _taken(self, lane: _Lane, shared: SharedPace) -> Slice:
        """Asks for as many turns as there are callers waiting; those who come while one asks wait for the answer."""
        if lane.taking is None:
            lane.taking = asyncio.create_task(self._take(lane, shared))
        # A caller that is cancelled leaves the question to the others.
        return await asyncio.shield(lane.taking)

    async def _take(self, lane: _Lane, shared: SharedPace) -> Slice:
        try:
            # Callers that were begun together come one after the other in this same moment: let them be counted.
            await asyncio.sleep(0)
            refused_at, lane.refused_at = lane.refused_at, None
            rate = lane.pace.rate
            want = max(lane.waiting, round(rate.count / rate.seconds * AHEAD))
            taken = await shared.take(rate, want, self._patience, refused_at)
            lane.turns.extend(taken.moments)
            return taken
        finally:
            lane.taking = None

    def _lane(self, request: Request, now: float) -> _Lane:
        rate = rate_for(request.method, request.path)
        lane = self._lanes.get(rate.bucket)
        if lane is None:
            lane = self._lanes[rate.bucket] = _Lane(Pace.fresh(rate, now))
        lane.pace = lane.pace.seen(now)
        return lane

    def _too_long(self, request: Request, rate: Rate, wait: float) -> RateLimited:
        back = self._clock.now() + timedelta(seconds=wait)
        per = {1: "second", 60: "minute", 3600: "hour"}.get(rate.seconds, f"{rate.seconds} seconds")
        return RateLimited(
            f"{request} would have to wait {wait:.0f} seconds: LINE allows {rate.count} a {per}",
            retry_after=wait,
            hint=f"Nothing was sent. Run the same command again after {back:%Y-%m-%d %H:%M:%S} UTC.",
        )
