"""What goes on beside the answers: each client's events are worked on as they come, and its ticks happen in turn.

Each client has loops of its own, so that one whose token was revoked, or whose campaign takes an hour, holds up nobody
else. Whatever ends a turn badly is told and tried again after a pause; it never ends the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from lineform.errors import CredentialError, LineformError
from lineform.ports.clock import Clock
from lineform.ports.line_account import LineFailure
from lineform.ports.outside import Outside
from lineform.ports.store import Store
from lineform.run.halt import halted_by
from lineform.run.options import Records, Run, TickOptions
from lineform.run.outcome import Outcome, TickReport
from lineform.run.tick import Also, check_bot, tick
from lineform.scenarios.happening import Happening
from lineform.serve.doors import NotNow
from lineform.serve.failing import failure_of
from lineform.serve.logs import log, warn
from lineform.serve.metrics import Metrics
from lineform.serve.options import Served, ServeOptions
from lineform.serve.telling import tell_once
from lineform.serve.watching import Watcher
from lineform.serve.working import Following, free_the_dead, work_once

IDLE = 1.0
"""Seconds until the inbox is looked into without being called: another process may have kept something."""
LONGEST_PAUSE = 60.0


@dataclass(slots=True)
class _Loops:
    """One client's."""

    served: Served
    records: Records
    came: asyncio.Event = field(default_factory=asyncio.Event)
    sure: bool = False
    """Whether the token is known to be of the pinned bot: until then everything waits, and nothing goes out."""


class Turning:
    """The loops of every client. Used with ``async with``: leaving it ends them after what is under way."""

    def __init__(
        self,
        served: Mapping[str, Served],
        store: Store,
        clock: Clock,
        outside: Outside,
        metrics: Metrics,
        options: ServeOptions,
        following: Following,
        also: Sequence[Also] = (),
        ping: Callable[[str], Awaitable[None]] | None = None,
        gone: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._loops = {name: _Loops(one, Records(store)) for name, one in served.items()}
        self._clock = clock
        self._outside = outside
        self._metrics = metrics
        self._options = options
        self._following = following
        self._also = also
        self._ping = ping
        self._gone = gone
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def came(self, name: str) -> None:
        """Something of this client was kept: its worker need not wait to look. Links lead on for those as well who are
        not served: what was kept of them waits."""
        if (loops := self._loops.get(name)) is not None:
            loops.came.set()

    async def live(self, name: str, happening: Happening) -> None:
        """What follows from something that happened on a page: at once, for somebody waits for it. Raises `NotNow`
        where nothing may go out; nothing came of it then."""
        try:
            await self._make_sure(self._loops[name])
        except (LineFailure, CredentialError) as error:
            raise NotNow(error.message) from error
        await self._following.live(self._run(self._loops[name]), [happening])

    @property
    def alive(self) -> bool:
        """Whether every loop goes on."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    async def __aenter__(self) -> Turning:  # noqa: PYI034 - nobody derives from it
        for loops in self._loops.values():
            name = loops.served.name
            self._tasks.append(asyncio.create_task(self._forever(loops, self._work, "working"), name=f"work {name}"))
            self._tasks.append(asyncio.create_task(self._forever(loops, self._turn, "tick"), name=f"tick {name}"))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        for loops in self._loops.values():
            loops.came.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for loops in self._loops.values():
            loops.records.close()

    # A turn tells how long to rest after it; less than nothing where no arrival is to end the rest.
    async def _forever(self, loops: _Loops, turn: Callable[[_Loops], Awaitable[float]], what: str) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                pause = await turn(loops)
                failures = 0
            except Exception as error:  # noqa: BLE001 - a loop that ends would go unseen; what it was is told
                failures += 1
                self._tell(loops, what, error)
                pause = min(LONGEST_PAUSE, 2.0**failures)
            if pause and not self._stop.is_set():
                await self._rest(loops, abs(pause), wake=what == "working" and not failures and pause > 0)

    def _tell(self, loops: _Loops, what: str, error: Exception) -> None:
        if what == "tick":
            self._metrics.tick_failures.labels(loops.served.name).inc()
        reason = error.message if isinstance(error, LineformError) else failure_of(error)
        warn(f"{what} failed", client=loops.served.name, reason=reason)

    async def _rest(self, loops: _Loops, seconds: float, *, wake: bool) -> None:
        """Waits until the time is over, the server stops or (`wake`) something came."""
        waiting = [asyncio.ensure_future(self._stop.wait()), asyncio.ensure_future(self._clock.sleep(seconds))]
        if wake:
            waiting.append(asyncio.ensure_future(loops.came.wait()))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*waiting, return_exceptions=True)

    def _run(self, loops: _Loops) -> Run:
        keys = loops.served.link_keys
        options = TickOptions(actor=self._options.actor, should_stop=self._stop.is_set, link_keys=keys)
        return Run(loops.served.client, loops.served.account, loops.records, self._clock, options)

    async def _make_sure(self, loops: _Loops) -> None:
        """Raises as `check_bot` does until the bot is known, and costs nothing from then on."""
        if not loops.sure:
            await check_bot(self._run(loops))
            loops.sure = True
            loops.came.set()

    async def _work(self, loops: _Loops) -> float:
        loops.came.clear()
        if not loops.sure:
            return IDLE  # the tick asks, tells what came of it, and wakes this
        worked = await work_once(self._run(loops), self._following, self._options.working, Watcher(self._metrics))
        if worked is None:
            return -IDLE  # halted: whatever comes changes nothing
        return 0.0 if worked else IDLE

    async def _turn(self, loops: _Loops) -> float:
        """A tick: sends and steps that are due, items and systems that are to be told, what is too old to keep."""
        run, name = self._run(loops), loops.served.name
        await self._make_sure(loops)
        await free_the_dead(run, self._gone)
        report = await tick(loops.served.client, loops.served.account, run.store, self._clock, run.options, self._also)
        _tell_report(report)
        await tell_once(run, loops.served.hooks, self._outside, Watcher(self._metrics))
        before = self._clock.now() - self._options.keep_raw
        await run.records(run.store.forget_received, name, before)
        await run.records(run.store.forget_calls, name, before)
        self._metrics.ticked(name)
        await self.look(name)
        if self._ping is not None:
            await self._ping(name)
        return self._options.every

    async def look(self, name: str) -> None:
        """Brings the figures of one client up to date."""
        records = self._loops[name].records
        inbox = await records(records.store.inbox_level, name)
        outbox = await records(records.store.outbox_level, name)
        halted = bool(await records(halted_by, records.store, name, self._clock.now()))
        self._metrics.levels(name, inbox, outbox, halted=halted)

    async def look_at_all(self) -> None:
        for name in self._loops:
            await self.look(name)


def _tell_report(report: TickReport) -> None:
    for entry in report.entries:
        if entry.outcome is not Outcome.WAITING:
            log("tick", client=report.client, address=entry.address, occurrence=entry.key, outcome=entry.outcome.value)
