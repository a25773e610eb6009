"""Kills sends anywhere and counts deliveries: `make bench NAME=kills`.

Each run is one campaign that is due at an offline account of its own. Two child processes tick at once and die by
SIGKILL at a random moment, or just before or after a random call of the store or of LINE; then others tick, until the
last ends by itself. Afterwards every friend must have received exactly one request, and the ledger must say so.

RUNS (1000), SEED (1) and STORE (sqlite or postgresql) come from the environment; a seed repeats the plans, not the
timing. The last line is JSON.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from random import Random
from typing import Any, TextIO

from servers import new_database, postgres_server

from lineform.line.account import open_account
from lineform.model.address import Address, Kind
from lineform.model.campaign import CampaignSpec
from lineform.model.client import ClientSpec, Limits
from lineform.model.origin import Origin
from lineform.model.origin import Path as KeyPath
from lineform.model.project import Client, Layer, Resource
from lineform.ports.friends import FriendRow
from lineform.ports.ledger import Revision, Send
from lineform.run.options import TickOptions
from lineform.run.tick import tick
from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer
from lineform.sending.revision import revision
from lineform.sending.status import BatchStatus, SendStatus
from lineform.store.open import open_store
from lineform.wiring.clock import SystemClock

ADDRESS = "campaign.sale"
FRIENDS = 5
LEASE = timedelta(milliseconds=30)
LONGEST = 0.12
"""Seconds within which a child is killed; a tick takes about as long."""
BOUNDARIES = 34
"""Calls of a port that a tick makes, about."""
JOBS = 3
"""Runs at once, on two cores: much of a run is waiting for the disk and for leases of the dead."""
KILLS = 3
"""At most so many children of one run are to be killed."""
SHAPES: dict[str, dict[str, Any]] = {
    "broadcast": {"audience": {"everyone": True}, "messages": ({"text": "sale"},)},
    "multicast": {"audience": {"everyone": True, "expect": {"max": 99}}, "messages": ({"text": "sale"},)},
    "push": {"audience": {"everyone": True}, "messages": ({"text": "{{ friend.display_name }}"},)},
    "both": {"audience": {"everyone": True}, "messages": ({"text": "{{ friend.language }}"},)},
}


@dataclass(frozen=True)
class Death:
    """When a child dies: after `seconds`, or at its call number `call` of a port, before or after it; or never."""

    seconds: float | None = None
    call: int | None = None
    after: bool = False


@dataclass(frozen=True)
class Job:
    """One tick of one child."""

    origin: str
    token: str
    bot: str
    name: str
    url: str
    death: Death


class Mortal:
    """A port whose process is killed at one of its calls."""

    def __init__(self, port: Any, count: list[int], death: Death) -> None:
        self._port, self._count, self._death = port, count, death

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found
        return self._asynchronous(found) if inspect.iscoroutinefunction(found) else self._synchronous(found)

    def _is_last(self) -> bool:
        self._count[0] += 1
        return self._count[0] == self._death.call

    def _synchronous(self, method: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            last = self._is_last()
            if last and not self._death.after:
                _die()
            found = method(*args, **kwargs)
            if last:
                _die()
            return found

        return call

    def _asynchronous(self, method: Any) -> Any:
        async def call(*args: Any, **kwargs: Any) -> Any:
            last = self._is_last()
            if last and not self._death.after:
                _die()
            found = await method(*args, **kwargs)
            if last:
                _die()
            return found

        return call


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


# --- the child: one tick


async def _tick(job: Job) -> None:
    count = [0]
    clock = SystemClock()
    account = open_account(job.origin, job.token, clock)
    try:
        with open_store(job.url) as store:
            await tick(
                _client(job.name, job.bot),
                Mortal(account, count, job.death),
                Mortal(store, count, job.death),
                clock,
                TickOptions(lease=LEASE, patience=10.0, concurrency=2),
            )
    finally:
        await account.close()


def _child(job: Job) -> None:
    status = 1
    try:
        asyncio.run(_tick(job))
        status = 0
    except BaseException:  # noqa: BLE001 - the boundary of a process: the parent counts the run as wrong
        traceback.print_exc()
    finally:
        os._exit(status)


# --- the nursery: forks warm children; it has one thread, so a fork is safe


def _nursery(channel: socket.socket) -> None:
    gc.freeze()
    with channel.makefile("rw") as talk:
        for line in talk:
            told = json.loads(line)
            job = Job(**{**told, "death": Death(**told["death"])})
            pid = os.fork()
            if pid == 0:
                _child(job)
            talk.write(json.dumps(_await(pid, job.death.seconds)) + "\n")
            talk.flush()
    os._exit(0)


def _await(pid: int, seconds: float | None) -> int:
    """Waits for a child, kills it after `seconds`, and answers with its exit code, negative for a signal."""
    until = None if seconds is None else time.monotonic() + seconds
    while True:
        done, status = os.waitpid(pid, os.WNOHANG if until else 0)
        if done:
            return os.waitstatus_to_exitcode(status)
        if until and time.monotonic() >= until:
            os.kill(pid, signal.SIGKILL)
            until = None
        elif until:
            time.sleep(0.0005)


class Nursery:
    """The parent's side of the nursery; made before the parent has any other thread."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._pid = os.fork()
        if self._pid == 0:
            ours.close()
            _nursery(theirs)
        theirs.close()
        self._socket = ours
        self._talk = ours.makefile("rw")

    def tick(self, job: Job) -> int:
        self._talk.write(json.dumps(asdict(job)) + "\n")
        self._talk.flush()
        return int(self._talk.readline())

    def close(self) -> None:
        # Nurseries made later have inherited this socket: only a shutdown, not a close, is an end for its reader.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._talk.close()
        self._socket.close()
        os.waitpid(self._pid, 0)


# --- the parent: the offline account, the runs, and the counting


class _Nowhere:
    def origin(self, path: KeyPath) -> Origin:
        return Origin("kills.yaml")

    key_origin = origin

    def excerpt(self, origin: Origin) -> str:
        return ""

    def layers(self, path: KeyPath) -> tuple[Layer, ...]:
        return ()


def _client(name: str, bot: str) -> Client:
    fields = {"kind": "client", "name": name, "title": name, "bot": bot, "token": {"env": "KILLS_TOKEN"}}
    return Client(name, ClientSpec.model_validate(fields), _Nowhere(), "UTC", Limits(), None, {}, {})


def _arm(url: str, client: Client, users: list[str], shape: str, now: datetime) -> None:
    due = now.replace(microsecond=0, tzinfo=None).isoformat()
    fields = {"kind": "campaign", "name": "sale", "schedule": {"at": due}, **SHAPES[shape]}
    resource = Resource(
        client.name, Address(Kind.CAMPAIGN, "sale"), CampaignSpec.model_validate(fields), _Nowhere(), {}, "", {}
    )
    found = revision(client, resource)
    rows = [FriendRow(user, f"F{index}", language="ja" if index else "en") for index, user in enumerate(users)]
    with open_store(url) as store:
        store.import_friends(client.name, rows, now)
        store.arm(client.name, Revision(ADDRESS, found.digest, now - timedelta(hours=1), found.body))


def _deaths(random: Random) -> list[Death]:
    """The children's deaths, in order; the last child is left to live."""
    deaths = [
        Death(seconds=random.uniform(0.0, LONGEST))
        if random.random() < 0.5
        else Death(call=random.randint(1, BOUNDARIES), after=random.random() < 0.5)
        for _ in range(random.randint(1, KILLS))
    ]
    return [*deaths, Death()]


def _wrong(received: Counter[str], users: list[str], send: Send | None) -> str:
    """What is wrong after a run; empty where nothing is."""
    if received != Counter(users):
        return f"deliveries {sorted(received.values())} for {len(users)} friends"
    if send is None or send.status is not SendStatus.SENT:
        return f"the ledger says {send and send.status.value}"
    if set(send.batches) != {BatchStatus.ACCEPTED}:
        return f"the batches are {dict(send.batches)}"
    return ""


@dataclass(frozen=True)
class Place:
    """Where a run's stores are: a folder with an empty SQLite one in it, or a PostgreSQL database that runs share."""

    folder: Path
    shared: str = ""

    @contextmanager
    def store(self, number: int) -> Iterator[str]:
        """The URL of the store of a run."""
        if self.shared:
            yield self.shared
            return
        path = self.folder / f"{number}.db"
        shutil.copy(self.folder / "template.db", path)
        yield f"sqlite:///{path}"
        for file in self.folder.glob(f"{number}.db*"):
            file.unlink()


def _run(nurseries: tuple[Nursery, Nursery], origin: str, place: Place, number: int, seed: int) -> tuple[int, str]:
    """One run: how often it was killed, and what was wrong about it, or nothing."""
    random = Random(f"{seed}/{number}")
    control = Control(origin)
    bot, token, name = f"U{number:032x}", f"token-{number}", f"client-{number}"
    account = control.add_account(token=token, bot_id=bot, plan_limit=1000)["name"]
    users = control.add_friends(account, FRIENDS)
    shape = random.choice(sorted(SHAPES))
    problem, kills = "", 0
    with place.store(number) as url, ThreadPoolExecutor(len(nurseries)) as pool:
        _arm(url, _client(name, bot), users, shape, datetime.now(UTC))
        deaths = _deaths(random)
        for start in range(0, len(deaths), len(nurseries)):
            jobs = [Job(origin, token, bot, name, url, death) for death in deaths[start : start + len(nurseries)]]
            for exit_code in pool.map(lambda nursery, job: nursery.tick(job), nurseries, jobs):
                if exit_code == -signal.SIGKILL:
                    kills += 1
                elif exit_code != 0:
                    problem = f"a child ended with {exit_code}"
        received = Counter(one["user"] for one in control.deliveries(account))
        with open_store(url) as store:
            send = store.send(name, ADDRESS, _only_key(store.sends(name)))
    problem = problem or _wrong(received, users, send)
    return kills, f"run {number} ({shape}, seed {seed}): {problem}" if problem else ""


def _only_key(sends: Sequence[Send]) -> str:
    return sends[0].key if len(sends) == 1 else ""


def measure(runs: int, seed: int, kind: str = "sqlite", out: TextIO = sys.stdout) -> dict[str, Any]:
    """Makes all runs on one kind of store and prints each that went wrong."""
    began = time.monotonic()
    pairs: SimpleQueue[tuple[Nursery, Nursery]] = SimpleQueue()
    for _ in range(JOBS):
        pairs.put((Nursery(), Nursery()))
    kills = wrong = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres_server(kind == "postgresql") as postgres,
        SandboxServer(log_requests=False) as server,
    ):
        shared = new_database(postgres) if kind == "postgresql" else ""
        with open_store(shared or f"sqlite:///{folder}/template.db") as store:
            store.migrate()
        place = Place(Path(folder), shared)

        def one(number: int) -> tuple[int, str]:
            pair = pairs.get()
            try:
                return _run(pair, server.origin, place, number, seed)
            finally:
                pairs.put(pair)

        with ThreadPoolExecutor(JOBS) as pool:
            for killed, problem in pool.map(one, range(1, runs + 1)):
                kills += killed
                wrong += bool(problem)
                if problem:
                    print(problem, file=out, flush=True)
    for _ in range(JOBS):
        for nursery in pairs.get():
            nursery.close()
    return {"runs": runs, "kills": kills, "wrong": wrong, "seconds": round(time.monotonic() - began, 1)}


def measure_both(runs: int, seed: int = 1, out: TextIO = sys.stdout) -> dict[str, Any]:
    """So many runs, half of them on each kind of store."""
    parts = [measure(runs // 2, seed, kind, out) for kind in ("sqlite", "postgresql")]
    return {word: sum(part[word] for part in parts) for word in ("runs", "kills", "wrong")}


def main() -> None:
    kind = os.environ.get("STORE", "sqlite")
    found = measure(int(os.environ.get("RUNS", "1000")), int(os.environ.get("SEED", "1")), kind)
    for word, value in found.items():
        print(f"{word:<8} {value:>8}")
    print(json.dumps(found))
    sys.exit(1 if found["wrong"] else 0)


if __name__ == "__main__":
    main()
