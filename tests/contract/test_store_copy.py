"""The copy that answers questions about everybody: it says what the store says, whatever was written in between."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from random import Random

import duckdb
import pytest
import sqlalchemy as sa

from lineform.ports.copies import CopyState
from lineform.ports.friends import EventRow, FriendRow
from lineform.ports.menus import Linking
from lineform.scenarios.menus import RULES, Choice, MenuRules, Rule, tally
from lineform.segments.predicate import (
    EVERYONE,
    AttributeIs,
    CameBy,
    HasTag,
)
from lineform.store import open_store
from lineform.store.open import SqlStore
from lineform.store.tables import metadata
from support.copied import SECRET, copied, copy_of, told, true, true_count
from support.stores import NOW, user


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[SqlStore]:
    with copied(store_url, tmp_path) as opened:
        yield opened


def test_it_follows_every_change(store: SqlStore) -> None:
    random = Random(7)
    assert told(store) == true(store)
    for step in range(12):
        later = NOW + timedelta(seconds=step)
        some = [FriendRow(user(random.randrange(230)), tags=("vip",), untag=("new",)) for _ in range(5)]
        store.import_friends("aoba", some, later)
        one = FriendRow(user(random.randrange(230)), attributes={"tier": "gold", "visits": None, f"extra{step}": True})
        store.import_friends("aoba", [one, FriendRow(user(step), blocked=step % 2 == 0)], later)
        amount = {"amount": random.choice((1, 0.5, 1000)), f"seen{step}": "花子"}
        store.add_events("aoba", [EventRow(user(random.randrange(200)), "purchase", f"late-{step}", NOW, amount)], NOW)
        store.import_friends("aoba", [FriendRow(user(1), tags=("vip",), renew=("vip",))], later)
        assert told(store) == true(store)


def test_it_follows_what_is_recorded_of_menus(store: SqlStore) -> None:
    rules = MenuRules("menu-rules.main", "d1", (Rule(HasTag("vip"), "gold"),), taps=timedelta(days=1))
    everybody = list(store.select("aoba", EVERYONE, NOW))
    for part, menu in ((everybody[:50], "gold"), (everybody[40:90], ""), (everybody[80:120], "gold")):
        store.intend_menus("aoba", [Linking(Choice(menu, menu, RULES, link=True), part)], menu, NOW)
        store.confirm_menus("aoba", part[::2], menu)
        store.unlinked("aoba", part[::7])
        told(store)
        with open_store(store.engine.url.render_as_string(hide_password=False)) as other:
            mine, theirs = (sorted(one.menu_groups("aoba", rules, NOW), key=repr) for one in (store, other))
            assert mine == theirs
            assert tally(rules, mine, NOW) == tally(rules, theirs, NOW)
    store.forget("aoba", [user(n) for n in range(100)], NOW)
    told(store)
    with copy_of(store).current() as answers:
        assert answers is not None
        (left,) = answers.duck.execute("SELECT count(*) FROM friends WHERE record IS NOT NULL").fetchall()
    assert left[0] == rows(store, "friend_menus")


def test_a_value_that_comes_as_another_type_later_is_unknown_here_too(store: SqlStore) -> None:
    everybody = AttributeIs("visits", "number", "known", (True,))
    store.import_friends("aoba", [FriendRow(user(n), attributes={"visits": "many"}) for n in range(20)], NOW)
    with open_store(store.engine.url.render_as_string(hide_password=False)) as other:
        assert store.count("aoba", everybody, NOW) == other.count("aoba", everybody, NOW)
    assert told(store) == true(store)


def test_whoever_is_forgotten_is_gone_from_its_file(store: SqlStore, tmp_path: Path) -> None:
    secret = "珈琲と紅茶が好きな花子"
    row = FriendRow(user(900), attributes={"note": secret}, tags=("vip",))
    store.import_friends("aoba", [row], NOW)
    store.add_events("aoba", [EventRow(user(900), "visit", "v-900", NOW, {"note": secret})], NOW)
    asked = AttributeIs("note", "text", "is", (secret,))
    assert store.count("aoba", asked, NOW) == 1
    store.forget("aoba", [user(900)], NOW)
    assert store.count("aoba", asked, NOW) == 0
    assert told(store) == true(store)
    files = [path for path in (tmp_path / "copy").iterdir() if path.is_file()]
    assert {path.name for path in files} == {"copy.duckdb", "copy.duckdb.lock"}
    assert all(secret.encode() not in path.read_bytes() for path in files)


def test_no_id_of_lines_and_no_name_of_anybody_is_in_it(store: SqlStore, tmp_path: Path) -> None:
    store.import_friends("aoba", [FriendRow(user(1), "佐藤花子", member_id="M-123456")], NOW)
    assert told(store) == true(store)
    with duckdb.connect(str(tmp_path / "copy" / "copy.duckdb")) as file:
        for (table,) in file.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            text = str(file.table(table).project("CAST(COLUMNS(*) AS VARCHAR)").fetchall())
            assert user(1) not in text
            assert "佐藤花子" not in text
            assert "M-123456" not in text


def test_it_is_for_its_owner_alone(store: SqlStore, tmp_path: Path) -> None:
    files = [*(tmp_path / "copy").iterdir()]
    assert {path.name for path in files} == {"copy.duckdb", "copy.duckdb.lock"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_it_is_made_anew_over_a_restored_store(store: SqlStore) -> None:
    with store.writing() as connection:
        connection.execute(sa.text("DELETE FROM changes"))
        connection.execute(sa.text("INSERT INTO changes (kind, stamp) VALUES ('-', 1)"))
    with copy_of(store).current() as answers:
        assert answers is None
    assert copy_of(store).refresh(NOW).anew
    assert told(store) == true(store)


def test_a_copy_of_another_store_is_never_asked(store: SqlStore, tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/other.db", copy=tmp_path / "copy" / "copy.duckdb") as other:
        other.migrate()
        other.import_friends("aoba", [FriendRow(user(1))], NOW)
        assert other.count("aoba", EVERYONE, NOW) == 1


def test_the_log_ends_where_no_copy_waits_for_it(store: SqlStore) -> None:
    store.import_friends("aoba", [FriendRow(user(n), tags=("再来",)) for n in range(50)], NOW)
    assert rows(store, "changes") > 1
    assert copy_of(store).refresh(NOW) == CopyState(False, 50, copy_of(store).size)
    store.import_friends("aoba", [FriendRow(user(3), tags=("常連", "vip", "new"))], NOW)
    copy_of(store).refresh(NOW)
    assert rows(store, "changes") < 20
    copy_of(store).remove()
    assert rows(store, "changes") <= 1
    before = rows(store, "changes")
    store.import_friends("aoba", [FriendRow(user(n), tags=("三度",)) for n in range(50)], NOW)
    assert rows(store, "changes") == before
    assert store.count("aoba", HasTag("三度"), NOW) == true_count(store, HasTag("三度"))


def rows(store: SqlStore, table: str) -> int:
    with store.reading() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(metadata.tables[table])).scalar_one())


def test_a_copy_that_nobody_looked_after_for_a_month_is_given_up(store: SqlStore, tmp_path: Path) -> None:
    with open_store(
        store.engine.url.render_as_string(hide_password=False), SECRET, copy=tmp_path / "copy" / "second.duckdb"
    ) as other:
        assert isinstance(other, SqlStore)
        copy_of(other).refresh(NOW + timedelta(days=31))
    with copy_of(store).current() as answers:
        assert answers is None
    assert copy_of(store).refresh(NOW).anew


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)  # SQLite's transactions end in their order
def test_a_transaction_that_ends_after_a_later_one_is_not_missed(store: SqlStore) -> None:
    with store.writing() as slow:
        slow.execute(sa.text("UPDATE friends SET last_route = 'slow' WHERE id = (SELECT min(id) FROM friends)"))
        for n in range(3):
            store.import_friends("aoba", [FriendRow(user(n), tags=("quick",))], NOW)
            assert told(store) == true(store)
    question = CameBy("last_route", ("slow",))
    with copy_of(store).current() as answers:
        assert answers is not None
    assert store.count("aoba", question, NOW) == true_count(store, question) == 1
    assert told(store) == true(store)


def test_whatever_is_written_while_it_is_made_is_in_it(store: SqlStore, tmp_path: Path) -> None:
    copy_of(store).remove()

    def write(n: int) -> None:
        store.import_friends("aoba", [FriendRow(user(1000 + n), tags=("vip",))], NOW)

    with ThreadPoolExecutor(3) as pool:
        written = [pool.submit(write, n) for n in range(40)]
        copy_of(store).refresh(NOW)
        for one in written:
            one.result()
    assert told(store) == true(store)
