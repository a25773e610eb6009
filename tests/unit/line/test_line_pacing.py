"""Pacing under LINE's rates, on a clock that costs no time."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.line.exchange import Request
from lineform.line.pacing import Pacer
from lineform.lineapi.pace import Pace, Slice
from lineform.lineapi.rates import Rate, rate_for
from lineform.ports.line_account import RateLimited
from lineform.wiring.clock import SettableClock
from support.line_stub import NOON

PUSH = Request("POST", "/v2/bot/message/push")
MULTICAST = Request("POST", "/v2/bot/message/multicast")
CREATE = Request("POST", "/v2/bot/richmenu")
BATCH = Request("POST", "/v2/bot/richmenu/batch")
LIST = Request("GET", "/v2/bot/richmenu/list")


def moments(request: Request, count: int, *, patience: float = 60.0) -> list[float]:
    """When so many requests, asked for one after another, may go out: seconds after the first."""

    async def main() -> list[float]:
        pacer = Pacer(SettableClock(NOON), patience)
        return [await pacer.turn(request) - NOON.timestamp() for _ in range(count)]

    return asyncio.run(main())


@given(st.sampled_from([PUSH, MULTICAST, LIST]), st.integers(1, 3000))
def test_no_second_holds_more_than_the_rate_and_its_burst(request_: Request, count: int) -> None:
    times = moments(request_, count)
    rate = rate_for(request_.method, request_.path).count
    burst = max(1.0, rate / 10)
    for start in range(0, count, max(1, count // 20)):
        inside = sum(times[start] <= moment < times[start] + 1.0 for moment in times)
        assert inside <= rate + burst + 1


def test_whoever_waits_goes_out_with_the_others_of_the_same_hundredth_of_a_second() -> None:
    """Twenty wake-ups a hundredth would cost more than twenty calls; LINE counts by the second."""
    times = moments(PUSH, 400)
    assert times[:200] == [0.0] * 200
    waited = [round(moment * 100, 3) for moment in times[200:]]
    assert waited == [float(number // 20 + 1) for number in range(200)]


def test_multicast_is_paced_at_two_hundred_a_second() -> None:
    assert moments(MULTICAST, 1020)[-1] == pytest.approx(5.0, abs=0.01)


def test_a_limit_by_the_hour_may_be_used_whole_at_once() -> None:
    assert moments(CREATE, 100) == [0.0] * 100


def test_a_wait_beyond_patience_is_refused_with_the_time_to_come_back() -> None:
    with pytest.raises(RateLimited) as caught:
        moments(BATCH, 4)
    assert caught.value.retry_after == pytest.approx(1200)
    assert caught.value.status == 0
    assert str(caught.value) == "POST /v2/bot/richmenu/batch would have to wait 1200 seconds: LINE allows 3 a hour"
    assert "2026-12-01 12:20:00 UTC" in caught.value.hint


def test_a_refused_turn_takes_no_place_in_the_queue() -> None:
    async def main() -> float:
        clock = SettableClock(NOON)
        pacer = Pacer(clock, 60.0)
        for _ in range(3):
            await pacer.turn(BATCH)
        for _ in range(5):
            with pytest.raises(RateLimited):
                await pacer.turn(BATCH)
        clock.set(NOON + timedelta(minutes=20))
        return await pacer.turn(BATCH)

    assert asyncio.run(main()) == (NOON + timedelta(minutes=20)).timestamp()


def test_a_patient_caller_waits() -> None:
    assert moments(BATCH, 4, patience=3600)[-1] == pytest.approx(1200)


def test_ids_share_a_bucket_and_methods_do_not() -> None:
    async def main() -> list[float]:
        pacer = Pacer(SettableClock(NOON), 3600.0)
        for number in range(100):
            await pacer.turn(Request("DELETE", f"/v2/bot/richmenu/richmenu-{number}"))
        other = await pacer.turn(Request("GET", "/v2/bot/richmenu/richmenu-1"))
        return [other - NOON.timestamp(), await pacer.turn(Request("DELETE", "/v2/bot/richmenu/r")) - NOON.timestamp()]

    assert asyncio.run(main()) == pytest.approx([0.0, 36.0])


def test_429_empties_the_bucket_and_halves_the_speed_until_it_was_calm() -> None:
    async def main() -> tuple[float, float, float]:
        clock = SettableClock(NOON)
        pacer = Pacer(clock, 60.0)
        sent = await pacer.turn(MULTICAST)
        wait = pacer.refused(MULTICAST, sent)
        start = clock.now().timestamp()
        for _ in range(100):
            slow = await pacer.turn(MULTICAST) - start
        clock.set(clock.now() + timedelta(seconds=10))
        await pacer.turn(MULTICAST)
        start = clock.now().timestamp()
        for _ in range(219):
            fast = await pacer.turn(MULTICAST) - start
        return wait, slow, fast

    wait, slow, fast = asyncio.run(main())
    assert wait == pytest.approx(0.01)
    assert slow == pytest.approx(1.0)
    assert fast == pytest.approx(1.0)


def test_many_429_of_requests_in_flight_together_slow_down_once() -> None:
    async def main() -> float:
        clock = SettableClock(NOON)
        pacer = Pacer(clock, 60.0)
        sent = [await pacer.turn(MULTICAST) for _ in range(20)]
        clock.set(NOON + timedelta(seconds=1))
        return [pacer.refused(MULTICAST, moment) for moment in sent][-1]

    assert asyncio.run(main()) == pytest.approx(0.01)


def test_speed_never_falls_below_a_sixteenth() -> None:
    async def main() -> float:
        pacer = Pacer(SettableClock(NOON), 60.0)
        for _ in range(20):
            wait = pacer.refused(LIST, await pacer.turn(LIST))
        return wait

    assert asyncio.run(main()) == pytest.approx(1.6)


class BackwardClock(SettableClock):
    """A machine's clock that somebody sets back."""

    def set_back(self, seconds: float) -> None:
        self._now -= timedelta(seconds=seconds)


def test_a_clock_that_was_set_back_holds_nobody_up() -> None:
    async def main() -> None:
        clock = BackwardClock(NOON)
        pacer = Pacer(clock, 1.0)
        for _ in range(30):
            await pacer.turn(LIST)
        clock.set_back(3600)
        for _ in range(100):
            await pacer.turn(LIST)

    asyncio.run(main())


class OnePace:
    """A pace that several pacers share, kept in memory; counts how often it is asked."""

    def __init__(self, clock: SettableClock) -> None:
        self.clock, self.asked = clock, 0
        self.paces: dict[str, Pace] = {}

    async def take(self, rate: Rate, want: int, patience: float, refused_at: float | None) -> Slice:
        self.asked += 1
        await asyncio.sleep(0)
        now = self.clock.now().timestamp()
        pace = self.paces.get(rate.bucket, Pace.fresh(rate, now)).seen(now)
        if refused_at is not None:
            pace = pace.refused(refused_at, now)
        self.paces[rate.bucket], taken = pace.take(want, patience, now)
        return taken


@given(st.lists(st.integers(1, 120), min_size=1, max_size=6), st.integers(1, 4))
def test_workers_that_share_a_pace_keep_the_limit_together(bursts: list[int], workers: int) -> None:
    async def main() -> list[float]:
        clock = SettableClock(NOON)
        shared = OnePace(clock)
        pacers = [Pacer(clock, 60.0, shared) for _ in range(workers)]
        times: list[float] = []
        for burst in bursts:
            times += await asyncio.gather(*(pacer.turn(MULTICAST) for pacer in pacers for _ in range(burst)))
        for pacer in pacers:
            await pacer.close()
        return sorted(moment - NOON.timestamp() for moment in times)

    times = asyncio.run(main())
    for start in times:
        inside = bisect_left(times, start + 1.0) - bisect_left(times, start)
        assert inside <= 200 + 20 + 1


def test_many_callers_ask_for_their_turns_together() -> None:
    async def main() -> int:
        clock = SettableClock(NOON)
        shared = OnePace(clock)
        pacer = Pacer(clock, 60.0, shared)
        await asyncio.gather(*(pacer.turn(PUSH) for _ in range(400)))
        return shared.asked

    assert asyncio.run(main()) <= 3


def test_a_429_of_one_worker_slows_the_other() -> None:
    async def main() -> tuple[float, float]:
        clock = SettableClock(NOON)
        shared = OnePace(clock)
        one, other = Pacer(clock, 60.0, shared), Pacer(clock, 60.0, shared)
        sent = await one.turn(MULTICAST)
        one.refused(MULTICAST, sent)
        await one.turn(MULTICAST)
        start = clock.now().timestamp()
        times = [await other.turn(MULTICAST) - start for _ in range(50)]
        return times[0], times[-1]

    first, last = asyncio.run(main())
    # The one has taken four turns ahead, which are further apart now.
    assert first == pytest.approx(0.04, abs=1e-3)
    assert last == pytest.approx(0.53, abs=0.02)


def test_a_caller_takes_some_turns_ahead_and_leaves_them_to_the_next() -> None:
    """Each question is a transaction: one for each of 2,000 calls a second would cost more than the calls."""

    async def main() -> int:
        clock = SettableClock(NOON)
        shared = OnePace(clock)
        pacer = Pacer(clock, 60.0, shared)
        for _ in range(400):
            await pacer.turn(PUSH)
        return shared.asked

    assert asyncio.run(main()) == 10


def test_turns_that_nobody_used_are_no_burst_later() -> None:
    async def main() -> int:
        clock = SettableClock(NOON)
        shared = OnePace(clock)
        pacer = Pacer(clock, 60.0, shared)
        callers = [asyncio.create_task(pacer.turn(MULTICAST)) for _ in range(60)]
        await asyncio.sleep(0)
        for caller in callers[1:]:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        clock.set(NOON + timedelta(minutes=5))
        start = clock.now().timestamp()
        return sum([await pacer.turn(MULTICAST) <= start for _ in range(60)])

    assert asyncio.run(main()) == 20


def test_a_shared_wait_beyond_patience_is_refused_with_the_time_to_come_back() -> None:
    async def main() -> RateLimited:
        clock = SettableClock(NOON)
        pacer = Pacer(clock, 60.0, OnePace(clock))
        for _ in range(3):
            await pacer.turn(BATCH)
        with pytest.raises(RateLimited) as caught:
            await pacer.turn(BATCH)
        return caught.value

    assert asyncio.run(main()).retry_after == pytest.approx(1200)
