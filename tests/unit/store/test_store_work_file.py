"""What a store is made ready in is gone afterwards, also when its process was killed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from lineform.errors import BlockedError
from lineform.store.work_file import work_file

KILLED = """
import os, signal, sqlite3, sys
from pathlib import Path
from lineform.store.work_file import work_file

with work_file(Path(sys.argv[1])) as part:
    held = sqlite3.connect(part)
    held.execute("PRAGMA journal_mode=WAL")
    held.execute("CREATE TABLE people (name)")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(beside: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, str(beside)], timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL


def test_it_is_for_its_owner_alone_and_gone_afterwards(tmp_path: Path) -> None:
    with work_file(tmp_path / "store.db") as part:
        assert part.parent == tmp_path
        assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}
        with closing(sqlite3.connect(part)) as made:
            made.execute("PRAGMA journal_mode=WAL")
            made.execute("CREATE TABLE people (name)")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyError), work_file(tmp_path / "store.db"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_deleted_by_the_next_one_at_the_same_place(tmp_path: Path) -> None:
    killed(tmp_path / "store.db")
    killed(tmp_path / "other.db")
    (tmp_path / ".store.db.4711.part").write_text("of a version that kept no lock", encoding="utf-8")
    (tmp_path / ".store.db.csv.4711.part").write_text("an export's", encoding="utf-8")
    assert [path for path in tmp_path.iterdir() if path.name.endswith("-wal")]
    with work_file(tmp_path / "store.db"):
        pass
    left = {path.name.split(".part")[0] for path in tmp_path.iterdir()}
    assert len(left) == 2
    assert all(name.startswith((".other.db.", ".store.db.csv.")) for name in left)


def test_what_somebody_is_working_on_is_left_to_them(tmp_path: Path) -> None:
    with work_file(tmp_path / "store.db") as one, work_file(tmp_path / "store.db") as two:
        assert one != two
        assert one.exists()
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(BlockedError, match="cannot write beside"), work_file(tmp_path / "none" / "store.db"):
        pass
