"""How fast friends are imported, new ones, known ones and changed ones: `make bench NAME=imports`.

Each friend has a name, a language, a moment of following, four attributes and one tag, and all rows are different. What
is measured is the store's own work, every transaction on the disk before the next begins; and the whole way from a CSV
file. Each figure is that of the median repetition, in a store of its own.

ROWS (default 200,000) friends, REPEAT (default 3) repetitions. PostgreSQL is a server of its own in a temporary folder;
POSTGRES=0 leaves it out.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from servers import new_database, postgres_server

from lineform.cli.importing import spare_collector
from lineform.loading.friends_csv import read_csv
from lineform.loading.friends_writing import write_friends
from lineform.model.attributes import AttributeSpec
from lineform.ports.friends import FriendRow, ImportCount
from lineform.ports.store import Store
from lineform.segments.declared import Declared
from lineform.segments.friend import Friend
from lineform.store import open_store

NOW = datetime(2026, 12, 1, 1, tzinfo=UTC)
TAGS = tuple(f"shop-{number}" for number in range(7))
WORDS = Declared(
    attributes={
        "tier": AttributeSpec(type="enum", values=("gold", "silver", "bronze")),
        "visits": AttributeSpec(type="number"),
        "birthday": AttributeSpec(type="date"),
        "member": AttributeSpec(type="bool"),
    },
    tags=frozenset(TAGS),
)
KINDS = ("new", "unchanged", "changed", "new, from a CSV file")


def friend(number: int) -> FriendRow:
    """One of many different friends. Ids come in no order, as LINE's do."""
    return FriendRow(
        f"U{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}",
        f"花子{number}",
        "ja",
        NOW - timedelta(seconds=number * 37),
        number % 20 == 0,
        {
            "tier": ("gold", "silver", "bronze")[number % 3],
            "visits": number % 50,
            "birthday": f"{1950 + number % 60}-{number % 12 + 1:02}-{number % 28 + 1:02}",
            "member": number % 4 == 0,
        },
        (TAGS[number % 7],),
    )


def known(row: FriendRow) -> Friend:
    """The same friend as the store knows one, so that the CSV file is what `friends export` writes."""
    attributes = {name: value for name, value in row.attributes.items() if value is not None}
    name, language = row.display_name or "", row.language or ""
    return Friend(0, row.user_id, name, language, row.followed_at, bool(row.blocked), attributes, frozenset(row.tags))


def measure(url: str, rows: list[FriendRow], table: Path) -> dict[str, float]:
    """Rows a second of each kind, in the empty store at `url`."""
    with open_store(url) as store:
        store.migrate()
        again = [row._replace(attributes={**row.attributes, "visits": 99}) for row in rows]
        return {
            "new": speed(store, "aoba", len(rows), lambda: iter(rows)),
            "unchanged": speed(store, "aoba", len(rows), lambda: iter(rows)),
            "changed": speed(store, "aoba", len(rows), lambda: iter(again)),
            "new, from a CSV file": speed(store, "kita", len(rows), lambda: from_file(table)),
        }


def from_file(table: Path) -> Iterator[FriendRow]:
    for _, row in read_csv(table, WORDS):
        assert isinstance(row, FriendRow), row
        yield row


def speed(store: Store, account: str, count: int, rows: Callable[[], Iterator[FriendRow]]) -> float:
    gc.collect()
    spare_collector()  # As `friends import` does.
    start = time.perf_counter()
    done: ImportCount = store.import_friends(account, rows(), NOW)
    seconds = time.perf_counter() - start
    gc.unfreeze()  # or what a library looks for at the end is not found any more
    assert done.added + done.changed + done.unchanged == count
    return count / seconds


def main() -> None:
    count, repeat = int(os.environ.get("ROWS", "200000")), int(os.environ.get("REPEAT", "3"))
    shared = os.environ.get("POSTGRES", "1") != "0"
    rows = [friend(number) for number in range(count)]
    found: dict[str, list[dict[str, float]]] = {"SQLite": [], "PostgreSQL": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = folder / "friends.csv"
        people = (known(row) for row in rows)
        write_friends(table, ".csv", people, WORDS, lambda _: None)
        with postgres_server(shared, synced=True) as server:
            for number in range(repeat):
                found["SQLite"].append(measure(f"sqlite:///{folder}/{number}.db", rows, table))
                if shared:
                    found["PostgreSQL"].append(measure(new_database(server), rows, table))
    middle = {
        engine: {kind: statistics.median(run[kind] for run in runs) for kind in KINDS}
        for engine, runs in found.items()
        if runs
    }
    print(f"rows a second, the median of {repeat} times {count:,} friends with four attributes and a tag\n")
    print(f"{'':24}" + "".join(f"{engine:>14}" for engine in middle))
    for kind in KINDS:
        print(f"{kind:24}" + "".join(f"{speeds[kind]:14,.0f}" for speeds in middle.values()))
    result = {"rows": count, "rows_per_s": round(middle["SQLite"]["new"])}
    result["rows_per_s_csv"] = round(middle["SQLite"]["new, from a CSV file"])
    if "PostgreSQL" in middle:
        result["rows_per_s_postgresql"] = round(middle["PostgreSQL"]["new"])
        result["rows_per_s_postgresql_csv"] = round(middle["PostgreSQL"]["new, from a CSV file"])
    print("\n" + json.dumps(result))


if __name__ == "__main__":
    main()
