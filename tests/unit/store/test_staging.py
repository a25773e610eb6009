"""Where a store keeps what sources answered while it asks its own part of the question."""

from __future__ import annotations

from array import array
from pathlib import Path

from lineform.store import staging
from lineform.store.open import SqlStore, open_store


def test_answers_are_all_there_and_in_no_file_that_has_a_name(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/a.db") as store:
        assert isinstance(store, SqlStore)
        with store.reading() as connection:
            staging.stage(connection, [array("q", range(6)), array("q", range(20_000))])
            rows = connection.exec_driver_sql("SELECT answer, count(*), max(friend_id) FROM staged_friends GROUP BY 1")
            assert rows.all() == [(0, 6, 5), (1, 20_000, 19_999)]
            assert {path.name for path in tmp_path.iterdir()} <= {"a.db", "a.db-wal", "a.db-shm"}


def test_without_sources_nothing_is_made(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/a.db") as store:
        assert isinstance(store, SqlStore)
        with store.reading() as connection:
            staging.stage(connection, [])
            assert connection.exec_driver_sql("SELECT name FROM sqlite_temp_master").all() == []
