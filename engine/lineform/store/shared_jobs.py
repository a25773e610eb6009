"""Jobs of all workers that share a PostgreSQL store, spread by procrastinate: https://procrastinate.readthedocs.io.

Its tables, its wake-ups (LISTEN and NOTIFY), its heartbeats and its locks; decision 9 tells why. Nothing here knows
whether a message was sent: the ledger does. So a job may be taken from a worker that is silent though it still lives:
when it comes back and goes on, the ledger keeps the two from sending twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self

import procrastinate
import psycopg
import sqlalchemy as sa
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job as Row
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from procrastinate.schema import SchemaManager
from sqlalchemy import URL, Connection, Engine

from lineform.ports.jobs import Do, Job, Task
from lineform.store.failures import StoreUnavailable, StoreUnusable, translate

HEARTBEAT: Final = 5.0
LOST_AFTER: Final = 20.0
"""Seconds without a heartbeat after which a worker's jobs are given to others."""
PATIENCE: Final = 60.0
"""Seconds for which a worker tries to work again after it has lost its database: a server's restart takes less."""
_PAUSE: Final = 1.0
_ANSWER: Final = 10.0
"""Seconds for which a query waits for a connection; less than LOST_AFTER."""
_LOCK = 0x6C666A6F6273  # "lfjobs": the advisory lock under which procrastinate's tables are made
_GIVE_BACK: Final = """
WITH silent AS (
    DELETE FROM procrastinate_jobs WHERE id IN (
        SELECT job.id FROM procrastinate_jobs AS job
        LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
        WHERE job.status = 'doing' AND job.queue_name = ANY(%(queues)s::varchar[])
        AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => %(seconds)s))
        FOR UPDATE OF job SKIP LOCKED
    ) RETURNING queue_name, task_name, priority, lock, queueing_lock, args
)
INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args)
SELECT queue_name, task_name, priority, lock, queueing_lock, args FROM silent
ON CONFLICT DO NOTHING
"""
"""Puts the jobs of silent workers in anew, where they do not wait already: the next tick may have put them in again,
and what waits twice procrastinate refuses. As new rows: a worker that comes back ends its own, which is gone."""

# What they log as an error is raised here, or is got over; without a handler Python would print it.
logging.getLogger("procrastinate").addHandler(logging.NullHandler())
logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())


class SharedJobs:
    """Implements `lineform.ports.jobs.Jobs`. Use it with ``async with``; `migrate_jobs` comes first."""

    def __init__(self, url: URL, say: Callable[[str], None] = lambda _: None) -> None:
        """`say` is told once that the database is waited for, and once that it goes on."""
        conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        # Prepared statements and a pooler such as pgbouncer do not go together.
        settings = {"connect_timeout": 10, "prepare_threshold": None, "application_name": "lineform worker"}
        # After `reconnect_timeout` each query tries to connect anew; else it would wait for a pause that doubles.
        connector = procrastinate.PsycopgConnector(
            conninfo=conninfo, kwargs=settings, min_size=2, max_size=8, timeout=_ANSWER, reconnect_timeout=_ANSWER / 2
        )
        self._app = procrastinate.App(connector=connector)
        self._do: Do | None = None
        self._say = say
        self._waits = False
        self._failure: BaseException | None = None
        self._failed = asyncio.Event()
        self._lost = asyncio.Event()
        self._app.job_manager = _Finishing(connector, self._lost)
        self._task = self._app.task(name="lineform")(self._run)
        self._closing = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        with _translated():
            await self._closing.enter_async_context(self._app.open_async())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._closing.aclose()

    async def put(self, job: Job) -> None:
        """Has the job done by whoever is free; they are woken."""
        told = {"task": job.task.value, "client": job.client, "address": job.address, "key": job.key, "part": job.part}
        waiting = self._task.configure(queue=_queue(job.client), lock=job.name, queueing_lock=job.name)
        with _translated(), contextlib.suppress(AlreadyEnqueued):
            await waiting.defer_async(**told)

    async def work(self, clients: Sequence[str], do: Do, every: int, at_once: int, stop: asyncio.Event) -> None:
        """Does jobs of these clients until `stop` is set or a job raises, which is raised here.

        A database that goes away is waited for: raises StoreUnavailable where it stays away.
        """
        self._do = do
        for client in clients:
            self._tick_every(client, every)
        now = asyncio.get_running_loop().time
        until: float | None = None
        while True:
            began = now()
            lost = await self._turn([_queue(client) for client in clients], at_once, stop)
            if lost is None:
                return
            # Without a database no turn is that long: it was there in between.
            if until is None or now() - began > LOST_AFTER:
                until = now() + PATIENCE
            if now() > until:
                raise lost
            if not self._waits:
                self._waits = True
                self._say(f"{lost.message}; this worker tries again for up to {PATIENCE:.0f} seconds")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _PAUSE)

    async def _turn(self, queues: list[str], at_once: int, stop: asyncio.Event) -> StoreUnavailable | None:
        """Works as one worker of the database until `stop` is set, a job raises, or the database is lost: then how."""
        self._lost.clear()
        worker = asyncio.create_task(
            self._app.run_worker_async(
                queues=queues,
                concurrency=at_once,
                delete_jobs="always",
                install_signal_handlers=False,
                update_heartbeat_interval=HEARTBEAT,
                stalled_worker_timeout=LOST_AFTER,
            )
        )
        recovering = asyncio.create_task(self._recover(queues))
        ends = [asyncio.create_task(event.wait()) for event in (stop, self._failed, self._lost)]
        try:
            # A worker that ends by itself has lost its database.
            await asyncio.wait({worker, recovering, *ends}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            worker.cancel()  # it lets its jobs end
            for task in (recovering, *ends):
                task.cancel()
            results = await asyncio.gather(worker, recovering, *ends, return_exceptions=True)
        if self._failure is not None:
            raise self._failure
        lost = StoreUnavailable("the connection to the database server broke", hint="check the server and the network")
        try:
            for result in results:
                if isinstance(result, Exception):
                    with _translated():
                        raise result
        except StoreUnavailable as known:
            lost = known
        return None if stop.is_set() else lost

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
        self._goes_on()
        try:
            await self._do(job)
        except Exception as error:
            self._failure = self._failure or error
            self._failed.set()
            raise

    async def _recover(self, queues: list[str]) -> None:
        """Gives the jobs of workers that are gone to others, again and again."""
        while True:
            await self._app.connector.execute_query_async(_GIVE_BACK, queues=queues, seconds=LOST_AFTER)
            await asyncio.sleep(HEARTBEAT)
            # Not at once: where the worker itself cannot begin, it would be said with each try.
            self._goes_on()

    def _goes_on(self) -> None:
        if self._waits:
            self._waits = False
            self._say("the store answers again; this worker goes on")


class _Finishing(JobManager):
    """Ends jobs also where that fails: a worker has no place for such an error."""

    def __init__(self, connector: procrastinate.PsycopgConnector, lost: asyncio.Event) -> None:
        super().__init__(connector)
        self._lost = lost

    async def finish_job(self, job: Row, status: Status, delete_job: bool) -> None:
        """Nothing is left to do where the job was given to another, this worker having been silent. Where the database
        was lost, the job may still count as this worker's: it sets `lost`, and a job without a worker is done again."""
        try:
            await super().finish_job(job, status, delete_job)
        except ConnectorException as error:
            if not isinstance(error.__cause__, psycopg.errors.RaiseException):
                self._lost.set()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Inside of it, every failure of the database is one of the store's errors."""
    try:
        yield
    except ConnectorException as error:
        if isinstance(error.__cause__, psycopg.errors.ForeignKeyViolation):
            # It was silent for so long that another one, when it began, struck it off the list of workers.
            raise StoreUnavailable(
                "this worker was silent for so long that it was taken for lost",
                hint="the machine or its connection to the database stands still for many seconds",
            ) from None
        raise translate(error.__cause__ or error.__context__) from None
    except psycopg.Error as error:
        raise translate(error) from None


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
