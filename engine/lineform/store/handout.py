"""What one freeze hands out, inside of its own transaction: codes to friends, and numbers to the targets of links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.ports.ledger import PoolEmpty
from lineform.store.bulk import update_rows
from lineform.store.code_pools import FREE, CodeRecords
from lineform.store.tables import codes, link_targets, pool_sends, sends


class HandedOut:
    """What one freeze hands out; see `lineform.ports.ledger.Handout`. It lives as long as the freeze's transaction."""

    def __init__(self, records: CodeRecords, connection: Connection, account: str, send_id: int, now: datetime) -> None:
        self._records, self._connection = records, connection
        self._account, self._send_id, self._now = account, send_id, now
        self._after: dict[int, int] = {}

    def codes(self, pool: str, friend_ids: Sequence[int]) -> Mapping[int, str]:
        """The code of each of these friends. Raises `PoolEmpty` where there are too few."""
        if not friend_ids:
            return {}
        pool_id = self._records.pool_id(self._connection, self._account, pool)
        if pool_id is None:
            raise PoolEmpty(pool)
        if pool_id not in self._after:
            self._after[pool_id] = 0
            shows = self._records.insert(pool_sends).values(pool_id=pool_id, send_id=self._send_id)
            self._connection.execute(shows.on_conflict_do_nothing())
        held = self._records.held_by(self._connection, pool_id, friend_ids)
        self._share(pool_id, list(held))
        without = [friend for friend in friend_ids if friend not in held]
        held.update(self._give(pool, pool_id, without))
        return held

    def targets(self, urls: Mapping[str, str]) -> Mapping[str, int]:
        """Where the links of this send lead."""
        mine = sa.select(sends.c.account_id).where(sends.c.id == self._send_id).scalar_subquery()
        for link, url in sorted(urls.items()):
            new = self._records.insert(link_targets).values(
                account_id=mine, send_id=self._send_id, link=link, url=url, taps=0
            )
            self._connection.execute(new.on_conflict_do_nothing())
        found = sa.select(link_targets.c.link, link_targets.c.id).where(link_targets.c.send_id == self._send_id)
        numbers: dict[str, int] = dict(self._connection.execute(found).all())
        return {link: numbers[link] for link in urls}

    def _share(self, pool_id: int, holders: Sequence[int]) -> None:
        """Another send shows them as well: no calling off makes them free again."""
        if holders:
            mine = self._records.among(codes.c.holder_id, holders)
            others = codes.c.send_id != self._send_id
            self._connection.execute(
                sa.update(codes).where(codes.c.pool_id == pool_id, mine, others).values(send_id=None)
            )

    def _give(self, pool: str, pool_id: int, friends: Sequence[int]) -> dict[int, str]:
        if not friends:
            return {}
        # Behind the last one that was given here: the index still names those before it, a million of them in the end.
        free = sa.select(codes.c.id, codes.c.code).where(
            codes.c.pool_id == pool_id, FREE, codes.c.id > self._after[pool_id]
        )
        found = self._connection.execute(free.order_by(codes.c.id).limit(len(friends))).all()
        if len(found) < len(friends):
            raise PoolEmpty(pool)
        self._after[pool_id] = found[-1].id
        rows = [(row.id, self._now, friend, self._send_id) for row, friend in zip(found, friends, strict=True)]
        update_rows(self._connection, codes, ("id", "given_at", "holder_id", "send_id"), rows)
        return {friend: row.code for row, friend in zip(found, friends, strict=True)}
