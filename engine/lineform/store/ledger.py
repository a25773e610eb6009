"""The append-only ledger: who calls what of the frozen sends, and what came of it.

(account, address, key) is unique, which makes a send happen once; a claim is written before the call it stands for,
so that a crash leaves a trace; and what LINE accepted never becomes anything else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.lineapi.routes import Route
from lineform.ports.ledger import Batch, Settled, ToDo
from lineform.sending.frames import Frame, body, read_frame
from lineform.sending.status import SETTLED, BatchStatus, SendStatus
from lineform.store.bulk import settle_rows
from lineform.store.freezing import FreezeRecords
from lineform.store.sends import IS_UNFINISHED, OF_ACCOUNT
from lineform.store.tables import accounts, batches, sends, to_do
from lineform.store.types import unpack_ids

_CLAIMABLE = frozenset({SendStatus.FROZEN, SendStatus.ACCEPTED})
_UNCLAIMED = (BatchStatus.READY, BatchStatus.STAGED, BatchStatus.CAPPED, BatchStatus.FORGOTTEN)
# Written out, not bound: only so does SQLite see that the index over open batches answers it.
_OPEN = batches.c.status.in_(
    sa.bindparam("open", [BatchStatus.READY.value, BatchStatus.CALLING.value], expanding=True, literal_execute=True)
)
_LOST_ANSWERS = (
    sa.select(sends.c.id, batches.c.id)
    .join_from(sends, batches, batches.c.send_id == sends.c.id)
    .join(accounts, accounts.c.id == sends.c.account_id)
    .where(OF_ACCOUNT, IS_UNFINISHED, batches.c.status == BatchStatus.ANSWERING.value)
    .where(batches.c.lease_until <= sa.bindparam("now"))
)
_MY_TO_DO = to_do.c.account_id == sa.bindparam("account_id")
_ANY_TO_DO = sa.select(to_do.c.batch_id).where(_MY_TO_DO).limit(1)
_TO_DO = (
    sa.select(to_do.c.batch_id, batches.c.recipients)
    .join_from(to_do, batches, batches.c.id == to_do.c.batch_id)
    .where(_MY_TO_DO)
    .order_by(to_do.c.batch_id)
    .limit(sa.bindparam("limit"))
    .with_for_update(skip_locked=True, of=to_do)
)
_TAKEN_TO_DO = (
    sa.select(sends.c.address, sends.c.digest, sends.c.key, batches.c.friend_ids)
    .join_from(batches, sends, sends.c.id == batches.c.send_id)
    .order_by(batches.c.id)
)
# What a claim needs. The driver's own form of the key: a send reads thousands of rows a second.
_CLAIMED = (
    *(batches.c.id, batches.c.send_id, batches.c.seq, batches.c.route, batches.c.friend_ids, batches.c.body),
    *(sa.type_coerce(batches.c.retry_key, sa.String), batches.c.attempts, batches.c.first_called_at),
)
_ROUTES = {route.value: route for route in Route}
# A server may be set to acknowledge before it has written: an intent must be on the disk. And right after a freeze its
# statistics know nothing of the new batches: left alone it sorts a million bodies to find the next hundred.
_CAREFULLY = sa.select(
    sa.func.set_config("synchronous_commit", "on", True),
    sa.func.set_config("enable_bitmapscan", "off", True),
    sa.func.set_config("enable_sort", "off", True),
)


class LedgerRecords(FreezeRecords):
    """Calls, claimed one by one, and their outcomes."""

    def claim(self, send_id: int, worker: str, now: datetime, lease: timedelta, limit: int) -> Sequence[Batch]:
        """Takes batches in their order and writes the intent to call them, durably, before it returns."""
        # A ready batch has no lease, or one until which it is postponed. Its status is not asked again: PostgreSQL
        # would sort a whole send for each claim.
        free = sa.or_(batches.c.lease_until.is_(None), batches.c.lease_until <= now)
        query = sa.select(*_CLAIMED).where(batches.c.send_id == send_id, _OPEN, free)
        with self.writing() as connection:
            if self.postgres:
                connection.execute(_CAREFULLY)
            # Shared with other claims, but not with a call-off: one of the two sees what the other did.
            send = (
                sa.select(sends.c.status, sends.c.frame, sends.c.does)
                .where(sends.c.id == send_id)
                .with_for_update(read=True)
            )
            claimed = connection.execute(send).first()
            if claimed is None or claimed.status not in _CLAIMABLE:
                return []
            taken = connection.execute(
                query.order_by(batches.c.seq).limit(limit).with_for_update(skip_locked=True)
            ).all()
            if taken:
                connection.execute(
                    sa.update(batches)
                    .where(self.among(batches.c.id, [row.id for row in taken]))
                    .values(
                        status=BatchStatus.CALLING,
                        attempts=batches.c.attempts + 1,
                        first_called_at=sa.func.coalesce(batches.c.first_called_at, sa.bindparam("now", now)),
                        called_at=now,
                        worker=worker,
                        lease_until=now + lease,
                    )
                )
        frame = read_frame(bytes(claimed.frame))
        return [_batch(row, frame, does=claimed.does) for row in taken]

    def release(self, batch_ids: Sequence[int], now: datetime) -> None:
        """Ready again: that call did certainly not happen."""
        self._ready_again(batch_ids, attempts=batches.c.attempts - 1, lease_until=None)

    def postpone(self, batch_ids: Sequence[int], now: datetime, until: datetime) -> None:
        """Ready again, for nobody before `until`: that call did certainly not happen, and counts as an attempt."""
        self._ready_again(batch_ids, lease_until=until)

    def _ready_again(self, batch_ids: Sequence[int], **values: Any) -> None:
        """Claimed batches whose call did certainly not happen: a first call that was none is forgotten."""
        first = batches.c.first_called_at == batches.c.called_at
        claimed = self.among(batches.c.id, list(batch_ids)), batches.c.status == BatchStatus.CALLING
        never = {
            "first_called_at": sa.case((first, sa.null()), else_=batches.c.first_called_at),
            "called_at": sa.case((first, sa.null()), else_=batches.c.called_at),
        }
        with self.writing() as connection:
            connection.execute(
                sa.update(batches).where(*claimed).values(status=BatchStatus.READY, worker="", **never, **values)
            )

    def settle(
        self, batch_id: int, status: BatchStatus, now: datetime, *, request_id: str = "", reason: str = ""
    ) -> None:
        """Records an outcome. What was accepted stays accepted, whatever a slower worker says later."""
        self.settle_all([Settled(batch_id, status, request_id, reason)], now)

    def settle_all(self, outcomes: Sequence[Settled], now: datetime) -> None:
        """Records outcomes in one transaction."""
        for one in outcomes:
            if one.status not in SETTLED:
                raise ValueError(f"'{one.status}' is no outcome")
        if outcomes:
            # In one order for all, or two workers could wait for each other.
            rows = [
                (one.batch_id, one.status.value, one.request_id, one.reason)
                for one in sorted(outcomes, key=lambda settled: settled.batch_id)
            ]
            with self.writing() as connection:
                if does := [one.batch_id for one in outcomes if one.does and one.status is BatchStatus.ACCEPTED]:
                    _keep_to_do(connection, [row[0] for row in rows], does)
                settle_rows(connection, rows, now)

    def something_to_do(self, account: str) -> bool:
        """By the key of what is kept."""
        with self.reading() as connection:
            asked = {"account_id": self.account_id(connection, account)}
            return connection.execute(_ANY_TO_DO, asked).first() is not None

    def take_to_do(self, account: str, friends: int) -> Sequence[ToDo]:
        """Takes what no other run is at, in the order of the calls."""
        with self.writing() as connection:
            asked = {"account_id": self.account_id(connection, account), "limit": friends}
            taken: list[int] = []
            room = friends
            for batch_id, recipients in connection.execute(_TO_DO, asked):
                room -= recipients
                if taken and room < 0:
                    break
                taken.append(batch_id)
            if not taken:
                return []
            connection.execute(sa.delete(to_do).where(self.among(to_do.c.batch_id, taken)))
            rows = connection.execute(_TAKEN_TO_DO.where(self.among(batches.c.id, taken))).all()
        return [ToDo(row.address, row.digest, row.key, unpack_ids(row.friend_ids)) for row in rows]

    def intend_answer(self, send_id: int, worker: str, now: datetime, lease: timedelta) -> int:
        """Inside of `together`, so that the answer is frozen and intended in one."""
        answering = sa.and_(batches.c.send_id == send_id, batches.c.status == BatchStatus.ANSWERING)
        called = {"attempts": 1, "first_called_at": now, "called_at": now, "worker": worker, "lease_until": now + lease}
        with self.writing() as connection:
            update = sa.update(batches).where(answering).values(**called).returning(batches.c.id)
            batch_id: int = connection.execute(update).scalar_one()
        return batch_id

    def lost_answers(self, account: str, now: datetime) -> Sequence[tuple[int, int]]:
        """The send and the batch of each; few sends are unfinished, and none of them is looked at twice."""
        with self.reading() as connection:
            lost = connection.execute(_LOST_ANSWERS, {"account": account, "now": now})
            return [(send_id, batch_id) for send_id, batch_id in lost]

    def conclude(
        self,
        send_id: int,
        status: SendStatus,
        now: datetime,
        *,
        reason: str = "",
        recipients: int = -1,
        was: Collection[SendStatus] = (),
    ) -> bool:
        """Sets the status of an occurrence, where it `was` one of these; `recipients` where more is known now than at
        the freeze. What would wait for its next part gets the status that was intended for its rest."""
        values: dict[str, Any] = {"status": status, "reason": reason, "changed_at": now}
        if status is SendStatus.WAITING:
            left = sends.c.intended != ""
            values["status"] = sa.case((left, sends.c.intended), else_=status.value)
            values["reason"] = sa.case((left, sends.c.intended_reason), else_=reason)
        if recipients >= 0:
            values["recipients"] = recipients
        update = sa.update(sends).where(sends.c.id == send_id)
        if was:
            update = update.where(sends.c.status.in_(sorted(was)))
        with self.writing() as connection:
            return bool(connection.execute(update.values(values)).rowcount)

    def call_off(self, send_id: int, status: SendStatus, now: datetime, *, reason: str) -> bool:
        """Sets the status of a frozen send that nobody has begun; False where somebody has, or it is frozen no more."""
        # A batch that was given back may have been called before: then its first call stands beside it.
        called = sa.or_(batches.c.status.not_in(_UNCLAIMED), batches.c.first_called_at.is_not(None))
        begun = sa.select(batches.c.id).where(batches.c.send_id == send_id, called).limit(1)
        with self.writing() as connection:
            if not self._hold_frozen(connection, send_id) or connection.execute(begun).first() is not None:
                return False
            values = {"status": status, "reason": reason, "changed_at": now}
            connection.execute(sa.update(sends).where(sends.c.id == send_id).values(values))
            self.give_back(connection, send_id)
            return True

    def stage_rest(self, send_id: int, intended: SendStatus, reason: str) -> int:
        """Batches of a frozen send that nobody ever called are left from now on, and what becomes of the send then is
        written beside it; how many there were."""
        waiting = (
            sa.update(batches)
            .where(
                batches.c.send_id == send_id,
                batches.c.status == BatchStatus.READY,
                batches.c.first_called_at.is_(None),
            )
            .values(status=BatchStatus.STAGED)
        )
        verdict = {"intended": intended, "intended_reason": reason}
        with self.writing() as connection:
            if not self._hold_frozen(connection, send_id):
                return 0
            connection.execute(sa.update(sends).where(sends.c.id == send_id).values(verdict))
            return connection.execute(waiting).rowcount

    def _hold_frozen(self, connection: Connection, send_id: int) -> bool:
        """Keeps other writers from this send until the transaction ends; whether it is frozen."""
        status = sa.select(sends.c.status).where(sends.c.id == send_id).with_for_update()
        return connection.execute(status).scalar() == SendStatus.FROZEN


def _keep_to_do(connection: Connection, ids: Sequence[int], does: Collection[int]) -> None:
    """Keeps those of `does` that are accepted now and were not before; `ids`, ascending, are all that are settled.

    They are locked first, and then asked: a second worker, with the same outcome, finds it told."""
    locked = sa.select(batches.c.id, batches.c.status).where(batches.c.id.in_(ids)).order_by(batches.c.id)
    wanted = frozenset(does)
    rows = connection.execute(locked.with_for_update()).all()
    fresh = [row.id for row in rows if row.id in wanted and row.status != BatchStatus.ACCEPTED]
    if fresh:
        kept = (
            sa.select(sends.c.account_id, batches.c.id)
            .join_from(batches, sends, sends.c.id == batches.c.send_id)
            .where(batches.c.id.in_(fresh))
        )
        connection.execute(sa.insert(to_do).from_select(["account_id", "batch_id"], kept))


def _batch(row: Any, frame: Frame | None, *, does: bool) -> Batch:
    """The batch as it was before this claim."""
    batch_id, send_id, seq, route, friend_ids, recorded, retry_key, attempts, first_called_at = row
    return Batch(
        batch_id,
        send_id,
        seq,
        _ROUTES[route],
        unpack_ids(friend_ids),
        body(frame, bytes(recorded)),
        UUID(int=int(retry_key, 16)) if isinstance(retry_key, str) else retry_key,
        attempts,
        first_called_at,
        does,
    )
