"""Pools of codes: each code is given to one friend, once, and each friend has one of a pool, for ever.

Codes are handed out inside the transaction that freezes a send, to a friend and a row at a time that no other freeze
can see before it ends: so a crash, a second run or a repeated freeze gives nobody a second code, and nobody a code of
somebody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.ports.codes import CodeCount, PoolCount
from lineform.sending.status import BatchStatus
from lineform.store.bulk import insert_rows
from lineform.store.database import STREAMED, Database, chunks, pieces
from lineform.store.recorded import recorded_text
from lineform.store.tables import accounts, batches, code_pools, codes, pool_sends
from lineform.store.types import unpack_ids

CHUNK = 5_000
"""Codes written in one transaction."""
FREE = codes.c.given_at.is_(None)


class CodeRecords(Database):
    """Who has which code."""

    def import_codes(self, account: str, pool: str, codes: Iterable[str], now: datetime) -> CodeCount:
        """Adds codes to a pool, and makes the pool where it is new. Whatever stops it, running it again does the
        rest. Raises ValueError for a text that no database can hold."""
        total = CodeCount()
        for chunk in pieces(codes, CHUNK):
            with self.writing() as connection:
                total += self._add_codes(connection, account, pool, chunk)
        return total

    def discard_codes(self, account: str, pool: str) -> int:
        """Deletes what nobody was given."""
        with self.writing() as connection:
            pool_id = self.pool_id(connection, account, pool)
            return connection.execute(sa.delete(codes).where(codes.c.pool_id == pool_id, FREE)).rowcount

    def pool_counts(self, account: str) -> Sequence[PoolCount]:
        """What became of a code is read from the ledger, so that it never disagrees with it."""
        mine = sa.select(accounts.c.id).where(accounts.c.name == account).scalar_subquery()
        nameless = sa.and_(codes.c.given_at.is_not(None), codes.c.holder_id.is_(None))
        count = (
            sa.select(
                code_pools.c.id,
                code_pools.c.name,
                sa.func.count(codes.c.id),
                sa.func.count(codes.c.given_at),
                sa.func.sum(sa.case((nameless, 1), else_=0)),
            )
            .join_from(code_pools, codes, codes.c.pool_id == code_pools.c.id, isouter=True)
            .where(code_pools.c.account_id == mine)
            .group_by(code_pools.c.id, code_pools.c.name)
            .order_by(code_pools.c.name)
        )
        with self.reading() as connection:
            found = connection.execute(count).all()
            return [
                PoolCount(name, every - given, given, self._confirmed(connection, pool_id), int(gone or 0))
                for pool_id, name, every, given, gone in found
            ]

    def free_codes(self, account: str, pool: str, *, most: int | None = None) -> int:
        """Codes that can still be given; with `most`, counted no further than that."""
        with self.reading() as connection:
            pool_id = self.pool_id(connection, account, pool)
            free = sa.select(codes.c.id).where(codes.c.pool_id == pool_id, FREE).limit(most)
            return connection.execute(sa.select(sa.func.count()).select_from(free.subquery())).scalar_one()

    def code_holders(self, account: str, pool: str) -> Iterator[int]:
        """Friends who have a code, ascending."""
        with self.reading() as connection:
            yield from self._holders(connection, self.pool_id(connection, account, pool))

    def held_codes(self, account: str, pool: str, friend_ids: Sequence[int]) -> Mapping[int, str]:
        """The codes of those who have one."""
        with self.reading() as connection:
            return self.held_by(connection, self.pool_id(connection, account, pool), friend_ids)

    def give_back(self, connection: Connection, send_id: int) -> None:
        """A send was called off before its first call: codes that no other send shows are free again."""
        connection.execute(
            sa.update(codes).where(codes.c.send_id == send_id).values(given_at=None, holder_id=None, send_id=None)
        )
        connection.execute(sa.delete(pool_sends).where(pool_sends.c.send_id == send_id))

    def _add_codes(self, connection: Connection, account: str, pool: str, chunk: Sequence[str]) -> CodeCount:
        account_id = self.own_account_id(connection, account)
        if self.postgres:
            # Two imports of one code would collide. SQLite has one writer anyway.
            connection.execute(sa.select(accounts.c.id).where(accounts.c.id == account_id).with_for_update())
        new = self.insert(code_pools).values(account_id=account_id, name=pool).on_conflict_do_nothing()
        connection.execute(new)
        pool_id = self.pool_id(connection, account, pool)
        wanted = {recorded_text(code): None for code in chunk}
        known = sa.select(codes.c.code, codes.c.pool_id).where(
            codes.c.account_id == account_id, self.among(codes.c.code, list(wanted))
        )
        there: dict[str, int] = dict(connection.execute(known).all())
        rows = [(account_id, pool_id, code) for code in wanted if code not in there]
        insert_rows(connection, codes, ("account_id", "pool_id", "code"), rows)
        elsewhere = sum(one != pool_id for one in there.values())
        return CodeCount(len(rows), len(chunk) - len(rows) - elsewhere, elsewhere)

    def pool_id(self, connection: Connection, account: str, pool: str) -> int | None:
        """None where no code was ever imported into it."""
        query = (
            sa.select(code_pools.c.id)
            .join_from(code_pools, accounts, accounts.c.id == code_pools.c.account_id)
            .where(accounts.c.name == account, code_pools.c.name == pool)
        )
        return connection.execute(query).scalar()

    def held_by(self, connection: Connection, pool_id: int | None, friend_ids: Sequence[int]) -> dict[int, str]:
        """The codes of those who have one, inside a transaction."""
        found: dict[int, str] = {}
        for part in chunks(list(friend_ids), STREAMED):
            query = sa.select(codes.c.holder_id, codes.c.code).where(
                codes.c.pool_id == pool_id, self.among(codes.c.holder_id, part)
            )
            found.update(connection.execute(query).all())
        return found

    def _holders(self, connection: Connection, pool_id: int | None) -> Iterator[int]:
        query = sa.select(codes.c.holder_id).where(codes.c.pool_id == pool_id, codes.c.holder_id.is_not(None))
        streamed = {"stream_results": True, "yield_per": STREAMED}
        yield from connection.execute(query.order_by(codes.c.holder_id), execution_options=streamed).scalars()

    def _confirmed(self, connection: Connection, pool_id: int) -> int:
        """Holders who are in an accepted call of a send that shows this pool's codes."""
        query = (
            sa.select(batches.c.friend_ids)
            .join_from(batches, pool_sends, pool_sends.c.send_id == batches.c.send_id)
            .where(pool_sends.c.pool_id == pool_id, batches.c.status == BatchStatus.ACCEPTED)
        )
        streamed = {"stream_results": True, "yield_per": STREAMED}
        reached = bytearray()  # a byte for each friend's id there may be: 10 MB for ten million
        for packed in connection.execute(query, execution_options=streamed).scalars():
            ids = unpack_ids(packed)
            if ids and (high := max(ids)) >= len(reached):
                reached.extend(bytes(high + 1 - len(reached)))
            for one in ids:
                reached[one] = 1
        return sum(reached[one] for one in self._holders(connection, pool_id) if one < len(reached))
