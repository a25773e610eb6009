"""A copy that cannot be asked: damaged, in use, without its packages, too far behind. The store answers."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import duckdb
import numpy as np
import pytest
import sqlalchemy as sa

from lineform.errors import LockedError, UsageError
from lineform.ports.friends import FriendRow
from lineform.scenarios.menus import MenuRules, Rule
from lineform.segments.predicate import (
    EVERYONE,
    All,
    Happened,
    HasTag,
    Predicate,
    Sum,
)
from lineform.store import copy as copies
from lineform.store import copy_answers
from lineform.store.copy import PopulationCopy
from lineform.store.copy_load import Loader
from lineform.store.failures import StoreFull, StoreUnusable
from lineform.store.open import SqlStore
from support.copied import copied, copy_of, told, true, true_count
from support.stores import NOW, user


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[SqlStore]:
    with copied(store_url, tmp_path) as opened:
        yield opened


def test_a_lock_that_others_could_open_is_closed_to_them(store: SqlStore, tmp_path: Path) -> None:
    lock = tmp_path / "copy" / "copy.duckdb.lock"
    lock.chmod(0o644)
    copy_of(store).refresh(NOW)
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600


def test_a_damaged_file_costs_nothing_but_time(store: SqlStore, tmp_path: Path) -> None:
    (tmp_path / "copy" / "copy.duckdb").write_bytes(b"no database" * 10_000)
    assert store.count("aoba", EVERYONE, NOW) == len(true(store)[0])
    assert not (tmp_path / "copy" / "copy.duckdb").exists()
    assert copy_of(store).refresh(NOW).anew
    assert told(store) == true(store)


@pytest.mark.parametrize(
    "change", ["UPDATE reached SET format = 99", "ALTER TABLE reached ADD COLUMN more BIGINT",
               "ALTER TABLE reached DROP COLUMN event"]
)  # fmt: skip
def test_a_copy_of_another_version_costs_nothing_but_time(store: SqlStore, tmp_path: Path, change: str) -> None:
    copy_of(store).close()
    with duckdb.connect(str(tmp_path / "copy" / "copy.duckdb")) as other:
        other.execute("UPDATE reached SET format = 99")
        other.execute(change)
    assert store.count("aoba", EVERYONE, NOW) == len(true(store)[0])
    assert copy_of(store).refresh(NOW).anew
    assert told(store) == true(store)


def test_a_damaged_block_costs_nothing_but_time_either(store: SqlStore, tmp_path: Path) -> None:
    file = tmp_path / "copy" / "copy.duckdb"
    whole, block = file.read_bytes(), 262_144
    much = Happened("purchase", (), None, None, Sum("amount", "at_least", (100.0,)))
    asked: tuple[Predicate, ...] = (HasTag("vip"), much, EVERYONE)
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
    assert held.value.__traceback__ is not None


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
    monkeypatch.setattr(Loader, "everything", full)
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
    asked: sa.Select[tuple[int]] = sa.select(sa.literal_column(form)).select_from(sa.table("friends"))
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
