"""What stands in the way of a store is said in a sentence, with what to do, an exit code, and nobody's data."""

from __future__ import annotations

import sqlite3
import stat
import traceback
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Timer

import pytest
import sqlalchemy as sa
from sqlalchemy import URL

from lineform.errors import BlockedError, LineformError, LineRefusedError, PartialError, UsageError
from lineform.ports.friends import FriendCount, FriendRow
from lineform.ports.store import Store
from lineform.store import open as opening
from lineform.store import open_store
from lineform.store.failures import StoreFailure
from lineform.store.tables import friends, line_ids
from support.stores import NOW, new_batches, new_send, sql, user


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_text("a diary " * 500)
    with open_store(f"sqlite:///{path}") as store, pytest.raises(BlockedError, match="not a database") as caught:
        store.migrate()
    assert caught.value.hint
    assert path.read_text() == "a diary " * 500


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BlockedError, match="cannot be written at"):
        open_store(f"sqlite:///{tmp_path}/file/store.db")


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(BlockedError, match="cannot be written at"):
        open_store(f"sqlite:///{tmp_path}")


def test_a_store_that_may_only_be_read_is_told(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        store.migrate()
        sa.event.listen(sql(store).engine, "begin", lambda c: c.exec_driver_sql("PRAGMA query_only=1"))
        with pytest.raises(BlockedError, match="cannot be written"):
            store.claim_bot("aoba", "U" + "a" * 32)


def test_the_file_and_its_folder_are_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / ".lineform" / "store.db"
    with open_store(f"sqlite:///{path}") as store:
        store.migrate()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert {stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()} == {0o600}


def test_a_file_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.touch(mode=0o644)
    open_store(f"sqlite:///{path}").close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Store]:
    """A store on a disk with room for some forty pages more."""
    with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        store.migrate()
        engine = sql(store).engine
        with engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql(f"PRAGMA max_page_count={pages + 40}"))
        engine.dispose()
        yield store


def test_a_full_disk_keeps_what_was_recorded_and_nothing_half(full: Store) -> None:
    full.import_friends("aoba", [FriendRow(user(1))], NOW)
    with pytest.raises(PartialError, match="full") as caught:
        full.import_friends("aoba", (FriendRow(user(n), display_name="x" * 500) for n in range(4000)), NOW)
    assert caught.value.exit_code == 7
    assert caught.value.hint
    assert full.count_friends("aoba") == FriendCount(1, 0)
    with pytest.raises(PartialError, match="full"):
        full.freeze("aoba", new_send(), new_batches(4000), NOW)
    assert full.sends("aoba") == []


def test_a_store_that_stays_locked_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.05)
    url = f"sqlite:///{tmp_path}/store.db"
    with open_store(url) as first, open_store(url) as second:
        first.migrate()
        with sql(first).writing(), pytest.raises(LineRefusedError, match="locked") as caught:
            second.claim_bot("aoba", "U" + "a" * 32)
        assert caught.value.exit_code == 9
        second.claim_bot("aoba", "U" + "a" * 32)


def test_whoever_finds_nothing_to_do_waits_for_no_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.05)
    url, minute = f"sqlite:///{tmp_path}/store.db", timedelta(minutes=1)
    with open_store(url) as first, open_store(url) as second:
        first.migrate()
        first.claim_bot("aoba", "U" + "a" * 32)
        with sql(first).writing():
            assert list(second.claim_received("aoba", "w", NOW, minute, 9)) == []
            assert list(second.claim_calls("aoba", "w", NOW, minute, 9)) == []
            assert list(second.claim_profiles("aoba", NOW, minute, 9)) == []
            second.postpone_profiles("aoba", {})
            second.profiles_told("aoba", [])
            second.profiles_untold("aoba", [])


def test_of_two_that_make_the_file_one_waits_for_the_other(tmp_path: Path) -> None:
    # A new file that somebody writes to, before it is a store's: SQLite itself would let nobody wait for it.
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None, check_same_thread=False)) as first:
        first.execute("BEGIN IMMEDIATE")
        ended = Timer(0.2, first.execute, ("COMMIT",))
        ended.start()
        with open_store(f"sqlite:///{tmp_path}/store.db") as second:
            second.migrate()
            assert second.sends("aoba") == []
        ended.join()


def test_a_server_that_cannot_be_reached_is_told_without_its_password() -> None:
    url = "postgresql://someone:s3cret@127.0.0.1:1/database"
    with open_store(url) as store, pytest.raises(LineRefusedError, match="cannot be reached") as caught:
        store.migrate()
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_a_database_that_is_not_there_is_told(postgres_server: URL) -> None:
    url = postgres_server.set(database="nowhere").render_as_string(hide_password=False)
    with open_store(url) as store, pytest.raises(BlockedError, match="is not there"):
        store.migrate()


def test_a_user_whom_the_server_does_not_know_is_told(postgres_server: URL) -> None:
    url = postgres_server.set(username="nobody").render_as_string(hide_password=False)
    with open_store(url) as store, pytest.raises(BlockedError, match="refused the user"):
        store.migrate()


def test_tables_of_something_else_are_left_alone(fresh_url: str) -> None:
    with open_store(fresh_url) as store:
        with sql(store).writing() as connection:
            connection.execute(sa.text("CREATE TABLE friends (name TEXT)"))
        with pytest.raises(LineformError):
            store.migrate()
        with sql(store).reading() as connection:
            assert sa.inspect(connection).get_table_names() == ["friends"]


def test_a_refused_statement_tells_no_value(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(0xABC), display_name="花子")], NOW)
    twice = sa.insert(line_ids).values(friend_id=99, account_id=1, user_id=user(0xABC))
    wrong = sa.insert(friends).values(id=1, display_name="花子")
    for statement in (twice, wrong):
        with pytest.raises(StoreFailure) as caught, sql(store).writing() as connection:
            connection.execute(statement)
        told = "".join(traceback.format_exception(caught.value))
        assert caught.value.exit_code == 1
        assert user(0xABC) not in told
        assert "花子" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://host/db", "sqlite://", "sqlite:///:memory:", "postgresql:secret@"]
)
def test_a_url_of_anything_else_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(url)
    assert caught.value.hint
    assert "secret" not in str(caught.value)


def test_only_a_server_is_shared_with_other_machines(store: Store, store_url: str) -> None:
    assert store.shared == store_url.startswith("postgresql")
