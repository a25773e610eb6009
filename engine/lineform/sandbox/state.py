"""Everything the offline account remembers, in one SQLite file or in memory.

Each request is one transaction. The file is written without waiting for the disk: it survives the end of the process,
which is what tests of crashes and restarts need, and not the loss of the machine's power.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lineform.errors import BlockedError, LineformError, LockedError, PartialError, UsageError

FORMAT = 1

SCHEMA = """
create table meta (name text primary key, value text not null) without rowid;
create table accounts (
  id integer primary key, name text not null unique, bot_id text not null, settings text not null,
  default_menu text, default_owner text);
create table tokens (
  token text primary key, account integer not null, kind text not null, issued real not null, expires real,
  key_id text, revoked integer not null default 0) without rowid;
create index tokens_of on tokens (account, kind, issued);
create table people (
  account integer not null, user text not null, seq integer not null, relation text not null,
  consent integer not null default 1, followed_at real, wrote_at real, menu text, profile text not null,
  primary key (account, user)) without rowid;
create index people_by_relation on people (account, relation, seq);
create index people_by_menu on people (account, menu) where menu is not null;
create table menus (
  id text primary key, account integer not null, seq integer not null, created real not null, owner text not null,
  menu text not null, image blob, image_type text) without rowid;
create index menus_of on menus (account, seq);
create table aliases (
  account integer not null, alias text not null, menu text not null, primary key (account, alias)) without rowid;
create table sends (
  id integer primary key, account integer not null, kind text not null, time real not null, path text not null,
  request_id text not null, retry_key text, messages text not null, silent integer not null, counted integer not null);
create index sends_by_time on sends (account, kind, time);
create index sends_by_request on sends (request_id);
create table deliveries (
  id integer primary key, account integer not null, user text not null, send integer not null, time real not null);
create index deliveries_of on deliveries (account, user);
create index deliveries_by_send on deliveries (send);
create table retry_keys (
  account integer not null, key text not null, time real not null, request_id text not null, sent text,
  primary key (account, key)) without rowid;
create table usage (
  account integer not null, month text not null, used integer not null, primary key (account, month)) without rowid;
create table reservations (
  request_id text primary key, account integer not null, amount integer not null) without rowid;
create index reservations_of on reservations (account);
create table units (
  account integer not null, month text not null, unit text not null, primary key (account, month, unit)) without rowid;
create table narrowcasts (
  request_id text primary key, account integer not null, body text not null, accepted real not null,
  starts real not null, ends real not null, retry_key text, result text) without rowid;
create table batches (
  request_id text primary key, account integer not null, accepted real not null, completed real, resume_key text,
  rest text not null, failed integer not null default 0) without rowid;
create table jobs (
  id integer primary key, account integer not null, due real not null, kind text not null, payload text not null);
create index jobs_by_due on jobs (due);
create table reply_tokens (
  token text primary key, account integer not null, user text not null, expires real not null, used integer not null
  default 0) without rowid;
create table read_tokens (token text primary key, account integer not null, user text not null) without rowid;
create table events (
  id integer primary key, account integer not null, time real not null, event text not null);
create table requests (
  id integer primary key, time real not null, account integer, method text not null, path text not null,
  query text not null, headers text not null, body blob, status integer, answer blob, answer_headers text not null,
  request_id text not null, fault text);
create index requests_by_request on requests (request_id);
"""

AUDIENCES = """
create table if not exists audiences (
  id integer primary key, account integer not null, seq integer not null, description text not null, type text not null,
  route text not null, permission text not null, status text not null, failed_type text, created real not null,
  request_id text, click_url text);
create index if not exists audiences_of on audiences (account, seq);
create table if not exists audience_jobs (
  id integer primary key, audience integer not null, description text not null, created real not null,
  starts real not null, ends real not null, ids integer not null, failed integer not null default 0);
create index if not exists audience_jobs_of on audience_jobs (audience);
create table if not exists audience_members (
  audience integer not null, user text not null, job integer not null, primary key (audience, user, job)) without rowid;
create table if not exists coupons (
  seq integer primary key, id text not null unique, account integer not null, created real not null,
  ends real not null, status text not null, body text not null);
create index if not exists coupons_of on coupons (account, seq);
"""
"""Made wherever they are missing, so that a state from before there were audiences or coupons can still be opened."""

UNDELIVERED = """
create table if not exists undelivered (
  event integer primary key, account integer not null, due real not null, tries integer not null default 0);
create index if not exists undelivered_by_due on undelivered (due);
"""
"""Events that the webhook has not taken yet; made wherever it is missing."""

SAID = """
create table if not exists said (event integer primary key, text text not null);
"""
"""What taps wrote into the chat (`displayText`), which LINE shows and tells nobody; made wherever it is missing."""


def _unusable(file: Path | None, error: sqlite3.Error) -> LineformError:
    """Why a state cannot be opened: somebody else has it, the disk is full, or it is no state at all."""
    # The extended codes have the plain one in their lowest byte: https://www.sqlite.org/rescode.html
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return LockedError(
                f"another sandbox, or another command with --sandbox, is using {file} right now",
                hint="Wait until it has ended, or name another state file.",
            )
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
            return PartialError(
                f"the disk that holds the sandbox state {file} takes no more: {error}",
                hint="Make room and run the same command again; the state is as it was.",
            )
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return BlockedError(
                f"the sandbox state cannot be written at {file}: {error}",
                hint="The file and its folder must be writable for whoever runs lineform.",
            )
        case _:
            return UsageError(
                f"the sandbox state in {file} cannot be used: {error}",
                hint="Is it a sandbox state, in a folder that can be written to? Else name another file.",
            )


_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}


class State:
    """A thin face on one SQLite connection: short calls for one row, many rows and changes."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self.failure: LineformError | None = None
        """What the disk refused the last time that it refused anything: nothing of that request was kept."""
        if file is not None and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
        try:
            self._db = sqlite3.connect(
                ":memory:" if file is None else str(file),
                isolation_level=None,
                check_same_thread=False,
                timeout=1.0,
                cached_statements=512,
            )
        except sqlite3.Error as error:
            raise _unusable(file, error) from error
        self._db.row_factory = sqlite3.Row
        try:
            if file is not None:
                self._open_alone()
            self._prepare()
        except sqlite3.Error as error:
            self.close()
            raise _unusable(file, error) from error
        except LineformError:
            self.close()
            raise

    def _open_alone(self) -> None:
        """One sandbox a file: a second one would neither see the first one's clock nor its jobs."""
        self.run("pragma locking_mode=exclusive")
        self.run("pragma journal_mode=wal")
        self.run("pragma synchronous=off")
        self.begin()
        self.commit()

    def _prepare(self) -> None:
        if not self.one("select 1 from sqlite_master where name='meta'"):
            # All or nothing: a state that a full disk left half made could never be used again.
            self._make(SCHEMA + AUDIENCES)
        self._db.executescript(AUDIENCES + UNDELIVERED + SAID)
        found = self.recall("format")
        if found != FORMAT:
            raise UsageError(
                f"the sandbox state in {self._file} has format {found}, this version reads format {FORMAT}",
                hint="Name another file, or remove this one to begin anew.",
            )

    def _make(self, tables: str) -> None:
        try:
            self._db.executescript(f"begin immediate;{tables}")
            self.remember("format", FORMAT)
            self.commit()
        except (sqlite3.Error, LineformError):
            self.rollback()
            raise

    def _execute(self, sql: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        try:
            return self._db.execute(sql, values)
        except sqlite3.OperationalError as error:
            raise self._told(error) from error

    def _told(self, error: sqlite3.Error) -> Exception:
        """The disk's failures as something to act on; every other one as it is."""
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DISK:
            return error
        self.failure = _unusable(self._file, error)
        return self.failure

    def begin(self) -> None:
        self._execute("begin immediate")

    def commit(self) -> None:
        self._execute("commit")

    def rollback(self) -> None:
        # Where the disk is full, SQLite may have done so by itself.
        if self._db.in_transaction:
            self._execute("rollback")

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._execute(sql, values).fetchone()
        return row

    def number(self, sql: str, *values: object) -> int:
        """The single number that `sql` asks for; nothing counts as 0."""
        row = self.one(sql, *values)
        return int(row[0] or 0) if row else 0

    def all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        return self._execute(sql, values).fetchall()

    def run(self, sql: str, *values: object) -> int:
        """How many rows changed."""
        return self._execute(sql, values).rowcount

    def insert(self, sql: str, *values: object) -> int:
        """The new row's number."""
        return self._execute(sql, values).lastrowid or 0

    def many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        try:
            self._db.executemany(sql, rows)
        except sqlite3.OperationalError as error:
            raise self._told(error) from error

    def remember(self, name: str, value: Any) -> None:
        self.run("insert or replace into meta values (?, ?)", name, json.dumps(value))

    def recall(self, name: str) -> Any:
        row = self.one("select value from meta where name=?", name)
        return json.loads(row[0]) if row else None

    def clear(self) -> None:
        """Forget everything but the format."""
        names = [row[0] for row in self.all("select name from sqlite_master where type='table' and name<>'meta'")]
        for name in names:
            self.run(f"delete from {name}")  # noqa: S608 - the names are the schema's own
        self.run("delete from meta where name<>'format'")

    def close(self) -> None:
        self._db.close()
