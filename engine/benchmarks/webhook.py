"""Webhooks made durable and answered, a second: `make bench NAME=webhook`.

LINE gathers events of several people in a post; here a post holds POSTED events. The server has one core, with
PostgreSQL on it as well where that is its store, and answers after the transaction is on the disk. Whoever posts has a
core of its own: so many connections, each of which posts again when it was answered; bodies and signatures were made
before. Beside it, in the same run, line-bot-sdk's own handler in a plain web app stores each event as it comes.

Then a burst of BURST events is posted and counted, and again a burst in whose middle the server is killed by SIGKILL:
nothing that was answered 200 may be missing. The last line is JSON. EVENTS (60,000), BURST (100,000), POSTED (10),
CONNECTIONS (32).
"""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import hmac
import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import sqlalchemy as sa
from salon import CLIENT
from servers import new_database, postgres_server
from standin import cores
from starlette.types import ASGIApp

from lineform.planning.live import Bot
from lineform.ports.line_account import LineAccount, OutcomeUnknown
from lineform.run.halt import halt, resume
from lineform.run.options import Run
from lineform.scenarios.happening import Happening
from lineform.store.open import SqlStore, open_store

EVENTS = int(os.environ.get("EVENTS", "60000"))
BURST = int(os.environ.get("BURST", "100000"))
POSTED = int(os.environ.get("POSTED", "10"))
CONNECTIONS = int(os.environ.get("CONNECTIONS", "32"))
SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of nobody
NAME = CLIENT.name
BOT = CLIENT.spec.bot


@dataclass(slots=True)
class Posted:
    """What came of posting."""

    seconds: float
    latencies: list[float]
    answered: set[int]
    """Numbers of the posts that were answered 200."""
    refused: int = 0
    cpu: float = 0.0

    @property
    def events_per_s(self) -> float:
        return len(self.answered) * POSTED / self.seconds

    @property
    def p99_ms(self) -> float:
        return statistics.quantiles(self.latencies, n=100)[98] * 1000


def event(run: str, number: int) -> dict[str, Any]:
    """A message as LINE tells of it; every hundredth one is longer."""
    text = "予約したいのですが、明日の午後は空いていますか。" * (20 if number % 100 == 0 else 1)
    return {
        "type": "message",
        "message": {"type": "text", "id": str(500_000_000_000 + number), "quoteToken": "q" * 86, "text": text},
        "webhookEventId": f"01{run}{number:016d}",
        "deliveryContext": {"isRedelivery": False},
        "timestamp": int(time.time() * 1000),
        "source": {"type": "user", "userId": f"U{hashlib.md5(str(number % 20_000).encode()).hexdigest()}"},  # noqa: S324
        "replyToken": f"{number:032x}",
        "mode": "active",
    }


def requests(path: str, events: int) -> list[bytes]:
    """Posts as they go over the wire, signed."""
    run = uuid4().hex[:8].upper()
    found = []
    for first in range(0, events, POSTED):
        several = [event(run, number) for number in range(first, first + POSTED)]
        body = json.dumps({"destination": BOT, "events": several}, ensure_ascii=False, separators=(",", ":")).encode()
        signed = base64.b64encode(hmac.digest(SECRET.encode(), body, "sha256")).decode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json; charset=utf-8\r\n"
            f"X-Line-Signature: {signed}\r\nUser-Agent: LineBotWebhook/2.0\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        found.append(head.encode() + body)
    return found


class Poster(asyncio.Protocol):
    """One connection, which posts the next one when it was answered."""

    def __init__(self, turn: Iterator[tuple[int, bytes]], posted: Posted, over: Callable[[], None]) -> None:
        self._turn, self._posted, self._over = turn, posted, over
        self._number, self._since, self._buffer = -1, 0.0, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def _next(self) -> None:
        one = next(self._turn, None)
        if one is None:
            self._transport.close()
            return
        self._number, request = one
        self._since = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        if len(rest) < length:
            return
        self._buffer = b""
        self._posted.latencies.append(time.perf_counter() - self._since)
        if head.startswith(b"HTTP/1.1 200"):
            self._posted.answered.add(self._number)
        else:
            self._posted.refused += 1
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._over()


async def post(port: int, wire: Sequence[bytes], after: Callable[[Posted], None] | None = None) -> Posted:
    """Everything posted over all connections; `after` is called again and again meanwhile."""
    posted = Posted(0.0, [], set())
    turn = iter(enumerate(wire))
    over, count = asyncio.Event(), 0

    def ended() -> None:
        nonlocal count
        count += 1
        if count == CONNECTIONS:
            over.set()

    loop = asyncio.get_running_loop()
    start = time.perf_counter()
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: Poster(turn, posted, ended), "127.0.0.1", port)
    while not over.is_set():
        if after is not None:
            after(posted)
        try:
            await asyncio.wait_for(over.wait(), 0.005)
        except TimeoutError:
            continue
    posted.seconds = time.perf_counter() - start
    return posted


# --- the servers, each a process of its own


@dataclass(slots=True)
class Served:
    """A server process."""

    process: subprocess.Popen[str]
    port: int
    ended: bool = field(default=False)

    def cpu(self) -> float:
        """Seconds of a core that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        if not self.ended:
            self.ended = True
            self.process.send_signal(signal.SIGKILL)


@contextmanager
def serving(kind: str, url: str, core: int) -> Iterator[Served]:
    process = subprocess.Popen(
        [sys.executable, __file__, kind, url, str(core)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        yield Served(process, int(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def ours(url: str) -> ASGIApp:
    from lineform.hooks.calls import Hooks  # noqa: PLC0415 - each child loads what it needs
    from lineform.line.signature import ChannelSignature  # noqa: PLC0415
    from lineform.serve import app, options, working  # noqa: PLC0415
    from lineform.wiring.clock import SystemClock  # noqa: PLC0415
    from lineform.wiring.serving import reader_of  # noqa: PLC0415

    class NoLine:
        async def bot(self) -> Bot:
            raise OutcomeUnknown("there is no LINE here")

        async def close(self) -> None:
            return None

    async def live(_: Run, happenings: Sequence[Happening]) -> None:
        return None

    account = cast(LineAccount, NoLine())
    served = options.Served(CLIENT, ChannelSignature(SECRET), account, reader_of(CLIENT))
    parts = app.Parts([served], open_store(url), SystemClock(), Hooks(), working.Following(live))
    return app.create_app(parts, options.ServeOptions(every=86_400.0))


def plain(url: str) -> ASGIApp:
    """What LINE's own example does (https://github.com/line/line-bot-sdk-python), with a table to put the events in."""
    from linebot.v3 import WebhookParser  # noqa: PLC0415
    from linebot.v3.exceptions import InvalidSignatureError  # noqa: PLC0415
    from starlette.applications import Starlette  # noqa: PLC0415
    from starlette.requests import Request  # noqa: PLC0415
    from starlette.responses import PlainTextResponse, Response  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    parser = WebhookParser(SECRET)
    database = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE events (id TEXT PRIMARY KEY, at INTEGER, user TEXT, body TEXT)")

    async def callback(request: Request) -> Response:
        body = (await request.body()).decode()
        try:
            events = parser.parse(body, request.headers["X-Line-Signature"])
        except InvalidSignatureError:
            return Response(status_code=400)
        for one in events:
            row = (one.webhook_event_id, one.timestamp, one.source.user_id, one.to_json())
            database.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)", row)
        return PlainTextResponse("OK")

    return Starlette(routes=[Route("/webhook/{name}", callback, methods=["POST"])])


def child(kind: str, url: str, core: int) -> None:
    from lineform.serve.server import listen, server_of  # noqa: PLC0415

    os.sched_setaffinity(0, {core})
    made = ours(url) if kind == "ours" else plain(url)
    gc.collect()
    gc.freeze()
    listening = listen("127.0.0.1", 0)
    server = server_of(made)
    if kind != "ours":
        server.config.lifespan = "off"
    print(listening.getsockname()[1], flush=True)
    server.run(sockets=[listening])


# --- the stores


def prepared(url: str, *, halted: bool) -> None:
    with open_store(url) as store:
        store.migrate()
        if halted:
            halt(store, NAME, "bench", datetime.now(UTC))


def missing(url: str, wire: Sequence[bytes], posted: Posted) -> int:
    """Events of posts that were answered 200 and are not in the store."""
    with open_store(url) as store:
        assert isinstance(store, SqlStore)
        with store.engine.connect() as connection:
            kept = set(connection.execute(sa.text("SELECT event_id FROM inbox")).scalars())
    lost = 0
    for number in posted.answered:
        for one in json.loads(wire[number].partition(b"\r\n\r\n")[2])["events"]:
            lost += one["webhookEventId"] not in kept
    return lost


# --- what is measured


def stored(kind: str, url: str, core: int, events: int) -> Posted:
    """Posted and made durable, with nobody working on it."""
    if kind == "ours":
        prepared(url, halted=True)
    with serving(kind, url, core) as server:
        wire = requests(f"/webhook/{NAME}", events)
        asyncio.run(post(server.port, requests(f"/webhook/{NAME}", 50 * POSTED)))
        before = server.cpu()
        posted = asyncio.run(post(server.port, wire))
        posted.cpu = server.cpu() - before
    assert posted.refused == 0
    return posted


def burst(url: str, core: int) -> tuple[int, float, Posted]:
    """A burst while events are worked on; what was lost of it, and how many a second were worked on to the end."""
    prepared(url, halted=False)
    with serving("ours", url, core) as server:
        wire = requests(f"/webhook/{NAME}", BURST)
        start = time.perf_counter()
        posted = asyncio.run(post(server.port, wire))
        with open_store(url) as store:
            while store.inbox_level(NAME).waiting:
                time.sleep(0.05)
        worked = BURST / (time.perf_counter() - start)
    return missing(url, wire, posted) + (BURST // POSTED - len(posted.answered)) * POSTED, worked, posted


def killed(url: str, core: int) -> tuple[int, Posted]:
    """A burst in whose middle the server is killed; what was lost of what had been answered."""
    prepared(url, halted=True)
    with serving("ours", url, core) as server:
        wire = requests(f"/webhook/{NAME}", BURST)

        def after(so_far: Posted) -> None:
            if len(so_far.answered) > len(wire) // 3:
                server.kill()

        posted = asyncio.run(post(server.port, wire, after))
    with open_store(url) as store:
        resume(store, NAME, "bench", datetime.now(UTC))
    return missing(url, wire, posted), posted


def main() -> None:
    server_core, own_core = cores()
    os.sched_setaffinity(0, {own_core})
    gc.disable()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        count = iter(range(100))

        def sqlite() -> str:
            return f"sqlite:///{folder}/{next(count)}.db"

        handler = stored("plain", sqlite(), server_core, max(POSTED, EVENTS // 20))
        with postgres_server(synced=True, core=server_core) as server:
            found = {"SQLite": stored("ours", sqlite(), server_core, EVENTS)}
            found["PostgreSQL"] = stored("ours", new_database(server), server_core, EVENTS)
            bursts = {"SQLite": burst(sqlite(), server_core), "PostgreSQL": burst(new_database(server), server_core)}
            kills = {"SQLite": killed(sqlite(), server_core), "PostgreSQL": killed(new_database(server), server_core)}
    print(f"{POSTED} events a post, {CONNECTIONS} connections, one core for the server\n")
    print(f"{'':34}{'events/s':>10}{'p99 ms':>9}{'CPU µs/event':>14}")
    for name, one in (("line-bot-sdk in a web app, SQLite", handler), *found.items()):
        micros = one.cpu / (len(one.answered) * POSTED) * 1e6
        print(f"{name:<34}{one.events_per_s:>10,.0f}{one.p99_ms:>9.1f}{micros:>14.0f}")
    for name, (lost, worked, posted) in bursts.items():
        print(
            f"\n{name}: a burst of {BURST:,} while they are worked on: {posted.events_per_s:,.0f}/s kept, p99 "
            f"{posted.p99_ms:.0f} ms, {worked:,.0f}/s worked on, {lost} lost"
        )
        lost_then, before = kills[name]
        print(f"{name}: killed after {len(before.answered) * POSTED:,} were answered: {lost_then} of them lost")
    ratio = found["SQLite"].events_per_s / handler.events_per_s
    figures = {
        "events_a_post": POSTED,
        "stored_per_s": round(found["SQLite"].events_per_s),
        "stored_per_s_postgresql": round(found["PostgreSQL"].events_per_s),
        "p99_ms": round(found["SQLite"].p99_ms, 1),
        "p99_ms_postgresql": round(found["PostgreSQL"].p99_ms, 1),
        "handler_per_s": round(handler.events_per_s),
        "ratio": round(ratio, 1),
        "worked_per_s": round(bursts["SQLite"][1]),
        "worked_per_s_postgresql": round(bursts["PostgreSQL"][1]),
        "lost": sum(lost for lost, _, _ in bursts.values()),
        "lost_after_kill": sum(lost for lost, _ in kills.values()),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    else:
        main()
