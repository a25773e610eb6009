"""The deliveries of one tick, side by side: a send to millions keeps no other one waiting.

What is decided and frozen is so one after the other; the calls of all sends then share the pace of the account, whose
queue is fair: each caller waits for its turn behind those who came before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from lineform.ports.ledger import Send
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry
from lineform.run.telling import delivered
from lineform.sending.quiet import Quiet

AT_ONCE: Final = 32
"""Sends that are delivered at once; each keeps a few hundred claimed batches in memory."""


class Crew:
    """Entries of a tick in their order, some of them still being worked for."""

    def __init__(self) -> None:
        self._told: list[TickEntry | asyncio.Task[TickEntry]] = []
        self._places = asyncio.Semaphore(AT_ONCE)

    def tell(self, entry: TickEntry) -> None:
        """An entry that is known already."""
        self._told.append(entry)

    async def deliver(self, run: Run, send: Send, why: str = "", quiet: Quiet | None = None) -> None:
        """Has a frozen or accepted send delivered: beside others in this process, or by whoever takes the job."""
        hand_over = run.options.hand_over
        if hand_over is None:
            await self.work(partial(delivered, run, send, why, quiet))
            return
        await hand_over(send)
        calls = sum(send.batches.values())
        self.tell(TickEntry(send.address, send.key, Outcome.HANDED_OVER, send.recipients, calls=calls, why=why))

    async def work(self, making: Callable[[], Awaitable[TickEntry]]) -> None:
        """Has an entry made beside the others."""
        self._told.append(asyncio.create_task(self._place(making)))

    async def _place(self, making: Callable[[], Awaitable[TickEntry]]) -> TickEntry:
        async with self._places:
            return await making()

    async def entries(self) -> tuple[TickEntry, ...]:
        """All of them, when all work is done. Raises what was raised first, when nothing is under way any more."""
        tasks = self._tasks()
        if tasks:
            await asyncio.wait(tasks)
        return tuple([one if isinstance(one, TickEntry) else one.result() for one in self._told])

    async def leave(self) -> None:
        """Ends what is still under way; its calls are left to the next run."""
        tasks = self._tasks()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _tasks(self) -> list[asyncio.Task[TickEntry]]:
        return [one for one in self._told if isinstance(one, asyncio.Task)]
