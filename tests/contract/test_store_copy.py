"""The copy that answers questions about everybody: it says what the store says, whatever was written in between."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from types import SimpleNamespace

import duckdb
import numpy as np
import pytest
import sqlalchemy as sa

from lineform.errors import LockedError, UsageError
from lineform.ports.copies import CopyState
from lineform.ports.friends import EventRow, FriendRow
from lineform.ports.menus import Linking
from lineform.scenarios.menus import RULES, Choice, MenuRules, Rule, tally
from lineform.segments.predicate import (
    EVERYONE,
    All,
    AttributeIs,
    CameBy,
    Count,
    FriendSince,
    Happened,
    HasTag,
    IsMember,
    Not,
    Predicate,
    Sum,
)
from lineform.store import copy as copies
from lineform.store import copy_answers, open_store
from lineform.store.copy import PopulationCopy
from lineform.store.failures import StoreFull, StoreUnusable
from lineform.store.open import SqlStore
from lineform.store.tables import metadata
from support.populations import history, population
from support.stores import NOW, user

SECRET = "a secret that never changes"
QUESTIONS: tuple[Predicate, ...] = (
    EVERYONE,
    HasTag("vip"),
    HasTag("vip", 3600),
    Not(HasTag("new")),
    AttributeIs("tier", "enum", "is", ("gold",)),
    AttributeIs("visits", "number", "at_least", (2,)),
    AttributeIs("likes", "set", "is", ("金",)),
    AttributeIs("備考", "text", "known", (True,)),
    CameBy("last_route", ("poster",)),
    IsMember(),
    FriendSince(3600, None),
    Happened("visit", (), None, None, Count("is", (0,))),
    Happened("purchase", (), None, None, Sum("amount", "at_least", (100.0,))),
)


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[SqlStore]:
    """A store with two hundred friends and what they did, and a copy of them."""
    with open_store(store_url, SECRET, copy=tmp_path / "copy" / "copy.duckdb") as opened:
        (tmp_path / "copy").mkdir()
        assert isinstance(opened, SqlStore)
        opened.import_friends("aoba", population(Random(1), 200), NOW)
        opened.add_events("aoba", history(Random(1), 200, "aoba"), NOW)
        copy_of(opened).refresh(NOW)
        yield opened


def copy_of(store: SqlStore) -> PopulationCopy:
    assert store.copy is not None
    return store.copy


def told(store: SqlStore) -> list[list[int]]:
    """What the copy answers; it fails where the store would have to answer."""
    with copy_of(store).current() as answers:
        assert answers is not None
    return [list(store.select("aoba", question, NOW)) for question in QUESTIONS]


def true(store: SqlStore) -> list[list[int]]:
    """What the store itself answers."""
    with open_store(store.engine.url.render_as_string(hide_password=False)) as other:
        return [list(other.select("aoba", question, NOW)) for question in QUESTIONS]


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


def test_a_lock_that_others_could_open_is_closed_to_them(store: SqlStore, tmp_path: Path) -> None:
    lock = tmp_path / "copy" / "copy.duckdb.lock"
    lock.chmod(0o644)
    copy_of(store).refresh(NOW)
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600


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


def test_a_damaged_file_costs_nothing_but_time(store: SqlStore, tmp_path: Path) -> None:
    (tmp_path / "copy" / "copy.duckdb").write_bytes(b"no database" * 10_000)
    assert store.count("aoba", EVERYONE, NOW) == len(true(store)[0])
    assert not (tmp_path / "copy" / "copy.duckdb").exists()
    assert copy_of(store).refresh(NOW).anew
    assert told(store) == true(store)


def test_a_damaged_block_costs_nothing_but_time_either(store: SqlStore, tmp_path: Path) -> None:
    file = tmp_path / "copy" / "copy.duckdb"
    whole, block = file.read_bytes(), 262_144
    asked = [HasTag("vip"), Happened("purchase", (), None, None, Sum("amount", "at_least", (100.0,))), EVERYONE]
    for start in range(12_288, len(whole), block):
        hurt = bytearray(whole)
        hurt[start + 100] ^= 1
        copy_of(store).close()
        file.write_bytes(hurt)
        for one in asked:
            assert store.count("aoba", one, NOW) == true_count(store, one)
            assert list(store.menu_groups("aoba", MenuRules("menu-rules.main", "d1", (Rule(one, "x"),)), NOW))
        for one in asked:
            # Whatever was in the way is gone by now.
            assert store.count("aoba", one, NOW) == true_count(store, one)
    copy_of(store).refresh(NOW)
    assert told(store) == true(store)


def test_who_breaks_a_question_off_leaves_nothing_open(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Marks:
        def __setitem__(self, _: object, __: object) -> None:
            raise KeyboardInterrupt

    interrupted = SimpleNamespace(**{**vars(np), "zeros": lambda *_, **__: Marks()})
    monkeypatch.setattr(copy_answers, "_numpy", lambda: interrupted)
    with pytest.raises(KeyboardInterrupt) as held:
        store.count("aoba", HasTag("vip"), NOW)
    # While that is still on its way, with all that hangs from it, another process opens the file.
    open_it = f"import duckdb; duckdb.connect({str(tmp_path / 'copy' / 'copy.duckdb')!r})"
    subprocess.run([sys.executable, "-c", open_it], check=True)
    assert held.value


def test_what_another_tool_has_open_is_asked_of_the_store_and_not_deleted(store: SqlStore, tmp_path: Path) -> None:
    file = tmp_path / "copy" / "copy.duckdb"
    hold = f"import duckdb, sys; held = duckdb.connect({str(file)!r}); print('open', flush=True); sys.stdin.read()"
    tool = subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert tool.stdout is not None
        tool.stdout.readline()
        assert store.count("aoba", EVERYONE, NOW) == len(true(store)[0])
        with pytest.raises(LockedError):
            copy_of(store).refresh(NOW)
    finally:
        tool.communicate(b"")
    assert file.exists()
    assert told(store) == true(store)


@pytest.mark.parametrize("package", ["duckdb", "nanoarrow", "numpy"])
def test_where_a_package_is_missing_the_store_answers(
    store: SqlStore, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "find_spec", lambda name: None if name == package else object())
    assert not copy_of(store).exists
    assert store.count("aoba", EVERYONE, NOW) == len(true(store)[0])
    with pytest.raises(UsageError, match="NumPy and nanoarrow") as refused:
        copy_of(store).refresh(NOW)
    assert "lineform[fast]" in str(refused.value.hint)


def test_where_it_cannot_be_made_nothing_is_left_of_it(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise duckdb.OutOfMemoryException("no room for 花子")

    copy_of(store).remove()
    monkeypatch.setattr(copies.Loader, "everything", full)
    with pytest.raises(StoreUnusable, match="OutOfMemoryException") as refused:
        copy_of(store).refresh(NOW)
    assert "花子" not in f"{refused.value.message} {refused.value.hint}"
    assert [path.name for path in (tmp_path / "copy").iterdir() if path.suffix != ".lock"] == []
    assert store.count("aoba", HasTag("vip"), NOW) == true_count(store, HasTag("vip")) > 0
    monkeypatch.undo()
    assert copy_of(store).refresh(NOW).anew
    assert told(store) == true(store)


@pytest.mark.parametrize("form", ["CAST('花子' AS BIGINT)", "CAST(substr('1花子', id % 2 + 1) AS BIGINT)", "nobody"])
def test_where_it_fails_it_says_so_without_a_word_of_what_it_holds(store: SqlStore, form: str) -> None:
    asked = sa.select(sa.literal_column(form)).select_from(sa.table("friends"))
    with copy_of(store).current() as answers:
        assert answers is not None
        with pytest.raises(StoreUnusable, match="could not answer") as refused:
            answers.set_of(asked)
        assert "friends copy --remove" in str(refused.value.hint)
        assert "花子" not in f"{refused.value.message} {refused.value.hint} {refused.value.__cause__}"
    assert told(store) == true(store)


def test_too_many_changes_are_not_waited_for(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "IN_TIME", 10)
    store.import_friends("aoba", [FriendRow(user(n), tags=("vip", "新しい")) for n in range(20)], NOW)
    with copy_of(store).current() as answers:
        assert answers is None
    assert store.count("aoba", HasTag("新しい"), NOW) == true_count(store, HasTag("新しい")) > 0
    assert not copy_of(store).refresh(NOW).anew
    monkeypatch.undo()
    assert told(store) == true(store)


def true_count(store: SqlStore, question: Predicate) -> int:
    with open_store(store.engine.url.render_as_string(hide_password=False)) as other:
        return other.count("aoba", question, NOW)


def test_whoever_finds_it_in_use_asks_the_store(store: SqlStore) -> None:
    with copy_of(store).current() as answers:
        assert answers is not None
        with copy_of(store).current() as others:
            assert others is None
        assert list(store.select("aoba", EVERYONE, NOW)) == true(store)[0]
    with copy_of(store).current() as answers:
        assert answers is not None


def test_whoever_reads_an_answer_holds_it_no_more(store: SqlStore) -> None:
    ids = store.select("aoba", EVERYONE, NOW)
    next(ids)
    with copy_of(store).current() as answers:
        assert answers is not None


def test_another_process_has_to_wait_for_it_or_asks_the_store(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "copy" / "copy.duckdb.lock"
    holding = (
        "import sqlite3, sys\n"
        f"lock = sqlite3.connect({str(lock)!r}, isolation_level=None)\n"
        "lock.execute('BEGIN EXCLUSIVE')\nprint('held', flush=True)\nsys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", holding], stdin=-1, stdout=-1, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert list(store.select("aoba", EVERYONE, NOW)) == true(store)[0]
        monkeypatch.setattr(copies, "PATIENCE", 0.1)
        with pytest.raises(LockedError, match="another process"):
            copy_of(store).refresh(NOW)
        other.kill()
    assert told(store) == true(store)


@pytest.mark.parametrize(("kept", "said"), [("folder", "unable to open"), ("no database", "not a database")])
def test_a_lock_that_cannot_be_taken_is_told_and_a_question_asks_the_store(
    store: SqlStore, tmp_path: Path, kept: str, said: str
) -> None:
    lock = tmp_path / "copy" / "copy.duckdb.lock"
    lock.unlink()
    if kept == "folder":
        lock.mkdir(mode=0o700)
    else:
        lock.write_bytes(b"no database at all" * 1000)
    assert list(store.select("aoba", EVERYONE, NOW)) == true(store)[0]
    for change in (lambda: copy_of(store).refresh(NOW), copy_of(store).erase, copy_of(store).remove):
        with pytest.raises(StoreUnusable, match=said):
            change()
    assert (tmp_path / "copy" / "copy.duckdb").exists()


def test_a_full_disk_is_told_as_one_and_a_question_asks_the_store(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(sqlite3.Connection):
        """A lock on a disk without room."""

        def execute(self, *_: object) -> sqlite3.Cursor:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorname = "SQLITE_FULL"
            raise error

    everybody = true(store)[0]
    connect = partial(sqlite3.connect, factory=Full)
    with monkeypatch.context() as patch:
        patch.setattr(copies, "sqlite3", SimpleNamespace(**{**vars(sqlite3), "connect": connect}))
        assert list(store.select("aoba", EVERYONE, NOW)) == everybody
        with pytest.raises(StoreFull, match="full"):
            copy_of(store).refresh(NOW)
    assert told(store) == true(store)


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


def test_turned_off_it_is_not_asked_and_forgetting_deletes_it(store: SqlStore, tmp_path: Path) -> None:
    path = tmp_path / "copy" / "copy.duckdb"
    silent = PopulationCopy(store, path, asked=False)
    with silent.current() as answers:
        assert answers is None
    assert path.exists()
    silent.erase()
    assert not path.exists()


def test_the_select_of_a_broken_off_question_lets_the_copy_go(store: SqlStore) -> None:
    for _ in store.select("aoba", All((EVERYONE,)), NOW):
        break
    assert told(store) == true(store)
