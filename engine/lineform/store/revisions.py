"""Armed revisions: at most one of each campaign, complete enough to send without any file.

What is armed is asked at every tick and at every happening. A row is only ever disarmed, so what it says is read once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from lineform.ports.ledger import Revision
from lineform.store.database import Database
from lineform.store.tables import accounts, revisions

_OF_ACCOUNT = accounts.c.name == sa.bindparam("account")
_ARMED = (
    sa.select(revisions.c.id, revisions.c.address, revisions.c.digest, revisions.c.armed_at)
    .join_from(revisions, accounts, accounts.c.id == revisions.c.account_id)
    .where(_OF_ACCOUNT, revisions.c.disarmed_at.is_(None))
)
_COUNTS = (
    sa.select(accounts.c.name, sa.func.count().label("armed"))
    .join_from(revisions, accounts, accounts.c.id == revisions.c.account_id)
    .where(revisions.c.disarmed_at.is_(None))
    .group_by(accounts.c.name)
    .order_by(accounts.c.name)
)
_BODIES = sa.select(revisions.c.id, revisions.c.body, revisions.c.people)
_EARLIER = (
    sa.select(revisions.c.address, revisions.c.armed_at, revisions.c.disarmed_at)
    .join_from(revisions, accounts, accounts.c.id == revisions.c.account_id)
    .where(_OF_ACCOUNT, revisions.c.disarmed_at.is_not(None))
)


class RevisionRecords(Database):
    """What `apply` armed. Disarmed revisions stay, as history."""

    def __init__(self, engine: Engine, forget_secret: str = "") -> None:
        super().__init__(engine, forget_secret)
        self._read: dict[str, dict[int, Revision]] = {}
        """What was armed when it was last asked, by account and row."""

    def know_as(self, other: RevisionRecords) -> None:
        """Takes over what another one has read already."""
        # Accounts as a copy: one that is made in here may be rolled back, and then the other must not know it.
        self._accounts = dict(other._accounts)
        self._read = other._read

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
                    people=revision.people,
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
        known = self._read.get(account, {})
        with self.reading() as connection:
            rows = connection.execute(_ARMED, {"account": account}).all()
            new = [row for row in rows if not _is(known.get(row.id), row)]
            read = self._bodies(connection, account, new) if new else {}
        found = {row.id: read[row.id] if row.id in read else known[row.id] for row in rows}
        self._read[account] = found
        return sorted(found.values(), key=lambda revision: revision.address)

    def count_armed(self) -> Mapping[str, int]:
        """How much is armed of each account of which anything is, by their names."""
        with self.reading() as connection:
            return {row.name: row.armed for row in connection.execute(_COUNTS)}

    def _bodies(self, connection: Connection, account: str, rows: Sequence[Any]) -> dict[int, Revision]:
        earlier = connection.execute(_EARLIER, {"account": account})
        before = {(address, end): start for address, start, end in earlier}
        wanted = self.among(revisions.c.id, [row.id for row in rows])
        bodies = {row.id: row for row in connection.execute(_BODIES.where(wanted))}
        return {
            row.id: Revision(
                row.address,
                row.digest,
                row.armed_at,
                json.loads(bodies[row.id].body),
                _since(row.address, row.armed_at, before),
                bodies[row.id].people,
            )
            for row in rows
        }

    def _disarm(self, connection: Connection, armed: sa.ColumnElement[bool], now: datetime) -> None:
        connection.execute(sa.update(revisions).where(armed).values(disarmed_at=now))


def _is(known: Revision | None, row: Any) -> bool:
    # By more than the row's number, which a transaction that was rolled back leaves to another one.
    return known is not None and (known.address, known.digest, known.armed_at) == (
        row.address,
        row.digest,
        row.armed_at,
    )


def _since(address: str, armed_at: datetime, before: Mapping[tuple[str, datetime], datetime]) -> datetime:
    """The beginning of the chain of versions of which each was armed in the moment in which the one before ended."""
    while (earlier := before.get((address, armed_at))) is not None and earlier < armed_at:
        armed_at = earlier
    return armed_at


def _armed(account_id: int, address: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        revisions.c.account_id == account_id, revisions.c.address == address, revisions.c.disarmed_at.is_(None)
    )
