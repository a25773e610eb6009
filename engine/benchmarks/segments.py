"""Questions about everybody on SQLite, PostgreSQL and the DuckDB copy: `make bench NAME=segments`.

SIZE (default 200,000) friends with four attributes, four tags, ten events and a menu each, and a tenth of that, from
which the growth is told; SIZE=10000000 takes an hour and 40 GB in TMPDIR, engine after engine. REPEAT (default 3): the
fastest counts. TREES (default 500) random trees, each at one of seven moments, are asked of all engines and of the
plain reading in five small populations. ENGINES (default sqlite,duckdb,postgresql) says which are tried. KEEP names a
folder in which the SQLite files stay for the next run, which then says nothing of how long loading took.

The friends are generated inside the databases, with indexes as the store makes them; what an import takes is measured
apart, from a CSV file, each transaction on the disk. Streamed ids are read in a process of their own, whose peak is
told.
"""

from __future__ import annotations

import gc
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import imports
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from segments_data import fill_postgres, fill_sqlite
from servers import drop_database, new_database, postgres_server
from sqlalchemy import URL

from lineform.loading.friends_writing import write_friends
from lineform.scenarios.menus import MenuRules, Rule, tally
from lineform.segments.predicate import (
    AgeIs,
    All,
    Anniversary,
    AttributeIs,
    Count,
    Happened,
    HasTag,
    Indexed,
    Not,
    Predicate,
    Sum,
)
from lineform.segments.predicate import Any as AnyOf
from lineform.segments.reading import matches
from lineform.store import open_store
from lineform.store.copy import PopulationCopy
from lineform.store.copy_answers import Answers
from lineform.store.open import SqlStore
from support.copied import of_the_copy_alone
from support.populations import ALONE, HAVING, NOWS, TOGETHER, history, population, trees
from support.stores import user

NOW = datetime(2026, 12, 1, 1, tzinfo=UTC)
DAY = 86_400
ACCOUNT = "aoba"
NEVER = "never clicked"
MENU = "everybody's menu"
PLAIN_MENU = "the same, no rule about events"
TOKYO = "Asia/Tokyo"


def tag(number: int) -> HasTag:
    return HasTag(f"tag-{number}")


GOLD = AttributeIs("tier", "enum", "is", ("gold",))
NEVER_CLICKED = Happened("click", (AttributeIs("link", "text", "is", ("link-7",)),), None, None, Count("is", (0,)))
THRICE = Happened("purchase", (), 90 * DAY, None, Count("at_least", (3,)))
LAPSED = Happened("visit", (), 60 * DAY, None, Count("is", (0,)))
QUESTIONS: dict[str, Predicate] = {
    "attributes": All(
        (
            AttributeIs("prefecture", "enum", "in", ("pref-13", "pref-27")),
            GOLD,
            AttributeIs("visits", "number", "at_least", (45,)),
        )
    ),
    "tags": All((AnyOf((tag(1), tag(2), tag(3))), tag(14), tag(26), Not(tag(38)))),
    "birthday and attribute": All((Anniversary("birthday", "month_12", TOKYO), GOLD)),
    "3 purchases in 90 days": THRICE,
    NEVER: NEVER_CLICKED,
    "combination": All(
        (GOLD, AnyOf((tag(1), tag(2))), Not(tag(38)), LAPSED, AgeIs("birthday", "at_least", (20,), TOKYO))
    ),
    "12,000 yen in a year": Happened("purchase", (), 365 * DAY, None, Sum("amount", "at_least", (12_000.0,))),
}
RULES = MenuRules(
    "menu-rules.main",
    "d1",
    (
        Rule(All((Anniversary("birthday", "this_month", TOKYO), GOLD)), "birthday"),
        Rule(All((tag(1), tag(14))), "members"),
        Rule(THRICE, "regulars"),
        Rule(AnyOf((tag(2), tag(3), tag(4))), "classes"),
        Rule(LAPSED, "welcome-back"),
    ),
    default="main",
)
PLAIN_RULES = replace(RULES, rules=tuple(rule for rule in RULES.rules if not isinstance(rule.predicate, Happened)))
Seconds = dict[str, float]


@dataclass(frozen=True)
class Result:
    """What was measured on one engine."""

    seconds: Seconds
    load_s: float
    """0 where it was loaded before."""
    peak_mb: float
    bytes: int = 0
    """On the disk; 0 where nobody knows."""


HOT: list[Indexed] = [
    {"tier": "enum"},
    {"prefecture": "enum"},
    {"visits": "number"},
    {"birthday": "date"},
    {"tier": "enum", "prefecture": "enum", "visits": "number"},
]
"""Declared with `indexed: true`, and as `indexed_together`."""
WORDS = [AttributeIs("tier", "enum", "is", (word,)) for word in ("gold", "silver", "bronze")]
"""Of an enum that is declared so; prefectures are too many."""


def ask(store: SqlStore, repeat: int) -> tuple[Seconds, dict[str, object]]:
    """The fastest of some times, and what was answered."""
    questions: dict[str, Callable[[], object]] = {
        name: lambda tree=tree: store.count(ACCOUNT, tree, NOW)  # type: ignore[misc]
        for name, tree in QUESTIONS.items()
    }
    for name, rules in ((MENU, RULES), (PLAIN_MENU, PLAIN_RULES)):
        questions[name] = lambda rules=rules: tally(rules, store.menu_groups(ACCOUNT, rules, NOW), NOW)  # type: ignore[misc]
    questions[f"{NEVER}, streamed"] = lambda: streamed(store)
    seconds, answers = {}, {}
    for name, question in questions.items():
        took = []
        for _ in range(repeat):
            start = time.perf_counter()
            answers[name] = question()
            took.append(time.perf_counter() - start)
        seconds[name] = min(took)
        print(f"  {name}: {seconds[name]:,.3f} s", file=sys.stderr)
    return seconds, answers


def streamed(store: SqlStore) -> int:
    """How many ids come, read as a send reads them."""
    return sum(map(len, store.select_arrays(ACCOUNT, NEVER_CLICKED, NOW)))


def stream(url: str, copy: str) -> None:
    """In a process of its own: every id of the question that selects nearly all, and what memory that takes."""
    with opened(url, Path(copy) if copy else None) as store:
        found = streamed(store)
    print(json.dumps({"found": found, "peak_mb": round(peak_mb())}))


def peak_mb() -> float:
    """Of this process since it began; what `getrusage` tells begins with the peak of the process that started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def peak_of(url: str, copy: Path | None) -> float:
    done = subprocess.run(
        [sys.executable, __file__, "--stream", url, str(copy or "")], capture_output=True, text=True, check=True
    )
    return float(json.loads(done.stdout.splitlines()[-1])["peak_mb"])


def measured(size: int, folder: Path, engines: list[str], server: URL, repeat: int) -> Iterator[tuple[str, Result]]:
    """Each engine with its seconds, its peak and the time that loading took; all of them answer alike."""
    told: list[dict[str, object]] = []

    def asked(store: SqlStore, url: str, copy: Path | None, load: float) -> Result:
        gc.collect()
        print(f"{size:,} friends" + (f" loaded in {load:,.0f} s" if load else ", loaded before"), file=sys.stderr)
        seconds, answers = ask(store, repeat)
        told.append(answers)
        assert answers == told[0], "the engines do not answer alike"
        return Result(seconds, load, peak_of(url, copy))

    if "sqlite" in engines or "duckdb" in engines:
        kept = os.environ.get("KEEP")
        file = Path(kept or folder) / f"{size}.db"
        copy = file.with_suffix(".duckdb")
        url = f"sqlite:///{file}"
        load = 0.0 if file.exists() else timed(lambda: loaded(file, size))
        make_indexes(url)
        if "sqlite" in engines:
            with opened(url, None) as store:
                yield "sqlite", replace(asked(store, url, None, load), bytes=file.stat().st_size)
        if "duckdb" in engines:
            with opened(url, copy) as store:
                load = 0.0 if copy.exists() else timed(lambda: store.refresh_copy(NOW))
                with copy_of(store).current() as answers:
                    assert answers is not None
                yield "duckdb", replace(asked(store, url, copy, load), bytes=copy.stat().st_size)
        if not kept:
            for path in folder.glob(f"{size}.*"):
                path.unlink()
    if "postgresql" in engines:
        url = new_database(server)
        load = timed(lambda: fill_postgres(url, size, NOW))
        make_indexes(url)
        with opened(url, None) as store:
            yield "postgresql", asked(store, url, None, load)
        drop_database(server, url)


def loaded(file: Path, size: int) -> None:
    """Makes an SQLite store with so many friends; one that was broken off bears another name."""
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    fill_sqlite(f"sqlite:///{part}", size, NOW)
    part.rename(file)


def make_indexes(url: str) -> None:
    """Those that are not there yet, of whatever version the store was."""
    with opened(url, None) as store:
        store.migrate()
        store.keep_indexes(HOT, WORDS)


def opened(url: str, copy: Path | None) -> SqlStore:
    store = open_store(url, copy=copy)
    assert isinstance(store, SqlStore)
    return store


def copy_of(store: SqlStore) -> PopulationCopy:
    assert store.copy is not None
    return store.copy


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def disagreements(count: int, folder: Path, urls: list[str], engines: list[str]) -> tuple[int, int]:
    """Random trees on which some engine and the plain reading do not agree, and how many were tried."""
    found = tried = 0
    with ExitStack() as stack:
        worlds = []
        for number, url in enumerate(urls):
            store = stack.enter_context(opened(url, folder / f"{number}.duckdb"))
            store.migrate()
            if url.endswith("/indexed.db"):
                store.keep_indexes([*ALONE, *TOGETHER])
            elif store.postgres:
                # As for one account, before there are several.
                store.keep_indexes(TOGETHER, HAVING)
            people = {}
            for seed in range(5):
                account = f"account-{seed}"
                store.import_friends(account, population(Random(seed), 60), NOW)
                store.add_events(account, history(Random(seed), 60, account), NOW)
                ids = sorted(store.friend_ids(account, [user(n) for n in range(60)]).values())
                did = store.histories(account, ids)
                people[account] = [replace(f, events=did.get(f.id, ())) for f in store.friends(account, ids)]
            worlds.append((store, people))
        if "duckdb" in engines:
            # Opened once: opening it takes longer than most of these questions, and without it the store would answer.
            copied = worlds[-1][0]
            copied.refresh_copy(NOW)
            copy = copy_of(copied)
            answers = stack.enter_context(copy.current())
            assert answers is not None, "the copy cannot be asked"

            @contextmanager
            def held() -> Iterator[Answers | None]:
                yield answers

            copy.current = held  # type: ignore[method-assign] # for this copy alone
            stack.enter_context(of_the_copy_alone(copied))

        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            derandomize=False,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(trees, st.sampled_from([f"account-{n}" for n in range(5)]), st.sampled_from(NOWS))
        def one(tree: Predicate, account: str, now: datetime) -> None:
            nonlocal found, tried
            tried += 1
            for store, people in worlds:
                meant = [f.id for f in people[account] if not f.blocked and matches(tree, f, now) is True]
                found += list(store.select(account, tree, now)) != meant

        one()
    return found, tried


def import_speed(folder: Path, rows: int) -> float:
    """Friends a second from a CSV file into SQLite, while nobody keeps a copy."""
    table = folder / "friends.csv"
    write_friends(table, ".csv", map(imports.known, map(imports.friend, range(rows))), imports.WORDS, lambda _: None)
    best = 0.0
    for number in range(3):
        with opened(f"sqlite:///{folder}/import-{number}.db", None) as store:
            store.migrate()
            best = max(best, imports.speed(store, ACCOUNT, rows, lambda: imports.from_file(table)))
    return best


def main() -> None:
    size, repeat, count = (
        int(os.environ.get(name, usual)) for name, usual in (("SIZE", "200000"), ("REPEAT", "3"), ("TREES", "500"))
    )
    engines = os.environ.get("ENGINES", "sqlite,duckdb,postgresql").split(",")
    sizes = (size // 10, size)
    found: dict[str, dict[int, Result]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with postgres_server("postgresql" in engines, synced=True) as server:
            for one in sizes:
                for engine, result in measured(one, folder, engines, server, repeat):
                    found.setdefault(engine, {})[one] = result
                    print(f"{engine}, {one:,} friends: peak {result.peak_mb:,.0f} MB\n", file=sys.stderr)
            urls = [f"sqlite:///{folder}/{name}.db" for name in ("plain", "indexed")]
            urls += [new_database(server)] if "postgresql" in engines else []
            urls += [f"sqlite:///{folder}/copied.db"] if "duckdb" in engines else []
            wrong, tried = disagreements(count, folder, urls, engines)
        rows_per_s = import_speed(folder, min(size, 200_000))
    show(found, sizes)
    print(
        f"\n{tried:,} random trees: {wrong} disagreements; {rows_per_s:,.0f} rows a second imported from a CSV file\n"
    )
    print(json.dumps(told(found, sizes) | {"rows_per_s": round(rows_per_s), "trees": tried, "disagreements": wrong}))


def show(found: dict[str, dict[int, Result]], sizes: tuple[int, int]) -> None:
    columns = [(engine, one) for engine in found for one in sizes]
    print("seconds, the fastest time\n")
    print(f"{'':28}" + "".join(f"{engine:>14}" for engine, _ in columns))
    print(f"{'friends':28}" + "".join(f"{one:>14,}" for _, one in columns))
    for question in next(iter(found.values()))[sizes[0]].seconds:
        print(f"{question:28}" + "".join(f"{found[e][one].seconds[question]:>14.3f}" for e, one in columns))
    print(f"{'peak MB of streamed ids':28}" + "".join(f"{found[e][one].peak_mb:>14.0f}" for e, one in columns))


def told(found: dict[str, dict[int, Result]], sizes: tuple[int, int]) -> dict[str, object]:
    small, large = sizes
    seconds = {
        engine: {
            question: {str(one): round(by[one].seconds[question], 4) for one in sizes} for question in by[large].seconds
        }
        for engine, by in found.items()
    }
    growth = {
        engine: {q: round(by[large].seconds[q] / by[small].seconds[q], 1) for q in by[large].seconds}
        for engine, by in found.items()
    }
    result: dict[str, object] = {"size": large, "seconds": seconds, "growth": growth}
    result["load_s"] = {
        engine: {str(one): round(by[one].load_s, 1) for one in sizes if by[one].load_s} for engine, by in found.items()
    }
    result["bytes"] = {engine: by[large].bytes for engine, by in found.items() if by[large].bytes}
    result["peak_mb"] = max(by[one].peak_mb for by in found.values() for one in sizes)
    if "sqlite" in found and "duckdb" in found:
        slow, fast = found["sqlite"][large].seconds, found["duckdb"][large].seconds
        logs = [math.log(slow[question] / fast[question]) for question in slow]
        result["duckdb_over_sqlite"] = round(math.exp(sum(logs) / len(logs)), 2)
    return result


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stream"]:
        stream(*sys.argv[2:4])
    else:
        main()
