"""What a tick with nothing to do costs, after a week of the reference workspace: `make bench NAME=ticks`.

A process that stays ticks once a minute for each client, and nearly always nothing is due. Each client's tick is
measured alone, at a moment at which nothing is due any more, with an account that answers from memory: what is left is
the engine's own work and the store's. `turn` is the same with what a server does beside it.

STORE (sqlite or postgresql), FRIENDS (300, of each client), DAYS (7) and TICKS (200) come from the environment. The
last line is JSON: milliseconds of a tick (the best tenth, and the median), and its statements.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import cast

from servers import new_database, postgres_server
from sqlalchemy import event

from lineform.demo.deeds import deeds_of, history_of
from lineform.demo.population import populate
from lineform.demo.week import Stage, apply_client, live, settle
from lineform.hooks.calls import Hooks
from lineform.line.signature import ChannelSignature
from lineform.loading import load_project
from lineform.model.project import Client
from lineform.planning.live import Bot
from lineform.planning.options import PlanOptions
from lineform.ports.line_account import LineAccount
from lineform.run.options import TickOptions
from lineform.run.tick import tick
from lineform.sending.revision import declared_by
from lineform.serve.metrics import Metrics
from lineform.serve.options import Served, ServeOptions
from lineform.serve.turning import Turning
from lineform.serve.working import Following
from lineform.settings import Settings
from lineform.store.open import SqlStore
from lineform.wiring.clock import SettableClock
from lineform.wiring.planned import plan_all
from lineform.wiring.sandbox import offline
from lineform.wiring.serving import reader_of
from lineform.wiring.session import Session
from lineform.wiring.ticking import ALSO

STORE = os.environ.get("STORE", "sqlite")
FRIENDS = int(os.environ.get("FRIENDS", "300"))
DAYS = int(os.environ.get("DAYS", "7"))
TICKS = int(os.environ.get("TICKS", "200"))
ROOT = Path(__file__).parents[2]
START = datetime(2026, 11, 30, tzinfo=UTC)


class _Quiet:
    """An account of which a tick asks whose token it is, and nothing else."""

    def __init__(self, bot: str) -> None:
        self._bot = Bot(bot, "@bench", "bench")

    async def bot(self) -> Bot:
        return self._bot


async def _week(stage: Stage) -> None:
    deeds = {}
    for client in stage.clients:
        words = declared_by(client)
        town = populate(client.name, words, FRIENDS, START, members=client.spec.members is not None)
        settle(stage, client, town, history_of(client, words, town, START))
        deeds[client.name] = deeds_of(client, words, town, START, timedelta(days=DAYS))
    planned = await plan_all(stage.session, PlanOptions(), with_store=True)
    for client, plan in zip(stage.clients, planned.file.clients, strict=True):
        await apply_client(stage, client, plan, lambda _: None)
    async for _ in live(stage, deeds, START + timedelta(days=DAYS)):
        pass


async def _measured(store: SqlStore, once: Callable[[], Awaitable[object]]) -> dict[str, float]:
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    for _ in range(3):
        await once()
    event.listen(store.engine, "before_cursor_execute", count)
    await once()
    event.remove(store.engine, "before_cursor_execute", count)
    took, core = [], []
    for _ in range(TICKS):
        began, began_core = time.perf_counter(), time.process_time()
        await once()
        took.append((time.perf_counter() - began) * 1000)
        core.append((time.process_time() - began_core) * 1000)
    return {
        "ms": round(quantiles(took, n=10)[0], 2),
        "median_ms": round(median(took), 2),
        "core_ms": round(quantiles(core, n=10)[0], 2),
        "statements": statements,
    }


async def _client(stage: Stage, client: Client) -> dict[str, dict[str, float]]:
    store = stage.session.store
    assert isinstance(store, SqlStore)
    account = cast(LineAccount, _Quiet(client.spec.bot))
    options = TickOptions()
    served = Served(client, ChannelSignature("nobody's"), account, reader_of(client))
    following, metrics = Following(_nothing), Metrics(stage.clock)
    turning = Turning({client.name: served}, store, stage.clock, Hooks(), metrics, ServeOptions(), following, ALSO)
    found = {"tick": await _measured(store, lambda: tick(client, account, store, stage.clock, options, ALSO))}
    loops = turning._loops[client.name]
    found["turn"] = await _measured(store, lambda: turning._turn(loops))
    found["work"] = await _measured(store, lambda: turning._work(loops))
    loops.records.close()
    return found


async def _nothing(*_: object) -> None:
    """Nothing comes in here."""


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgres_server(STORE == "postgresql"))
        url = new_database(server) if STORE == "postgresql" else f"sqlite:///{folder}/store.db"
        project = load_project(ROOT)
        running = stack.enter_context(offline(project, Settings(store=url), folder / "line.db", now=START, seed=1))
        clock = SettableClock(START)
        session = Session(project, running.settings, clock, running.control)
        stack.callback(session.close)
        stage = Stage(session, clock, running.control)
        began, core = time.monotonic(), time.process_time()
        asyncio.run(_week(stage))
        week = {"seconds": time.monotonic() - began, "core": time.process_time() - core}
        found = {client.name: asyncio.run(_client(stage, client)) for client in stage.clients}
    print(f"{DAYS} days of {len(found)} clients: {week['seconds']:.1f} s, {week['core']:.1f} s of a core")
    for name, each in found.items():
        for what, told in each.items():
            print(f"{name:<16}{what:<6}" + "".join(f"{word:>12} {value:>6}" for word, value in told.items()))
    print(json.dumps({"store": STORE, "week": week, **found}))


if __name__ == "__main__":
    main()
