"""Workers that stay: alone on SQLite, several on PostgreSQL; each send is delivered once, whoever takes part in it."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lineform.errors import LineformError
from lineform.line.account import HttpLineAccount
from lineform.model.client import ProjectSpec
from lineform.model.project import Client, Project
from lineform.run.halt import halt
from lineform.run.options import TickOptions
from lineform.run.outcome import TickReport
from lineform.sandbox.server import SandboxServer
from lineform.sending.status import SendStatus
from lineform.settings import Settings
from lineform.store import open_store, shared_jobs
from lineform.store.failures import StoreUnavailable, StoreUnusable
from lineform.store.open import SqlStore
from lineform.wiring import working
from lineform.wiring.clock import StartedClock
from lineform.wiring.session import Session
from lineform.wiring.working import Worker, jobs_of
from support.declared_clients import campaign
from support.delivering import DUE, Scene, Scenes

PERSONAL = ({"text": "{{ friend.display_name }}さま"},)


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with SandboxServer() as server:
        yield server.origin


@pytest.fixture
def scene(origin: str, store_url: str, tmp_path: Path) -> Scenes:
    return lambda *specs, **settings: Scene(origin, tmp_path, *specs, url=store_url, **settings)


def session_of(here: Scene, root: Path) -> Session:
    """A session of a worker's own: its own store and connections, on a clock that begins just after the due time."""
    return session_at(here.client, here.origin, here.url, here.token, root)


def session_at(client: Client, origin: str, url: str, token: str, root: Path) -> Session:
    project = Project(root, ProjectSpec(kind="project", name="lineform"), {client.name: client})
    settings = Settings(line_origin=origin, store=url, environment={"SALON_TOKEN": token})
    return Session(project, settings, StartedClock(DUE + timedelta(seconds=10)), None)


async def working_until(here: Scene, root: Path, count: int, done: Any, seconds: float = 30.0) -> list[Any]:
    """So many workers at once until `done(sends)` holds; what they told."""
    told: list[Any] = []
    stop = asyncio.Event()

    def tell(report: TickReport) -> None:
        told.extend(entry.outcome.value for entry in report.entries)

    def fail(client: str, error: LineformError) -> None:
        told.append(error)

    async def one(session: Session) -> None:
        async with jobs_of(session, told.append) as jobs:
            await Worker(session, jobs, stop, tell, fail).work(1, 4)

    with ExitStack() as stack:
        sessions = [session_of(here, root) for _ in range(count)]
        for session in sessions:
            stack.callback(session.close)
        workers = [asyncio.create_task(one(session)) for session in sessions]
        try:
            async with asyncio.timeout(seconds):
                while not done(here.sends()) and not any(worker.done() for worker in workers):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        finally:
            stop.set()
            results = await asyncio.gather(*workers, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return told


def all_sent(sends: Any) -> bool:
    return bool(sends) and all(send.status is SendStatus.SENT for send in sends)


def workers_of(here: Scene) -> int:
    """Only a shared store has more than one."""
    return 3 if here.url.startswith("postgresql") else 1


def test_workers_deliver_each_send_once(scene: Scenes, tmp_path: Path) -> None:
    here = scene(campaign("hello", messages=PERSONAL), campaign("all"), friends=30)
    here.move(DUE)
    # The one may be sent before the other is frozen.
    told = asyncio.run(working_until(here, tmp_path, workers_of(here), lambda s: len(s) == 2 and all_sent(s)))
    assert "handed over" in told
    assert not [one for one in told if isinstance(one, LineformError)]
    assert set(here.received().values()) == {2}
    assert len(here.received()) == 30


def test_several_workers_share_the_batches_of_one_send(
    scene: Scenes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "CALLS_A_HELPER", 10)
    here = scene(campaign("hello", messages=PERSONAL), friends=80)
    here.move(DUE)
    asyncio.run(working_until(here, tmp_path, workers_of(here), all_sent))
    assert here.once_each()


def test_a_job_that_delivers_for_long_makes_room_and_goes_on_later(
    scene: Scenes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "SLICE", 0.0)
    here = scene(campaign("hello"), friends=3)
    here.move(DUE)
    told: list[Any] = []

    async def main() -> None:
        # With no time at all a job begins nothing; then there is time.
        def ready(sends: Any) -> bool:
            if sends and not here.calls():
                monkeypatch.setattr(working, "SLICE", 60.0)
            return all_sent(sends)

        told.extend(await working_until(here, tmp_path, workers_of(here), ready))

    asyncio.run(main())
    assert here.once_each()


def test_a_halted_account_keeps_its_workers_waiting(scene: Scenes, tmp_path: Path) -> None:
    here = scene(campaign("hello"))
    here.move(DUE)
    here.with_store(lambda store: halt(store, here.client.name, "people", DUE))
    with pytest.raises(TimeoutError):
        asyncio.run(working_until(here, tmp_path, 1, all_sent, seconds=4.0))
    assert here.sends() == []


def test_a_worker_stops_cleanly_where_a_newer_version_has_migrated(scene: Scenes, tmp_path: Path) -> None:
    here = scene(campaign("hello"))
    with open_store(here.url) as store:
        assert isinstance(store, SqlStore)
        engine = store.engine
        with engine.begin() as connection:
            connection.execute(sa.text("INSERT INTO lineform_schema (version) VALUES (9999)"))
        try:
            here.clock.set(DUE)
            here.control.set_clock(DUE)
            session = session_of(here, tmp_path)
            session._store = open_store(here.url)  # opened before the newer version came
            try:
                with pytest.raises(StoreUnusable, match="9999"):
                    asyncio.run(_alone(session))
            finally:
                session._store.close()
                session.close()
        finally:
            with engine.begin() as connection:
                connection.execute(sa.text("DELETE FROM lineform_schema WHERE version = 9999"))
    assert here.sends() == []
    assert not here.received()


def test_a_worker_whose_store_does_not_answer_for_a_moment_tells_it_and_goes_on(
    scene: Scenes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = scene(campaign("hello"))
    here.move(DUE)
    migrate, refused = SqlStore.migrate, list[StoreUnavailable]()

    def restarting(self: SqlStore) -> Any:
        # A job looks at the version, on a thread of its own.
        if not refused and threading.current_thread() is not threading.main_thread():
            refused.append(StoreUnavailable("the database server is stopping or starting"))
            raise refused[0]
        return migrate(self)

    monkeypatch.setattr(SqlStore, "migrate", restarting)
    told = asyncio.run(working_until(here, tmp_path, 1, all_sent))
    assert [one for one in told if isinstance(one, LineformError)] == refused
    assert here.once_each()


def silent(sentence: str) -> None:
    """What is said of a database that is away."""


async def _alone(session: Session) -> None:
    async with asyncio.timeout(20), jobs_of(session, silent) as jobs:
        await Worker(session, jobs, asyncio.Event(), lambda report: None, lambda client, error: None).work(1, 2)


def _in_a_hurry() -> Any:
    """Silent workers count as lost, and their claims run out, after a second."""
    patch = pytest.MonkeyPatch()
    patch.setattr(shared_jobs, "HEARTBEAT", 0.2)
    patch.setattr(shared_jobs, "LOST_AFTER", 1.0)
    patch.setattr(working, "TickOptions", partial(TickOptions, lease=timedelta(seconds=1)))
    return patch


def _work_and_stop_at_a_call(client: Client, origin: str, url: str, token: str, root: Path, *, after: bool) -> None:
    """A worker that stands still just before its third call, or when LINE has taken it and nothing is recorded."""
    patch = _in_a_hurry()
    send, calls = HttpLineAccount.send, list[None]()

    async def stopping(self: HttpLineAccount, *args: Any) -> Any:
        calls.append(None)
        stops = len(calls) == 3
        if stops and not after:
            os.kill(os.getpid(), signal.SIGSTOP)
        accepted = await send(self, *args)
        if stops and after:
            os.kill(os.getpid(), signal.SIGSTOP)
        return accepted

    patch.setattr(HttpLineAccount, "send", stopping)

    async def main(session: Session) -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        async with jobs_of(session, silent) as jobs:
            await Worker(session, jobs, stop, lambda report: None, lambda client, error: None).work(1, 4)

    session = session_at(client, origin, url, token, root)
    try:
        asyncio.run(main(session))
    finally:
        session.close()


@pytest.mark.parametrize("after", [False, True])
def test_a_worker_that_stood_still_in_a_send_that_another_ended_sends_nothing_twice(
    origin: str, postgres_url: str, tmp_path: Path, after: bool
) -> None:
    here = Scene(origin, tmp_path, campaign("hello", messages=PERSONAL), url=postgres_url, friends=12)
    here.move(DUE)
    given = (here.client, here.origin, here.url, here.token, tmp_path)
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_work_and_stop_at_a_call, args=given, kwargs={"after": after})
    patch = _in_a_hurry()
    process.start()
    try:
        assert process.pid is not None
        _, state = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(state)
        asyncio.run(working_until(here, tmp_path, 1, all_sent))
        ended, called = here.sends(), len(here.calls())
        os.kill(process.pid, signal.SIGCONT)
        if not after:
            asyncio.run(until(lambda: len(here.calls()) > called))
        process.terminate()
        process.join(30)
        assert process.exitcode == 0
    finally:
        patch.undo()
        process.kill()
        process.join(30)
    assert here.once_each()
    assert here.sends() == ended


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
