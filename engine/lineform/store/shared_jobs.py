"""Jobs of all workers that share a PostgreSQL store, spread by procrastinate: https://procrastinate.readthedocs.io.

Its tables, its wake-ups (LISTEN and NOTIFY), its heartbeats and its locks; decision 9 tells why. Nothing here knows
whether a message was sent: the ledger does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

import procrastinate
import sqlalchemy as sa
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.schema import SchemaManager
from sqlalchemy import URL, Connection, Engine

from lineform.ports.jobs import Do, Job, Task
from lineform.store.failures import StoreUnusable

HEARTBEAT: Final = 5.0
LOST_AFTER: Final = 20.0
"""Seconds without a heartbeat after which a worker's jobs are given to others."""
_LOCK = 0x6C666A6F6273  # "lfjobs": the advisory lock under which procrastinate's tables are made


class SharedJobs:
    """Implements `lineform.ports.jobs.Jobs`. Use it with ``async with``; `migrate_jobs` comes first."""

    def __init__(self, url: URL) -> None:
        conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        # Prepared statements and a pooler such as pgbouncer do not go together.
        settings = {"prepare_threshold": None, "application_name": "lineform worker"}
        self._app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=conninfo, kwargs=settings, min_size=2, max_size=8)
        )
        self._do: Do | None = None
        self._failure: BaseException | None = None
        self._failed = asyncio.Event()
        self._task = self._app.task(name="lineform")(self._run)
        self._closing = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._closing.enter_async_context(self._app.open_async())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._closing.aclose()

    async def put(self, job: Job) -> None:
        """Has the job done by whoever is free; they are woken."""
        told = {"task": job.task.value, "client": job.client, "address": job.address, "key": job.key, "part": job.part}
        waiting = self._task.configure(queue=_queue(job.client), lock=job.name, queueing_lock=job.name)
        with contextlib.suppress(AlreadyEnqueued):
            await waiting.defer_async(**told)

    async def work(self, clients: Sequence[str], do: Do, every: int, at_once: int, stop: asyncio.Event) -> None:
        """Does jobs of these clients until `stop` is set or a job raises, which is raised here."""
        self._do = do
        for client in clients:
            self._tick_every(client, every)
        worker = asyncio.create_task(
            self._app.run_worker_async(
                queues=[_queue(client) for client in clients],
                concurrency=at_once,
                delete_jobs="always",
                install_signal_handlers=False,
                update_heartbeat_interval=HEARTBEAT,
                stalled_worker_timeout=LOST_AFTER,
            )
        )
        recovering = asyncio.create_task(self._recover())
        ends = [asyncio.create_task(stop.wait()), asyncio.create_task(self._failed.wait())]
        try:
            # A worker that ends by itself has lost its database.
            await asyncio.wait({worker, recovering, *ends}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped_itself = worker.done()
            worker.cancel()  # it lets its jobs end
            for task in (recovering, *ends):
                task.cancel()
            results = await asyncio.gather(worker, recovering, *ends, return_exceptions=True)
        if self._failure is not None:
            raise self._failure
        for result in results:
            if isinstance(result, Exception):
                raise result
        if stopped_itself:
            raise StoreUnusable("the database does not answer any more", hint="start the worker again when it does")

    def _tick_every(self, client: str, every: int) -> None:
        """A task for each client: procrastinate puts it in once for each moment, for all workers together."""
        cron = f"* * * * * */{every}" if every < 60 else f"*/{every // 60} * * * *"
        name = f"lineform.tick.{client}"

        async def beat(timestamp: int) -> None:
            await self._guarded(Job(Task.TICK, client))

        lock = Job(Task.TICK, client).name
        task = self._app.task(name=name, queue=_queue(client), lock=lock, queueing_lock=lock)(beat)
        self._app.periodic(cron=cron, periodic_id=client)(task)

    async def _run(self, task: str, client: str, address: str, key: str, part: int) -> None:
        await self._guarded(Job(Task(task), client, address, key, part))

    async def _guarded(self, job: Job) -> None:
        assert self._do is not None  # noqa: S101 - jobs are run by `work` alone
        try:
            await self._do(job)
        except Exception as error:
            self._failure = self._failure or error
            self._failed.set()
            raise

    async def _recover(self) -> None:
        """Gives the jobs of workers that are gone to others, again and again."""
        manager = self._app.job_manager
        while True:
            for job in await manager.get_stalled_jobs(seconds_since_heartbeat=LOST_AFTER):
                await manager.retry_job(job)
            await asyncio.sleep(HEARTBEAT)


def _queue(client: str) -> str:
    return f"lineform/{client}"


def migrate_jobs(engine: Engine) -> None:
    """Makes procrastinate's tables, or brings them to the installed version: forward only, each step once, under a
    lock.

    Raises `StoreUnusable` where a newer version was there already.
    """
    steps = sorted(path.name for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    with engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        connection.execute(sa.text("CREATE TABLE IF NOT EXISTS lineform_jobs_schema (step TEXT PRIMARY KEY)"))
        done = set(connection.execute(sa.text("SELECT step FROM lineform_jobs_schema")).scalars())
        if unknown := sorted(done - set(steps)):
            raise StoreUnusable(
                f"the workers' tables were made by a newer version: this one does not know {unknown[0]}",
                hint="install that version wherever this store is used",
            )
        if not done:
            _run_script(connection, SchemaManager.get_schema())
        else:
            for step in (one for one in steps if one not in done):
                _run_script(connection, (Path(SchemaManager.get_migrations_path()) / step).read_text(encoding="utf-8"))
        missing = [{"step": step} for step in steps if step not in done]
        if missing:
            connection.execute(sa.text("INSERT INTO lineform_jobs_schema (step) VALUES (:step)"), missing)


def _run_script(connection: Connection, script: str) -> None:
    cursor: Any = connection.connection.cursor()
    with cursor:
        cursor.execute(script)
