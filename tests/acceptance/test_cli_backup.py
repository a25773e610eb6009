"""``backup`` and ``restore`` on the command line."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import URL

from lineform.sandbox.control import Control
from lineform.store.backup import copy_store
from lineform.store.failures import StoreUnavailable
from lineform.store.open import SqlStore
from support.command_line import BEFORE, DUE, SALON, Run, replace
from support.postgres import new_database

ONE = ("--client", SALON)
CLOSED_DAYS = "2026-12-04T10:01"
"""A minute after the salon tells its closed days."""


def test_a_restored_ledger_sends_nothing_until_somebody_has_looked(applied: Path, line: Control, run: Run) -> None:
    made = run("backup", "store.backup")
    assert made.code == 0
    assert "1 client" in made.out
    assert (applied / "store.backup").stat().st_mode & 0o077 == 0
    assert run("run", *ONE, "--now", DUE).code == 0
    assert len(line.deliveries(SALON)) == 2
    assert run("restore", "store.backup").code == 4
    told = run("restore", "store.backup", "--force")
    assert told.code == 0
    assert f"lineform run --resume --client {SALON}" in told.err
    # The backup knows nothing of that send: without the halt it would be made again.
    assert run("run", *ONE, "--now", DUE).code == 4
    assert len(line.deliveries(SALON)) == 2
    assert "store.backup" in run("doctor", *ONE).out
    assert run("run", "--resume", *ONE, "--now", DUE).code == 0


def test_a_backup_is_refused_where_a_file_is_and_where_no_store_is(workspace: Path, run: Run) -> None:
    assert run("backup", "store.backup").code == 4
    assert not (workspace / "store.backup").exists()
    assert run("friends", "count").code == 0
    assert run("backup", "store.backup").code == 0
    assert run("backup", "store.backup").code == 64
    assert run("backup", "store.backup", "--force").code == 0


def test_a_postgresql_store_is_told_its_own_command(workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEFORM_STORE", "postgresql://lin:secret@db.example/lineform")
    told = run("backup", "store.dump")
    assert told.code == 64
    assert "pg_dump --format=custom --file=store.dump --host=db.example --username=lin --dbname=lineform" in told.err
    assert "secret" not in told.err
    (workspace / "store.dump").write_bytes(b"PGDMP")
    told = run("restore", "store.dump")
    assert told.code == 64
    before, restores, after = told.err.partition("then: ")[2].split(" && ")
    assert before == "lineform restore --before store.dump.forgotten"
    assert restores.startswith("pg_restore --clean --if-exists --single-transaction --host=db.example")
    assert after.startswith("lineform restore --after store.dump.forgotten")
    assert "end every `lineform serve` and `lineform run`" in told.err


def test_a_store_that_moves_to_postgresql_sends_nothing_twice_and_goes_on(
    applied: Path, line: Control, run: Run, postgres_server: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("run", *ONE, "--now", DUE).code == 0
    assert len(line.deliveries(SALON)) == 2
    before = [run(*asked, *ONE).out for asked in (("report",), ("friends", "count"), ("menus",))]
    assert run("backup", "store.backup").code == 0
    monkeypatch.setenv("LINEFORM_STORE", new_database(postgres_server))
    told = run("restore", "store.backup")
    assert told.code == 0, told.err
    assert "restored store.backup: 1 client, " in told.out
    assert " rows moved to PostgreSQL" in told.out
    assert f"lineform run --resume --client {SALON}" in told.err
    assert "offline.db was asked who had been forgotten since the backup" in told.err
    assert "offline.db is left as it is, and must not be used any more" in told.err
    assert "halted by lineform restore (restored store.backup)" in run("report", *ONE).out
    assert run("run", *ONE, "--now", DUE).code == 4
    assert run("run", "--resume", *ONE, "--now", DUE).code == 0
    assert [run(*asked, *ONE).out for asked in (("report",), ("friends", "count"), ("menus",))] == before
    assert run("run", *ONE, "--now", DUE).code == 0
    assert len(line.deliveries(SALON)) == 2, "what was sent before"
    assert run("run", *ONE, "--now", CLOSED_DAYS).code == 0
    assert len(line.deliveries(SALON)) > 2
    again = run("restore", "store.backup", "--force")
    assert again.code == 4
    assert "the PostgreSQL store is not empty" in again.err


def test_a_move_without_the_old_store_says_that_nobody_tells_who_was_forgotten(
    applied: Path, line: Control, run: Run, postgres_server: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("backup", "store.backup").code == 0
    (applied / ".lineform" / "offline.db").unlink()
    monkeypatch.setenv("LINEFORM_STORE", new_database(postgres_server))
    told = run("restore", "store.backup")
    assert told.code == 0, told.err
    assert "nobody was forgotten again" in told.err
    assert "3 friends" in run("friends", "count", *ONE).out


def test_a_move_asks_only_the_store_that_the_backup_is_of_who_was_forgotten(
    applied: Path, line: Control, run: Run, postgres_server: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workspace has a store of its own, and the backup is of one elsewhere."""
    monkeypatch.setenv("LINEFORM_FORGET_KEY", "the key of these tests, which never changes")
    elsewhere = f"sqlite:///{applied.parent / 'shop.db'}"
    monkeypatch.setenv("LINEFORM_STORE", elsewhere)
    assert run("friends", "import", "friends.csv", *ONE).code == 0
    assert run("apply", "--yes", *ONE).code == 0
    assert run("backup", "shop.backup").code == 0
    assert run("friends", "forget", "--friend", "U00000000000000000000000000000001", "--yes", *ONE).code in {0, 7}
    moved = new_database(postgres_server)
    monkeypatch.setenv("LINEFORM_STORE", moved)
    told = run("restore", "shop.backup")
    assert told.code == 0, told.err
    assert "nobody was forgotten again: " in told.err
    assert "offline.db was not asked who had been since the backup" in told.err
    assert "offline.db is left" not in told.err
    assert "the SQLite store of this backup must not be used any more" in told.err
    assert "3 friends" in run("friends", "count", *ONE).out
    monkeypatch.setenv("LINEFORM_STORE", elsewhere)
    assert run("restore", "--before", "who").code == 0
    monkeypatch.setenv("LINEFORM_STORE", moved)
    assert "1 person who had been forgotten since was forgotten again" in run("restore", "--after", "who").out
    assert "2 friends" in run("friends", "count", *ONE).out


@pytest.mark.parametrize(("stopped", "code"), [(KeyboardInterrupt(), 130), (StoreUnavailable("it is locked"), 9)])
def test_a_move_that_is_stopped_while_it_makes_indexes_is_done_and_says_so(
    applied: Path,
    line: Control,
    run: Run,
    postgres_server: URL,
    monkeypatch: pytest.MonkeyPatch,
    stopped: BaseException,
    code: int,
) -> None:
    visits = "visits: {type: number, "
    replace(applied / "clients" / SALON / "attributes.yaml", visits, f"{visits}indexed: true, ")
    assert run("apply", "--yes", *ONE).code == 0
    assert run("backup", "store.backup").code == 0
    monkeypatch.setenv("LINEFORM_STORE", new_database(postgres_server))

    def stop(*_: object) -> int:
        raise stopped

    with monkeypatch.context() as patch:
        patch.setattr(SqlStore, "keep_indexes", stop)
        told = run("restore", "store.backup")
    assert told.code == code
    assert "rows moved to PostgreSQL" in told.out
    assert f"lineform run --resume --client {SALON}" in told.err
    assert "must not be used any more" in told.err
    assert "the move is done, its indexes are not all made: the next `lineform apply` makes them" in told.err
    assert "the same command goes on" not in told.err
    assert "3 friends" in run("friends", "count", *ONE).out
    again = run("apply", "--yes", *ONE)
    assert "Nothing to do" in again.out
    assert "made 2 indexes of the store" in again.out


def test_a_move_without_the_key_says_who_may_come_back(
    applied: Path, line: Control, run: Run, postgres_server: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("backup", "store.backup").code == 0
    with monkeypatch.context() as patch:
        patch.setenv("LINEFORM_FORGET_KEY", "the key of these tests, which never changes")
        assert run("friends", "forget", "--friend", "U00000000000000000000000000000001", "--yes", *ONE).code in {0, 7}
    monkeypatch.setenv("LINEFORM_STORE", new_database(postgres_server))
    told = run("restore", "store.backup")
    assert told.code == 8
    assert f"people of '{SALON}' have been forgotten since" in told.err
    assert "replaced" not in told.err


def test_a_backup_that_is_not_there_is_told_alike_whatever_the_store_is(
    applied: Path, line: Control, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = run("restore", "nofile.bak")
    monkeypatch.setenv("LINEFORM_STORE", "postgresql://lin:secret@db.example/lineform")
    assert run("restore", "nofile.bak") == here
    assert here.code == 4
    assert "there is no file nofile.bak" in here.err


def test_what_a_killed_restore_left_is_found_by_whoever_forgets_and_deleted_by_the_next_restore(
    applied: Path, line: Control, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEFORM_FORGET_KEY", "the key of these tests, which never changes")
    assert run("backup", "store.backup").code == 0
    left = applied / ".lineform" / ".offline.db.4711.part"
    copy_store(applied / "store.backup", left)
    told = run("friends", "forget", "--friend", "U00000000000000000000000000000001", "--yes", *ONE)
    assert told.code == 7
    assert str(left) in told.err
    assert run("restore", "store.backup", "--force").code == 0
    assert not left.exists()


def test_a_store_of_a_newer_version_is_not_replaced_without_a_word(applied: Path, line: Control, run: Run) -> None:
    assert run("backup", "store.backup").code == 0
    with closing(sqlite3.connect(applied / ".lineform" / "offline.db")) as store, store:
        store.execute("INSERT INTO lineform_schema (version) VALUES (99)")
    told = run("restore", "store.backup", "--force")
    assert told.code == 0
    assert "it replaces a store of a newer lineform (its tables were of version 99" in told.err
    assert "newer" not in run("restore", "store.backup", "--force").err


def test_what_another_tool_restored_is_silent_and_knows_nobody_who_was_forgotten(
    applied: Path, line: Control, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEFORM_FORGET_KEY", "the key of these tests, which never changes")
    assert run("backup", "another.tool").code == 0
    (applied / "erase.txt").write_text("U00000000000000000000000000000001\n", encoding="utf-8")
    assert run("friends", "forget", "--file", "erase.txt", "--yes", *ONE).code in {0, 7}
    saved = run("restore", "--before", "who.forgotten")
    assert saved.code == 0
    assert "1 person whom this store has forgotten" in saved.out
    assert (applied / "who.forgotten").stat().st_mode & 0o077 == 0
    assert "U0000" not in (applied / "who.forgotten").read_text(encoding="utf-8")
    assert "halted" in run("run", *ONE, "--now", BEFORE).out
    assert run("restore", "--before", "who.forgotten").code == 64
    copy_store(applied / "another.tool", applied / ".lineform" / "offline.db")
    assert "3 friends" in run("friends", "count", *ONE).out
    told = run("restore", "--after", "who.forgotten")
    assert told.code == 0, told.err
    assert "1 person who had been forgotten since was forgotten again" in told.out
    assert f"lineform run --resume --client {SALON}" in told.err
    assert "2 friends" in run("friends", "count", *ONE).out
    assert run("run", *ONE, "--now", DUE).code == 4
    assert line.deliveries(SALON) == []
    again = run("restore", "--after", "who.forgotten")
    assert again.code == 0
    assert "forgotten again" not in again.out


def test_a_restore_is_told_one_thing_at_a_time(applied: Path, run: Run) -> None:
    assert run("restore").code == 64
    assert run("restore", "--before").code == 64
    assert run("restore", "--before", "--after", "x").code == 64
    (applied / "odd").write_text('{"format_version": 1, "forgotten": {"a": {"b": 1}}}', encoding="utf-8")
    assert run("restore", "--after", "odd").code == 64
    assert run("restore", "--after", "nowhere").code == 64
    told = run("restore", "--after")
    assert told.code == 0
    assert "nobody was forgotten again" in told.err
