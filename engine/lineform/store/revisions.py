"""Armed revisions: at most one of each campaign, complete enough to send without any file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.ports.ledger import ArmedNow, Revision
from lineform.store.database import Database
from lineform.store.tables import accounts, revisions


class RevisionRecords(Database):
    """What `apply` armed. Disarmed revisions stay, as history."""

    def arm(self, account: str, revision: Revision) -> None:
        """Makes this the armed revision of its address; nothing changes where the same digest is armed already."""
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            # Two applies at once: the second waits here, and then sees what the first armed.
            connection.execute(sa.select(accounts.c.id).where(accounts.c.id == account_id).with_for_update())
            armed = _armed(account_id, revision.address)
            if connection.execute(sa.select(revisions.c.digest).where(armed)).scalar() == revision.digest:
                return
            self._disarm(connection, armed, revision.armed_at)
            connection.execute(
                sa.insert(revisions).values(
                    account_id=account_id,
                    address=revision.address,
                    digest=revision.digest,
                    armed_at=revision.armed_at,
                    body=json.dumps(dict(revision.body), ensure_ascii=False, separators=(",", ":")),
                )
            )

    def disarm(self, account: str, address: str, now: datetime) -> None:
        """Nothing of this address is sent any more."""
        with self.writing() as connection:
            account_id = self.account_id(connection, account)
            if account_id is not None:
                self._disarm(connection, _armed(account_id, address), now)

    def armed(self, account: str) -> Sequence[Revision]:
        """The armed revisions, by address."""
        query = (
            sa.select(revisions)
            .join_from(revisions, accounts, accounts.c.id == revisions.c.account_id)
            .where(accounts.c.name == account, revisions.c.disarmed_at.is_(None))
            .order_by(revisions.c.address)
        )
        earlier = (
            sa.select(revisions.c.address, revisions.c.armed_at, revisions.c.disarmed_at)
            .join_from(revisions, accounts, accounts.c.id == revisions.c.account_id)
            .where(accounts.c.name == account, revisions.c.disarmed_at.is_not(None))
        )
        with self.reading() as connection:
            rows = connection.execute(query).all()
            before = {(address, end): start for address, start, end in connection.execute(earlier)} if rows else {}
        found = (
            Revision(r.address, r.digest, r.armed_at, json.loads(r.body), _since(r.address, r.armed_at, before))
            for r in rows
        )
        return sorted(found, key=lambda r: r.address)

    def armed_now(self, account: str) -> Sequence[ArmedNow]:
        """The armed revisions by address, without their bodies."""
        columns = (revisions.c.address, revisions.c.digest, revisions.c.armed_at, revisions.c.disarmed_at)
        query = sa.select(*columns).join_from(revisions, accounts, accounts.c.id == revisions.c.account_id)
        with self.reading() as connection:
            rows = connection.execute(query.where(accounts.c.name == account)).all()
        before = {(row.address, row.disarmed_at): row.armed_at for row in rows if row.disarmed_at is not None}
        found = (
            ArmedNow(row.address, row.digest, row.armed_at, _since(row.address, row.armed_at, before))
            for row in rows
            if row.disarmed_at is None
        )
        return sorted(found, key=lambda one: one.address)

    def _disarm(self, connection: Connection, armed: sa.ColumnElement[bool], now: datetime) -> None:
        connection.execute(sa.update(revisions).where(armed).values(disarmed_at=now))


def _since(address: str, armed_at: datetime, before: Mapping[tuple[str, datetime], datetime]) -> datetime:
    """The beginning of the chain of versions of which each was armed in the moment in which the one before ended."""
    while (earlier := before.get((address, armed_at))) is not None and earlier < armed_at:
        armed_at = earlier
    return armed_at


def _armed(account_id: int, address: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        revisions.c.account_id == account_id, revisions.c.address == address, revisions.c.disarmed_at.is_(None)
    )
