"""The three clocks."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from lineform.wiring.clock import SettableClock, StartedClock, SystemClock

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
TOKYO = timezone(timedelta(hours=9))


def test_the_machines_clock_is_in_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_a_started_clock_goes_on_from_its_moment() -> None:
    clock = StartedClock(datetime(2026, 12, 1, 21, tzinfo=TOKYO))
    asyncio.run(clock.sleep(0.02))
    assert NOON + timedelta(seconds=0.02) <= clock.now() < NOON + timedelta(seconds=5)
    assert clock.now().tzinfo is UTC


def test_a_settable_clock_stands_still_and_sleeps_without_time() -> None:
    clock = SettableClock(NOON)
    began = time.monotonic()
    asyncio.run(clock.sleep(86_400))
    assert clock.now() == NOON + timedelta(days=1)
    assert time.monotonic() - began < 5


def test_two_sleepers_sleep_side_by_side() -> None:
    clock = SettableClock(NOON)

    async def main() -> None:
        await asyncio.gather(clock.sleep(60), clock.sleep(90))

    asyncio.run(main())
    assert clock.now() == NOON + timedelta(seconds=90)


def test_time_does_not_go_back() -> None:
    clock = SettableClock(NOON)
    with pytest.raises(ValueError, match="does not go back"):
        clock.set(NOON - timedelta(seconds=1))


@pytest.mark.parametrize("clock", [StartedClock, SettableClock])
def test_a_moment_without_a_time_zone_is_refused(clock: type) -> None:
    with pytest.raises(ValueError, match="time zone"):
        clock(datetime(2026, 12, 1))  # noqa: DTZ001 - that is the point
