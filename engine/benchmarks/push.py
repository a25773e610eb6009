"""Personal messages a second, through rendering and a ledger on the disk: `make bench NAME=push`.

Every friend gets a Flex message of about 2.6 kB with five values of their own. Ours is the whole way of a send: the
question what is due, the friends from the store, the rendering, the freeze, and for every call its intent before and
its outcome behind it, in SQLite with synchronous=FULL. Beside it, in the same run: line-bot-sdk in a loop and with 32
threads, which keep no ledger, and aiohttp with bytes that were ready before. Each gets the same core, and the stand-in
for LINE another one. Rates depend on the machine and on what else it does: compare within one run, and by the
microseconds of processor time for one request.

SECONDS (6) is about how long each part takes. The last line is JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from linebot.v3.messaging import (
    ApiClient,
    Configuration,
    FlexContainer,
    FlexMessage,
    MessagingApi,
    PushMessageRequest,
)
from salon import TOKEN, Sent, message, prepare, send, user_id, values
from standin import Standin, cores, make_certificate, standin

from lineform.line.over_pyreqwest import installed
from lineform.sending.status import BatchStatus
from lineform.store.open import open_store

SECONDS = float(os.environ.get("SECONDS", "6"))
LATENCY = 0.05
THREADS = 32
TRUSTED = "LINEFORM_BENCH_CERTIFICATES"
IN_FLIGHT = 400
RATE = 2000
"""LINE's limit: https://developers.line.biz/en/reference/messaging-api/#rate-limits."""
WIRE = "pyreqwest" if installed() else "aiohttp"
PROBED = 2000
"""Friends of a first send, which tells how many are needed to fill the time."""


@dataclass(frozen=True)
class Row:
    """One client at one latency."""

    name: str
    requests: int
    seconds: float
    core_seconds: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def micros(self) -> float:
        return self.core_seconds / self.requests * 1e6


def main() -> None:
    """Begins itself anew with a certificate trusted for this run alone: aiohttp reads it when it is imported."""
    if TRUSTED in os.environ:
        measure(Path(os.environ[TRUSTED]))
        return
    with tempfile.TemporaryDirectory() as place:
        environment = {**os.environ, TRUSTED: place, "SSL_CERT_FILE": str(make_certificate(Path(place)))}
        sys.exit(subprocess.run([sys.executable, __file__], env=environment, check=False).returncode)


def measure(certificates: Path) -> None:
    # What the imports left behind is nobody's garbage: the SDK's models alone would slow everything else down.
    gc.freeze()
    client_core, server_core = cores()
    os.sched_setaffinity(0, {client_core})
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with standin(server_core, 0.0) as line:
            ready = row("aiohttp alone, ready bytes", line, lambda: aiohttp_alone(line.origin))
            ours = row(f"lineform over {WIRE}, whole way", line, lambda: whole_way(folder, line.origin))
            near = [ready, row("line-bot-sdk, loop", line, lambda: sdk(line.origin, 1)), ours]
        with standin(server_core, LATENCY) as line:
            far_ours = row(f"lineform over {WIRE}, whole way", line, lambda: whole_way(folder, line.origin))
            loop = row("line-bot-sdk, loop", line, lambda: sdk(line.origin, 1))
            threads = row(f"line-bot-sdk, {THREADS} threads", line, lambda: sdk(line.origin, THREADS))
            far_ready = row("aiohttp alone, ready bytes", line, lambda: aiohttp_alone(line.origin))
            far = [loop, threads, far_ready, far_ours]
        with standin(server_core, LATENCY, certificates) as line:
            paced = sent(folder, line.origin, round(RATE * SECONDS), paced=True)
            check(line, paced.friends)
    report("0 ms", near)
    report(f"{LATENCY * 1000:.0f} ms", far)
    calling = Row(f"lineform over {WIRE}, calls", paced.friends, paced.calling_seconds, paced.calling_core_seconds)
    report(f"{LATENCY * 1000:.0f} ms over TLS, paced by LINE's {RATE:,} a second", [calling])
    found = {
        "wire": WIRE,
        "sdk_loop_ratio": round(far_ours.per_second / loop.per_second, 1),
        "sdk_threads_ratio": round(far_ours.per_second / threads.per_second, 1),
        "aiohttp_ratio": round(ours.per_second / ready.per_second, 2),
        "paced_per_s": round(paced.calls_per_second),
        "paced_core": round(paced.calling_core_seconds / paced.calling_seconds, 2),
        "whole_way_per_s": round(ours.per_second),
        "whole_way_us": round(ours.micros),
        "aiohttp_us": round(ready.micros),
        "sdk_us": round(near[1].micros),
    }
    print(json.dumps(found))


def row(name: str, line: Standin, work: Callable[[], tuple[int, float, float]]) -> Row:
    """Runs one client and holds its count against the server's."""
    line.counts()
    found = Row(name, *work())
    check(line, found.requests)
    return found


def check(line: Standin, requests: int) -> None:
    counts = line.counts()
    assert (counts["accepted"], counts["repeated"]) == (requests, 0), (counts, requests)


def whole_way(folder: Path, origin: str) -> tuple[int, float, float]:
    """As many friends as fill the time: a first send tells how many, and all count."""
    probe = sent(folder, origin, PROBED)
    rest = sent(folder, origin, max(PROBED, round(probe.per_second * SECONDS)))
    return (
        probe.friends + rest.friends,
        probe.seconds + rest.seconds,
        probe.core_seconds + rest.core_seconds,
    )


def sent(folder: Path, origin: str, friends: int, *, paced: bool = False) -> Sent:
    """A send in a store of its own, whose ledger must say afterwards that everybody was reached."""
    path = folder / "store.db"
    with open_store(f"sqlite:///{path}") as store:
        template = message({name: f"{{{{ friend.{name} }}}}" for name in values(0)})
        prepare(store, friends, [template], audience={"everyone": True})
        found = send(origin, store, friends, paced=paced)
        (recorded,) = store.sends("salon")
        assert recorded.batches == {BatchStatus.ACCEPTED: friends}, recorded
    for file in folder.glob("store.db*"):
        file.unlink()
    return found


def aiohttp_alone(origin: str) -> tuple[int, float, float]:
    """Bytes that were ready before, the same number in flight, and the least that a client has to do."""
    ready = [
        json.dumps(
            {"to": user_id(n), "messages": [message(values(n))]}, ensure_ascii=False, separators=(",", ":")
        ).encode()
        for n in range(2000)
    ]
    done = 0

    async def work() -> None:
        nonlocal done
        until = time.perf_counter() + SECONDS
        connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:

            async def one() -> None:
                nonlocal done
                while time.perf_counter() < until:
                    headers = {
                        "Authorization": f"Bearer {TOKEN}",
                        "Content-Type": "application/json",
                        "X-Line-Retry-Key": str(uuid.uuid4()),
                    }
                    body = ready[done % len(ready)]
                    done += 1
                    async with session.post(f"{origin}/v2/bot/message/push", data=body, headers=headers) as answer:
                        await answer.read()
                        assert answer.status == 200

            await asyncio.gather(*(one() for _ in range(IN_FLIGHT)))

    start, core = time.perf_counter(), time.process_time()
    asyncio.run(work())
    return done, time.perf_counter() - start, time.process_time() - core


def sdk(origin: str, threads: int) -> tuple[int, float, float]:
    """line-bot-sdk as its documentation has it: models of the message, a push for every friend."""
    configuration = Configuration(host=origin, access_token=TOKEN)

    def work(first: int) -> int:
        done = 0
        with ApiClient(configuration) as client:
            api = MessagingApi(client)
            while time.perf_counter() < until:
                filled = message(values(first + done))
                flex = FlexMessage(altText=filled["altText"], contents=FlexContainer.from_dict(filled["contents"]))
                request = PushMessageRequest(to=user_id(first + done), messages=[flex])
                api.push_message(request, x_line_retry_key=str(uuid.uuid4()))
                done += 1
        return done

    start, core = time.perf_counter(), time.process_time()
    until = start + SECONDS
    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(work, range(0, threads * 1_000_000, 1_000_000)))
    return done, time.perf_counter() - start, time.process_time() - core


def report(title: str, rows: list[Row]) -> None:
    print(f"\n{title:<44} {'requests/s':>12} {'CPU µs/request':>16} {'of a core':>10}")
    for one in rows:
        core = one.core_seconds / one.seconds
        print(f"  {one.name:<42} {one.per_second:>12,.0f} {one.micros:>16,.0f} {core:>10.2f}")


if __name__ == "__main__":
    main()
