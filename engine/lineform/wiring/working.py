"""A worker: the jobs of some clients, done on what a session has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from lineform.errors import LineformError, UsageError
from lineform.line.account import HttpLineAccount
from lineform.model.project import Client
from lineform.ports.jobs import Job, Jobs, Task
from lineform.ports.ledger import Send
from lineform.run.helping import deliver_one
from lineform.run.local_jobs import LocalJobs
from lineform.run.options import TickOptions
from lineform.run.outcome import Outcome, TickReport
from lineform.run.tick import tick
from lineform.store.failures import StoreUnavailable
from lineform.store.open import SqlStore
from lineform.wiring.failing import Fail, at_client
from lineform.wiring.hooks import hooks_of
from lineform.wiring.links import link_keys
from lineform.wiring.session import Session
from lineform.wiring.ticking import also_without_server

SLICE: Final = 60.0
"""Seconds for which a job delivers one send before it makes room for others and waits in line again."""
HELPERS: Final = 4
"""At most so many workers deliver one send at once."""
CALLS_A_HELPER: Final = 200
"""A send with fewer calls than this needs no help."""

Tell = Callable[[TickReport], None]


@asynccontextmanager
async def jobs_of(session: Session, say: Callable[[str], None]) -> AsyncIterator[Jobs]:
    """Where the jobs of this session's store wait: with the other workers, or in this process alone. `say` is told when
    a database that others share is waited for, and when it goes on."""
    store = session.store
    if not store.shared:
        yield LocalJobs(session.clock)
        return
    assert isinstance(store, SqlStore)  # noqa: S101 - the only store there is
    try:
        # An extra, which other verbs do without.
        from lineform.store.shared_jobs import SharedJobs, migrate_jobs  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        raise UsageError(
            "workers that share a store need procrastinate", hint="pip install 'lineform[postgresql]'"
        ) from missing
    migrate_jobs(store.engine)
    async with SharedJobs(store.engine.url, say) as jobs:
        yield jobs


class Worker:
    """Does jobs until it is told to stop; a client's failure is told and stays its own."""

    def __init__(self, session: Session, jobs: Jobs, stop: asyncio.Event, tell: Tell, fail: Fail) -> None:
        self._session = session
        self._jobs = jobs
        self._stop = stop
        self._tell = tell
        self._fail = fail
        self._accounts: dict[str, HttpLineAccount] = {}

    async def work(self, every: int, at_once: int) -> None:
        """Raises StoreUnusable where a newer version has migrated the store: nothing is begun then."""
        try:
            await self._jobs.work(list(self._session.project.clients), self._do, every, at_once, self._stop)
        finally:
            for account in self._accounts.values():
                await account.close()

    async def _do(self, job: Job) -> None:
        client = self._session.project.clients[job.client]
        try:
            # Before every job: a newer version may have migrated since, and what it means by a row is not known here.
            await asyncio.to_thread(self._session.store.migrate)
        except StoreUnavailable as error:
            self._fail(client.name, error)
            return
        try:
            with at_client(client):
                if job.task is Task.TICK:
                    self._tell(await self._tick(client))
                else:
                    await self._deliver(client, job)
        except LineformError as error:
            self._fail(client.name, error)

    async def _tick(self, client: Client) -> TickReport:
        settings = self._session.settings
        also = also_without_server(hooks_of(client, settings))

        async def hand_over(send: Send) -> None:
            calls = sum(send.batches.values())
            for part in range(max(1, min(HELPERS, calls // CALLS_A_HELPER))):
                await self._jobs.put(Job(Task.DELIVER, client.name, send.address, send.key, part))

        options = TickOptions(
            actor=settings.actor or "lineform worker",
            should_stop=self._stop.is_set,
            hand_over=hand_over,
            link_keys=link_keys(client.spec, settings),
        )
        return await tick(client, self._account(client), self._session.store, self._session.clock, options, also)

    async def _deliver(self, client: Client, job: Job) -> None:
        until = time.monotonic() + SLICE
        options = TickOptions(
            actor=self._session.settings.actor or "lineform worker",
            should_stop=lambda: self._stop.is_set() or time.monotonic() > until,
            link_keys=link_keys(client.spec, self._session.settings),
            patience=SLICE,
        )
        account, store, clock = self._account(client), self._session.store, self._session.clock
        report = await deliver_one(client, account, store, clock, job.address, job.key, options)
        if any(entry.outcome is Outcome.UNFINISHED for entry in report.entries) and time.monotonic() > until:
            await self._jobs.put(job)
        elif report.entries:
            self._tell(report)

    def _account(self, client: Client) -> HttpLineAccount:
        """One for all jobs of a client: they share its connections, and in this process its pace."""
        if client.name not in self._accounts:
            self._accounts[client.name] = self._session.sending_account(client)
        return self._accounts[client.name]
