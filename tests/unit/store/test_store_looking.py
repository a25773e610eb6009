"""A look at a store leaves it as it is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from lineform.errors import BlockedError, UsageError
from lineform.store import open_store
from lineform.store.looking import StoreState, look_at_store
from lineform.store.migrations import VERSION


def test_a_store_that_nobody_made_is_not_made_by_looking(tmp_path: Path) -> None:
    assert look_at_store(f"sqlite:///{tmp_path}/store.db") == StoreState(0, VERSION, shared=False)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_has_no_tables_and_keeps_none(tmp_path: Path) -> None:
    (tmp_path / "store.db").touch()
    assert look_at_store(f"sqlite:///{tmp_path}/store.db").version == 0
    assert look_at_store(f"sqlite:///{tmp_path}/store.db").version == 0


def test_a_migrated_store_tells_its_version(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    with open_store(url) as store:
        store.migrate()
    assert look_at_store(url) == StoreState(VERSION, VERSION, shared=False)


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    with open_store(url) as store:
        store.migrate()
    connection = sqlite3.connect(tmp_path / "store.db")
    with connection:
        connection.execute("INSERT INTO lineform_schema (version) VALUES (?)", (VERSION + 1,))
    connection.close()
    with pytest.raises(BlockedError, match="newer lineform"):
        look_at_store(url)


def test_a_url_that_cannot_be_read_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        look_at_store("nonsense")
