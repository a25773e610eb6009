"""A file in which a store, or an export, is made ready before it takes its place: gone afterwards, also where its
process was killed.

Such a file has everybody in it. Whoever makes the next one at the same place deletes what others left who are dead.
That somebody lives is told by SQLite's lock on a file of its own: every system has it, it ends with its process, and
other containers see it.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from lineform.errors import BlockedError

_PARTS = ("", "-wal", "-shm", "-journal")


@contextmanager
def work_file(beside: Path) -> Iterator[Path]:
    """A new file beside another one, for its owner alone. Raises `BlockedError` where there can be none."""
    part = beside.with_name(f".{beside.name}.{uuid4().hex[:12]}.part")
    lock = _lock_of(part)
    with _told(beside):
        _clear_left(beside)
        _make(lock)
    try:
        with _told(beside):
            held = _held(lock)
        with closing(held):
            try:
                with _told(beside):
                    _make(part)
                yield part
            finally:
                _delete(part)
    finally:
        # After the file itself: what has no lock is nobody's any more.
        lock.unlink(missing_ok=True)


@contextmanager
def _told(beside: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BlockedError(f"cannot write beside {beside}: {error.strerror}") from None
    except sqlite3.Error as error:
        raise BlockedError(f"cannot write beside {beside}: {error}") from None


def _clear_left(beside: Path) -> None:
    """Deletes the files of this place whose processes have ended. Those of another user are left to them."""
    name = re.compile(rf"\.{re.escape(beside.name)}\.[0-9a-f]+\.part")
    for part in [path for path in beside.parent.iterdir() if name.fullmatch(path.name)]:
        lock = _lock_of(part)
        with suppress(PermissionError, sqlite3.OperationalError):
            if lock.exists():
                _held(lock).close()
            _delete(part)
            lock.unlink(missing_ok=True)


def _lock_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.lock")


def _make(path: Path) -> None:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _held(lock: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(lock, timeout=0.0, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _delete(part: Path) -> None:
    for suffix in _PARTS:
        part.with_name(part.name + suffix).unlink(missing_ok=True)
