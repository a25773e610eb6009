"""Outcomes on their way to the ledger: gathered for a moment and written together.

One durable write takes a millisecond or more; a write for each of two thousand calls a second would be the slowest part
of a send. An outcome that a crash loses on this way is learned again: the intent is on the disk, and LINE answers the
same retry key with 409.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from lineform.ports.ledger import Settled
from lineform.run.options import Run

GATHER: Final = 0.05
"""Seconds for which outcomes gather before they are written; `flush` does not wait for them."""


class Settling:
    """Writes outcomes behind the calls. What goes wrong is raised by the next use of it, `flush` at the latest."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._gathered: list[Settled] = []
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def add(self, outcome: Settled) -> None:
        """Takes an outcome; it will be on the disk soon."""
        self._raise_failed()
        self._gathered.append(outcome)
        if self._timer is None and self._writing is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER, self._begin)

    async def flush(self) -> None:
        """Returns when everything is on the disk."""
        self._raise_failed()
        self._stop_timer()
        while self._gathered or self._writing is not None:
            if self._writing is None:
                self._begin()
            if self._writing is not None:
                await asyncio.wait([self._writing])
            self._raise_failed()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin(self) -> None:
        # Also where a flush was first: a timer that is left would write nothing, after the store is closed.
        self._stop_timer()
        batch, self._gathered = self._gathered, []
        self._writing = asyncio.create_task(self._write(batch))

    async def _write(self, batch: Sequence[Settled]) -> None:
        await self._run.records(self._run.store.settle_all, batch, self._run.clock.now())
        self._writing = None
        if self._gathered and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER, self._begin)

    def _raise_failed(self) -> None:
        if self._writing is not None and self._writing.done():
            # Only one that failed is left here when it is done.
            self._writing.result()
