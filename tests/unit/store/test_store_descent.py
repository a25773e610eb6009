"""The store that a backup was made of is told from any other, by what it recorded and nobody else did."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lineform.ports.audit import AuditEntry
from lineform.ports.friends import FriendRow
from lineform.store import open_store
from lineform.store.backup import back_up, copy_store
from lineform.store.descent import is_of
from support.stores import NOW, new_batches, new_file, new_send, user

KEY = "the key of these tests, which never changes"


def note(path: Path, minutes: int, action: str = "apply") -> None:
    with open_store(f"sqlite:///{path}") as store:
        store.note(AuditEntry(NOW + timedelta(minutes=minutes), "aoba", "somebody", action, "subject", "detail"))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A store in which something was recorded."""
    path = tmp_path / "own.db"
    with open_store(new_file(path)) as store:
        store.import_friends("aoba", [FriendRow(user(n)) for n in range(3)], NOW)
        store.freeze("aoba", new_send(), new_batches(2), NOW)
    note(path, 1)
    return path


@pytest.fixture
def backup(own: Path, tmp_path: Path) -> Path:
    path = tmp_path / "backup.db"
    back_up(own, path)
    return path


def test_a_store_that_went_on_is_that_of_its_backup(own: Path, backup: Path) -> None:
    assert is_of(backup, own)
    note(own, 2, "halt")
    with open_store(f"sqlite:///{own}", KEY) as store:
        store.import_friends("kita", [FriendRow(user(1))], NOW)
        store.claim_bot("aoba", "U" + "b" * 32)
        store.forget("aoba", [user(1), user(2)], NOW)
    assert is_of(backup, own)
    assert is_of(own, own)


def test_a_store_that_recorded_something_else_is_another_one(backup: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with open_store(new_file(other)) as store:
        store.import_friends("aoba", [FriendRow(user(n)) for n in range(3)], NOW)
    note(other, 3)
    note(other, 4)
    assert not is_of(backup, other)


def test_a_copy_that_stayed_behind_is_another_one(own: Path, tmp_path: Path) -> None:
    behind, later = tmp_path / "behind.db", tmp_path / "later.db"
    copy_store(own, behind)
    note(own, 2)
    back_up(own, later)
    assert not is_of(later, behind)
    note(behind, 3)
    assert not is_of(later, behind)


def test_where_nothing_was_recorded_nothing_is_known(tmp_path: Path) -> None:
    own = tmp_path / "own.db"
    with open_store(new_file(own)) as store:
        store.import_friends("aoba", [FriendRow(user(1))], NOW)
    assert not is_of(own, own)


def test_a_database_of_something_else_is_no_store(backup: Path, tmp_path: Path) -> None:
    other = tmp_path / "empty.db"
    other.touch()
    assert not is_of(backup, other)
