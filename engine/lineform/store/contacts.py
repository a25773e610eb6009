"""Who was sent what lately, read out of the ledger's own batches: nothing more is written for each person."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.lineapi.routes import Route
from lineform.ports.ledger import NewBatch, Spent
from lineform.sending.caps import Contact
from lineform.sending.status import CALLED, COMING, BatchStatus, SendStatus
from lineform.store.database import STREAMED, chunks
from lineform.store.groups import Groups
from lineform.store.ledger import LedgerRecords
from lineform.store.tables import accounts, batches, friends, sends
from lineform.store.types import pack_ids, unpack_ids, unpacked


def _reached(since: datetime) -> sa.ColumnElement[bool]:
    """Calls later than `since` that reached friends or may have, and those that are frozen and still to come."""
    called = sa.and_(batches.c.status.in_(CALLED), batches.c.called_at > since)
    coming = sa.and_(batches.c.status.in_(COMING), sends.c.status.in_((SendStatus.FROZEN, SendStatus.WAITING)))
    return sa.or_(called, coming)


def _alone(which: sa.ColumnElement[bool], since: datetime) -> sa.Select[Any]:
    columns = (batches.c.addressee, sends.c.address, batches.c.status, batches.c.called_at, batches.c.digest)
    joined = sa.select(*columns).join_from(batches, sends, sends.c.id == batches.c.send_id)
    return joined.where(which, _reached(since))


class ContactRecords(LedgerRecords):
    """The ledger asked by person."""

    groups: Groups
    """What was read of calls to several, shared by everybody who uses this store."""

    def ledger_position(self, account: str) -> int:
        """A number that grows with every occurrence that is frozen. Waits for a freeze that is under way: an answer is
        frozen beside it, and may have a higher number than what is not to be seen yet."""
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            if account_id is None:
                return 0
            self.no_freeze(connection, account_id)
            newest = sa.select(sa.func.coalesce(sa.func.max(sends.c.id), 0)).where(sends.c.account_id == account_id)
            return int(connection.execute(newest).scalar_one())

    def contacts(
        self, account: str, since: datetime, now: datetime, *, address: str = "", until: int | None = None
    ) -> Iterator[Contact]:
        """Calls later than `since` that reached friends or may have, and those that are frozen and still to come,
        which count as of `now`. Narrowcasts are left out: LINE does not tell whom they reached. With `address`, only
        those of this campaign; `until` a position, those frozen by then. Close the iterator where it is not
        read to its end."""
        query = (
            sa.select(
                sends.c.address,
                batches.c.status,
                batches.c.called_at,
                batches.c.friend_ids,
                batches.c.digest,
            )
            .join_from(batches, sends, sends.c.id == batches.c.send_id)
            .join(accounts, accounts.c.id == sends.c.account_id)
            .where(accounts.c.name == account, batches.c.route != Route.NARROWCAST.value, _reached(since))
        )
        if address:
            query = query.where(sends.c.address == address)
        if until is not None:
            query = query.where(sends.c.id <= until)
        with self.reading() as connection:
            rows = connection.execution_options(stream_results=True, yield_per=STREAMED).execute(query)
            for row in rows:
                at = now if row.status in COMING else row.called_at
                yield Contact(at, row.address, unpack_ids(row.friend_ids), bytes(row.digest))

    def contacts_of(
        self, account: str, ids: Sequence[int], since: datetime, now: datetime
    ) -> Mapping[int, Sequence[Contact]]:
        """Calls to one friend alone are found by the friend; calls to several, of which a week holds few thousand, are
        remembered from question to question and read once."""
        found: dict[int, list[Contact]] = {}
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            if account_id is None:
                return {}
            for part in chunks(list(ids), STREAMED):
                for row in connection.execute(_alone(self.among(batches.c.addressee, list(part)), since)):
                    at = now if row.status in COMING else row.called_at
                    found.setdefault(row.addressee, []).append(Contact(at, row.address, (), bytes(row.digest)))
            groups = self.groups.of(connection, account_id, since)
        wanted = sorted(ids)
        for group in groups:
            if (contact := group.contact(since, now)) is not None:
                for friend_id in group.among(wanted):
                    found.setdefault(friend_id, []).append(contact)
        return found

    def frozen_friends(self, send_id: int, *, capped: bool = False, staged: bool = False) -> Sequence[int]:
        """The recipients of a send in the order of its batches, or those over a limit who wait, or those of its parts
        that are staged."""
        kind = batches.c.status == (BatchStatus.STAGED if staged else BatchStatus.CAPPED)
        query = sa.select(batches.c.friend_ids).where(batches.c.send_id == send_id, kind if capped or staged else ~kind)
        found = array("q")
        with self.reading() as connection:
            rows = connection.execution_options(stream_results=True, yield_per=STREAMED).execute(
                query.order_by(batches.c.seq)
            )
            for blob in rows.scalars():
                found.extend(iter(unpacked(blob)))
        return found

    def staged(self, send_id: int) -> Mapping[int, int]:
        """Recipients by part, of the parts that are not opened yet."""
        query = (
            sa.select(batches.c.wave, sa.func.sum(batches.c.recipients))
            .where(batches.c.send_id == send_id, batches.c.status == BatchStatus.STAGED)
            .group_by(batches.c.wave)
        )
        with self.reading() as connection:
            return {wave: int(count) for wave, count in connection.execute(query)}

    def open_wave(
        self,
        send_id: int,
        wave: int,
        now: datetime,
        *,
        spent: Spent | None = None,
        position: int | None = None,
        without: Collection[int] = (),
    ) -> None:
        """Staged batches up to this part become ready, and the send a frozen one; friends whom it is to go `without`
        are taken out of them. Raises `LedgerMoved` where more than `spent` is spent by others by now, or another one
        was frozen after `position`."""
        opened = (
            sa.update(batches)
            .where(batches.c.send_id == send_id, batches.c.status == BatchStatus.STAGED, batches.c.wave <= wave)
            .values(status=BatchStatus.READY)
        )
        owner = sa.select(sends.c.account_id).where(sends.c.id == send_id)
        with self.writing() as connection:
            if spent is not None or position is not None:
                account_id = connection.execute(owner).scalar_one()
                self.one_freeze(connection, account_id)
                self.refuse_spent(connection, account_id, spent, but=send_id)
                self.refuse_later(connection, account_id, position)
            taken_out = self._leave_out(connection, send_id, wave, frozenset(without)) if without else 0
            if connection.execute(opened).rowcount or taken_out:
                frozen = {"status": SendStatus.FROZEN, "changed_at": now, "intended": "", "intended_reason": ""}
                connection.execute(sa.update(sends).where(sends.c.id == send_id).values(frozen))

    def _leave_out(self, connection: Connection, send_id: int, wave: int, without: frozenset[int]) -> int:
        """Takes friends out of batches that nobody ever called (LINE has not seen their keys); how many."""
        staged = sa.and_(batches.c.send_id == send_id, batches.c.status == BatchStatus.STAGED, batches.c.wave <= wave)
        query = sa.select(batches.c.id, batches.c.friend_ids).where(staged).order_by(batches.c.seq)
        apart: list[int] = []
        count = 0
        for row in connection.execute(query).all():
            ids = unpack_ids(row.friend_ids)
            stay = tuple([one for one in ids if one not in without])
            if len(stay) == len(ids):
                continue
            count += len(ids) - len(stay)
            values: dict[str, Any] = {"status": BatchStatus.CAPPED}
            if stay:
                values = {"friend_ids": pack_ids(stay), "recipients": len(stay)}
                apart += [one for one in ids if one in without]
            connection.execute(sa.update(batches).where(batches.c.id == row.id).values(values))
        if apart:
            last = sa.select(sa.func.max(batches.c.seq)).where(batches.c.send_id == send_id)
            seq = connection.execute(last).scalar_one() + 1
            capped = NewBatch(seq, Route.MULTICAST, tuple(apart), b"", uuid4(), status=BatchStatus.CAPPED)
            self.write_batches(connection, send_id, [capped])
        if count:
            fewer = {"recipients": sends.c.recipients - count, "capped": sends.c.capped + count}
            connection.execute(sa.update(sends).where(sends.c.id == send_id).values(fewer))
        return count

    def followed_after(self, account: str, moment: datetime) -> Iterator[int]:
        """Friends who are known to have followed later than `moment`."""
        query = (
            sa.select(friends.c.id)
            .join_from(friends, accounts, accounts.c.id == friends.c.account_id)
            .where(accounts.c.name == account, friends.c.followed_at > moment)
        )
        with self.reading() as connection:
            yield from connection.execution_options(stream_results=True, yield_per=STREAMED).execute(query).scalars()
