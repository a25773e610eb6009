"""What moves from SQLite to PostgreSQL is everything, as it was; what does not leaves nothing behind."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import URL, make_url

from lineform.errors import BlockedError, CredentialError
from lineform.ports.friends import EventRow, FriendCount, FriendRow
from lineform.run.halt import halted_by
from lineform.segments.predicate import Indexed
from lineform.settings import Settings
from lineform.store import migrations, moving, open_store
from lineform.store.backup import back_up
from lineform.store.failures import StoreUnavailable, StoreUnusable
from lineform.store.hot import usable_indexes
from lineform.store.moving import OWN, indexed_attributes, move, moved_tables
from lineform.store.open import SqlStore
from lineform.store.tables import metadata
from lineform.wiring.backup import Restored, make_indexes, restore_store
from support.filled import ACCOUNT, BOT, fill
from support.postgres import new_database
from support.stores import NOW, Unread, new_batches, new_file, new_send, user

KEY = "the key of these tests, which never changes"
KILLED = """
import os, signal, sys
from pathlib import Path
from lineform.store import open_store
from lineform.store.moving import move

def tell(count):
    if count > 20:
        os.kill(os.getpid(), signal.SIGKILL)

with open_store(sys.argv[2]) as target:
    move(Path(sys.argv[1]), target, tell)
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The file of an SQLite store in which every table has rows."""
    path = tmp_path / "old" / "store.db"
    with open_store(new_file(path), KEY) as store:
        fill(store)
    return path


@pytest.fixture
def new_url(postgres_server: URL) -> str:
    """A PostgreSQL database that was never used, of a server that takes a moment without a zone for one in Japan."""
    url = make_url(new_database(postgres_server)).update_query_dict({"options": "-c timezone=Asia/Tokyo"})
    return url.render_as_string(hide_password=False)


def opened(url: str) -> SqlStore:
    store = open_store(url, KEY)
    assert isinstance(store, SqlStore)
    return store


def restored(url: str, workspace: Path, file: Path, *, key: str = KEY, force: bool = False) -> Restored:
    settings = Settings.from_environment({"LINEFORM_STORE": url, "LINEFORM_FORGET_KEY": key})
    return restore_store(settings, workspace, file, NOW, "somebody", force=force)


def moved(file: Path, url: str) -> list[int]:
    told: list[int] = []
    with opened(url) as store:
        assert move(file, store, told.append) == told[-1]
    return told


def rows(store: SqlStore, table: sa.Table) -> Sequence[Any]:
    keys = table.primary_key.columns
    with store.reading() as connection:
        return connection.execute(sa.select(table).order_by(*keys)).all()


def count(url: str) -> int:
    """Rows of all tables of a PostgreSQL store; none where it has no tables."""
    with opened(url) as store, store.reading() as connection:
        there = sa.inspect(connection).get_table_names()
        return sum(
            connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in metadata.tables.values()
            if table.name in there and table.name != "lineform_schema"
        )


def made(url: str) -> list[Any]:
    """Every key, index, trigger and column of a PostgreSQL store."""
    asked = (
        "SELECT conrelid::regclass::text || conname || pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = current_schema()::regnamespace "
        "UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() "
        "UNION ALL SELECT pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal "
        "UNION ALL SELECT table_name || column_name || is_identity || is_nullable || coalesce(column_default, '') "
        "FROM information_schema.columns WHERE table_schema = current_schema()"
    )
    with opened(url) as store, store.reading() as connection:
        return sorted(connection.execute(sa.text(asked)).scalars())


def changed(file: Path, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement, values)


def test_every_row_of_every_table_goes_along(old: Path, new_url: str) -> None:
    """A table that is new has to be filled in `support.filled`, and so is known to move."""
    told = moved(old, new_url)
    assert told == sorted(told)
    with opened(f"sqlite:///{old}") as source, opened(new_url) as target:
        for table in moved_tables():
            before = rows(source, table)
            assert before, f"no row of '{table.name}' was there to be moved"
            assert rows(target, table) == before, table.name
        assert [one for one in OWN if one != "lineform_schema" and rows(target, metadata.tables[one])] == []
        with target.reading() as connection:
            assert migrations.recorded_version(connection) == migrations.VERSION


def test_what_stays_behind_is_named(old: Path) -> None:
    assert {table.name for table in moved_tables()} | OWN == set(metadata.tables)
    assert {"lineform_schema", "copies", "changes"} == OWN


def test_the_tables_are_afterwards_as_those_of_any_other_store(old: Path, new_url: str, postgres_server: URL) -> None:
    other = new_database(postgres_server)
    with opened(other) as store:
        store.migrate()
    moved(old, new_url)
    assert made(new_url) == made(other)


def test_a_store_that_has_its_tables_and_nothing_in_them_is_filled_as_well(old: Path, new_url: str) -> None:
    with opened(new_url) as store:
        store.migrate()
    before = made(new_url)
    moved(old, new_url)
    assert made(new_url) == before


def test_a_large_table_goes_in_parts(old: Path, new_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "TOGETHER", 2)
    told = moved(old, new_url)
    assert max(after - before for before, after in pairwise([0, *told])) == 2
    assert count(new_url) == told[-1]


def test_new_ids_come_behind_those_that_moved(old: Path, new_url: str) -> None:
    moved(old, new_url)
    numbered = [table for table in moved_tables() if "id" in table.c]
    with opened(f"sqlite:///{old}") as source:
        largest = {table.name: max(row.id for row in rows(source, table)) for table in numbered}
    with opened(new_url) as store:
        store.import_friends(ACCOUNT, [FriendRow(user(50), tags=("new",))], NOW)
        store.add_events(ACCOUNT, [EventRow(user(50), "bought", "b1", NOW)], NOW)
        store.freeze(ACCOUNT, new_send("later"), new_batches(1), NOW)
        for name in ("friends", "tags", "event_types", "events", "sends", "batches"):
            assert max(row.id for row in rows(store, metadata.tables[name])) == largest[name] + 1, name


def test_a_send_that_was_frozen_is_frozen_and_goes_on_where_it_was(old: Path, new_url: str, tmp_path: Path) -> None:
    assert restored(new_url, tmp_path, old).halted == (ACCOUNT, "kita")
    with opened(new_url) as store:
        assert store.freeze(ACCOUNT, new_send(), Unread(), NOW) is None
        (send,) = store.sends(ACCOUNT)
        claimed = store.claim(send.id, "other", NOW + timedelta(days=1), timedelta(hours=1), 9)
        assert [(one.seq, one.attempts, one.friend_ids) for one in claimed] == [(1, 1, (2,)), (2, 0, (3,))]
        assert store.free_codes(ACCOUNT, "gift") == 2
        assert halted_by(store, ACCOUNT, NOW) == "somebody"


def test_the_bot_of_each_account_is_remembered(old: Path, new_url: str) -> None:
    moved(old, new_url)
    with opened(new_url) as store:
        store.claim_bot(ACCOUNT, BOT)
        with pytest.raises(CredentialError, match="belong to bot"):
            store.claim_bot(ACCOUNT, "U" + "c" * 32)


def test_indexes_over_attributes_are_there_as_before(old: Path, new_url: str, tmp_path: Path) -> None:
    hot: list[Indexed] = [
        {"tier": "enum"},
        {"long_" * 12: "text"},
        {"tier": "enum", "visits": "number"},
        {"long_" * 12: "text", "member": "bool", "birthday": "date"},
    ]
    with opened(f"sqlite:///{old}") as source:
        source.keep_indexes(hot)
        with source.reading() as connection:
            before = usable_indexes(connection)
    assert list(map(dict, indexed_attributes(old))) == hot
    done = restored(new_url, tmp_path, old)
    assert done.moved is not None
    make_indexes(Settings.from_environment({"LINEFORM_STORE": new_url}), tmp_path, done.moved)
    with opened(new_url) as store, store.reading() as connection:
        expected = {one for one in before if one.startswith(("friends_", "events_"))}
        assert expected <= usable_indexes(connection)


def test_a_store_that_is_not_empty_is_refused_and_left_as_it_is(old: Path, new_url: str, tmp_path: Path) -> None:
    with opened(new_url) as store:
        store.migrate()
        store.claim_bot(ACCOUNT, BOT)
    for force in (False, True):
        with pytest.raises(BlockedError, match="is not empty: it has rows in accounts") as caught:
            restored(new_url, tmp_path, old, force=force)
        assert "empty database only" in caught.value.hint
    with opened(new_url) as store, pytest.raises(BlockedError, match="is not empty"):
        move(old, store, lambda _: None)
    assert count(new_url) == 1


def test_a_store_of_a_newer_version_is_refused(old: Path, new_url: str, tmp_path: Path) -> None:
    with opened(new_url) as store:
        store.migrate()
        with store.writing() as connection:
            connection.execute(sa.text("INSERT INTO lineform_schema (version) VALUES (99)"))
    with pytest.raises(StoreUnusable, match="newer lineform"):
        restored(new_url, tmp_path, old)
    changed(old, "INSERT INTO lineform_schema (version) VALUES (99)")
    with pytest.raises(StoreUnusable, match="newer lineform"):
        restored(new_url, tmp_path, old)


def test_a_backup_of_an_older_version_is_brought_up_to_date_and_stays_what_it_was(
    new_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "older.db"
    with monkeypatch.context() as older:
        older.setattr(migrations, "STEPS", migrations.STEPS[:1])
        older.setattr(migrations, "VERSION", 1)
        with open_store(f"sqlite:///{file}") as store:
            store.migrate()
    changed(file, "INSERT INTO accounts (name, bot) VALUES (?, ?)", ACCOUNT, BOT)
    changed(
        file,
        "INSERT INTO friends (account_id, display_name, language, blocked, attributes, changed_at)"
        " VALUES (1, '花子', '', 0, '{\"visits\":3}', '2026-12-01 00:00:00.000000')",
    )
    changed(file, "INSERT INTO line_ids VALUES (1, 1, ?)", user(1))
    before = file.read_bytes()
    assert restored(new_url, tmp_path, file).version == 1
    assert file.read_bytes() == before
    with opened(new_url) as store:
        (friend,) = store.every_friend(ACCOUNT)
        assert (friend.display_name, friend.attributes) == ("花子", {"visits": 3})


def test_who_was_forgotten_since_the_backup_stays_forgotten(old: Path, new_url: str, tmp_path: Path) -> None:
    """The workspace's own SQLite store knows who that is."""
    own = tmp_path / ".lineform" / "store.db"
    own.parent.mkdir()
    back_up(old, own)
    with opened(f"sqlite:///{own}") as store:
        store.forget(ACCOUNT, [user(1), user(77)], NOW)
    with pytest.raises(CredentialError, match="have been forgotten since"):
        restored(new_url, tmp_path, old, key="")
    assert count(new_url) == 0
    done = restored(new_url, tmp_path, old)
    assert done.forgotten == 1
    assert done.moved is not None
    assert (done.moved.own, done.moved.asked) == (own, True)
    with opened(new_url) as store:
        assert store.count_friends(ACCOUNT) == FriendCount(1, 1)
        assert store.was_forgotten(ACCOUNT, [user(n) for n in (1, 2, 4, 77)]) == {user(1), user(4), user(77)}
    assert sorted(path.name for path in own.parent.iterdir() if path.suffix == ".part") == []


def test_an_own_store_that_cannot_be_read_is_moved_away_by_a_person(old: Path, new_url: str, tmp_path: Path) -> None:
    own = tmp_path / ".lineform" / "store.db"
    own.parent.mkdir()
    own.write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreUnusable, match="cannot be read") as caught:
        restored(new_url, tmp_path, old)
    assert "move store.db" in caught.value.hint


def test_whoever_is_killed_in_the_middle_leaves_an_empty_store(old: Path, new_url: str, tmp_path: Path) -> None:
    with opened(new_url) as store:
        store.migrate()
    before = made(new_url)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(old), new_url], timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert count(new_url) == 0
    assert made(new_url) == before
    with opened(new_url) as store:
        store.claim_bot(ACCOUNT, BOT)
        assert [row.id for row in rows(store, metadata.tables["accounts"])] == [1]


def test_a_value_that_postgresql_cannot_hold_leaves_an_empty_store(old: Path, new_url: str) -> None:
    changed(old, "UPDATE audit SET detail = 'secret' || char(0)")
    with opened(new_url) as store, pytest.raises(StoreUnusable, match="in the table 'audit'") as caught:
        move(old, store, lambda _: None)
    assert "secret" not in caught.value.message + caught.value.hint
    assert caught.value.__cause__ is None
    assert count(new_url) == 0


def test_whoever_writes_there_is_not_waited_for_for_ever(
    old: Path, new_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_PATIENCE", "100ms")
    with opened(new_url) as store:
        store.migrate()
        with store.writing() as connection:
            connection.execute(sa.select(metadata.tables["accounts"]).with_for_update())
            with pytest.raises(StoreUnavailable, match="locked"):
                move(old, store, lambda _: None)
    assert count(new_url) == 0
