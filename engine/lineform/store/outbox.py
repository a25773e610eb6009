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
_MINE = outbox.c.account_id == sa.bindparam("account_id")
# In the SQL itself, so that the partial index is used.
_IS_OPEN = outbox.c.state == sa.literal(OPEN, sa.Text(), literal_execute=True)
_DUE = (
    sa.select(outbox)
    .where(_MINE, _IS_OPEN, outbox.c.due_at <= sa.bindparam("now"))
    .order_by(outbox.c.due_at, outbox.c.id)
    .limit(sa.bindparam("limit"))
)
_CLAIMED = _DUE.with_for_update(skip_locked=True)
_LEVEL = sa.select(outbox.c.state, sa.func.count()).where(_MINE, outbox.c.state != DONE).group_by(outbox.c.state)
_OLD = sa.and_(_MINE, outbox.c.state != OPEN, outbox.c.made_at < sa.bindparam("before"))
_ANY_OLD = sa.select(outbox.c.id).where(_OLD).limit(1)
_FORGET = sa.delete(outbox).where(_OLD)


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
        with self.reading() as connection:
            asked = {"account_id": self.account_id(connection, account), "now": now, "limit": limit}
            if connection.execute(_DUE, asked | {"limit": 1}).first() is None:
                return ()  # mostly: and no other writer waited for it
        with self.writing() as connection:
            rows = connection.execute(_CLAIMED, asked).all()
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
            counted = connection.execute(_LEVEL, {"account_id": self.account_id(connection, account)})
            found = {row[0]: row[1] for row in counted}
            return CallLevel(found.get(OPEN, 0), found.get(GIVEN_UP, 0))

    def forget_calls(self, account: str, before: datetime) -> int:
        with self.reading() as connection:
            asked = {"account_id": self.account_id(connection, account), "before": before}
            if connection.execute(_ANY_OLD, asked).first() is None:
                return 0
        with self.writing() as connection:
            return connection.execute(_FORGET, asked).rowcount

    def _end_call(self, number: int, holder: str, **values: Any) -> None:
        with self.writing() as connection:
            mine = sa.and_(outbox.c.id == number, outbox.c.worker == holder)
            connection.execute(sa.update(outbox).where(mine).values(values))
