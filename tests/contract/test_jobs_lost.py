"""Workers and databases that go away: a job is done by another worker, and a worker outlives its database's restart."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import URL, make_url

from lineform.ports.jobs import Job, Task
from lineform.store import open_store, shared_jobs
from lineform.store.failures import StoreUnavailable
from lineform.store.shared_jobs import SharedJobs
from support.postgres import workers_database
from support.severing import Wire
from support.stores import sql

SEND = Job(Task.DELIVER, "aoba", "campaign.sale", "2026-12-01T10:00")
OTHER = Job(Task.DELIVER, "aoba", "campaign.other", "2026-12-01T10:00")
THEIRS = Job(Task.DELIVER, "kita", "campaign.sale", "2026-12-01T10:00")
TICK = Job(Task.TICK, "aoba")
LOST_AFTER = 1.0


@pytest.fixture
def url(postgres_server: URL) -> str:
    """A database with the workers' tables, of this test alone."""
    return workers_database(postgres_server)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_jobs, "HEARTBEAT", LOST_AFTER / 5)
    monkeypatch.setattr(shared_jobs, "LOST_AFTER", LOST_AFTER)
    monkeypatch.setattr(shared_jobs, "PATIENCE", 1.5)
    monkeypatch.setattr(shared_jobs, "_PAUSE", 0.1)
    monkeypatch.setattr(shared_jobs, "_ANSWER", 0.5)


def _work_until_struck(url: str, told: Path, struck: Job, blow: int) -> None:
    """A worker that gets the signal `blow` in the middle of this job, when it does it for the first time."""
    setattr(shared_jobs, "HEARTBEAT", LOST_AFTER / 5)  # noqa: B010 - a constant, of another process
    setattr(shared_jobs, "LOST_AFTER", LOST_AFTER)  # noqa: B010

    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

        struck_once = False

        async def do(job: Job) -> None:
            nonlocal struck_once
            if job == struck and not struck_once:
                struck_once = True
                os.kill(os.getpid(), blow)
            _write_down(told, job)

        async with SharedJobs(make_url(url)) as jobs:
            if struck.task is Task.DELIVER:
                await jobs.put(struck)
            await jobs.work([struck.client], do, 1, 4, stop)

    asyncio.run(main())


def _write_down(told: Path, job: Job) -> None:
    with told.open("a") as file:
        file.write(f"{job.name}\n")


@contextmanager
def struck_worker(url: str, told: Path, job: Job, blow: int) -> Iterator[BaseProcess]:
    process = multiprocessing.get_context("spawn").Process(target=_work_until_struck, args=(url, told, job, int(blow)))
    process.start()
    try:
        yield process
    finally:
        if process.is_alive():
            process.kill()
        process.join(30)


def killed_at(url: str, told: Path, job: Job) -> None:
    with struck_worker(url, told, job, signal.SIGKILL) as process:
        process.join(60)
    assert process.exitcode == -signal.SIGKILL


def said(told: Path) -> str:
    return told.read_text() if told.exists() else ""


def rows(url: str, job: Job) -> list[str]:
    """The states of the rows of a job."""
    with sql(open_store(url)) as store, store.engine.begin() as connection:
        asked = sa.text("SELECT status::text FROM procrastinate_jobs WHERE lock = :lock ORDER BY id")
        return list(connection.execute(asked, {"lock": job.name}).scalars())


def execute(url: str, statement: str, **values: object) -> None:
    with sql(open_store(url)) as store, store.engine.begin() as connection:
        connection.execute(sa.text(statement), values)


async def work(jobs: SharedJobs, do: Callable[[Job], Awaitable[None]], stop: asyncio.Event, *clients: str) -> None:
    async with asyncio.timeout(40):
        await jobs.work(clients or ["aoba"], do, 3600, 4, stop)


async def work_until(jobs: SharedJobs, job: Job, *clients: str) -> list[Job]:
    """What was done until this job was."""
    stop, done = asyncio.Event(), list[Job]()

    async def do(one: Job) -> None:
        done.append(one)
        if one == job:
            stop.set()

    await work(jobs, do, stop, *clients)
    return done


@pytest.mark.parametrize("waits_again", [True, False])
def test_what_a_killed_worker_had_begun_is_done_by_another(url: str, tmp_path: Path, waits_again: bool) -> None:
    killed_at(url, tmp_path / "told", SEND)

    async def main() -> list[Job]:
        async with SharedJobs(make_url(url)) as jobs:
            if waits_again:
                # As every tick does while the send is unfinished.
                await jobs.put(SEND)
            return await work_until(jobs, SEND)

    assert asyncio.run(main()).count(SEND) == 1
    assert rows(url, SEND) == []


def test_a_tick_of_a_killed_worker_keeps_no_other_tick_from_being_done(url: str, tmp_path: Path) -> None:
    killed_at(url, tmp_path / "told", TICK)
    assert rows(url, TICK) == ["doing"]

    async def main() -> None:
        async with SharedJobs(make_url(url)) as jobs:
            await jobs.put(TICK)
            await work_until(jobs, TICK)

    asyncio.run(main())
    assert rows(url, TICK) == []


def test_a_store_whose_workers_could_not_begin_heals_by_itself(url: str) -> None:
    async def main() -> None:
        async with SharedJobs(make_url(url)) as jobs:
            await jobs.put(SEND)
            execute(url, "UPDATE procrastinate_jobs SET status = 'doing' WHERE lock = :lock", lock=SEND.name)
            await jobs.put(SEND)
            assert rows(url, SEND) == ["doing", "todo"]
            await work_until(jobs, SEND)

    asyncio.run(main())
    assert rows(url, SEND) == []


def test_what_another_clients_worker_left_behind_is_left_to_that_clients_workers(url: str, tmp_path: Path) -> None:
    killed_at(url, tmp_path / "told", THEIRS)
    time.sleep(LOST_AFTER + 0.2)

    async def main() -> None:
        async with SharedJobs(make_url(url)) as jobs:
            await jobs.put(THEIRS)
            await jobs.put(SEND)
            await work_until(jobs, SEND)
        assert rows(url, THEIRS) == ["doing", "todo"]
        async with SharedJobs(make_url(url)) as jobs:
            await work_until(jobs, THEIRS, "aoba", "kita")

    asyncio.run(main())
    assert rows(url, THEIRS) == []


@pytest.mark.parametrize("struck_off", [True, False])
def test_a_worker_that_was_only_stopped_does_not_end_what_is_another_ones_now_and_works_on(
    url: str, tmp_path: Path, struck_off: bool
) -> None:
    told = tmp_path / "told"

    async def main(process: BaseProcess) -> None:
        stop, done = asyncio.Event(), list[str]()

        async def do(job: Job) -> None:
            if job != SEND:
                return
            done.append("begins")
            if len(done) == 1:
                assert process.pid is not None
                os.kill(process.pid, signal.SIGCONT)
                await until(lambda: SEND.name in said(told))
                # Time for it to do what is wrong.
                await asyncio.sleep(0.5)
                assert rows(url, SEND) == ["doing"]
                await jobs.put(SEND)
                await asyncio.sleep(0.5)
                assert rows(url, SEND) == ["doing", "todo"]
                stop.set()
            done.append("ends")

        async with SharedJobs(make_url(url)) as jobs:
            await work(jobs, do, stop)
            assert done[:2] == ["begins", "ends"]
            await jobs.put(OTHER)
            await until(lambda: OTHER.name in said(told))

    with struck_worker(url, told, SEND, signal.SIGSTOP) as process:
        assert process.pid is not None
        stopped = Path(f"/proc/{process.pid}/status")
        asyncio.run(until(lambda: "State:\tT" in stopped.read_text()))
        # Who begins to work strikes off the workers that have been silent for long.
        time.sleep(LOST_AFTER + 0.2 if struck_off else 0.0)
        asyncio.run(main(process))
        process.terminate()
        process.join(30)
        assert process.exitcode == 0
    assert rows(url, SEND) == []


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def test_a_worker_says_once_that_it_waits_and_once_that_it_goes_on_when_its_database_is_back(url: str) -> None:
    said = list[str]()

    async def main() -> None:
        async with Wire(url) as wire, SharedJobs(wire.url, said.append) as jobs:
            working = asyncio.create_task(work_until(jobs, SEND))
            for _ in range(2):
                # Its patience is new each time: it worked well in between.
                await asyncio.sleep(2 * LOST_AFTER)
                await wire.cut()
                await asyncio.sleep(0.7)
                assert not working.done()
                assert [one.partition("; ")[2] for one in said[-1:]] == ["this worker tries again for up to 2 seconds"]
                await wire.mend()
            async with SharedJobs(make_url(url)) as others:
                await others.put(SEND)
            await working

    asyncio.run(main())
    assert len(said) == 4
    assert {said[1], said[3]} == {"the store answers again; this worker goes on"}


def test_a_job_whose_end_could_not_be_written_down_is_done_again(url: str) -> None:
    async def main() -> None:
        stop, done = asyncio.Event(), list[Job]()

        async with Wire(url) as wire, SharedJobs(wire.url) as jobs:

            async def do(job: Job) -> None:
                if job == SEND:
                    done.append(job)
                    if len(done) == 2:
                        stop.set()
                    else:
                        await wire.cut()

            await jobs.put(SEND)
            working = asyncio.create_task(work(jobs, do, stop))
            await until(lambda: done)
            await asyncio.sleep(0.8)
            await wire.mend()
            await working

    asyncio.run(main())
    assert rows(url, SEND) == []


def test_a_database_that_stays_away_ends_the_worker_with_words_that_help(url: str) -> None:
    async def main() -> None:
        async with Wire(url) as wire, SharedJobs(wire.url) as jobs:
            working = asyncio.create_task(work_until(jobs, SEND))
            await asyncio.sleep(0.5)
            await wire.cut()
            with pytest.raises(StoreUnavailable, match="the database server cannot be reached"):
                await jobs.put(SEND)
            with pytest.raises(StoreUnavailable, match="the database server cannot be reached") as caught:
                await working
            assert caught.value.exit_code == 9

    asyncio.run(main())


def test_a_worker_that_is_told_to_stop_waits_for_no_database(url: str) -> None:
    async def main() -> None:
        stop = asyncio.Event()

        async def do(job: Job) -> None:
            raise AssertionError(job)

        async with Wire(url) as wire, SharedJobs(wire.url) as jobs:
            await wire.cut()
            working = asyncio.create_task(work(jobs, do, stop))
            await asyncio.sleep(0.3)
            stop.set()
            await working

    asyncio.run(main())
