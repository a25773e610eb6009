"""Outcomes on their way to the ledger: those that end together are written together, and no one waits longer for it.

One durable write takes a millisecond or more; a write for each of two thousand calls a second would be the slowest part
of a send. While one write is under way the next outcomes gather, and then share the next write.
"""

from __future__ import annotations

import asyncio

from lineform.ports.store import Settled
from lineform.run.options import Run


class Settling:
    """Records outcomes; every call returns once its own outcome is on the disk."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._gathered: list[tuple[Settled, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def __call__(self, outcome: Settled) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gathered.append((outcome, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await done

    async def _write(self) -> None:
        try:
            while self._gathered:
                batch, self._gathered = self._gathered, []
                try:
                    outcomes = [outcome for outcome, _ in batch]
                    await self._run.records(self._run.store.settle_all, outcomes, self._run.clock.now())
                except BaseException as error:  # noqa: BLE001 - it is raised where these outcomes are waited for
                    for _, done in batch:
                        if not done.done():
                            done.set_exception(error)
                else:
                    for _, done in batch:
                        if not done.done():
                            done.set_result(None)
        finally:
            self._writing = None
