"""A loop around the tick, for a machine that stays: it ends after the tick that it is in when it is asked to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from lineform.errors import LineformError
from lineform.ports.clock import Clock
from lineform.run.outcome import TickReport


@dataclass(frozen=True, slots=True)
class Failed:
    """A tick that could not be made at all; the next one is."""

    error: LineformError


async def work(
    one_tick: Callable[[], Awaitable[TickReport]], clock: Clock, stop: asyncio.Event, every: float = 30.0
) -> AsyncIterator[TickReport | Failed]:
    """Ticks every `every` seconds until `stop` is set, and yields what each did.

    An error that the user can act on is yielded and the loop goes on; a bug ends it.
    """
    while not stop.is_set():
        try:
            yield await one_tick()
        except LineformError as error:
            yield Failed(error)
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
