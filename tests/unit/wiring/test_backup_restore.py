"""A backup is whole and checked; what comes back from it is up to date, silent, and without the forgotten."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from lineform.errors import BlockedError, CredentialError, UsageError
from lineform.ports.friends import FriendCount, FriendRow
from lineform.ports.inbox import Arrival, Source
from lineform.run.halt import halted_by
from lineform.settings import Settings
from lineform.store import migrations, open_store
from lineform.store.backup import Backup, back_up, sqlite_file
from lineform.store.failures import StoreUnavailable, StoreUnusable
from lineform.wiring.backup import Restored, restore_store
from support.stores import NOW, new_batches, new_send, user

KEY = "the key of these tests, which never changes"
POSTGRES = "postgresql+psycopg://lin:s%65cret@db.example:5433/line form"


def settings(key: str = "", store: str | None = None) -> Settings:
    given = {"LINEFORM_FORGET_KEY": key, "LINEFORM_STORE": store or ""}
    return Settings.from_environment(given)


def path_of(workspace: Path) -> Path:
    return workspace / ".lineform" / "store.db"


def fill(workspace: Path, numbers: range, key: str = "") -> None:
    with open_store(settings().store_url(workspace), key) as store:
        store.migrate()
        store.import_friends("aoba", [FriendRow(user(n), f"friend {n}") for n in numbers], NOW)


def restored(workspace: Path, file: Path, *, force: bool = False, key: str = "") -> Restored:
    return restore_store(settings(key), workspace, file, NOW, "somebody", force=force)


def count(workspace: Path) -> FriendCount:
    with open_store(settings().store_url(workspace)) as store:
        return store.count_friends("aoba")


def test_a_backup_is_one_checked_file_for_its_owner_alone(tmp_path: Path) -> None:
    fill(tmp_path, range(3))
    file = tmp_path / "backup.db"
    made = back_up(path_of(tmp_path), file)
    assert made == Backup(migrations.VERSION, ("aoba",), file.stat().st_size)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lineform", "backup.db"]


def test_a_backup_is_made_while_others_write(tmp_path: Path) -> None:
    fill(tmp_path, range(3))
    with open_store(settings().store_url(tmp_path)) as store:
        store.freeze("aoba", new_send(), new_batches(2), NOW)
        back_up(path_of(tmp_path), tmp_path / "backup.db")
        store.import_friends("aoba", [FriendRow(user(9))], NOW)
    other = tmp_path / "other"
    restored(other, tmp_path / "backup.db")
    assert count(other).friends == 3
    with open_store(settings().store_url(other)) as store:
        assert len(store.sends("aoba")) == 1


def test_what_comes_back_is_halted_for_every_client(tmp_path: Path) -> None:
    fill(tmp_path, range(3))
    with open_store(settings().store_url(tmp_path)) as store:
        store.import_friends("kita", [FriendRow(user(1))], NOW)
    back_up(path_of(tmp_path), tmp_path / "backup.db")
    other = tmp_path / "other"
    assert restored(other, tmp_path / "backup.db") == Restored(migrations.VERSION, ("aoba", "kita"), 0)
    with open_store(settings().store_url(other)) as store:
        assert halted_by(store, "aoba", NOW) == halted_by(store, "kita", NOW + timedelta(days=99)) == "somebody"
    assert stat.S_IMODE(path_of(other).stat().st_mode) == 0o600
    assert [path.name for path in path_of(other).parent.glob(".*")] == []


def test_an_older_store_comes_back_as_one_of_this_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as old:
        old.setattr(migrations, "STEPS", migrations.STEPS[:1])
        old.setattr(migrations, "VERSION", 1)
        with open_store(settings().store_url(tmp_path)) as store:
            store.migrate()
        with closing(sqlite3.connect(path_of(tmp_path))) as connection, connection:
            connection.execute("INSERT INTO accounts (name, bot) VALUES ('aoba', '')")
            connection.execute(
                "INSERT INTO friends (account_id, display_name, language, blocked, attributes, changed_at)"
                " VALUES (1, '花子', '', 0, '{\"visits\":3}', '2026-12-01 00:00:00.000000')"
            )
            connection.execute("INSERT INTO line_ids VALUES (1, 1, ?)", (user(1),))
        connection.close()
        assert back_up(path_of(tmp_path), tmp_path / "backup.db").version == 1
    other = tmp_path / "other"
    assert restored(other, tmp_path / "backup.db").version == 1
    with open_store(settings().store_url(other)) as store:
        (friend,) = store.every_friend("aoba")
        assert (friend.display_name, friend.attributes) == ("花子", {"visits": 3})
        assert store.import_friends("aoba", [FriendRow(user(2))], NOW).added == 1
    # The backup itself stays what it was.
    with closing(sqlite3.connect(tmp_path / "backup.db")) as connection, connection:
        assert connection.execute("SELECT max(version) FROM lineform_schema").fetchone() == (1,)
    connection.close()


def test_a_store_that_is_there_is_replaced_only_by_force(tmp_path: Path) -> None:
    fill(tmp_path, range(3))
    back_up(path_of(tmp_path), tmp_path / "backup.db")
    fill(tmp_path, range(3, 10))
    with pytest.raises(BlockedError, match="there is a store already"):
        restored(tmp_path, tmp_path / "backup.db")
    assert count(tmp_path).friends == 10
    with open_store(settings().store_url(tmp_path)) as reader:
        assert reader.count_friends("aoba").friends == 10
        restored(tmp_path, tmp_path / "backup.db", force=True)
        # Whoever has it open sees the other content from now on, and no mixture.
        assert reader.count_friends("aoba").friends == 3
    assert count(tmp_path).friends == 3


def test_a_backup_brings_nobody_back_who_was_forgotten_since(tmp_path: Path) -> None:
    fill(tmp_path, range(3))
    back_up(path_of(tmp_path), tmp_path / "backup.db")
    with open_store(settings().store_url(tmp_path), KEY) as store:
        store.forget("aoba", [user(1), user(77)], NOW)
    with pytest.raises(CredentialError, match="have been forgotten since"):
        restored(tmp_path, tmp_path / "backup.db", force=True)
    with pytest.raises(CredentialError, match="have been forgotten since"):
        restored(tmp_path, tmp_path / "backup.db", force=True, key="another key of good length")
    assert count(tmp_path).friends == 2
    assert restored(tmp_path, tmp_path / "backup.db", force=True, key=KEY).forgotten == 1
    assert count(tmp_path) == FriendCount(2, 0)
    with open_store(settings().store_url(tmp_path), KEY) as store:
        assert store.was_forgotten("aoba", [user(1), user(2), user(77)]) == {user(1), user(77)}
    content = b"".join(file.read_bytes() for file in path_of(tmp_path).parent.iterdir())
    assert user(1).encode() not in content
    assert b"friend 1" not in content


def come_back(workspace: Path, number: int) -> None:
    with open_store(settings().store_url(workspace), KEY) as store:
        store.import_friends("aoba", [FriendRow(user(number), "back again", returns=True)], NOW)


def forget(workspace: Path, number: int) -> None:
    with open_store(settings().store_url(workspace), KEY) as store:
        store.forget("aoba", [user(number)], NOW)


def test_who_came_back_before_the_backup_comes_back_from_it(tmp_path: Path) -> None:
    fill(tmp_path, range(3))
    forget(tmp_path, 1)
    come_back(tmp_path, 1)
    back_up(path_of(tmp_path), tmp_path / "backup.db")
    assert restored(tmp_path, tmp_path / "backup.db", force=True).forgotten == 0
    assert count(tmp_path) == FriendCount(3, 0)


def test_who_came_back_and_was_forgotten_once_more_since_stays_forgotten(tmp_path: Path) -> None:
    """Within one instant of the clock as well."""
    fill(tmp_path, range(3))
    forget(tmp_path, 1)
    come_back(tmp_path, 1)
    back_up(path_of(tmp_path), tmp_path / "backup.db")
    forget(tmp_path, 1)
    assert restored(tmp_path, tmp_path / "backup.db", force=True, key=KEY).forgotten == 1
    assert count(tmp_path) == FriendCount(2, 0)


def test_a_backup_of_before_and_one_of_after_the_return_are_told_apart(tmp_path: Path) -> None:
    fill(tmp_path, range(3))
    back_up(path_of(tmp_path), tmp_path / "before.db")
    forget(tmp_path, 1)
    back_up(path_of(tmp_path), tmp_path / "without.db")
    come_back(tmp_path, 1)
    back_up(path_of(tmp_path), tmp_path / "after.db")
    for name, again, friends in (("before.db", 1, 2), ("after.db", 0, 3), ("without.db", 0, 2), ("after.db", 0, 3)):
        assert restored(tmp_path, tmp_path / name, force=True, key=KEY).forgotten == again, name
        assert count(tmp_path) == FriendCount(friends, 0), name
    forget(tmp_path, 1)
    for name in ("without.db", "after.db"):
        restored(tmp_path, tmp_path / name, force=True, key=KEY)
        assert count(tmp_path) == FriendCount(2, 0), name


def test_an_event_that_waits_in_a_backup_brings_nobody_back_either(tmp_path: Path) -> None:
    fill(tmp_path, range(3))
    follow = Arrival("aoba", "e1", Source.LINE, user(9), "follow", NOW, f'{{"source":{{"userId":"{user(9)}"}}}}')
    with open_store(settings().store_url(tmp_path)) as store:
        store.receive([follow], NOW)
    back_up(path_of(tmp_path), tmp_path / "backup.db")
    forget(tmp_path, 9)
    restored(tmp_path, tmp_path / "backup.db", force=True, key=KEY)
    with open_store(settings().store_url(tmp_path)) as store:
        assert store.inbox_level("aoba").waiting == 0


def test_a_backup_never_replaces_a_file_by_itself(tmp_path: Path) -> None:
    fill(tmp_path, range(3))
    file = tmp_path / "backup.db"
    file.write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        back_up(path_of(tmp_path), file)
    for force in (False, True):
        with pytest.raises(UsageError, match="is the store itself") as itself:
            back_up(path_of(tmp_path), path_of(tmp_path), force=force)
        assert "--force" not in itself.value.hint
    assert file.read_text() == "mine"
    assert back_up(path_of(tmp_path), file, force=True).accounts == ("aoba",)


def test_what_is_no_whole_store_is_neither_kept_nor_restored(tmp_path: Path) -> None:
    fill(tmp_path, range(2000))
    back_up(path_of(tmp_path), tmp_path / "backup.db")
    content = bytearray((tmp_path / "backup.db").read_bytes())
    content[len(content) // 2 : len(content) // 2 + 9000] = b"x" * 9000
    (tmp_path / "damaged.db").write_bytes(content)
    (tmp_path / "cut.db").write_bytes((tmp_path / "backup.db").read_bytes()[:40_000])
    (tmp_path / "text.db").write_text("no database at all" * 100)
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection, connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    shutil.copy(tmp_path / "backup.db", tmp_path / "newer.db")
    with closing(sqlite3.connect(tmp_path / "newer.db")) as connection, connection:
        connection.execute("INSERT INTO lineform_schema (version) VALUES (99)")
    connection.close()
    for name, said in {
        "damaged.db": "damaged",
        "cut.db": "damaged",
        "text.db": "not a database",
        "other.db": "no store of lineform",
        "newer.db": "newer lineform",
        "none.db": "no file",
    }.items():
        with pytest.raises(StoreUnusable, match=said) as caught:
            restored(tmp_path, tmp_path / name, force=True)
        if name not in {"newer.db", "none.db"}:
            assert caught.value.message.startswith(f"the backup {tmp_path / name} is ")
            assert caught.value.hint == "use another backup"
    assert count(tmp_path).friends == 2000
    with pytest.raises(StoreUnusable, match="there is no store"):
        back_up(tmp_path / "nothing.db", tmp_path / "b.db")
    path_of(tmp_path).write_bytes(content)
    for suffix in ("-wal", "-shm"):
        path_of(tmp_path).with_name(f"store.db{suffix}").unlink(missing_ok=True)
    with pytest.raises(StoreUnusable, match="damaged"):
        back_up(path_of(tmp_path), tmp_path / "b.db")
    assert not (tmp_path / "b.db").exists()


def test_a_store_that_cannot_be_read_is_moved_away_by_a_person(tmp_path: Path) -> None:
    fill(tmp_path, range(2))
    back_up(path_of(tmp_path), tmp_path / "backup.db")
    path_of(tmp_path).write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreUnusable, match="cannot be read") as caught:
        restored(tmp_path, tmp_path / "backup.db", force=True)
    assert "move store.db" in caught.value.hint
    path_of(tmp_path).unlink()
    restored(tmp_path, tmp_path / "backup.db")
    assert count(tmp_path).friends == 2


def test_a_writer_that_does_not_end_is_not_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineform.store.backup._PATIENCE", 0.2)
    fill(tmp_path, range(2))
    back_up(path_of(tmp_path), tmp_path / "backup.db")
    writer = sqlite3.connect(path_of(tmp_path))
    writer.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreUnavailable, match="writes to the store"):
            restored(tmp_path, tmp_path / "backup.db", force=True)
    finally:
        writer.close()
    assert count(tmp_path).friends == 2


def test_there_is_no_way_back_from_postgresql(tmp_path: Path) -> None:
    fill(tmp_path, range(2))
    (tmp_path / "store.dump").write_bytes(b"PGDMP\x01\x0f\x00")
    with pytest.raises(UsageError, match=r"store\.dump is a dump of a PostgreSQL store, .* no way back") as dump:
        restored(tmp_path, tmp_path / "store.dump", force=True)
    assert "LINEFORM_STORE=postgresql://" in dump.value.hint
    assert count(tmp_path).friends == 2


def test_whoever_replaces_a_store_of_a_newer_version_is_told(tmp_path: Path) -> None:
    """That is the way back from a new version; it goes on working, and is no surprise."""
    fill(tmp_path, range(2))
    back_up(path_of(tmp_path), tmp_path / "backup.db")
    assert restored(tmp_path, tmp_path / "backup.db", force=True).newer == 0
    newer = migrations.VERSION + 1
    with closing(sqlite3.connect(path_of(tmp_path))) as connection, connection:
        connection.execute("INSERT INTO lineform_schema (version) VALUES (?)", (newer,))
    with pytest.raises(BlockedError, match=f"there is a store already: .*, of a newer lineform .*version {newer}"):
        restored(tmp_path, tmp_path / "backup.db")
    assert restored(tmp_path, tmp_path / "backup.db", force=True).newer == newer
    assert count(tmp_path).friends == 2


@pytest.mark.parametrize("restore", [False, True])
def test_a_postgresql_store_is_left_to_its_own_tools(restore: bool) -> None:
    with pytest.raises(UsageError) as caught:
        sqlite_file(POSTGRES, Path("my backup.dump"), restore=restore)
    hint = caught.value.hint
    server = "--host=db.example --port=5433 --username=lin --dbname='line form'"
    if restore:
        command = f"pg_restore --clean --if-exists --single-transaction {server} 'my backup.dump'"
    else:
        command = f"pg_dump --format=custom --file='my backup.dump' {server}"
    assert command in hint
    assert "secret" not in hint + caught.value.message
