"""A hundred thousand friends live a month in six scenarios, and much goes wrong: `make bench NAME=month`.

Every friend follows, some buy, book twice in one second, tap, have their birthday, block and come back; what one of
them does in a turn is decided piece by piece. Steps, replies and tags follow by six overlapping scenarios under a
weekly limit, a gap and quiet hours. Time is virtual. LINE is a book in memory that answers 500 and 429, loses
requests and answers, and takes each retry key once; the worker dies at calls of its ports, or is off for hours. At
the end LINE's book is held against where everybody stands: every step that counts as sent was read exactly once and
in its own words, none that does not was read at all, nobody was sent more than allowed or at night, nobody waits for
ever. Answers with a reply token whose outcome was lost are counted apart: nobody can know them.

FRIENDS (100000), DAYS (30), STORE (sqlite or postgresql), CORES (all) and SEED (1) come from the environment. Each core
has an account of its own. The last line is JSON; the same seed makes the same month.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from random import Random

from faulty.life import Life, Mortal, task_factory
from monthly.judge import counts_as_sent, wrong
from monthly.line import Book
from monthly.lives import START, Act, lives
from monthly.shop import WORKSPACE
from servers import new_database, postgres_server

from lineform.journeys.due import due_steps
from lineform.journeys.live import live_through
from lineform.loading import load_project
from lineform.model.project import Client
from lineform.planning.arming import revisions_of
from lineform.ports.friends import EventRow, FriendRow
from lineform.ports.ledger import Revision
from lineform.ports.store import Store
from lineform.run.options import Records, Run, TickOptions
from lineform.scenarios.happening import Happening, What
from lineform.store.open import open_store
from lineform.wiring.clock import SettableClock

FRIENDS = int(os.environ.get("FRIENDS", "100000"))
DAYS = int(os.environ.get("DAYS", "30"))
STORE = os.environ.get("STORE", "sqlite")
CORES = int(os.environ.get("CORES", str(os.cpu_count() or 1)))
SEED = os.environ.get("SEED", "1")

TICK = timedelta(minutes=30)
DEATHS = 0.03
"""Ticks in which the worker dies at one of its calls."""


@dataclass
class Told:
    """One core's month."""

    friends: int = 0
    happenings: int = 0
    messages: int = 0
    calls: int = 0
    deaths: int = 0
    answers_unknown: int = 0
    skipped: int = 0
    wrong: int = 0
    problems: list[str] = field(default_factory=list)
    peak_mb: float = 0.0


class Month:
    """One account's month."""

    def __init__(self, client: Client, store: Store, seed: str, friends: int) -> None:
        self.client, self.store, self.friends = client, store, friends
        self.random = Random(seed)
        self.clock = SettableClock(START)
        self.user = [f"U{number:032x}" for number in range(friends)]
        self.line = Book(Random(f"{seed}/line"), self.clock, {user: n for n, user in enumerate(self.user)})
        self.birthdays = {n: self._birthday() for n in range(friends) if self.random.random() < 0.3}
        self.ids: dict[int, int] = {}
        self.told = Told(friends)
        self.waiting: list[Happening] = []
        """What happened and was not lived through to its end yet."""
        self.acts = lives(Random(f"{seed}/acts"), friends)
        self.away = {act.friend for act in self.acts if act.what == "block"}
        """Who blocked the account at some time: what was on its way then was not delivered."""

    def _birthday(self) -> str:
        return f"{self.random.randint(1950, 2008)}-{self.random.randint(1, 12):02}-{self.random.randint(1, 28):02}"

    async def live(self) -> None:
        """All of it."""
        loop = asyncio.get_running_loop()
        loop.set_task_factory(task_factory)
        loop.set_exception_handler(lambda _loop, _context: None)  # the dead leave failures behind that nobody asks for
        for address, revision in revisions_of(self.client).items():
            self.store.arm("shop", Revision(address, revision.digest, START - timedelta(days=1), revision.body))
        acts = self.acts
        place, moment, off_until = 0, START, START
        end = START + timedelta(days=DAYS)
        while moment <= end:
            self.clock.set(max(moment, self.clock.now()))
            happened = []
            while place < len(acts) and acts[place].at <= moment:
                happened.append(acts[place])
                place += 1
            if moment >= off_until or moment + timedelta(hours=6) > end:
                await self._turn(happened)
                if self.random.random() < 0.002:
                    off_until = moment + timedelta(hours=self.random.randint(2, 8))
            else:
                await self._turn(happened, works=False)
            moment += TICK
        await self._judge(end)

    async def _turn(self, acts: list[Act], *, works: bool = True) -> None:
        self.waiting += self._facts(acts)
        if not works:
            return
        for _ in range(50):
            dies = self.random.random() < DEATHS
            life = Life(self.random.randint(1, 60) if dies else 0, after=self.random.random() < 0.5)
            await life.live(self._work(life, list(self.waiting)))
            if not life.died:
                self.waiting.clear()
                return
            self.told.deaths += 1
            # Its leases run out before the next one looks.
            self.clock.set(self.clock.now() + timedelta(seconds=61))

    async def _work(self, life: Life, happenings: list[Happening]) -> None:
        records = Records(Mortal(self.store, life))
        try:
            run = Run(self.client, Mortal(self.line, life), records, self.clock, TickOptions(concurrency=50))
            for several in _one_each(happenings):
                await live_through(run, several)
            await due_steps(run)
        finally:
            records.close()

    def _facts(self, acts: list[Act]) -> list[Happening]:
        """What the server writes down before anything follows from it."""
        rows, events = [], []
        for act in acts:
            user = self.user[act.friend]
            if act.what == "follow":
                known = {"birthday": self.birthdays[act.friend]} if act.friend in self.birthdays else {}
                rows.append(FriendRow(user, f"F{act.friend % 500}", followed_at=act.at, attributes=known))
            elif act.what == "block":
                rows.append(FriendRow(user, blocked=True))
                self.line.blocked.add(user)
            elif act.what == "return":
                rows.append(FriendRow(user, blocked=False, followed_at=act.at))
                self.line.blocked.discard(user)
            elif act.what in {"purchase", "booking"}:
                key = f"{act.what[0]}{act.friend}-{act.number}"
                events.append(EventRow(user, act.what, key, act.at, {"number": key}))
            else:
                events.append(EventRow(user, "click", f"c{act.friend}", act.at, {"link": "teaser"}))
        now = self.clock.now()
        if rows:
            self.store.import_friends("shop", rows, now)
        if events:
            self.store.add_events("shop", events, now)
        new = [act.friend for act in acts if act.friend not in self.ids]
        if new:
            found = self.store.friend_ids("shop", [self.user[n] for n in new])
            self.ids |= {n: found[self.user[n]] for n in new}
        self.told.happenings += len(acts)
        return [self._happening(act) for act in acts]

    def _happening(self, act: Act) -> Happening:
        key, friend = f"{act.what}-{act.friend}-{act.number}", self.ids[act.friend]
        token = f"{self.user[act.friend]}/{key}"
        match act.what:
            case "follow" | "return":
                fields = {"unblocked": act.what == "return"}
                return Happening(
                    key, friend, What.FOLLOW, act.at, fields=fields, reply_token=token, received_at=self.clock.now()
                )
            case "block":
                return Happening(key, friend, What.UNFOLLOW, act.at)
            case "purchase" | "booking":
                number = f"{act.what[0]}{act.friend}-{act.number}"
                return Happening(key, friend, What.EVENT, act.at, act.what, fields={"number": number})
            case _:
                return Happening(key, friend, What.EVENT, act.at, "click", fields={"link": "teaser"})

    # ------------------------------------------------------------------ what is wrong

    async def _judge(self, end: datetime) -> None:
        back = {internal: n for n, internal in self.ids.items()}
        uncertain = self._uncertain()
        for start in range(0, self.friends, 2_000):
            some = [self.ids[n] for n in range(start, min(start + 2_000, self.friends)) if n in self.ids]
            courses = self.store.enrolments("shop", some)
            for internal in some:
                n, found = back[internal], courses.get(internal, ())
                sure = internal not in uncertain and n not in self.away
                read = self.line.reads.get(n, ())
                self.told.problems += [f"friend {n}: {what}" for what in wrong(read, found, end - 2 * TICK, sure=sure)]
                self.told.skipped += sum(not counts_as_sent(mark.said) for one in found for mark in one.marks)
        self.told.messages = sum(len(read) for read in self.line.reads.values())
        self.told.calls = self.line.calls
        self.told.answers_unknown = len(uncertain)
        self.told.wrong = len(self.told.problems)
        self.told.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    def _uncertain(self) -> set[int]:
        """Friends with an answer whose outcome nobody knows."""
        found: set[int] = set()
        for send in self.store.sends("shop"):
            if send.status.value == "uncertain":
                found.update(self.store.frozen_friends(send.id))
        return found


def _one_each(happenings: Iterable[Happening]) -> Iterator[list[Happening]]:
    """Parts in which each friend does one thing: each part is decided by itself, all of them in one second."""
    left = list(happenings)
    while left:
        part = list({one.friend_id: one for one in reversed(left)}.values())
        yield part
        done = {one.key for one in part}
        left = [one for one in left if one.key not in done]


def one_core(url: str, seed: str, friends: int) -> Told:
    """In a process of its own."""
    with tempfile.TemporaryDirectory() as place, open_store(url) as store:
        for name, text in WORKSPACE.items():
            path = Path(place) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.lstrip("\n"), encoding="utf-8")
        client = load_project(Path(place)).clients["shop"]
        store.migrate()
        month = Month(client, store, seed, friends)
        with asyncio.Runner() as runner:
            runner.run(month.live())
        return month.told


def main() -> None:
    shared = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    server = postgres_server(STORE == "postgresql")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder, server as running:
        shares = [FRIENDS // CORES + (core < FRIENDS % CORES) for core in range(CORES)]
        urls = [
            new_database(running) if STORE == "postgresql" else f"sqlite:///{folder}/{core}.db" for core in range(CORES)
        ]
        began = time.monotonic()
        with ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as pool:
            told = list(pool.map(one_core, urls, [f"{SEED}/{core}" for core in range(CORES)], shares))
        seconds = time.monotonic() - began
    problems = [problem for one in told for problem in one.problems]
    for problem in problems[:20]:
        print(problem)
    total = {
        word: sum(value for one in told for name, value in asdict(one).items() if name == word)
        for word in ("friends", "happenings", "messages", "calls", "deaths", "answers_unknown", "skipped", "wrong")
    }
    found = {
        **total,
        "seconds": round(seconds, 1),
        "friends_days_per_s": round(FRIENDS * DAYS / seconds),
        "peak_mb": round(max(one.peak_mb for one in told)),
    }
    for word, value in found.items():
        print(f"{word:<20} {value:>12,}")
    print(json.dumps(found))
    sys.exit(1 if found["wrong"] else 0)


if __name__ == "__main__":
    main()
