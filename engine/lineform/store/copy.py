"""A copy of the friends in DuckDB, which answers questions about everybody five to forty times faster than the store.

It is never the truth. It is a file beside the store that one process at a time may use; a question goes to it only
while it can be brought to the very state of the store, by the log of changes, within the question's time. Whoever finds
it absent, in use, or too far behind asks the store, and learns the same. What is wrong with the file is no reason not
to answer: it is deleted, and made anew when somebody brings it up to date.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import sqlalchemy as sa

from lineform.errors import LineformError, LockedError, UsageError
from lineform.ports.copies import CopyState
from lineform.store import changes
from lineform.store.changes import Changed, Position
from lineform.store.copy_answers import Answers
from lineform.store.copy_load import Loader
from lineform.store.copy_sql import OPENED, create_tables
from lineform.store.database import Database
from lineform.store.failures import StoreFull, StoreUnavailable, StoreUnusable, translate

if TYPE_CHECKING:
    import duckdb

FORMAT = 4
"""Of the copy's own tables: one of another format is made anew."""
IN_TIME = 200_000
"""Changes that a question waits for; where there are more, it is asked of the store."""
PATIENCE = 60.0
"""Seconds for which whoever must have the copy waits for another process's question."""
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    # Nothing is fetched from elsewhere, whatever a file asks for.
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "memory_limit": "128MB",
    # Kept from one question to the next: to get it anew from the system takes a sixth of a short one's time.
    "block_allocator_memory": "60MB",
}
_IN_USE = "Could not set lock on file"
"""In what DuckDB says of a file that another process has open: some other tool, since our lock keeps ours off."""
_MAKING = f"SET memory_limit = '{_SETTINGS['memory_limit']}'"


_NEEDED = {"duckdb": "DuckDB", "numpy": "NumPy", "nanoarrow": "nanoarrow"}


class Form(StrEnum):
    """What lies where a copy belongs."""

    OURS = "ours"
    OTHER = "other"
    """Made by another version: not asked, and made anew by the next `PopulationCopy.refresh`."""
    DAMAGED = "damaged"
    IN_USE = "in use"
    """By another process, so that nothing more is known."""


def not_installed() -> tuple[str, ...]:
    """What is missing to make and to ask a copy, which needs an extra: its packages, as people call them."""
    return tuple(name for package, name in _NEEDED.items() if find_spec(package) is None)


def is_installed() -> bool:
    """Whether a copy can be made and asked."""
    return not not_installed()


def form_of(path: Path) -> Form:
    """What the copy at `path` is, which is only read. What it needs must be installed."""
    duckdb = _duckdb()
    try:
        with duckdb.connect(str(path), read_only=True, config=_SETTINGS) as found:
            (row,) = found.execute("SELECT format FROM reached").fetchall()
    except duckdb.Error as error:
        return Form.IN_USE if _IN_USE in str(error) else Form.DAMAGED
    return Form.OURS if row[0] == FORMAT else Form.OTHER


class PopulationCopy:
    """The copy of one store, at a path of its own."""

    def __init__(self, store: Database, path: Path, *, asked: bool = True) -> None:
        self._store = store
        self._path = path
        self._asked = asked
        self._piece = path.with_name(path.name + ".piece")
        self._new = path.with_name(path.name + ".new")
        self._engine: duckdb.DuckDBPyConnection | None = None

    @property
    def exists(self) -> bool:
        """Whether there is a copy that can be asked."""
        return self._asked and self._path.exists() and is_installed()

    @property
    def size(self) -> int:
        """Bytes on the disk; 0 where there is none."""
        return self._path.stat().st_size if self._path.exists() else 0

    @contextmanager
    def current(self) -> Iterator[Answers | None]:
        """The copy as it is now, with every change of the store in it; None where that cannot be had at once."""
        lock = self._lock_at_once() if self.exists else None
        if lock is None:
            yield None
            return
        with self._held(lock):
            try:
                answers = self._caught_up(IN_TIME)
            except LockedError:
                answers = None
            if answers is None:
                yield None
                return
            try:
                yield answers
            finally:
                answers.close()
                if answers.damaged:
                    self._delete()

    def refresh(self, now: datetime) -> CopyState:
        """Brings the copy up to date, whatever that takes, and makes it where there is none.

        Raises `LockedError` where another process uses it for too long, `UsageError` where what it needs is not
        installed, `StoreUnusable` or `StoreFull` where it cannot be made.
        """
        if not is_installed():
            raise UsageError(
                "a copy of the friends needs DuckDB, NumPy and nanoarrow", hint="pip install 'lineform[fast]'"
            )
        with self._surely_owned():
            behind = self._caught_up(None) if self.exists else None
            if behind is None:
                self._make(now)
                return CopyState(True, 0, self.size)
            taken = behind.changes
            changes.note_reached(self._store, behind.copy, behind.position, now)
            behind.close()
        return CopyState(False, taken, self.size)

    def erase(self) -> None:
        """Takes out of the file what the store has forgotten. Raises as `refresh` does."""
        if not self._path.exists():
            return
        with self._surely_owned():
            answers = self._caught_up(None) if self.exists else None
            if answers is None:
                self._delete()
            else:
                answers.close()

    def remove(self) -> None:
        """Deletes the copy, and ends the log that was kept for it. Raises as `refresh` does."""
        with self._surely_owned():
            self._delete()
            changes.unregister(self._store)

    def close(self) -> None:
        """Ends DuckDB in this process."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _lock(self, patience: float) -> sqlite3.Connection | None:
        """Makes this the one process, and the one question, that uses the copy; None where another one is that.

        SQLite's lock on a file of its own: every system has it, and it ends with its process. Raises `StoreFull` and
        `StoreUnusable` where there can be no such file.
        """
        path = self._path.with_name(self._path.name + ".lock")
        try:
            path.touch(mode=0o600)
            if path.stat().st_mode & 0o077:
                path.chmod(0o600)
            lock = sqlite3.connect(path, timeout=patience, isolation_level=None)
        except OSError as error:
            raise _unusable(str(error.strerror), full=error.errno in {errno.ENOSPC, errno.EDQUOT}) from None
        except sqlite3.Error as error:
            raise _unusable(str(error)) from None
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            lock.close()
            failure = translate(error)
            if isinstance(failure, StoreUnavailable):
                return None
            raise _unusable(str(error), full=isinstance(failure, StoreFull)) from None
        return lock

    def _lock_at_once(self) -> sqlite3.Connection | None:
        """The same for a question: the store answers it, whatever is wrong here."""
        try:
            return self._lock(0.0)
        except (StoreFull, StoreUnusable):
            return None

    @contextmanager
    def _held(self, lock: sqlite3.Connection) -> Iterator[None]:
        with closing(lock):
            try:
                yield
            finally:
                self._let_go()

    @contextmanager
    def _surely_owned(self) -> Iterator[None]:
        lock = self._lock(PATIENCE)
        if lock is None:
            raise _in_use()
        with self._held(lock):
            yield

    def _caught_up(self, most: int | None) -> Answers | None:
        """The copy with all changes taken over; None where it has to be made anew, or where there are more than that
        many. A file that cannot be used is deleted. Raises `LockedError` where somebody has opened it past our lock."""
        duckdb = _duckdb()
        answers = None
        try:
            answers = Answers(self._connect(self._path))
            done = self._take_over(answers, most)
        except duckdb.Error as error:
            done = None
            self._close(answers)
            if _IN_USE in str(error):
                raise _in_use() from None
            self._delete()
        except BaseException:
            self._close(answers)
            raise
        if done is None:
            self._close(answers)
            return None
        return done

    def _take_over(self, answers: Answers, most: int | None) -> Answers | None:
        if answers.format != FORMAT:
            return None
        with self._store.snapshot() as connection:
            if not changes.is_known(connection, answers.copy, answers.position):
                return None
            changed = changes.since(connection, answers.position, most)
            if changed is None:
                return None
            if changed:
                self._apply(answers, connection, changed)
            answers.changes = len(changed)
        if changed.erased:
            self._write_anew(answers)
            again = Answers(self._connect(self._path))
            again.changes = len(changed)
            return again
        return answers

    def _apply(self, answers: Answers, connection: sa.Connection, changed: Changed) -> None:
        position = changes.here(connection)
        duck = answers.duck
        duck.execute("BEGIN")
        try:
            # The events of somebody who was forgotten are gone, and so are noted as such.
            Loader(connection, duck, self._piece).again(changed)
            duck.execute("UPDATE reached SET mark = ?, seq = ?, stamp = ?, friend = ?, event = ?", _numbers(position))
            duck.execute("COMMIT")
        except BaseException:
            duck.execute("ROLLBACK")
            raise
        finally:
            self._piece.unlink(missing_ok=True)
        answers.read_state()

    def _make(self, now: datetime) -> None:
        """A new file, from one state of the store; it takes the old one's place when it is whole."""
        self._delete()
        copy = uuid4().hex
        changes.register(self._store, copy, now)
        try:
            self._fill(copy)
        except _duckdb().Error as error:
            # Its words may hold a friend's values.
            raise StoreUnusable(
                f"the copy of the friends could not be made: DuckDB ended with {type(error).__name__}",
                hint="the store answers meanwhile; look whether the disk beside it has room, then run "
                "'lineform friends copy'",
            ) from None
        finally:
            for path in (self._piece, self._new, self._new.with_name(self._new.name + ".wal")):
                path.unlink(missing_ok=True)

    def _fill(self, copy: str) -> None:
        duck = self._connect(self._new)
        try:
            self._new.chmod(0o600)
            for statement in create_tables():
                duck.execute(statement)
            with self._store.snapshot() as connection:
                position = changes.here(connection)
                Loader(connection, duck, self._piece).everything()
            duck.execute("INSERT INTO reached VALUES (?, ?, ?, ?, ?, ?, ?)", [FORMAT, copy, *_numbers(position)])
            duck.execute("CHECKPOINT")
        finally:
            duck.close()
            self._let_go()
        self._new.replace(self._path)

    def _write_anew(self, answers: Answers) -> None:
        """Into a new file: DuckDB, too, leaves what was deleted in blocks that are free."""
        duck = answers.duck
        self._new.unlink(missing_ok=True)
        duck.execute(f"ATTACH {_quoted(self._new)} AS anew")
        self._new.chmod(0o600)
        duck.execute(f"COPY FROM DATABASE {OPENED} TO anew")
        duck.execute("DETACH anew")
        answers.close()
        self._let_go()
        self._new.replace(self._path)

    def _connect(self, path: Path) -> duckdb.DuckDBPyConnection:
        """Opens the file, in a session of its own. DuckDB itself is begun once: that takes twenty times as long as
        opening a file, and while it has none open it keeps nobody from anything."""
        self._let_go()
        if self._engine is None:
            # What finds no room in memory goes beside the copy, and not where the process happens to be.
            self._engine = _duckdb().connect(config={**_SETTINGS, "temp_directory": f"{self._path}.tmp"})
        found = self._engine.cursor()
        found.execute(f"ATTACH {_quoted(path)} AS {OPENED}; USE {OPENED}")
        found.execute(f"SET TimeZone = 'UTC'; SET preserve_insertion_order = false; {_MAKING}")
        return found

    def _let_go(self) -> None:
        """Closes the file, into which everything is written then that is beside it."""
        if self._engine is None:
            return
        try:
            self._engine.execute(f"DETACH DATABASE IF EXISTS {OPENED}")
        except _duckdb().Error:
            # After some errors DuckDB does nothing more: the next question begins it anew.
            self.close()

    def _close(self, answers: Answers | None) -> None:
        if answers is not None:
            answers.close()

    def _delete(self) -> None:
        self._let_go()
        for path in (self._path, self._new):
            for suffix in ("", ".wal"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
        self._piece.unlink(missing_ok=True)


def _in_use() -> LockedError:
    return LockedError(
        "another process uses the copy of the friends right now",
        hint="wait for it to end and run the same command again",
    )


def _unusable(said: str, *, full: bool = False) -> LineformError:
    message = f"the copy of the friends cannot be used: {said}"
    if full:
        return StoreFull(message, hint="make room and run the same command again")
    return StoreUnusable(
        message,
        hint="the store answers meanwhile; its folder must be writable for whoever runs lineform, and the disk sound; "
        "then run the same command again",
    )


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _numbers(position: Position) -> list[int]:
    return [position.mark, position.seq, position.stamp, position.friend, position.event]


def _duckdb() -> Any:
    # Loaded here because start-up must not pay for it, and because it is an extra.
    import duckdb  # noqa: PLC0415

    return duckdb
