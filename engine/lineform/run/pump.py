"""Calls of one send, kept flowing: while some are under way, the next batches are claimed already.

A claim is durable, so it takes milliseconds; a call takes as long as the way to LINE. One after the other, a send would
spend most of its time waiting. So a few hundred callers share a queue that is filled before it runs dry.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lineform.ports.ledger import Batch, Send
from lineform.ports.line_account import LineFailure
from lineform.run.calling import Caller, End
from lineform.run.halt import GUARD, halted_by
from lineform.run.options import Run
from lineform.run.settling import Settling
from lineform.sending.retry import ASIDE, ASIDE_IN_A_ROW

FRIENDS_CLAIMED: Final = 50_000
"""About so many friends are claimed at once: a hundred multicasts, half a second at LINE's rate."""

LOOK_EVERY: Final = 0.2
"""Seconds after which it is looked again whether somebody halted the account: no call begins later than that."""

BEGUN: Final = 32
"""Callers that begin at once. Each answer lets one more begin, so that hundreds of connections are not opened in one
moment: their handshakes would hold up each other, and what the pace allowed meanwhile would be lost."""

_Ready = tuple[Batch, list[str]]


@dataclass(frozen=True, slots=True)
class Pumped:
    """What came of it: how calls ended, and why no more were made, empty where nothing was left to claim."""

    ends: frozenset[End]
    reason: str
    aside: int = 0
    """Calls that LINE refuses for now for their friends' sake, and that are made again later."""


async def pump(run: Run, send: Send) -> Pumped:
    """Claims and calls until nothing is left to claim or something speaks against going on; then every outcome is on
    the disk, and what was claimed and not called is given back.

    Raises Unauthorised where the token is no longer good.
    """
    flow = _Flow(run, send)
    try:
        reason = await flow.run()
    except asyncio.CancelledError:
        flow.cut_off()
        await flow.stop()
        await flow.write_down()
        raise
    except LineFailure:
        await flow.stop()
        await flow.write_down()
        raise
    finally:
        # Also where the way here was an error: no caller goes on in the dark.
        await flow.stop()
    await flow.write_down()
    return Pumped(frozenset(flow.ends), reason, flow.aside)


class _Flow:
    def __init__(self, run: Run, send: Send) -> None:
        self._run = run
        self._send = send
        self._settling = Settling(run)
        self._caller = Caller(run, self._settling, lambda: not self._stopped)
        calls = max(1, sum(send.batches.values()))
        friends_a_call = max(1, send.recipients // calls)
        self._most = run.options.concurrency
        self._wanted = min(BEGUN, self._most)
        self._size = max(1, min(self._most, FRIENDS_CLAIMED // friends_a_call))
        self._queue: deque[_Ready] = deque()
        self._callers: set[asyncio.Task[None]] = set()
        self._low = asyncio.Event()
        self._stopped = False
        self._why = ""
        self._watching: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None
        self._aside_in_a_row = 0
        self.aside = 0
        self.ends: set[End] = set()

    async def run(self) -> str:
        reason = ""
        while not self._stopped:
            if self._run.options.should_stop():
                reason = "this run was asked to end; the next one goes on"
                break
            await self._set_aside()
            reason, claimed = await self._run.records(self._claim)
            if reason:
                self._stopped = True
            if not claimed:
                break
            self._queue.extend(claimed)
            if self._watching is None:
                self._watching = asyncio.create_task(self._watch())
            self._begin_callers()
            await self._until_low()
        await self._until_done()
        return reason or self._why

    async def stop(self) -> None:
        """Ends every caller after the call that it is making."""
        self._stopped = True
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        if self._callers:
            await asyncio.wait(self._callers)

    def cut_off(self) -> None:
        """Ends every call in the middle; its intent stays open."""
        for task in self._callers:
            task.cancel()

    async def write_down(self) -> None:
        """Leaves nothing open but calls whose outcome is."""
        await self._settling.flush()
        await self._set_aside()
        back = [*self._caller.given_back, *(batch.id for batch, _ in self._queue)]
        if back:
            await self._run.records(self._run.store.release, back, self._run.clock.now())

    async def _watch(self) -> None:
        """Ends the flow where the account is halted, or no call may begin any more, while hundreds wait for their turn.
        In real seconds: a person presses the switch."""
        run = self._run
        try:
            while not self._stopped:
                await asyncio.sleep(LOOK_EVERY)
                if who := await run.records(halted_by, run.store, run.client.name, run.clock.now()):
                    self._why = _halted(who)
                elif run.options.closed():
                    self._why = "no call may begin at this hour; a later run goes on"
                if self._why:
                    self._stop()
        except Exception as failure:  # noqa: BLE001 - whoever cannot look goes no further, and raises it at the end
            self._failure = self._failure or failure
            self._stop()

    async def _set_aside(self) -> None:
        """Soon after the calls, whose leases would run out otherwise, as if nobody knew what came of them."""
        aside, self._caller.aside = self._caller.aside, []
        if aside:
            self.aside += len(aside)
            now = self._run.clock.now()
            await self._run.records(self._run.store.postpone, aside, now, now + ASIDE)

    def _claim(self) -> tuple[str, Sequence[_Ready]]:
        """In the store's thread: the kill switch, the next batches, and the LINE ids of their friends."""
        run, store = self._run, self._run.store
        if who := halted_by(store, run.client.name, run.clock.now()):
            return _halted(who), ()
        options = run.options
        batches = store.claim(self._send.id, options.worker, run.clock.now(), options.lease, self._size)
        ids = sorted({one for batch in batches for one in batch.friend_ids})
        people = store.line_ids(run.client.name, ids) if ids else {}
        return "", [(batch, [people[one] for one in batch.friend_ids if one in people]) for batch in batches]

    def _begin_callers(self) -> None:
        for _ in range(min(self._wanted - len(self._callers), len(self._queue))):
            self._begin_caller()

    def _begin_caller(self) -> None:
        task = asyncio.create_task(self._call())
        self._callers.add(task)
        task.add_done_callback(self._ended)

    async def _call(self) -> None:
        queue, call, size = self._queue, self._caller.call, self._size
        while queue and not self._stopped:
            batch, user_ids = queue.popleft()
            if len(queue) < size:
                self._low.set()
            end = await call(batch, user_ids)
            if end is End.SET_ASIDE and self._aside_in_a_row + 1 < ASIDE_IN_A_ROW:
                self._aside_in_a_row += 1
                continue
            if end is End.STOPPED:
                return
            if end is not End.SETTLED:
                self.ends.add(End.RATE_LIMITED if end is End.SET_ASIDE else end)
                self._stop()
                return
            self._aside_in_a_row = 0
            if self._wanted < self._most:
                self._wanted += 1
                if queue:
                    self._begin_caller()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._callers.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failure = self._failure or failure
            self._stop()
        if not self._callers:
            self._low.set()

    def _stop(self) -> None:
        self._stopped = True
        self._low.set()

    async def _until_low(self) -> None:
        if len(self._queue) >= self._size:
            self._low.clear()
            await self._low.wait()

    async def _until_done(self) -> None:
        while self._callers or (self._queue and not self._stopped):
            # Callers may have found an empty queue in the moment in which it was filled: they ended, and looked busy.
            self._begin_callers()
            await asyncio.wait(self._callers)
        if self._failure is not None:
            raise self._failure


def _halted(who: str) -> str:
    return f"{GUARD}: sending was halted by {who}"
