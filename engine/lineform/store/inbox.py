"""The inbox: events that were kept before they were answered.

One table for all accounts. An event that was never claimed has no `due_at`; a claim, and a failure that waits for its
next try, are a `due_at` in the future. So one partial index finds what is free, another whose events are held.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.ports.inbox import Arrival, Aside, Blanked, Level, Source, Waiting
from lineform.scenarios.interpret import MESSAGE, RELATIONS, UNSEND, text_of, without_message
from lineform.store.database import Database, chunks
from lineform.store.tables import inbox
from lineform.store.types import milliseconds

OPEN, DONE, ASIDE = "open", "done", "aside"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS = ("account_id", "event_id", "source", "person", "kind", "at", "received_at", "body", "message_id")
_REST = "attempts, due_at, worker, reason, state) "
_ASKED = 5_000
_DELETED = 5_000
"""Rows that one transaction deletes: whoever stores an event meanwhile waits no longer than that takes."""


def _written(text: str) -> sa.ColumnElement[str]:
    """In the SQL itself, so that the partial indexes are used."""
    return sa.literal(text, sa.Text(), literal_execute=True)


def _in_state(state: str) -> sa.ColumnElement[bool]:
    return inbox.c.state == _written(state)


def _free() -> sa.Select[Any]:
    other = inbox.alias()
    held = sa.select(other.c.person).where(
        other.c.account_id == sa.bindparam("account_id"),
        other.c.state == _written(OPEN),
        other.c.due_at > sa.bindparam("now"),
        other.c.person != "",
    )
    return (
        sa.select(inbox)
        .where(
            _MINE,
            _in_state(OPEN),
            sa.or_(inbox.c.due_at.is_(None), inbox.c.due_at <= sa.bindparam("now")),
            inbox.c.person.not_in(held),
        )
        .order_by(inbox.c.at, inbox.c.id)
        .limit(sa.bindparam("limit"))
    )


_MINE = inbox.c.account_id == sa.bindparam("account_id")
_FREE = _free()
_ANY_OPEN = sa.select(inbox.c.id).where(_MINE, _in_state(OPEN)).limit(1)
_HOLDERS = (
    sa.select(inbox.c.worker)
    .where(_MINE, _in_state(OPEN), inbox.c.due_at.is_not(None), inbox.c.worker != "")
    .distinct()
)
_WAITS = sa.select(sa.func.count(), sa.func.min(inbox.c.received_at)).where(_MINE, _in_state(OPEN))
_ASIDE = sa.select(sa.func.count()).where(_MINE, _in_state(ASIDE))
_OLD = (
    sa.select(inbox.c.id)
    .where(_MINE, inbox.c.state != _written(OPEN), inbox.c.at < sa.bindparam("before"))
    .limit(sa.bindparam("limit"))
)
_FORGET = sa.delete(inbox).where(inbox.c.id.in_(_OLD))


class InboxRecords(Database):
    """Arrivals, claims and outcomes."""

    def receive(self, arrivals: Sequence[Arrival], now: datetime) -> int:
        """One durable transaction for all of them; an event that is there already changes nothing."""
        if not arrivals:
            return 0
        moment = milliseconds(now)
        with self.writing() as connection:
            ids = {name: self.own_account_id(connection, name) for name in {one.account for one in arrivals}}
            rows = [
                (
                    *(ids[one.account], one.id, one.source.value, one.person, one.kind),
                    *(milliseconds(one.at), moment, one.body, one.message_id),
                )
                for one in arrivals
            ]
            return _insert(connection, rows)

    def claim_received(
        self, account: str, worker: str, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[Waiting]:
        """In the order of time. One that was tried before ends a claim, or is one of its own."""
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            if account_id is None:
                return ()
            asked = {"account_id": account_id, "now": now, "limit": limit}
            if connection.execute(_ANY_OPEN, asked).first() is None:
                return ()  # mostly: and no other writer waited for it
        with self.writing() as connection:
            if self.postgres:
                # Two who claim at once would each take events of the same person: one after the other.
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:id)"), {"id": -account_id})
            rows = _untried_first(connection.execute(_FREE, asked).all())
            if not rows:
                return ()
            claimed = (
                sa.update(inbox)
                .where(self.among(inbox.c.id, [row.id for row in rows]))
                .values(due_at=now + lease, worker=worker, attempts=inbox.c.attempts + 1)
            )
            connection.execute(claimed)
        return [
            Waiting(
                row.id,
                row.event_id,
                Source(row.source),
                row.person,
                row.kind,
                row.at,
                row.received_at,
                row.body,
                row.attempts + 1,
            )
            for row in rows
        ]

    def finish_received(self, account: str, numbers: Sequence[int], worker: str) -> None:
        self._end(numbers, worker, state=DONE, due_at=None, worker="", reason="")

    def erase_received(self, account: str, numbers: Sequence[int], worker: str) -> None:
        if numbers:
            with self.writing() as connection:
                for part in chunks(list(numbers), _ASKED):
                    mine = (self.among(inbox.c.id, part), inbox.c.worker == worker)
                    connection.execute(sa.delete(inbox).where(*mine))

    def return_received(self, account: str, numbers: Sequence[int], worker: str, *, tried: bool) -> None:
        # Due at once. What was tried comes alone from now on.
        attempts = inbox.c.attempts if tried else inbox.c.attempts - 1
        self._end(numbers, worker, due_at=_EPOCH, worker="", attempts=attempts)

    def holders_of_received(self, account: str) -> Sequence[str]:
        with self.reading() as connection:
            held = connection.execute(_HOLDERS, {"account_id": self.account_id(connection, account)})
            return list(held.scalars())

    def free_received(self, account: str, worker: str) -> int:
        with self.writing() as connection:
            theirs = sa.and_(
                inbox.c.account_id == self.account_id(connection, account),
                _in_state(OPEN),
                inbox.c.due_at.is_not(None),
                inbox.c.worker == worker,
            )
            return connection.execute(sa.update(inbox).where(theirs).values(due_at=_EPOCH, worker="")).rowcount

    def postpone_received(self, account: str, number: int, worker: str, until: datetime, reason: str) -> None:
        self._end([number], worker, due_at=until, worker="", reason=reason)

    def unsent_among(self, account: str, message_ids: Sequence[str]) -> frozenset[str]:
        found: set[str] = set()
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            for part in chunks(list(message_ids), _ASKED):
                mine = (inbox.c.account_id == account_id, self._about(part), inbox.c.kind == UNSEND)
                found.update(connection.execute(sa.select(inbox.c.message_id).where(*mine)).scalars())
        return frozenset(found)

    def blank_messages(
        self, account: str, message_ids: Sequence[str], numbers: Sequence[int] = ()
    ) -> Sequence[Blanked]:
        out: list[Blanked] = []
        with self.writing() as connection:
            columns = (inbox.c.id, inbox.c.event_id, inbox.c.person, inbox.c.at, inbox.c.body)
            mine = (inbox.c.account_id == self.account_id(connection, account), inbox.c.kind == MESSAGE)
            named = [self.among(inbox.c.id, list(numbers))] if numbers else []
            for which in (self._about(message_ids), *named):
                for row in connection.execute(sa.select(*columns).where(*mine, which)).all():
                    event = json.loads(row.body)
                    out.append(Blanked(row.event_id, row.person, row.at, text_of(event)))
                    body = json.dumps(without_message(event), separators=(",", ":"))
                    connection.execute(sa.update(inbox).where(inbox.c.id == row.id).values(body=body))
        return out

    def _about(self, message_ids: Sequence[str]) -> sa.ColumnElement[bool]:
        ids = self.among(inbox.c.message_id, list(message_ids))
        return sa.and_(ids, inbox.c.message_id != _written(""), inbox.c.state != _written(OPEN))

    def set_aside(self, account: str, number: int, worker: str, reason: str) -> None:
        self._end([number], worker, state=ASIDE, due_at=None, worker="", reason=reason)

    def aside(self, account: str, limit: int = 100) -> Sequence[Aside]:
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            query = (
                sa.select(inbox.c.id, inbox.c.event_id, inbox.c.kind, inbox.c.at, inbox.c.attempts, inbox.c.reason)
                .where(inbox.c.account_id == account_id, _in_state(ASIDE))
                .order_by(inbox.c.at, inbox.c.id)
                .limit(limit)
            )
            return [Aside(*row) for row in connection.execute(query)]

    def retry_aside(self, account: str, number: int | None = None) -> int:
        with self.writing() as connection:
            account_id = self.account_id(connection, account)
            chosen = [inbox.c.account_id == account_id, _in_state(ASIDE)]
            if number is not None:
                chosen.append(inbox.c.id == number)
            again = sa.update(inbox).where(*chosen).values(state=OPEN, due_at=_EPOCH, attempts=0, reason="")
            return connection.execute(again).rowcount

    def inbox_level(self, account: str) -> Level:
        with self.reading() as connection:
            mine = {"account_id": self.account_id(connection, account)}
            count, oldest = connection.execute(_WAITS, mine).one()
            return Level(count, oldest, connection.execute(_ASIDE, mine).scalar_one())

    def senders(self, account: str) -> Sequence[str]:
        """LINE's ids of everybody of whom there is an event here, friends or not."""
        with self.reading() as connection:
            mine = (inbox.c.account_id == self.account_id(connection, account), inbox.c.person.startswith("U"))
            return list(connection.execute(sa.select(inbox.c.person).where(*mine).distinct()).scalars())

    def latest_relations(self, account: str, people: Sequence[str]) -> dict[str, datetime]:
        found: dict[str, datetime] = {}
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            for part in chunks(list(people), _ASKED):
                query = (
                    sa.select(inbox.c.person, sa.func.max(inbox.c.at))
                    .where(
                        inbox.c.account_id == account_id,
                        self.among(inbox.c.person, part),
                        inbox.c.kind.in_([_written(kind) for kind in RELATIONS]),
                        _in_state(DONE),
                    )
                    .group_by(inbox.c.person)
                )
                found |= {row[0]: row[1] for row in connection.execute(query)}
        return found

    def forget_received(self, account: str, before: datetime) -> int:
        deleted = 0
        while True:
            with self.reading() as connection:
                asked = {"account_id": self.account_id(connection, account), "before": before, "limit": _DELETED}
                if connection.execute(_OLD, asked | {"limit": 1}).first() is None:
                    return deleted
            with self.writing() as connection:
                count = connection.execute(_FORGET, asked).rowcount
            deleted += count
            if count < _DELETED:
                return deleted

    def _end(self, numbers: Sequence[int], holder: str, **values: Any) -> None:
        with self.writing() as connection:
            for part in chunks(list(numbers), _ASKED):
                mine = sa.and_(self.among(inbox.c.id, part), inbox.c.worker == holder)
                connection.execute(sa.update(inbox).where(mine).values(values))


def _untried_first(rows: Sequence[Any]) -> Sequence[Any]:
    """Events up to the first that was tried before; that one alone where it is the first."""
    for index, row in enumerate(rows):
        if row.attempts:
            return rows[: max(index, 1)]
    return rows


def _insert(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
    """By the driver itself: a webhook waits for its answer while this runs, and SQLAlchemy's executemany takes twice as
    long. PostgreSQL takes the rows as one JSON text: as arrays, psycopg needs ten times as long to write them down."""
    names = ", ".join(_COLUMNS)
    cursor: Any = connection.connection.cursor()
    try:
        if connection.dialect.name == "postgresql":
            # In one order, so that two transactions with the same events cannot wait for each other. JSON itself holds
            # no half characters: bodies are ASCII, and ids and people were looked at.
            cursor.execute(
                f"INSERT INTO inbox ({names}, {_REST}"  # noqa: S608 - our own names
                "SELECT (x->>0)::bigint, x->>1, x->>2, x->>3, x->>4, (x->>5)::bigint, (x->>6)::bigint, x->>7, x->>8,"
                " 0, NULL, '', '', 'open' FROM json_array_elements(%s::json) AS x ON CONFLICT DO NOTHING",
                (json.dumps(sorted(rows)),),
            )
        else:
            marks = ", ".join("?" for _ in _COLUMNS)
            cursor.executemany(
                f"INSERT INTO inbox ({names}, {_REST}VALUES ({marks}, 0, NULL, '', '', 'open') ON CONFLICT DO NOTHING",
                rows,
            )
        return int(cursor.rowcount)
    finally:
        cursor.close()
