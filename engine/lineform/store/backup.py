"""A copy of an SQLite store, whole at one moment while others go on using it; and the way back.

PostgreSQL has tools of its own for this, and whoever runs a server uses them: their commands are said instead, with
what has to be done before and after them. How a store moves from the one to the other is in `moving`.
"""

from __future__ import annotations

import os
import shlex
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import URL

from lineform.errors import CredentialError, UsageError
from lineform.store import migrations
from lineform.store.failures import StoreUnavailable, StoreUnusable, translated
from lineform.store.forgotten import Erased, Forgotten, key_mark, keyed_hash
from lineform.store.forgotten_file import forgotten_people
from lineform.store.open import SqlStore
from lineform.store.tables import accounts, forgotten
from lineform.store.work_file import work_file

_PATIENCE = 10.0
"""Seconds to wait for whoever writes to the store that is replaced."""
_SQLITE, _DUMP = b"SQLite format 3\0", b"PGDMP"
"""What files begin with: an SQLite database, and what pg_dump writes in the form that `lineform backup` tells."""
_DAMAGE = {"SQLITE_CORRUPT": "is damaged", "SQLITE_NOTADB": "is not a database"}
_WAITING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds: the version of its tables, its clients, and its size in bytes."""

    version: int
    accounts: tuple[str, ...]
    size: int


def moves(url: str, file: Path) -> bool:
    """Whether `file` is of an SQLite store, and the store at `url` one of PostgreSQL."""
    return not _sqlite(sa.make_url(url)) and _starts(file, _SQLITE)


def sqlite_file(url: str, file: Path, *, restore: bool) -> Path:
    """The file of an SQLite store. Raises `UsageError` for any other, with the command that does there what is asked
    for with `file`, and where `file` is to be restored and is a dump of a PostgreSQL store."""
    parsed = sa.make_url(url)
    if not _sqlite(parsed):
        verb = "restored" if restore else "backed up"
        raise UsageError(
            f"a PostgreSQL store is {verb} with PostgreSQL's own tools",
            hint=_restore_command(parsed, file) if restore else _dump_command(parsed, file),
        )
    if restore and _starts(file, _DUMP):
        raise UsageError(
            f"{file} is a dump of a PostgreSQL store, and the one here is of SQLite: there is no way back to it",
            hint="set LINEFORM_STORE=postgresql://… to the database that the store shall be in, and restore it there",
        )
    if not parsed.database:
        raise UsageError("the store needs a file", hint="write sqlite:///.lineform/store.db")
    return Path(parsed.database)


def _sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _starts(file: Path, mark: bytes) -> bool:
    """What is of no kind, or cannot be read, is whoever reads it to say."""
    try:
        with file.open("rb") as opened:
            return opened.read(len(mark)) == mark
    except OSError:
        return False


def _dump_command(url: URL, file: Path) -> str:
    return f"pg_dump --format=custom --file={shlex.quote(str(file))} {_server(url)}"


def _restore_command(url: URL, file: Path) -> str:
    """Whoever restores a ledger must look before it sends: see `lineform restore`. Between the restored tables and the
    halt after them nobody may send."""
    command = f"pg_restore --clean --if-exists --single-transaction {_server(url)} {shlex.quote(str(file))}"
    saved = shlex.quote(f"{file}.forgotten")
    steps = f"lineform restore --before {saved} && {command} && lineform restore --after {saved}"
    return f"end every `lineform serve` and `lineform run` on all machines, and their timers, first; then: {steps}"


def _server(url: URL) -> str:
    """The server for PostgreSQL's tools, without the password: they ask for it, or read PGPASSWORD or ~/.pgpass."""
    host = url.host or url.query.get("host")
    parts = {"host": host, "port": url.port, "username": url.username, "dbname": url.database}
    return " ".join(f"--{name}={shlex.quote(str(value))}" for name, value in parts.items() if value)


def back_up(store: Path, target: Path, *, force: bool = False) -> Backup:
    """Copies the store as it is at one moment to a new file for its owner alone, and checks the copy.

    Raises `UsageError` where the file is the store's own, or is there already and `force` is not given,
    `StoreUnusable` where there is no store, or it is damaged.
    """
    if not store.exists():
        raise StoreUnusable(f"there is no store at {store}", hint="lineform apply makes one")
    if target.exists() and target.samefile(store):
        raise UsageError(f"{target} is the store itself", hint="name another file")
    if target.exists() and not force:
        raise UsageError(f"{target} is there already", hint="name another file, or add --force")
    with work_file(target) as part:
        with (
            translated(sqlite3.Error),
            closing(sqlite3.connect(_uri(store, "rw"), uri=True)) as source,
            closing(sqlite3.connect(part)) as copy,
        ):
            source.backup(copy)
            # One file that needs no other beside it.
            copy.execute("PRAGMA journal_mode=DELETE")
        found = _checked(part, f"the store at {store}", "restore it from a backup")
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(target)
    return found


def check(file: Path) -> Backup:
    """What a backup holds. Raises `StoreUnusable` where it is no whole store of a version that is known here."""
    refuse_missing(file)
    return _checked(file, f"the backup {file}", "use another backup")


def refuse_missing(file: Path) -> None:
    """Raises `StoreUnusable` where there is no file to be restored."""
    if not file.is_file():
        raise StoreUnusable(f"there is no file {file}", hint="name the file that lineform backup wrote")


def _checked(file: Path, what: str, hint: str) -> Backup:
    """The same, where the file is `what` for whoever reads the error."""
    with (
        translated(sqlite3.Error),
        _damage_of(what, hint),
        closing(sqlite3.connect(_uri(file, "ro"), uri=True)) as connection,
    ):
        problems = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
        if problems != ["ok"] or connection.execute("PRAGMA foreign_key_check").fetchone():
            raise StoreUnusable(f"{what} is damaged", hint=hint)
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'lineform_schema'").fetchone():
            raise StoreUnusable(f"{what} is no store of lineform", hint=hint)
        version = connection.execute("SELECT max(version) FROM lineform_schema").fetchone()[0] or 0
        migrations.refuse_newer(version)
        names = tuple(row[0] for row in connection.execute("SELECT name FROM accounts ORDER BY name"))
    return Backup(version, names, file.stat().st_size)


@contextmanager
def _damage_of(what: str, hint: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        for name, said in _DAMAGE.items():
            if (getattr(error, "sqlite_errorname", None) or "").startswith(name):
                raise StoreUnusable(f"{what} {said}", hint=hint) from None
        raise


@contextmanager
def unpacked(backup: Path, store: Path) -> Iterator[Path]:
    """A copy of a backup beside the store, to be brought up to date before it takes the store's place; gone
    afterwards."""
    store.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with work_file(store) as part:
        copy_store(backup, part)
        yield part


def copy_store(source: Path, target: Path) -> None:
    """Puts the content of one store into another in one transaction: whoever uses the target sees all of it or nothing.

    Raises `StoreUnavailable` where somebody writes to the target for too long.
    """
    end = time.monotonic() + _PATIENCE

    def waits(status: int, _left: int, _total: int) -> None:
        if status in _WAITING and time.monotonic() > end:
            raise StoreUnavailable("somebody else writes to the store", hint="end what uses it, then do it again")

    with (
        translated(sqlite3.Error),
        closing(sqlite3.connect(_uri(source, "ro"), uri=True)) as old,
        # Each try ends at once: how long all of them may take is said above.
        closing(sqlite3.connect(target, timeout=0)) as new,
    ):
        old.backup(new, progress=waits)


def newer_version(store: Path) -> int:
    """The version of an SQLite store's tables where it is newer than is known here; else 0."""
    with translated(sqlite3.Error), closing(sqlite3.connect(_uri(store, "ro"), uri=True)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'lineform_schema'").fetchone():
            return 0
        version: int = connection.execute("SELECT max(version) FROM lineform_schema").fetchone()[0] or 0
    return version if version > migrations.VERSION else 0


def forgotten_in(store: Path) -> Forgotten:
    """Whom the SQLite store of any version has forgotten."""
    found: dict[str, dict[str, Erased]] = {}
    with translated(sqlite3.Error), closing(sqlite3.connect(_uri(store, "ro"), uri=True)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'forgotten'").fetchone():
            return found
        rows = connection.execute(
            "SELECT name, hash, key_mark, forgotten_at FROM forgotten"
            " JOIN accounts ON accounts.id = forgotten.account_id"
        )
        for account, one, mark, at in rows:
            found.setdefault(account, {})[one] = Erased(mark, datetime.fromisoformat(at).replace(tzinfo=UTC))
    return found


def forget_again(store: SqlStore, before: Forgotten, now: datetime) -> int:
    """Forgets in a restored store whom the store before had forgotten since; how many of them it still knew.

    Whoever had been forgotten already when the backup was made, and is a friend in it, came back on purpose, and stays.
    Raises `CredentialError` where the key that recognises the others is missing: a backup must not bring anybody back.
    """
    key = store.forget_secret.encode()
    held = forgotten_people(store)
    again = 0
    for account, people in before.items():
        already = held.get(account, {})
        since = {one: how for one, how in people.items() if one not in already or already[one].at < how.at}
        if not since:
            continue
        if {how.key_mark for how in since.values()} != {key_mark(key)}:
            raise CredentialError(
                f"people of '{account}' have been forgotten since, whom the backup may still know",
                hint="set LINEFORM_FORGET_KEY to the key that they were forgotten with",
            )
        friends = (one.user_id for one in store.every_friend(account))
        # An event of theirs that waits in the backup would bring them back as well.
        people_there = chain(friends, store.senders(account))
        known = [one for one in people_there if keyed_hash(key, account, one) in since]
        if known:
            again += store.forget(account, known, now).friends
        with store.writing() as connection:
            account_id = store.own_account_id(connection, account)
            rows = [
                {"account_id": account_id, "hash": one, "key_mark": how.key_mark, "emptied": 0, "forgotten_at": how.at}
                for one, how in since.items()
            ]
            new = store.insert(forgotten)
            # The moment itself: another backup that is restored one day is asked what it knows of this erasure.
            kept = new.on_conflict_do_update(
                index_elements=["account_id", "hash"], set_={"forgotten_at": new.excluded.forgotten_at}
            )
            connection.execute(kept, rows)
    return again


def accounts_of(store: SqlStore) -> tuple[str, ...]:
    """The clients that a store knows."""
    with store.reading() as connection:
        return tuple(connection.execute(sa.select(accounts.c.name).order_by(accounts.c.name)).scalars())


def _uri(path: Path, mode: str) -> str:
    return f"{path.resolve().as_uri()}?mode={mode}"
