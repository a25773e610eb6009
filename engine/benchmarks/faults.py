"""Days on which everything goes wrong, ten thousand of them, on both stores: `make bench NAME=faults`.

Each run is drawn from its seed: a few friends and sends, limits or none, one to four workers whose processes die at a
call of a port or in the middle of anything, whose clocks jump, at a LINE (the offline account) that answers 500 and
429, cuts connections and lets requests time out before and after it took them, while friends come, go and change. Time
is virtual and the order of all work is shuffled by the seed, so a run takes milliseconds and repeats exactly. When the
trouble is over, LINE's books are held against ours: no friend twice, none lost, no quota, budget or cap exceeded, every
status true. Then real processes are killed by SIGKILL, two at a time, on both stores.

RUNS (10000, on each store), STORES (sqlite,postgresql), SEED (run only that one, and tell of it), PROCESSES (runs with
real processes; one for each hundred) and BUG (plant one: see `faulty/planted.py`) come from the environment. The last
line is JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TextIO

import kills
from faulty.judge import wrong
from faulty.plan import drawn
from faulty.planted import BUGS
from faulty.play import Played, play
from servers import new_database, postgres_server

from lineform.ports.store import Store
from lineform.store.open import open_store

CHUNK = 50
"""Seeds that a process plays before it tells of them."""
TOLD = 20


@dataclass(frozen=True)
class Told:
    """What came of some runs."""

    runs: int = 0
    ticks: int = 0
    deaths: int = 0
    wrong: tuple[str, ...] = ()


def one_run(seed: str, store: Store) -> tuple[Played, list[str]]:
    """Plays a seed and judges it; the offline account is closed."""
    played = play(drawn(seed), store)
    try:
        return played, wrong(played)
    finally:
        played.line.close()


@cache
def plant(bug: str) -> None:
    """Once in a process."""
    BUGS[bug]()


def _some(url: str, seeds: range, bug: str) -> Told:
    """In a process of its own: these seeds on one store."""
    if bug:
        plant(bug)
    runs = ticks = deaths = 0
    found = []
    with open_store(url) as store:
        for seed in seeds:
            try:
                played, problems = one_run(str(seed), store)
            except Exception as error:  # noqa: BLE001 - a run that ends like this is wrong, and the others go on
                problems = [f"{type(error).__name__}: {error}"]
            else:
                ticks, deaths = ticks + played.ticks, deaths + played.deaths
            runs += 1
            if problems:
                found.append(f"SEED={seed} on {url.partition(':')[0]}: {'; '.join(problems)}")
    return Told(runs, ticks, deaths, tuple(found))


@contextmanager
def stores(kinds: tuple[str, ...], count: int) -> Iterator[dict[str, list[str]]]:
    """So many empty, migrated stores of each kind, by their URLs."""
    shared = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    place = shared if shared.is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as folder, postgres_server("postgresql" in kinds) as server:
        urls = {
            kind: [
                f"sqlite:///{folder}/{number}.db" if kind == "sqlite" else new_database(server)
                for number in range(count)
            ]
            for kind in kinds
        }
        for url in (url for of_kind in urls.values() for url in of_kind):
            with open_store(url) as store:
                store.migrate()
        yield urls


def measure(
    runs: int, kinds: tuple[str, ...], bug: str = "", first: int = 0, out: TextIO = sys.stdout
) -> dict[str, Any]:
    """Plays so many seeds on each kind of store, in as many processes as there are cores."""
    began = time.monotonic()
    cores = min(os.cpu_count() or 1, -(-runs * len(kinds) // CHUNK))
    total: dict[str, list[Told]] = {kind: [] for kind in kinds}
    told = 0
    with (
        stores(kinds, cores) as urls,
        ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool,
    ):
        waiting = []
        for kind in kinds:
            for place, start in enumerate(range(first, first + runs, CHUNK)):
                seeds = range(start, min(start + CHUNK, first + runs))
                # A seed names an account, so stores may be shared by whoever is free.
                waiting.append((kind, pool.submit(_some, urls[kind][place % cores], seeds, bug)))
        for kind, future in waiting:
            some = future.result()
            total[kind].append(some)
            for line in some.wrong:
                told += 1
                if told <= TOLD:
                    print(line, file=out, flush=True)
    found: dict[str, Any] = {"runs": 0, "ticks": 0, "deaths": 0, "wrong": 0}
    for kind, parts in total.items():
        found[f"wrong_{kind}"] = sum(len(part.wrong) for part in parts)
        found["wrong"] += found[f"wrong_{kind}"]
        for word in ("runs", "ticks", "deaths"):
            found[word] += sum(getattr(part, word) for part in parts)
    return {**found, "seconds": round(time.monotonic() - began, 1)}


def _again(seed: str, kinds: tuple[str, ...]) -> int:
    """One seed on each kind of store, told in full."""
    problems = 0
    with stores(kinds, 1) as urls:
        for kind, (url,) in urls.items():
            with open_store(url) as store:
                played, found = one_run(seed, store)
                print(f"{kind}: {played.ticks} ticks, {played.deaths} deaths, trace {played.trace}")
                for send in store.sends(played.client.name):
                    counts = {status.value: count for status, count in send.batches.items()}
                    print(f"  {send.address}@{send.key} {send.status.value} {counts} {send.reason}")
                for problem in found or ["nothing is wrong"]:
                    print(f"  {problem}")
                problems += len(found)
    print(played.plan)
    return problems


def main() -> None:
    bug = os.environ.get("BUG", "")
    kinds = tuple(os.environ.get("STORES", "sqlite,postgresql").split(","))
    if seed := os.environ.get("SEED", ""):
        if bug:
            plant(bug)
        problems = _again(seed, kinds)
        print(json.dumps({"seed": seed, "wrong": problems}))
        sys.exit(1 if problems else 0)
    runs = int(os.environ.get("RUNS", "10000"))
    found = measure(runs, kinds, bug)
    processes = int(os.environ.get("PROCESSES", str(runs // 100)))
    if processes:
        killed = kills.measure_both(processes)
        found |= {f"processes_{word}": value for word, value in killed.items()}
        found["wrong"] += killed["wrong"]
    for word, value in found.items():
        print(f"{word:<20} {value:>10}")
    print(json.dumps(found))
    sys.exit(1 if found["wrong"] else 0)


if __name__ == "__main__":
    main()
