"""A loop around the tick, for a machine that stays. Asked to end, it ends with the calls that are under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from lineform.ports.clock import Clock

T = TypeVar("T")


async def work(
    one_turn: Callable[[], Awaitable[T]], clock: Clock, stop: asyncio.Event, every: float
) -> AsyncIterator[T]:
    """Makes a turn every `every` seconds until `stop` is set, and yields what each made.

    A turn that hands `stop.is_set` to its ticks (`TickOptions.should_stop`) ends early as well.
    """
    while not stop.is_set():
        yield await one_turn()
        if not stop.is_set():
            await _pause(clock, stop, every)


async def _pause(clock: Clock, stop: asyncio.Event, seconds: float) -> None:
    waiting = {asyncio.ensure_future(stop.wait()), asyncio.ensure_future(clock.sleep(seconds))}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
