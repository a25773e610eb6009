"""A store comes to this version by itself, whoever comes first, and is never led backwards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa

from lineform.errors import BlockedError
from lineform.store import migrations, open_store
from lineform.store.failures import StoreFailure
from lineform.store.open import SqlStore
from lineform.store.tables import metadata
from support.stores import NOW


def test_the_tables_are_those_that_queries_expect(fresh_url: str) -> None:
    with open_store(fresh_url) as opened:
        opened.migrate()
        assert isinstance(opened, SqlStore)
        found = sa.inspect(opened.engine)
        assert set(found.get_table_names()) == set(metadata.tables)
        for table in metadata.tables.values():
            columns = {c["name"]: c for c in found.get_columns(table.name)}
            assert list(columns) == [c.name for c in table.columns]
            for column in table.columns:
                assert columns[column.name]["nullable"] == column.nullable or column.primary_key
                there = columns[column.name]["type"].compile(opened.engine.dialect)
                assert there == column.type.compile(opened.engine.dialect), f"{table.name}.{column.name}"


def test_migrating_again_changes_nothing(fresh_url: str) -> None:
    with open_store(fresh_url) as store:
        store.migrate()
        store.claim_bot("aoba", "U" + "a" * 32)
        store.migrate()
        store.claim_bot("aoba", "U" + "a" * 32)


def test_several_may_migrate_at_once(fresh_url: str) -> None:
    barrier = Barrier(4)

    def work(_: int) -> None:
        with open_store(fresh_url) as store:
            barrier.wait(30)
            store.migrate()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    with open_store(fresh_url) as store:
        assert store.sends("aoba") == []


def test_a_step_that_fails_leaves_the_version_before_it(fresh_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(fresh_url) as store:
        store.migrate()
        monkeypatch.setattr(
            migrations, "STEPS", (*migrations.STEPS, ("CREATE TABLE extra (id INTEGER)", "NO SUCH WORD"))
        )
        monkeypatch.setattr(migrations, "VERSION", migrations.VERSION + 1)
        with pytest.raises(StoreFailure, match="refused a statement"):
            store.migrate()
        monkeypatch.undo()
        store.migrate()
        assert isinstance(store, SqlStore)
        assert "extra" not in sa.inspect(store.engine).get_table_names()


def test_a_further_step_is_applied_to_a_store_in_use(fresh_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(fresh_url) as store:
        store.migrate()
        store.claim_bot("aoba", "U" + "a" * 32)
        monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, ("CREATE TABLE extra (id {id}, at {time})",)))
        monkeypatch.setattr(migrations, "VERSION", migrations.VERSION + 1)
        store.migrate()
        store.migrate()
        assert isinstance(store, SqlStore)
        assert "extra" in sa.inspect(store.engine).get_table_names()
        store.claim_bot("aoba", "U" + "a" * 32)


def test_the_tables_of_a_newer_version_are_refused(fresh_url: str) -> None:
    with open_store(fresh_url) as store:
        store.migrate()
        assert isinstance(store, SqlStore)
        with store.writing() as connection:
            connection.execute(sa.text("INSERT INTO lineform_schema (version) VALUES (99)"))
        with pytest.raises(BlockedError, match="newer lineform") as caught:
            store.migrate()
        assert caught.value.hint


def test_a_store_without_tables_says_so(fresh_url: str) -> None:
    with open_store(fresh_url) as store, pytest.raises(BlockedError, match="no tables yet"):
        store.lease_holder("x", NOW)
