"""Jobs, wherever they wait: in one process, or with all workers of a PostgreSQL store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy import URL, make_url

from lineform.ports.jobs import Job, Jobs, Task
from lineform.run.local_jobs import LocalJobs
from lineform.store import open_store
from lineform.store.failures import StoreUnusable
from lineform.store.open import SqlStore
from lineform.store.shared_jobs import SharedJobs, migrate_jobs
from lineform.wiring.clock import SystemClock
from support.postgres import workers_database
from support.stores import sql

Opener = Callable[[], AbstractAsyncContextManager[Jobs]]
SEND = Job(Task.DELIVER, "aoba", "campaign.sale", "2026-12-01T10:00")
OTHER = Job(Task.DELIVER, "aoba", "campaign.sale", "2026-12-01T10:00", part=1)


@pytest.fixture(scope="module")
def jobs_url(postgres_server: URL) -> str:
    """A database with the workers' tables."""
    return workers_database(postgres_server)


@pytest.fixture(params=["local", "shared"])
def opened(request: pytest.FixtureRequest) -> Opener:
    @asynccontextmanager
    async def local() -> AsyncIterator[Jobs]:
        yield LocalJobs(SystemClock())

    if request.param == "local":
        return local
    url = request.getfixturevalue("jobs_url")
    with sql(open_store(url)) as store, store.engine.begin() as connection:
        connection.execute(sa.text("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE"))
    return lambda: SharedJobs(make_url(url))


async def until_done(jobs: Jobs, do: Callable[[Job], Awaitable[None]], stop: asyncio.Event, **how: int) -> None:
    async with asyncio.timeout(40):
        await jobs.work(["aoba"], do, how.get("every", 3600), how.get("at_once", 4), stop)


def test_a_job_that_waits_is_not_put_in_again(opened: Opener) -> None:
    done: list[Job] = []

    async def main() -> None:
        stop = asyncio.Event()

        async def do(job: Job) -> None:
            done.append(job)
            if job == OTHER:
                stop.set()

        async with opened() as jobs:
            for job in (SEND, SEND, OTHER):
                await jobs.put(job)
            await until_done(jobs, do, stop, at_once=1)

    asyncio.run(main())
    assert [job for job in done if job.task is Task.DELIVER] == [SEND, OTHER]


def test_a_job_never_runs_twice_at_once_and_runs_again_when_it_is_put_in_meanwhile(opened: Opener) -> None:
    seen: list[str] = []

    async def main() -> None:
        stop = asyncio.Event()
        async with opened() as jobs:

            async def do(job: Job) -> None:
                if job.task is Task.TICK:
                    return
                seen.append("begins")
                if len(seen) == 1:
                    await jobs.put(SEND)
                await asyncio.sleep(0.3)
                seen.append("ends")
                if len(seen) == 4:
                    stop.set()

            await jobs.put(SEND)
            await until_done(jobs, do, stop)

    asyncio.run(main())
    assert seen == ["begins", "ends"] * 2


def test_jobs_run_side_by_side(opened: Opener) -> None:
    async def main() -> None:
        stop, both = asyncio.Event(), asyncio.Barrier(2)

        async def do(job: Job) -> None:
            if job.task is Task.DELIVER:
                await both.wait()
                stop.set()

        async with opened() as jobs:
            for job in (SEND, OTHER):
                await jobs.put(job)
            await until_done(jobs, do, stop)

    asyncio.run(main())


def test_a_client_ticks_again_and_again(opened: Opener) -> None:
    ticks: list[Job] = []

    async def main() -> None:
        stop = asyncio.Event()

        async def do(job: Job) -> None:
            ticks.append(job)
            if len(ticks) == 3:
                stop.set()

        async with opened() as jobs:
            await until_done(jobs, do, stop, every=1)

    asyncio.run(main())
    assert ticks[:3] == [Job(Task.TICK, "aoba")] * 3


def test_an_error_of_a_job_ends_the_worker(opened: Opener) -> None:
    async def main() -> None:
        async def do(job: Job) -> None:
            raise StoreUnusable("made by a newer lineform")

        async with opened() as jobs:
            await jobs.put(SEND)
            await until_done(jobs, do, asyncio.Event())

    with pytest.raises(StoreUnusable, match="newer"):
        asyncio.run(main())


def test_a_job_is_done_at_once_though_nobody_asks_for_it(opened: Opener) -> None:
    async def main() -> float:
        stop, began = asyncio.Event(), asyncio.get_running_loop().time

        async def do(job: Job) -> None:
            if job.task is Task.DELIVER:
                stop.set()

        async with opened() as jobs:
            working = asyncio.create_task(until_done(jobs, do, stop))
            await asyncio.sleep(1.5)
            start = began()
            await jobs.put(SEND)
            await stop.wait()
            took = began() - start
            await working
        return took

    # Without a wake-up, a worker asks every five seconds.
    assert asyncio.run(main()) < 3.0


def test_jobs_of_a_worker_that_is_gone_are_done_by_another(jobs_url: str) -> None:
    async def main() -> None:
        stop = asyncio.Event()

        async def do(job: Job) -> None:
            if job == SEND:
                stop.set()

        async with SharedJobs(make_url(jobs_url)) as jobs:
            await jobs.put(SEND)
            with sql(open_store(jobs_url)) as store, store.engine.begin() as connection:
                gone = (
                    "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
                )
                number = connection.execute(sa.text(gone)).scalar_one()
                taken = "UPDATE procrastinate_jobs SET status = 'doing', worker_id = :id WHERE lock = :lock"
                connection.execute(sa.text(taken), {"id": number, "lock": SEND.name})
            await until_done(jobs, do, stop)

    asyncio.run(main())


def test_the_workers_tables_are_made_once_and_not_by_an_older_version(jobs_url: str) -> None:
    with open_store(jobs_url) as store:
        assert isinstance(store, SqlStore)
        migrate_jobs(store.engine)
        newer = sa.text("INSERT INTO lineform_jobs_schema (step) VALUES ('99.00.00_01_pre_future.sql')")
        with store.engine.begin() as connection:
            connection.execute(newer)
        try:
            with pytest.raises(StoreUnusable, match=r"99\.00\.00_01"):
                migrate_jobs(store.engine)
        finally:
            with store.engine.begin() as connection:
                connection.execute(sa.text("DELETE FROM lineform_jobs_schema WHERE step LIKE '99.%'"))
