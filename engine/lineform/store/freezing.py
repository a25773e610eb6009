"""Sends written down before their first call: what is promised to whom, decided by one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.lineapi.routes import Route
from lineform.ports.ledger import Again, Batches, LedgerMoved, NewBatch, NewSend, Rejudged, Spent
from lineform.sending.caps import Contact
from lineform.sending.status import CALLED, COMING, UNFINISHED, BatchStatus, SendStatus
from lineform.store.bulk import Row, insert_rows
from lineform.store.code_pools import CodeRecords
from lineform.store.database import pieces
from lineform.store.handout import HandedOut
from lineform.store.spool import spooled
from lineform.store.tables import accounts, batches, forgotten, sends
from lineform.store.types import pack_ids, unpack_ids

_WRITTEN: Final = 500
"""Batches that a freeze holds in memory."""
MANY: Final = 10_000
"""Friends of other sends about whom a choice is judged again, while nobody else can freeze; else it is made anew."""
_UNCOUNTED = (Route.REPLY.value, Route.NARROWCAST.value)
_GOING_ON = (*UNFINISHED, SendStatus.RELEASED)
# A batch without friends is a broadcast or narrowcast: its send knows how many LINE chose.
REACHED = sa.case((batches.c.recipients > 0, batches.c.recipients), else_=sends.c.recipients)
_ONE_FREEZE = sa.text("SELECT pg_advisory_xact_lock(0x6C66, CAST(:account AS integer))")
_NO_FREEZE = sa.text("SELECT pg_advisory_xact_lock_shared(0x6C66, CAST(:account AS integer))")


class FreezeRecords(CodeRecords):
    """Freezes sends, and says what is spent."""

    def freeze(
        self,
        account: str,
        send: NewSend,
        batches: Batches,
        now: datetime,
        *,
        position: int | None = None,
        spent: Spent | None = None,
        again: Again | None = None,
        answers: bool = False,
    ) -> int | None:
        """Writes the occurrence and its batches in one transaction, which holds the store no longer than it takes to
        write them: they are made before it, as far as nothing is handed out to them. None where the occurrence exists
        already; then `batches` is not read.

        Raises `LedgerMoved` where friends were reached by others after `position`, or more than `spent` is spent by
        now, and nobody says `again` who is left; where somebody was forgotten meanwhile; and `PoolEmpty` where there
        are too few codes."""
        if callable(batches):
            with self.writing() as connection:
                account_id = self.own_account_id(connection, account)
                send, _ = self._alone(connection, account_id, send, position, spent, again, answers=answers)
                send_id = self._write_send(connection, account_id, send, now)
                if send_id is not None:
                    new = batches(HandedOut(self, connection, account, send_id, now))
                    self.write_batches(connection, send_id, new)
                return send_id
        with self.reading() as connection:
            known = self.account_id(connection, account)
            if known is not None and _there(connection, known, send):
                return None
            erased = _erased(connection, known)
        with ExitStack() as stack:
            rows = stack.enter_context(spooled(map(_row, batches), self._folder()))
            connection = stack.enter_context(self.writing())
            account_id = self.own_account_id(connection, account)
            send, judged = self._alone(connection, account_id, send, position, spent, again, answers=answers)
            self._refuse_erased(connection, account_id, erased)
            send_id = self._write_send(connection, account_id, send, now)
            if send_id is not None:
                for piece in rows:
                    _write_rows(connection, send_id, piece, judged)
                if judged is not None:
                    self.write_batches(connection, send_id, judged.further)
            return send_id

    def freeze_alone(self, account: str) -> None:
        """Inside of `together`: what is read from here on is what holds when it is written."""
        with self.writing() as connection:
            self.one_freeze(connection, self.own_account_id(connection, account))

    def one_freeze(self, connection: Connection, account_id: int) -> None:
        """One freeze an account at a time until the transaction ends, so that none decides about friends or messages
        that another is about to write down. SQLite has one writer anyway."""
        if self.postgres:
            connection.execute(_ONE_FREEZE, {"account": account_id})

    def no_freeze(self, connection: Connection, account_id: int) -> None:
        """Waits until none is under way, and keeps them away until the transaction ends; others may do so as well."""
        if self.postgres:
            connection.execute(_NO_FREEZE, {"account": account_id})

    def spent(self, account: str, since: datetime, *, but: int = 0) -> Spent:
        """What was called since then, and what is promised by sends other than `but`. A batch called again since then
        counts as sent since then: rather too many than over the budget."""
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            return Spent(since, 0, 0) if account_id is None else _spent(connection, account_id, since, but)

    def refuse_spent(self, connection: Connection, account_id: int, judged: Spent | None, but: int = 0) -> None:
        """Raises `LedgerMoved` where more is spent or promised than what was `judged`. Under `one_freeze`."""
        if _more(connection, account_id, judged, but) is not None:
            raise LedgerMoved

    def refuse_later(self, connection: Connection, account_id: int, position: int | None) -> None:
        """Raises `LedgerMoved` where another send was frozen after `position`. Under `one_freeze`."""
        if position is not None and _newer(connection, account_id, position):
            raise LedgerMoved

    def write_batches(self, connection: Connection, send_id: int, new: Iterable[NewBatch]) -> None:
        """Adds batches to a send, streamed."""
        for piece in pieces(map(_row, new), _WRITTEN):
            _write_rows(connection, send_id, piece, None)

    def _alone(
        self,
        connection: Connection,
        account_id: int,
        send: NewSend,
        position: int | None,
        spent: Spent | None,
        again: Again | None,
        *,
        answers: bool,
    ) -> tuple[NewSend, Rejudged | None]:
        """From here on nobody else freezes, unless it is answers. The send as it is to be written then."""
        if answers:
            return send, None
        self.one_freeze(connection, account_id)
        newer = () if position is None else _newer(connection, account_id, position)
        more = _more(connection, account_id, spent)
        if not newer and more is None:
            return send, None
        if again is None:
            raise LedgerMoved
        judged = again(newer, more)
        return judged.send, judged

    def _write_send(self, connection: Connection, account_id: int, send: NewSend, now: datetime) -> int | None:
        new = self.insert(sends).values(account_id=account_id, **_send_values(send, now))
        written = new.on_conflict_do_nothing(index_elements=["account_id", "address", "key"])
        send_id: int | None = connection.execute(written.returning(sends.c.id)).scalar()
        return send_id

    def _folder(self) -> str | None:
        """Where what is prepared may be kept: beside the store, which is as well guarded as it is."""
        return None if self.postgres else str(Path(self.engine.url.database or "").absolute().parent)

    def _refuse_erased(self, connection: Connection, account_id: int, before: Row) -> None:
        """Raises `LedgerMoved` where somebody was forgotten since: what was prepared may be about them."""
        if self.postgres:
            # Whoever forgets at this moment ends first, or begins when this is written.
            mine = sa.select(accounts.c.id).where(accounts.c.id == account_id)
            connection.execute(mine.with_for_update(read=True, key_share=True))
        if _erased(connection, account_id) != before:
            raise LedgerMoved


def _there(connection: Connection, account_id: int, send: NewSend) -> bool:
    mine = (sends.c.account_id == account_id, sends.c.address == send.address, sends.c.key == send.key)
    return connection.execute(sa.select(sends.c.id).where(*mine)).first() is not None


def _erased(connection: Connection, account_id: int | None) -> Row:
    """What is another one after each forgetting, and after each taking in again."""
    counts = (
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(forgotten.c.emptied), 0),
        sa.func.max(forgotten.c.forgotten_at),
    )
    return tuple(connection.execute(sa.select(*counts).where(forgotten.c.account_id == account_id)).one())


def _newer(connection: Connection, account_id: int, position: int) -> list[Contact]:
    """Whom sends that were frozen after `position` reached or are about to. Answers count for no limit. Raises
    `LedgerMoved` where that is everybody, or too many."""
    counts = batches.c.status.in_((*CALLED, *COMING)), batches.c.route.not_in(_UNCOUNTED)
    query = (
        sa.select(sends.c.address, sends.c.frozen_at, batches.c.friend_ids, batches.c.digest)
        .join_from(sends, batches, batches.c.send_id == sends.c.id)
        .where(sends.c.account_id == account_id, sends.c.id > position, *counts)
        .limit(MANY + 1)
    )
    found, people = [], 0
    for row in connection.execute(query):
        ids = unpack_ids(row.friend_ids)
        people += len(ids)
        if not ids or people > MANY:
            raise LedgerMoved
        found.append(Contact(row.frozen_at, row.address, ids, bytes(row.digest)))
    return found


def _more(connection: Connection, account_id: int, judged: Spent | None, but: int = 0) -> Spent | None:
    """What is spent by now, where that is more than what was `judged`."""
    if judged is None:
        return None
    now = _spent(connection, account_id, judged.since, but)
    return now if now.total > judged.total else None


def _spent(connection: Connection, account_id: int, since: datetime, but: int) -> Spent:
    called = _recipients(account_id, batches.c.status.in_(CALLED), batches.c.called_at >= since)
    # Frozen and to be called yet; what a person let go is again. A call that is under way since before the month began
    # may be made once more.
    others = batches.c.send_id != but
    frozen = _recipients(account_id, others, batches.c.status.in_(COMING), sends.c.status.in_(_GOING_ON))
    older = _recipients(account_id, others, batches.c.status == BatchStatus.CALLING, batches.c.called_at < since)
    # One statement, which sees one state of the ledger: a batch that is claimed meanwhile is counted once.
    return Spent(since, *connection.execute(sa.select(called, frozen + older)).one())


def _recipients(account_id: int, *which: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    total = sa.cast(sa.func.coalesce(sa.func.sum(REACHED), 0), sa.BigInteger)
    query = sa.select(total).join_from(batches, sends, sends.c.id == batches.c.send_id)
    return query.where(sends.c.account_id == account_id, *which).scalar_subquery()


def _send_values(send: NewSend, now: datetime) -> dict[str, Any]:
    return {
        "address": send.address,
        "digest": send.digest,
        "key": send.key,
        "due_at": send.due_at,
        "status": send.status,
        "recipients": send.recipients,
        "recipients_hash": send.recipients_hash,
        "reason": send.reason,
        "capped": send.capped,
        "frame": send.frame,
        "does": send.does,
        "frozen_at": now,
        "changed_at": now,
    }


_NEW_BATCH = (
    *("seq", "route", "recipients", "friend_ids", "body", "retry_key"),
    *("status", "attempts", "worker", "request_id", "reason", "digest", "wave", "addressee"),
)


_AS_THEY_ARE = ("friend_ids", "body", "retry_key", "digest")
"""Columns whose values every driver takes as they stand in a row."""


def _row(batch: NewBatch) -> Row:
    """In the order of `_NEW_BATCH`."""
    ids = batch.friend_ids
    return (
        *(batch.seq, batch.route.value, len(ids), pack_ids(ids), batch.body, batch.retry_key.hex),
        *(batch.status.value, 0, "", "", "", batch.digest, batch.wave),
        ids[0] if len(ids) == 1 else None,
    )


def _write_rows(connection: Connection, send_id: int, rows: Iterable[Row], judged: Rejudged | None) -> None:
    if judged is not None and judged.without:
        rows = _trimmed(rows, judged)
    named = [(send_id, *row) for row in rows]
    insert_rows(connection, batches, ("send_id", *_NEW_BATCH), named, encoded=_AS_THEY_ARE)


def _trimmed(rows: Iterable[Row], judged: Rejudged) -> Iterator[Row]:
    """Rows without the friends who are left out after all. A call to several has another key without one of them."""
    left_out = frozenset(judged.without)
    for row in rows:
        addressee = row[-1]
        if addressee is not None:
            if addressee not in left_out:
                yield row
            continue
        seq, route, _, packed, body, _, status, _, _, _, _, digest, wave, _ = row
        if status == BatchStatus.CAPPED:
            yield row
            continue
        ids = unpack_ids(packed)
        if left_out.isdisjoint(ids):
            yield row
        elif kept := tuple([one for one in ids if one not in left_out]):
            new_route, new_key = judged.call(Route(route), kept)
            yield _row(NewBatch(seq, new_route, kept, body, new_key, digest, BatchStatus(status), wave))
