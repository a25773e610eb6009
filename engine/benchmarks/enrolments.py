"""Ten million friends in a scenario: how long a claim of those who are due takes, and how many are decided a second.

    make bench NAME=enrolments                     (ENROLMENTS=10000000, STORE=sqlite or postgresql)

A claim finds 1,000 friends who are due among all, holds them, decides, freezes their messages and writes where they
stand then, in one transaction. LINE is not called. Beside it, the question what one friend was sent lately is measured
after a week of campaigns: that is asked for every message to a single friend.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from servers import new_database, postgres_server

from lineform.journeys.book import books
from lineform.journeys.budget import Purse
from lineform.journeys.decision import Decision
from lineform.journeys.freezing import Freezer
from lineform.journeys.making import Maker
from lineform.lineapi.routes import Route
from lineform.model.address import Address, Kind
from lineform.model.client import ClientSpec, Limits
from lineform.model.origin import Origin
from lineform.model.origin import Path as ValuePath
from lineform.model.project import Client, Layer, Resource
from lineform.model.scenario import ScenarioSpec
from lineform.planning.arming import revisions_of
from lineform.planning.live import Quota
from lineform.ports.ledger import Batch, NewBatch, NewSend, Revision, Settled
from lineform.run.supplies import Supplies
from lineform.scenarios.script import VERSION_DIGITS
from lineform.sending.status import BatchStatus, SendStatus
from lineform.store.bulk import insert_rows
from lineform.store.open import SqlStore, open_store
from lineform.store.tables import enrolments, friends, line_ids

NOW = datetime(2026, 12, 1, 1, tzinfo=UTC)
COUNT = int(os.environ.get("ENROLMENTS", "10000000"))
KIND = os.environ.get("STORE", "sqlite")
CLAIM = 1_000
ROUNDS = int(os.environ.get("ROUNDS", "20"))
WEEK_SENDS, WEEK_BATCHES = 4, 2_000
CHUNK = 50_000


class _Nowhere:
    def origin(self, path: ValuePath) -> Origin:
        return Origin("nowhere.yaml", 1, 1)

    def key_origin(self, path: ValuePath) -> Origin:
        return Origin("nowhere.yaml", 1, 1)

    def excerpt(self, origin: Origin) -> str:
        return ""

    def layers(self, path: ValuePath) -> tuple[Layer, ...]:
        return ()


SPEC = ScenarioSpec.model_validate(
    {
        "kind": "scenario",
        "name": "welcome",
        "trigger": "follow",
        "capped": "wait",
        "steps": [
            {"id": "thanks", "send": [{"text": "ありがとう"}]},
            {"id": "story", "after": "3d", "send": [{"text": "{{ friend.display_name | default('お客様') }}さま"}]},
            {"id": "coupon", "after": "7d", "send": [{"text": "クーポン"}]},
        ],
    }
)


def the_client() -> Client:
    head = {"kind": "client", "name": "shop", "title": "shop", "bot": "U" + "0" * 32, "token": {"env": "SHOP"}}
    address = Address(Kind.SCENARIO, "welcome")
    found = Resource("shop", address, SPEC, _Nowhere(), {}, "", {})
    limits = Limits.model_validate({"per_friend": {"week": 5, "gap": "1h"}})
    return Client("shop", ClientSpec.model_validate(head), _Nowhere(), "Asia/Tokyo", limits, None, {}, {address: found})


def fill(store: SqlStore, version: str) -> None:
    """Friends, and where each stands: one in a thousand is due in each of the coming seconds."""
    columns = ("id", "account_id", "display_name", "language", "followed_at", "blocked", "attributes", "changed_at")
    more = ("first_followed_at", "first_route", "last_route", "member_id")
    stand = (
        *("account_id", "friend_id", "scenario", "instance", "entry", "version", "state", "step", "anchor"),
        *("entered_at", "due", "reached", "turn", "began_with", "fields", "marks", "reason", "changed_at"),
    )
    for start in range(1, COUNT + 1, CHUNK):
        ids = range(start, min(start + CHUNK, COUNT + 1))
        with store.writing() as connection:
            account = store.own_account_id(connection, "shop")
            people: list[tuple[object, ...]] = [
                (i, account, f"F{i % 50}", "ja", NOW, False, {}, NOW, NOW, "", "", "") for i in ids
            ]
            insert_rows(connection, friends, (*columns, *more), people)
            insert_rows(
                connection, line_ids, ("friend_id", "account_id", "user_id"), [(i, account, f"U{i:032x}") for i in ids]
            )
            rows: list[tuple[object, ...]] = [
                (
                    *(account, i, "welcome", "", 1, version, "active", "story", NOW - timedelta(days=3), NOW),
                    *(NOW + timedelta(seconds=(i * 7919) % (COUNT // CLAIM)), NOW - timedelta(days=3), "", f"f{i}"),
                    *({}, '[["thanks","sent",1780275600]]', "", NOW),
                )
                for i in ids
            ]
            insert_rows(connection, enrolments, stand, rows)


def week(store: SqlStore) -> None:
    """Campaigns of the last week: multicasts of 500, of which each friend is in some."""
    for send in range(WEEK_SENDS):
        new = NewSend(f"campaign.c{send}", "d", f"k{send}", NOW, SendStatus.FROZEN, WEEK_BATCHES * 500)
        groups = (
            NewBatch(seq, Route.MULTICAST, tuple(range(seq * 500 + 1, seq * 500 + 501)), b"{}", uuid4(), b"body-dig")
            for seq in range(min(WEEK_BATCHES, COUNT // 500))
        )
        send_id = store.freeze("shop", new, groups, NOW - timedelta(days=send))
        if send and send_id is not None:
            # All but the newest are over.
            over = [Settled(batch.id, BatchStatus.ACCEPTED) for batch in _claimed(store, send_id, send)]
            store.settle_all(over, NOW)
            store.conclude(send_id, SendStatus.SENT, NOW)


def _claimed(store: SqlStore, send_id: int, days: int) -> Sequence[Batch]:
    return store.claim(send_id, "bench", NOW - timedelta(days=days), timedelta(minutes=1), WEEK_BATCHES)


def claim(store: SqlStore, client: Client, now: datetime) -> tuple[float, float, int]:
    """Seconds until the friends are held, seconds for all of it, and how many they are."""
    began = time.perf_counter()
    book = books().of(store, client)
    with store.together("shop") as inside:
        ids = inside.claim_due("shop", now, CLAIM)
        held = time.perf_counter()
        decision = Decision(Supplies(inside, "shop", now), client, book, books(), "bench", None)
        decision.take_in(ids)
        for friend_id in ids:
            decision.due(friend_id)
        freezer = Freezer(decision, Maker(decision), "bench", timedelta(seconds=60))
        Purse(Quota(None, 0)).judge(inside, client, now, freezer.make())
        freezer.freeze()
        decision.write()
    return held - began, time.perf_counter() - began, len(ids)


def timed(call: Callable[[], object], times: int) -> float:
    """The median of some calls, in milliseconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


@contextmanager
def a_store() -> Iterator[SqlStore]:
    shared = KIND == "postgresql"
    with tempfile.TemporaryDirectory() as folder, postgres_server(shared, synced=True) as server:
        with open_store(new_database(server) if shared else f"sqlite:///{folder}/store.db") as opened:
            assert isinstance(opened, SqlStore)
            opened.migrate()
            yield opened
        if not shared:
            print(f"  the file has {Path(folder, 'store.db').stat().st_size / 1e9:.2f} GB")


def main() -> int:
    client = the_client()
    (found,) = revisions_of(client).values()
    with a_store() as store:
        began = time.perf_counter()
        store.arm("shop", Revision("scenario.welcome", found.digest, NOW - timedelta(days=30), found.body))
        fill(store, found.digest[:VERSION_DIGITS])
        print(f"{COUNT:,} friends in a scenario ({KIND}), made in {time.perf_counter() - began:.0f} s")
        first = timed(lambda: store.claim_due("shop", NOW + timedelta(seconds=1), CLAIM), 5)
        used = resource.getrusage(resource.RUSAGE_SELF)
        began = time.perf_counter()
        claims, whole, decided = [], [], 0
        for turn in range(ROUNDS):
            took, all_of_it, count = claim(store, client, NOW + timedelta(seconds=turn + 1))
            claims.append(took * 1000)
            whole.append(all_of_it * 1000)
            decided += count
        seconds = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_SELF)
        cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        week(store)
        ask = lambda: store.contacts_of("shop", [77], NOW - timedelta(days=7), NOW)  # noqa: E731
        cold = timed(ask, 1)
        warm = timed(ask, 20)
        many = timed(lambda: store.contacts_of("shop", range(1, 1001), NOW - timedelta(days=7), NOW), 5)
    row = "{:<58}{:>12}"
    print(row.format("find and hold 1,000 who are due, ms", f"{statistics.median(claims):.1f}"))
    print(row.format("the same, nothing else in memory, ms", f"{first:.1f}"))
    print(row.format("a whole claim (decide, freeze, write), ms", f"{statistics.median(whole):.0f}"))
    print(row.format("friends decided about, a second", f"{decided / seconds:,.0f}"))
    print(row.format("CPU of this process for each, ms", f"{cpu / max(1, decided) * 1000:.2f}"))
    print(row.format("what one friend was sent lately, first time, ms", f"{cold:.0f}"))
    print(row.format("  and from then on, ms", f"{warm:.1f}"))
    print(row.format("  of 1,000 friends, ms", f"{many:.0f}"))
    result = {
        "enrolments": COUNT,
        "store": KIND,
        "claim_ms": round(statistics.median(claims), 1),
        "whole_ms": round(statistics.median(whole), 1),
        "decided": decided,
        "decided_per_s": round(decided / seconds),
        "cpu_ms_each": round(cpu / max(1, decided) * 1000, 3),
        "lately_cold_ms": round(cold, 1),
        "lately_ms": round(warm, 2),
        "lately_1000_ms": round(many, 1),
    }
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
