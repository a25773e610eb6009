"""What happened to friends and waits to be looked at, and what was looked at already, so that nothing is done twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lineform.scenarios.happening import Happening, What
from lineform.store.database import STREAMED, Database, chunks
from lineform.store.recorded import read_value, recorded_text, recorded_value
from lineform.store.tables import friends, happenings

_WAITING = sa.and_(happenings.c.account_id == sa.bindparam("account_id"), happenings.c.done_at.is_(None))
_ANY_WAITS = sa.select(happenings.c.id).where(_WAITING).limit(1)
_HELD = (
    sa.select(friends.c.id)
    .join_from(happenings, friends, friends.c.id == happenings.c.friend_id)
    .where(_WAITING)
    .order_by(happenings.c.id)
    .limit(sa.bindparam("limit"))
    .with_for_update(skip_locked=True, of=friends, key_share=True)
)


class HappeningRecords(Database):
    """Happenings by their key, which is unique for an account for ever."""

    def new_happenings(self, account: str, several: Sequence[Happening], now: datetime) -> Sequence[Happening]:
        """Those that nobody has looked at. What a friend wrote is not kept."""
        out = []
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            for one in several:
                row = {"account_id": account_id, "key": recorded_text(one.key), "friend_id": one.friend_id}
                rest: dict[str, Any] = {
                    "what": one.what.value,
                    "at": one.at,
                    "name": "",
                    "text": "",
                    "fields": {},
                    "done_at": now,
                }
                new = self.insert(happenings).values(**row, **rest).on_conflict_do_nothing()
                if connection.execute(new.returning(happenings.c.id)).first() is not None:
                    out.append(one)
        return out

    def queue_happenings(self, account: str, several: Sequence[Happening], now: datetime) -> int:
        """Each once by its key."""
        added = 0
        for part in chunks(list(several), STREAMED):
            with self.writing() as connection:
                account_id = self.own_account_id(connection, account)
                rows = [
                    {
                        "account_id": account_id,
                        "key": recorded_text(one.key),
                        "friend_id": one.friend_id,
                        "what": one.what.value,
                        "at": one.at,
                        "name": recorded_text(one.name),
                        "text": recorded_text(one.text),
                        "fields": {recorded_text(n): recorded_value(v) for n, v in one.fields.items()},
                    }
                    for one in part
                ]
                new = self.insert(happenings).on_conflict_do_nothing()
                before = self._count(connection, account_id)
                connection.execute(new, rows)
                added += self._count(connection, account_id) - before
        return added

    def happenings_wait(self, account: str) -> bool:
        """By the index over what waits."""
        with self.reading() as connection:
            asked = {"account_id": self.account_id(connection, account)}
            return connection.execute(_ANY_WAITS, asked).first() is not None

    def queued_happenings(self, account: str, limit: int) -> Sequence[Happening]:
        """What waits of the friends who have waited longest, in the order of time for each."""
        with self.writing() as connection:
            account_id = self.account_id(connection, account)
            asked = {"account_id": account_id, "limit": limit}
            held = sorted(set(connection.execute(_HELD, asked).scalars()))
            if not held:
                return []
            theirs = sa.select(happenings).where(_WAITING, self.among(happenings.c.friend_id, held))
            rows = connection.execute(theirs.order_by(happenings.c.at, happenings.c.id), asked).all()
        return [
            Happening(
                row.key,
                row.friend_id,
                What(row.what),
                row.at,
                row.name,
                row.text,
                {name: read_value(value) for name, value in row.fields.items()},
            )
            for row in rows
        ]

    def happenings_done(self, account: str, keys: Sequence[str], now: datetime) -> None:
        """What they said is deleted; that they happened is remembered."""
        with self.writing() as connection:
            account_id = self.account_id(connection, account)
            for part in chunks(list(keys), STREAMED):
                mine = sa.and_(happenings.c.account_id == account_id, self.among(happenings.c.key, list(part)))
                done = {"done_at": now, "name": "", "text": "", "fields": {}}
                connection.execute(sa.update(happenings).where(mine).values(**done))

    def forget_happenings(self, account: str, before: datetime) -> int:
        """Deletes what was done before."""
        with self.writing() as connection:
            account_id = self.account_id(connection, account)
            old = sa.and_(happenings.c.account_id == account_id, happenings.c.done_at < before)
            return connection.execute(sa.delete(happenings).where(old)).rowcount

    def _count(self, connection: sa.Connection, account_id: int) -> int:
        query = sa.select(sa.func.count()).where(happenings.c.account_id == account_id, happenings.c.done_at.is_(None))
        return connection.execute(query).scalar_one()
