"""Millions of friends and what they did, generated inside the databases by plain arithmetic, the same in both."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from lineform.store import open_store

# The random trees are those of the tests.
sys.path.append(str(Path(__file__).parents[2] / "tests"))

TAGS, TAG_GROUPS = 48, 4
EVENTS = (("visit", 4), ("purchase", 3), ("click", 3))
_TIER = "CASE WHEN {i} % 10 = 0 THEN 'gold' WHEN {i} % 3 = 0 THEN 'silver' ELSE 'bronze' END"
_JSON = (
    """'{{"tier":"' || {tier} || '","prefecture":"pref-' || ({i} * 31 / 7 % 47 + 1)"""
    """ || '","visits":' || ({i} * 17 / 5 % 50)"""
    """ || ',"birthday":"' || (1950 + {i} * 13 / 3 % 60) || '-' || substr('0' || ({i} * 7 / 11 % 12 + 1), -2) || '-'"""
    """ || substr('0' || ({i} % 28 + 1), -2) || '"}}'"""
)
_FIELDS = {
    "visit": "'{{}}'",
    "purchase": """'{{"amount":' || ({n} * 7 % 9000) || ',"item":"item-' || ({n} % 500) || '"}}'""",
    "click": """'{{"link":"link-' || ({n} / 11 % 50) || '"}}'""",
}
_MENU_COLUMNS = "friend_id, account_id, menu, outcome, source, at, confirmed, call"
_STEP = 2_654_435_761
"""No factor of any number of friends that people try: events reach friends in no order."""


def _menu(moment: str) -> str:
    """Of everybody something is recorded; of some of them, what the rules say today as well."""
    menu = "CASE n % 4 WHEN 0 THEN 'main' WHEN 1 THEN 'classes' WHEN 2 THEN 'welcome-back' ELSE 'regulars' END"
    return f"n, 1, {menu}, {menu}, 'rules', {moment}, true, 'c'"


def _json(i: str) -> str:
    return _JSON.format(i=i, tier=_TIER.format(i=i))


def _tags(i: str) -> list[str]:
    return [f"{group * 12 + 1} + ({i} * {7 + 4 * group} / {2 * group + 3}) % 12" for group in range(TAG_GROUPS)]


def fill_sqlite(url: str, size: int, now: datetime) -> None:
    """An empty store with so many friends of one account."""
    with open_store(url) as store:
        store.migrate()
        store.claim_bot("aoba", "U" + "a" * 32)
    last = int(now.timestamp())
    numbers = "WITH RECURSIVE g (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {})"
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as db:
        # Without a journal: everything would be written twice, and of a load that breaks off nothing is kept.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000", "temp_store = FILE"):
            db.execute(f"PRAGMA {pragma}")
        made = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
        ours = [(name, sql) for name, sql in made if re.search(r" ON (friends|friend_tags|events) ", sql)]
        for name, _ in ours:
            db.execute(f"DROP INDEX {name}")
        db.execute("BEGIN")
        moment = f"strftime('%Y-%m-%d %H:%M:%f000', {last} - n * 37 % 94608000, 'unixepoch')"
        db.execute(
            f"{numbers.format(size)} INSERT INTO friends (id, account_id, display_name, language, followed_at, blocked,"
            " attributes, changed_at, first_followed_at, first_route, last_route, member_id)"
            f" SELECT n, 1, '', CASE WHEN n % 10 = 3 THEN 'en' ELSE 'ja' END, {moment}, n % 20 = 0, {_json('n')},"
            f" {moment}, {moment}, '', '', CASE WHEN n % 2 THEN 'M' || n ELSE '' END FROM g"
        )
        _words(db.execute, "?")
        union = " UNION ALL ".join(f"SELECT {one}, n FROM g" for one in _tags("n"))
        db.execute(
            f"{numbers.format(size)} INSERT INTO friend_tags (tag_id, friend_id, tagged_at)"
            f" SELECT *, {last * 1000} FROM ({union}) ORDER BY 1, 2"
        )
        db.execute(f"{numbers.format(size)} INSERT INTO friend_menus ({_MENU_COLUMNS}) SELECT {_menu(moment)} FROM g")
        for type_id, (name, each) in enumerate(EVENTS, 1):
            db.execute(
                f"{numbers.format(size * each)} INSERT INTO events (type_id, friend_id, at, key, fields)"
                f" SELECT {type_id}, n * {_STEP} % {size} + 1, {last * 1000} - n * n % 34560007 * 1000,"
                f" printf('%010d', n), {_FIELDS[name].format(n='n')} FROM g"
            )
        db.execute("COMMIT")
        for _, sql in ours:
            db.execute(sql)
        db.execute("PRAGMA journal_mode = WAL")


def fill_postgres(url: str, size: int, now: datetime) -> None:
    """The same in PostgreSQL."""
    with open_store(url) as store:
        store.migrate()
        store.claim_bot("aoba", "U" + "a" * 32)
    last = int(now.timestamp())
    with psycopg.connect(url, autocommit=True) as db:
        # Neither triggers nor references are looked at while they are generated.
        for setting in (
            "session_replication_role = replica",
            "synchronous_commit = off",
            "maintenance_work_mem = '512MB'",
        ):
            db.execute(f"SET {setting}")
        ours = db.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('friends', 'friend_tags', 'events')"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        ).fetchall()
        for name, _ in ours:
            db.execute(f"DROP INDEX {name}")
        moment = f"to_timestamp({last} - n * 37 % 94608000)"
        attributes = _json("n").replace("substr('0' || (", "right('0' || (").replace("), -2)", "), 2)")
        db.execute(
            "INSERT INTO friends (id, account_id, display_name, language, followed_at, blocked, attributes, changed_at,"
            " first_followed_at, first_route, last_route, member_id)"
            f" SELECT n, 1, '', CASE WHEN n % 10 = 3 THEN 'en' ELSE 'ja' END, {moment}, n % 20 = 0,"
            f" ({attributes})::jsonb, {moment}, {moment}, '', '', CASE WHEN n % 2 = 1 THEN 'M' || n ELSE '' END"
            f" FROM generate_series(1, {size}::bigint) AS g (n)"
        )
        _words(db.execute, "%s")
        for one in _tags("n"):
            db.execute(
                f"INSERT INTO friend_tags (tag_id, friend_id, tagged_at) SELECT {one}, n, {last * 1000}"
                f" FROM generate_series(1, {size}::bigint) AS g (n) ORDER BY 1, 2"
            )
        db.execute(
            f"INSERT INTO friend_menus ({_MENU_COLUMNS}) SELECT {_menu(moment)}"
            f" FROM generate_series(1, {size}::bigint) AS g (n)"
        )
        for type_id, (name, each) in enumerate(EVENTS, 1):
            db.execute(
                f"INSERT INTO events (type_id, friend_id, at, key, fields) SELECT {type_id}, n * {_STEP} % {size} + 1,"
                f" {last * 1000} - n * n % 34560007 * 1000, lpad(n::text, 10, '0'),"
                f" ({_FIELDS[name].format(n='n')})::jsonb FROM generate_series(1, {size * each}::bigint) AS g (n)"
            )
        for _, sql in ours:
            db.execute(sql)
        db.execute("VACUUM (ANALYZE)")


def _words(run: Callable[..., Any], mark: str) -> None:
    for number in range(1, TAGS + 1):
        run(f"INSERT INTO tags (id, account_id, name) VALUES ({mark}, 1, {mark})", (number, f"tag-{number}"))
    for number, (name, _) in enumerate(EVENTS, 1):
        run(f"INSERT INTO event_types (id, account_id, name) VALUES ({mark}, 1, {mark})", (number, name))
