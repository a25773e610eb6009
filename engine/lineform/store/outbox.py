"""Calls to systems of the business: written down before they are made, claimed, tried again, given up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from lineform.ports.intake import CallLevel, NewCall, PendingCall
from lineform.store.database import Database
from lineform.store.tables import outbox

OPEN, DONE, GIVEN_UP = "open", "done", "given up"


class OutboxRecords(Database):
    """The calls of every account."""

    def intend_calls(self, account: str, calls: Sequence[NewCall], now: datetime) -> int:
        if not calls:
            return 0
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            new = self.insert(outbox).on_conflict_do_nothing().returning(outbox.c.id)
            rows = [
                {
                    "account_id": account_id,
                    "friend_id": call.friend_id,
                    "webhook": call.webhook,
                    "key": call.key,
                    "body": call.body,
                    "made_at": now,
                    "attempts": 0,
                    "due_at": now,
                    "worker": "",
                    "state": OPEN,
                    "reason": "",
                }
                for call in calls
            ]
            return sum(len(connection.execute(new, row).all()) for row in rows)

    def claim_calls(
        self, account: str, worker: str, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[PendingCall]:
        with self.writing() as connection:
            query = (
                sa.select(outbox)
                .where(outbox.c.account_id == self.account_id(connection, account), _open(), outbox.c.due_at <= now)
                .order_by(outbox.c.due_at, outbox.c.id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            rows = connection.execute(query).all()
            if not rows:
                return ()
            mine = self.among(outbox.c.id, [row.id for row in rows])
            taken = {"due_at": now + lease, "worker": worker, "attempts": outbox.c.attempts + 1}
            connection.execute(sa.update(outbox).where(mine).values(taken))
        return [PendingCall(row.id, row.webhook, row.key, row.body, row.made_at, row.attempts + 1) for row in rows]

    def finish_call(self, account: str, number: int, worker: str) -> None:
        # What was said about somebody is kept no longer than it takes to say it.
        self._end_call(number, worker, state=DONE, due_at=None, worker="", body="", reason="")

    def postpone_call(self, account: str, number: int, worker: str, until: datetime, reason: str) -> None:
        self._end_call(number, worker, due_at=until, worker="", reason=reason)

    def give_up_call(self, account: str, number: int, worker: str, reason: str) -> None:
        self._end_call(number, worker, state=GIVEN_UP, due_at=None, worker="", body="", reason=reason)

    def outbox_level(self, account: str) -> CallLevel:
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            counted = sa.select(outbox.c.state, sa.func.count()).where(
                outbox.c.account_id == account_id, outbox.c.state != DONE
            )
            found = {row[0]: row[1] for row in connection.execute(counted.group_by(outbox.c.state))}
            return CallLevel(found.get(OPEN, 0), found.get(GIVEN_UP, 0))

    def forget_calls(self, account: str, before: datetime) -> int:
        with self.writing() as connection:
            old = sa.and_(
                outbox.c.account_id == self.account_id(connection, account),
                outbox.c.state != OPEN,
                outbox.c.made_at < before,
            )
            return connection.execute(sa.delete(outbox).where(old)).rowcount

    def _end_call(self, number: int, holder: str, **values: Any) -> None:
        with self.writing() as connection:
            mine = sa.and_(outbox.c.id == number, outbox.c.worker == holder)
            connection.execute(sa.update(outbox).where(mine).values(values))


def _open() -> sa.ColumnElement[bool]:
    return outbox.c.state == sa.literal(OPEN, sa.Text(), literal_execute=True)
