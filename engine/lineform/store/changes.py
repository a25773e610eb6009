"""What changed about friends, in an order that a reader can trust: the log by which a copy is kept current.

Triggers write it, so that no writer can forget to; and only while a copy is registered, so that it costs nobody else
anything. On SQLite there is one writer, and the log's own numbers are the order; what is new there is found by its id
and not noted, because a trigger costs as much as the row. On PostgreSQL transactions end in another order than they
drew their numbers in: there a reader trusts only what every transaction before its snapshot's oldest one has written,
and reads what is younger than that again the next time. Applying a change twice does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.store import noting
from lineform.store.database import STREAMED, Database
from lineform.store.tables import changes, copies, events, friends

ABANDONED = timedelta(days=30)
"""A copy that was not brought up to date for so long is not waited for any more, and has to be made anew."""
SEEN = timedelta(days=1)
"""How long it is good enough to know that a copy was looked after."""
FOUND_BY_ID = frozenset({"friends_insert_noted", "events_insert_noted"})
"""Triggers that SQLite does without."""
_BEFORE = sa.text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
_WRITERS = "LOCK TABLE friends, friend_tags, events, line_ids, friend_menus IN SHARE MODE"


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where a log was read: everything before `mark`. `seq` and `stamp` name an entry of this log, by which a
    reader knows that it is the same log still, and not that of a restored store. `friend` and `event` are the newest
    ids that there were: an event's id may come again after it was deleted, but never while it is one of these."""

    mark: int
    seq: int
    stamp: int
    friend: int
    event: int


@dataclass(frozen=True, slots=True)
class Changed:
    """Ids that a copy has to look at again; `menus` are friends of whom the recorded menu changed. `erased` where
    people were forgotten."""

    friends: frozenset[int]
    events: frozenset[int]
    menus: frozenset[int]
    erased: bool

    def __len__(self) -> int:
        return len(self.friends) + len(self.events) + len(self.menus)


def register(database: Database, copy: str, now: datetime) -> None:
    """Has every change noted from now on, for this copy; when it returns, no writer is left who does not know."""
    with database.writing() as connection:
        connection.execute(sa.delete(copies).where(copies.c.seen_at < now - ABANDONED))
        connection.execute(sa.insert(changes).values(kind="-"))
        newest = connection.execute(sa.select(sa.func.max(changes.c.seq))).scalar_one()
        mark = connection.execute(_BEFORE).scalar_one() if database.postgres else newest
        connection.execute(sa.insert(copies).values(id=copy, mark=mark, seq=newest, seen_at=now))
        if not database.postgres:
            for name, made in noting.sqlite_triggers(noted=noting.ALL):
                if name not in FOUND_BY_ID:
                    connection.exec_driver_sql(made.replace("CREATE TRIGGER", "CREATE TRIGGER IF NOT EXISTS", 1))
    if database.postgres:
        with database.writing() as connection:
            connection.exec_driver_sql(_WRITERS)


def unregister(database: Database, copy: str | None = None) -> None:
    """Forgets a copy, or all of them. What nobody waits for is pruned."""
    with database.writing() as connection:
        gone = sa.delete(copies)
        connection.execute(gone if copy is None else gone.where(copies.c.id == copy))
        if not database.postgres and connection.execute(sa.select(copies.c.id)).first() is None:
            for name, _ in noting.sqlite_triggers(noted=noting.ALL):
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        _prune(connection)


def here(connection: Connection) -> Position:
    """The position of whoever sees what this transaction sees."""
    newest = sa.select(changes.c.seq, changes.c.stamp).order_by(changes.c.seq.desc()).limit(1)
    seq, stamp = connection.execute(newest).one()
    if connection.dialect.name == "postgresql":
        return Position(connection.execute(_BEFORE).scalar_one(), seq, stamp, 0, 0)
    newest_ids = [connection.execute(sa.select(sa.func.max(t.c.id))).scalar() or 0 for t in (friends, events)]
    return Position(seq, seq, stamp, *newest_ids)


def is_known(connection: Connection, copy: str, position: Position) -> bool:
    """Whether this is the log that the copy was following, with everything since then."""
    registered = connection.execute(sa.select(copies.c.id).where(copies.c.id == copy)).first()
    if registered is None:
        return False
    if connection.dialect.name == "postgresql" and position.mark > connection.execute(_BEFORE).scalar_one():
        return False
    same = changes.c.seq == position.seq, changes.c.stamp == position.stamp
    return connection.execute(sa.select(changes.c.seq).where(*same)).first() is not None


def since(connection: Connection, position: Position, most: int | None = None) -> Changed | None:
    """What was changed since a position; None where that is more than `most` ids."""
    people: set[int] = set()
    done: set[int] = set()
    menus: set[int] = set()
    noted = {"e": done, "d": done, "m": menus}
    erased = False
    shared = connection.dialect.name == "postgresql"
    later = changes.c.xid >= position.mark if shared else changes.c.seq > position.mark
    query = sa.select(changes.c.kind, changes.c.ids).where(later, changes.c.ids.is_not(None))
    with connection.execution_options(stream_results=True, yield_per=STREAMED).execute(query) as rows:
        for kind, ids in rows:
            noted.get(kind, people).update(ids if shared else (ids,))
            erased = erased or kind == "x"
            if most is not None and len(people) + len(done) + len(menus) > most:
                return None
    if not shared:
        for table, last, found in ((friends, position.friend, people), (events, position.event, done)):
            # In their order, so that SQLite begins at the last one: by any other index it would read all.
            new = sa.select(table.c.id).where(table.c.id > last).order_by(table.c.id)
            found.update(connection.execute(new if most is None else new.limit(most + 1)).scalars())
    changed = Changed(frozenset(people), frozenset(done), frozenset(menus), erased)
    return changed if most is None or len(changed) <= most else None


def note_reached(database: Database, copy: str, position: Position, now: datetime) -> None:
    """Writes down how far a copy is, and prunes what no copy waits for any more."""
    with database.reading() as connection:
        known = connection.execute(sa.select(copies.c.seq, copies.c.seen_at).where(copies.c.id == copy)).one()
    if known.seq == position.seq and now - known.seen_at < SEEN:
        return
    with database.writing() as connection:
        reached = sa.update(copies).where(copies.c.id == copy)
        connection.execute(reached.values(mark=position.mark, seq=position.seq, seen_at=now))
        _prune(connection)


def _prune(connection: Connection) -> None:
    """The newest entry stays: no number comes twice, and a reader finds the entry that it knows."""
    newest = connection.execute(sa.select(sa.func.max(changes.c.seq))).scalar()
    if newest is None:
        return
    seq, mark = connection.execute(sa.select(sa.func.min(copies.c.seq), sa.func.min(copies.c.mark))).one()
    before = [changes.c.seq < (newest if seq is None else seq)]
    if connection.dialect.name == "postgresql" and mark is not None:
        before.append(changes.c.xid < mark)
    connection.execute(sa.delete(changes).where(*before))
