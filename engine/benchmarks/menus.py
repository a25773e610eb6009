"""How long it takes to find everybody whose rich menu should be another one.

    make bench NAME=menus                    # 1,000,000 friends on SQLite
    SIZE=50000 make bench NAME=menus
    STORE=postgresql://… make bench NAME=menus   # into an empty database

Three rules: the birthday month, three purchases within 90 days, a tag. Asked are the first look at everybody (who is to
get a menu), the usual one (nobody is) and the one at the end of a month.
"""

from __future__ import annotations

import json
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from lineform.ports.friends import EventRow, FriendRow
from lineform.ports.menus import Linking
from lineform.scenarios.menus import Choice, MenuRules, Rule, decide, tally
from lineform.segments.ids import IdSet
from lineform.segments.predicate import Anniversary, Count, Happened, HasTag
from lineform.store.database import pieces
from lineform.store.open import SqlStore, open_store

SIZE = int(os.environ.get("SIZE", "1000000"))
NOW = datetime(2027, 5, 15, 3, tzinfo=UTC)
JUNE = datetime(2027, 6, 1, 3, tzinfo=UTC)
ACCOUNT = "salon"
RULES = MenuRules(
    "menu-rules.rules",
    "d1",
    (
        Rule(Anniversary("birthday", "this_month", "Asia/Tokyo"), "birthday"),
        Rule(Happened("purchase", (), 90 * 86400, None, Count("at_least", (3,))), "regulars"),
        Rule(HasTag("vip"), "vip"),
    ),
    tabs={name: frozenset({name}) for name in ("", "birthday", "regulars", "vip")},
)
PART = 20_000
T = TypeVar("T")


_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < :size)"
_FRIENDS = f"""
INSERT INTO friends (id, account_id, display_name, language, blocked, attributes, changed_at, first_route, last_route,
                     member_id)
{_NUMBERS}
SELECT n, f.account_id, 'F' || n, 'ja', n % 5 = 0,
       CAST('{{{{"visits":' || (n % 20) || CASE WHEN n % 10 < 7 THEN
            ',"birthday":"' || (1960 + n % 48) || '-' || {{month}} || '-' || {{day}} || '"' ELSE '' END
            || '}}}}' AS {{json}}),
       f.changed_at, '', '', '' FROM numbers, friends f WHERE f.id = 1"""
_TAGS = f"""
INSERT INTO friend_tags (tag_id, friend_id, tagged_at)
{_NUMBERS} SELECT 1, n, :newest FROM numbers WHERE n % 20 = 3"""
_EVENTS = f"""
INSERT INTO events (type_id, friend_id, at, key, fields)
{_NUMBERS}, times(t) AS (SELECT 0 UNION ALL SELECT t + 1 FROM times WHERE t < 3)
SELECT 1, n, :newest - CAST(n * 37 + t * 41 AS bigint) % 150 * 86400000, n || '/' || t, CAST('{{{{}}}}' AS {{json}})
FROM numbers, times WHERE n % 7 > 2"""


def fill(store: SqlStore) -> None:
    """Everybody, made by the database itself from their numbers: an import is measured elsewhere."""
    store.import_friends(ACCOUNT, [FriendRow("U" + "f" * 32, "first", tags=("vip",))], NOW)
    store.add_events(ACCOUNT, [EventRow("U" + "f" * 32, "purchase", "first", NOW)], NOW)
    two_digits = "lpad(({})::text, 2, '0')" if store.postgres else "substr('0' || ({}), -2)"
    words = {
        "json": "jsonb" if store.postgres else "text",
        "month": two_digits.format("n * 7 % 12 + 1"),
        "day": two_digits.format("n * 13 % 28 + 1"),
    }
    values = {"size": SIZE, "newest": int(NOW.timestamp() * 1000)}
    with store.writing() as connection:
        for statement in (_FRIENDS, _TAGS, _EVENTS):
            bound = sa.text(statement.format(**words).replace('":', '"\\:').replace("::", "\\:\\:"))
            connection.execute(bound, {name: value for name, value in values.items() if f":{name}" in statement})
    if store.postgres:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("ANALYZE"))


def timed(work: Callable[[], T], tries: int = 3) -> tuple[float, T]:
    """The best of a few, in seconds: of this process's own time on SQLite, which a busy machine does not stretch."""
    clock = time.perf_counter if "STORE" in os.environ else time.process_time

    def once() -> tuple[float, T]:
        began = clock()
        found = work()
        return clock() - began, found

    return min((once() for _ in range(tries)), key=lambda one: one[0])


def choices(store: SqlStore, now: datetime) -> Iterator[tuple[Choice, IdSet]]:
    """What is to be done about everybody, and about whom."""
    for group in store.menu_groups(ACCOUNT, RULES, now):
        choice = decide(RULES, RULES.menu_of(group.rule), group.shown, now)
        if choice is not None:
            yield choice, group.friends


def look(store: SqlStore, now: datetime) -> int:
    """How many friends are to get another menu."""
    return sum(len(friends) for _, friends in choices(store, now))


def record_all(store: SqlStore, now: datetime) -> None:
    """As if everybody had been linked."""
    for choice, friends in list(choices(store, now)):
        for piece in pieces(friends, PART):
            store.intend_menus(ACCOUNT, [Linking(choice, piece)], "bench", now)
            store.confirm_menus(ACCOUNT, piece, "bench")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("STORE", f"sqlite:///{Path(folder)}/menus.db")
        with open_store(url) as store:
            assert isinstance(store, SqlStore)
            store.migrate()
            fill(store)
            seconds: dict[str, float] = {}
            seconds["first look"], first = timed(lambda: look(store, NOW))
            record_all(store, NOW)
            seconds["nobody changes"], none = timed(lambda: look(store, NOW))
            assert none == 0, f"{none} friends are still to get a menu"
            seconds["the month ends"], changed = timed(lambda: look(store, JUNE))
            counts = tally(RULES, store.menu_groups(ACCOUNT, RULES, JUNE), JUNE)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{SIZE:,} friends, {sum(one.friends for one in counts):,} of whom can be reached; best of three, in seconds")
    for name, value in seconds.items():
        print(f"  {name:<24} {value:8.2f}")
    print(f"  first {first:,} friends get a menu; {changed:,} change at the month's end; peak {peak} MB")
    figures: dict[str, object] = {
        "size": SIZE,
        "first": first,
        "changed": changed,
        "seconds": {k: round(v, 3) for k, v in seconds.items()},
        "peak_mb": peak,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
