"""Where a store keeps what sources answered while it asks its own part of the question."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from lineform.store import staging
from lineform.store.open import SqlStore, open_store

MEMORY, FILE = 2, 1


@pytest.fixture
def connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.setattr(staging, "IN_MEMORY", 10)
    with open_store(f"sqlite:///{tmp_path}/a.db") as store:
        assert isinstance(store, SqlStore)
        with store.reading() as reading:
            yield reading


def kept_in(connection: Connection) -> int:
    found: int = connection.exec_driver_sql("PRAGMA temp_store").scalar_one()
    return found


def staged(connection: Connection) -> list[tuple[int, int]]:
    rows = connection.exec_driver_sql("SELECT answer, friend_id FROM staged_friends ORDER BY 1, 2")
    return [(answer, friend) for answer, friend in rows]


def test_few_friends_stay_in_memory(connection: Connection) -> None:
    staging.stage(connection, [array("q", range(4)), array("q", range(6))])
    assert kept_in(connection) == MEMORY


def test_many_go_into_a_file_and_are_all_there(connection: Connection, tmp_path: Path) -> None:
    staging.stage(connection, [array("q", range(6)), array("q", range(5))])
    assert kept_in(connection) == FILE
    assert staged(connection) == [*((0, one) for one in range(6)), *((1, one) for one in range(5))]
    assert {path.name for path in tmp_path.iterdir()} <= {"a.db", "a.db-wal", "a.db-shm"}


def test_a_transaction_that_has_begun_goes_on_in_memory(connection: Connection) -> None:
    assert kept_in(connection) == MEMORY
    staging.stage(connection, [array("q", range(20))])
    assert kept_in(connection) == MEMORY
    assert len(staged(connection)) == 20
