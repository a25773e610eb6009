"""Outcomes on their way to the ledger."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from lineform.ports.ledger import Settled
from lineform.run.settling import GATHER, Settling
from lineform.sending.status import BatchStatus


class _Slow:
    """A store's thread that takes its time, and keeps what it was told."""

    def __init__(self) -> None:
        self.written: list[list[int]] = []

    async def __call__(self, method: Any, outcomes: list[Settled], now: Any) -> None:
        await asyncio.sleep(GATHER)
        self.written.append([one.batch_id for one in outcomes])


def test_nothing_is_written_after_a_flush_that_met_a_write() -> None:
    records = _Slow()
    run: Any = SimpleNamespace(
        records=records, store=SimpleNamespace(settle_all=None), clock=SimpleNamespace(now=lambda: None)
    )

    async def main() -> None:
        settling = Settling(run)
        settling.add(Settled(1, BatchStatus.ACCEPTED))
        await asyncio.sleep(1.5 * GATHER)
        settling.add(Settled(2, BatchStatus.ACCEPTED))
        await settling.flush()
        assert records.written == [[1], [2]]
        await asyncio.sleep(3 * GATHER)

    asyncio.run(main())
    assert records.written == [[1], [2]]
