"""How a run is made, and what all of its parts share."""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import ParamSpec, TypeVar

from lineform.model.project import Client
from lineform.ports.clock import Clock
from lineform.ports.ledger import Send
from lineform.ports.line_account import LineAccount
from lineform.ports.store import Store
from lineform.run.place import place
from lineform.sending.links import Keys

P = ParamSpec("P")
T = TypeVar("T")


def new_worker() -> str:
    """A name that no other run has: the host, the place on it, the process, and eight digits drawn anew."""
    return f"{socket.gethostname()}:{place()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


@dataclass(frozen=True, slots=True)
class TickOptions:
    """One run's settings."""

    worker: str = field(default_factory=new_worker)
    """Who holds the leases of claimed batches."""
    actor: str = "lineform run"
    """Who is written into the audit log."""
    dry_run: bool = False
    """Says what would go where at what cost, and writes nothing and sends nothing."""
    lease: timedelta = timedelta(seconds=60)
    """How long a claimed batch is left to its caller. A call that takes longer is safe: its retry key is the same."""
    patience: float = 90.0
    """Seconds that a send waits, in all, for leases of a run that may have died, and for LINE's rate limits."""
    concurrency: int = 400
    """Calls under way at once, and at most as many batches claimed at once; pacing is the account's."""
    chunk: int = 2000
    """Friends read at once."""
    hand_over: Callable[[Send], Awaitable[None]] | None = None
    """Where given, a send that is ready to be delivered is handed to whoever takes the job, not delivered here."""
    link_keys: Keys | None = None
    """Signs the links that are tracked; None where the client has no address for them."""
    should_stop: Callable[[], bool] = lambda: False
    """Asked between rounds of calls: a run that is told to end leaves the rest, frozen, to the next one."""
    closed: Callable[[], bool] = lambda: False
    """Asked several times a second while calls are made: no further one begins where it says so."""


class Records:
    """The store, called from async code: every call of a run goes through this one thread, one after the other."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def __call__(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(method, *args, **kwargs))

    def close(self) -> None:
        self._thread.shutdown()


@dataclass(frozen=True, slots=True)
class Run:
    """What every step of one run needs."""

    client: Client
    account: LineAccount
    records: Records
    clock: Clock
    options: TickOptions

    @property
    def store(self) -> Store:
        return self.records.store
