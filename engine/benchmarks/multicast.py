"""Recipients a second where everybody reads the same: `make bench NAME=multicast`.

LINE takes 200 multicasts a second of 500 friends each. Measured is a send from its first claim to its last outcome: the
batches are frozen in the ledger, their intents and outcomes are on the disk, and the LINE ids are read for each call.
Paced by LINE's limit it is done over SQLite; at full speed over SQLite with synchronous=FULL and over a PostgreSQL that
is started for the run. The stand-in for LINE has a core of its own.

RECIPIENTS (400,000) is the size of each send. The last line is JSON.
"""

from __future__ import annotations

import gc
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from salon import CLIENT, Sent, message, prepare, send, values
from servers import new_database, postgres_server
from standin import Standin, cores, standin

from lineform.line.over_pyreqwest import installed
from lineform.lineapi.limits import MULTICAST_RECIPIENTS
from lineform.ports.store import Store
from lineform.sending.status import BatchStatus
from lineform.store.open import open_store

RECIPIENTS = int(os.environ.get("RECIPIENTS", "400000"))
LATENCY = 0.05


def main() -> None:
    # What the imports left behind is nobody's garbage: the SDK's models alone would slow everything else down.
    gc.freeze()
    client_core, server_core = cores()
    os.sched_setaffinity(0, {client_core})
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with standin(server_core, LATENCY) as line, sqlite(folder) as store:
            paced = sent(line, store, paced=True)
        with standin(server_core, 0.0) as line, sqlite(folder) as store:
            unpaced = sent(line, store, paced=False)
        with standin(server_core, 0.0) as line, postgresql(server_core) as store:
            shared = sent(line, store, paced=False)
    print(f"\n{RECIPIENTS:,} recipients, 500 a call{'recipients/s':>28} {'CPU µs/call':>14} {'of a core':>10}")
    for name, one in (
        ("paced by LINE's 200 calls a second, 50 ms, SQLite", paced),
        ("unpaced, SQLite", unpaced),
        ("unpaced, PostgreSQL", shared),
    ):
        core = one.calling_core_seconds / one.calling_seconds
        micros = one.calling_core_seconds / (one.friends / MULTICAST_RECIPIENTS) * 1e6
        print(f"  {name:<50} {one.calls_per_second:>12,.0f} {micros:>14,.0f} {core:>10.2f}")
    found = {
        "wire": "pyreqwest" if installed() else "aiohttp",
        "paced_recipients_per_s": round(paced.calls_per_second),
        "recipients_per_s": round(unpaced.calls_per_second),
        "recipients_per_s_postgresql": round(shared.calls_per_second),
        "paced_core": round(paced.calling_core_seconds / paced.calling_seconds, 2),
        "whole_way_per_s": round(unpaced.per_second),
    }
    print(json.dumps(found))


def sent(line: Standin, store: Store, *, paced: bool) -> Sent:
    """A send to everybody, which the stand-in and the ledger must confirm."""
    everyone = {"everyone": True, "expect": {"max": RECIPIENTS}}
    prepare(store, RECIPIENTS, [message(values(0))], audience=everyone)
    line.counts()
    found = send(line.origin, store, RECIPIENTS, paced=paced)
    calls = -(-RECIPIENTS // MULTICAST_RECIPIENTS)
    assert line.counts() == {"accepted": calls, "repeated": 0, "recipients": RECIPIENTS}
    (recorded,) = store.sends(CLIENT.name)
    assert recorded.batches == {BatchStatus.ACCEPTED: calls}, recorded
    return found


@contextmanager
def sqlite(folder: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{folder}/store.db") as store:
        yield store
    for file in folder.glob("store.db*"):
        file.unlink()


@contextmanager
def postgresql(core: int) -> Iterator[Store]:
    """A server as it comes, so with fsync; it shares the core of the stand-in."""
    with postgres_server(synced=True, core=core) as server, open_store(new_database(server)) as store:
        yield store


if __name__ == "__main__":
    main()
