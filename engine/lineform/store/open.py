"""A store by its URL: ``sqlite:///path/to/file`` or ``postgresql://user@host/database``."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

import sqlalchemy as sa
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.exc import ArgumentError

from lineform.errors import CredentialError, UsageError
from lineform.ports.copies import CopyState
from lineform.ports.friends import ForgetCount
from lineform.ports.store import Store
from lineform.store import migrations
from lineform.store.audiences import AudienceRecords
from lineform.store.audit import AuditRecords
from lineform.store.bulk import json_encoder
from lineform.store.compiled import Compilations
from lineform.store.contacts import ContactRecords
from lineform.store.conversations import ConversationRecords
from lineform.store.copy import PopulationCopy
from lineform.store.coupons import CouponRecords
from lineform.store.database import Database
from lineform.store.events import EventRecords
from lineform.store.failures import StoreUnusable
from lineform.store.forget import Forgetting
from lineform.store.friends import FriendReading
from lineform.store.groups import Groups
from lineform.store.happenings import HappeningRecords
from lineform.store.hot import HotValues
from lineform.store.importing import FriendImport
from lineform.store.inbox import InboxRecords
from lineform.store.intake import IntakeRecords
from lineform.store.items import ItemRecords
from lineform.store.journeys import JourneyRecords
from lineform.store.leases import LeaseRecords
from lineform.store.leaving import LeavingRecords
from lineform.store.links import LinkRecords
from lineform.store.menus import MenuRecords
from lineform.store.outbox import OutboxRecords
from lineform.store.paces import PaceRecords
from lineform.store.profiles import ProfileRecords
from lineform.store.revisions import RevisionRecords
from lineform.store.sends import SendRecords
from lineform.store.sources import Sources
from lineform.store.staging import SourceAnswers
from lineform.store.tables import accounts

BUSY_SECONDS = 60
"""How long a writer waits for another one: as long as freezing a large send may take."""
_BUSY_PAUSE = 0.01
_CHECKPOINT_PAGES = 8_192
"""32 MB of journal, before it goes into the store's file. After SQLite's own 4 MB, each transaction of an import would
write the same pages of the indexes there again."""
_OLDEST_SQLITE = (3, 35)  # RETURNING
_COMPILED = Compilations()
_WHOSE = sa.select(accounts.c.name).where(
    accounts.c.bot == sa.bindparam("bot"), accounts.c.name != sa.bindparam("account")
)
_BOT = sa.select(accounts.c.bot).where(accounts.c.name == sa.bindparam("account"))


class SqlStore(
    JourneyRecords,
    HappeningRecords,
    EventRecords,
    HotValues,
    FriendImport,
    Forgetting,
    RevisionRecords,
    ContactRecords,
    SendRecords,
    AudienceRecords,
    ConversationRecords,
    ItemRecords,
    MenuRecords,
    FriendReading,
    LeavingRecords,
    CouponRecords,
    LinkRecords,
    LeaseRecords,
    PaceRecords,
    AuditRecords,
    InboxRecords,
    IntakeRecords,
    OutboxRecords,
    ProfileRecords,
):
    """The store, in SQLite or PostgreSQL."""

    def __init__(
        self,
        engine: Engine,
        forget_secret: str = "",
        copy: Path | None = None,
        *,
        ask_copy: bool = True,
        sources: Sources | None = None,
    ) -> None:
        super().__init__(engine, forget_secret)
        self.sources = SourceAnswers(sources)
        self.copy = None if copy is None else PopulationCopy(self, copy, asked=ask_copy)
        self.shared = self.postgres
        self.groups = Groups()

    @contextmanager
    def together(self, account: str) -> Iterator[Store]:
        """One transaction for everything that is done to the store that this yields."""
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            if self.postgres:
                # Before any friend is held: whoever takes the whole account (an import, a forgetting) waits here, and
                # never in a circle with somebody who holds its friends.
                row = sa.select(accounts.c.id).where(accounts.c.id == account_id)
                connection.execute(row.with_for_update(read=True, key_share=True))
            yield _Within(self, connection)

    def migrate(self) -> None:
        """Brings the tables to this version. Raises `StoreUnusable` where they are of a newer one."""
        with self.reading() as connection:
            version = migrations.recorded_version(connection)
        migrations.refuse_newer(version)
        if version < migrations.VERSION:
            with self.writing() as connection:
                migrations.migrate(connection)

    def claim_bot(self, account: str, bot: str) -> None:
        """Remembers the account's bot; raises `CredentialError` when it is another than before, or that of an account
        with another name, under which everything is recorded that was sent to its friends."""
        with self.reading() as connection:
            if connection.execute(_BOT, {"account": account}).scalar() == bot:
                return  # as at every tick but the first: nobody has to wait for it
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            known = connection.execute(_BOT.with_for_update(), {"account": account}).scalar_one()
            if not known:
                taken = connection.execute(_WHOSE, {"bot": bot, "account": account}).scalar()
                if taken is not None:
                    raise CredentialError(
                        f"bot {bot} is recorded as '{taken}', and '{account}' would send to the same friends again",
                        hint=f"a client keeps its name: call it '{taken}', or use a new store for '{account}'",
                    )
                connection.execute(sa.update(accounts).where(accounts.c.id == account_id).values(bot=bot))
            elif known != bot:
                raise CredentialError(
                    f"the records of '{account}' belong to bot {known}, not to {bot}",
                    hint="use that bot's token; for a new bot, use a new client name or a new store",
                )

    def forget(self, account: str, user_ids: Sequence[str], now: datetime) -> ForgetCount:
        """Forgets these people, and takes them out of the copy for questions about everybody."""
        count = super().forget(account, user_ids, now)
        if self.copy is not None:
            self.copy.erase()
        return count

    @property
    def copy_size(self) -> int:
        """Bytes of the copy; 0 where there is none, or it is not asked."""
        return self.copy.size if self.copy is not None and self.copy.exists else 0

    def refresh_copy(self, now: datetime) -> CopyState:
        """Makes the copy, or brings it up to date. Raises `UsageError` where there can be none, `LockedError` where
        another process uses it for too long."""
        return self._own_copy().refresh(now)

    def remove_copy(self) -> None:
        """Deletes the copy. Raises as `refresh_copy` does."""
        self._own_copy().remove()

    def _own_copy(self) -> PopulationCopy:
        if self.copy is None:
            raise UsageError("this disk is gone after the job: a copy would be made for nothing")
        return self.copy

    def close(self) -> None:
        """Closes all connections."""
        self.engine.dispose()
        if self.copy is not None:
            self.copy.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Within(SqlStore):
    """The same store inside of a transaction that somebody else began and ends."""

    def __init__(self, outer: SqlStore, connection: Connection) -> None:
        super().__init__(outer.engine, outer.forget_secret)
        self.groups = outer.groups
        self.know_as(outer)
        self._connection = connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """The transaction, which sees what was written in it."""
        yield self._connection

    def snapshot(self) -> NoReturn:
        """Raises RuntimeError: what several statements say of everybody would be of several moments here, since on
        PostgreSQL each of them sees what others have finished by then."""
        raise RuntimeError("everybody is asked about outside of a transaction")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The transaction, which others see when it is over."""
        yield self._connection

    def close(self) -> None:
        """Whoever began it closes."""


def copy_beside(url: str, folder: Path) -> Path:
    """Where a copy of the friends belongs: beside an SQLite store's file, in `folder` for a store that machines share.

    Raises nothing: what is wrong with the URL, `open_store` says."""
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        return folder / "shared.duckdb"
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        return Path(parsed.database).with_suffix(".duckdb")
    return folder / "shared.duckdb"


def open_store(
    url: str,
    forget_secret: str = "",
    copy: Path | None = None,
    *,
    ask_copy: bool = True,
    sources: Sources | None = None,
) -> Store:
    """The store at `url`. Makes SQLite's folder and file, for the owner alone; connects to PostgreSQL when first used.

    `forget_secret` recognises people who were forgotten; it is asked for only where there are such people. `copy` is
    where a copy for questions about everybody may be; without it, or without `ask_copy`, all of them are asked of the
    store itself. `sources` are asked where a question is about what a company keeps elsewhere.

    Raises `UsageError` for a URL of anything else, `StoreUnusable` where the file cannot be made.
    """
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        # The text may hold a password: it is not repeated.
        raise UsageError(
            "the store's URL cannot be read", hint="write sqlite:///.lineform/store.db or postgresql://host/database"
        ) from None
    match parsed.get_backend_name():
        case "sqlite":
            return SqlStore(_sqlite(parsed), forget_secret, copy, ask_copy=ask_copy, sources=sources)
        case "postgresql" | "postgres":
            return SqlStore(_postgres(parsed), forget_secret, copy, ask_copy=ask_copy, sources=sources)
        case other:
            raise UsageError(f"a store cannot be '{other}'", hint="use sqlite:///path or postgresql://host/database")


def _alike() -> dict[str, Any]:
    """What all engines have in common; `Compilations` relies on it that they tell no value in ways of their own."""
    return {"json_serializer": json_encoder().encode, "execution_options": {"compiled_cache": _COMPILED}}


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise UsageError("the store needs a file", hint="write sqlite:///.lineform/store.db")
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StoreUnusable(
            f"this Python comes with SQLite {sqlite3.sqlite_version}; 3.35 or newer is needed",
            hint="use a newer Python, or a PostgreSQL store",
        )
    _make_file(Path(url.database))
    engine = sa.create_engine(
        URL.create("sqlite+pysqlite", database=url.database),
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,
        pool_size=8,
        max_overflow=24,
        **_alike(),
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_file(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise StoreUnusable(
            f"the store cannot be written at {path}: {error.strerror}",
            hint="the file and its folder must be writable for whoever runs lineform, and for nobody else",
        ) from None


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say so, in `_begin_sqlite`
    cursor = connection.cursor()
    _write_ahead(cursor)
    # What a question gathers or sorts stays in memory as long as it is small, and then goes to a file without a name:
    # everybody's menu among ten million friends took 826 MB where all of it was kept in memory.
    pragmas = ("synchronous=FULL", "foreign_keys=ON", "temp_store=FILE", "cache_size=-65536")
    for pragma in (*pragmas, f"wal_autocheckpoint={_CHECKPOINT_PAGES}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    # Of several that open a new file, one changes its journal, and SQLite refuses the others at once: it calls no busy
    # handler where waiting might be a deadlock (https://www.sqlite.org/c3ref/busy_handler.html). So the wait is here.
    last = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > last:
                raise
            time.sleep(_BUSY_PAUSE)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: upgrading a reading transaction would fail instead of waiting. By the driver
    # itself: SQLAlchemy's way to run a statement costs more than most of the questions that follow.
    writes = connection.get_execution_options().get("lineform_writes", False)
    driver: Any = connection.connection.dbapi_connection
    driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgres(url: URL) -> Engine:
    if find_spec("psycopg") is None:
        raise UsageError("a PostgreSQL store needs psycopg", hint="pip install 'lineform[postgresql]'")
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        # Prepared statements and a pooler such as pgbouncer do not go together.
        connect_args={"connect_timeout": 10, "prepare_threshold": None, "application_name": "lineform"},
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=24,
        **_alike(),
    )


__all__ = ["BUSY_SECONDS", "Database", "SqlStore", "open_store"]
