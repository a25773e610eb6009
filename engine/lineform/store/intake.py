"""Keys of systems that post events, members by their ids, and what happened to items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from lineform.ports.intake import IntakeKey, ItemEvent
from lineform.store.database import Database, chunks
from lineform.store.recorded import read_value, recorded_text, recorded_value
from lineform.store.tables import accounts, friends, intake_keys, item_events, line_ids

_ASKED = 5_000
_UNTOLD = (
    sa.select(item_events)
    .where(
        item_events.c.account_id == sa.bindparam("account_id"),
        item_events.c.told == sa.literal(0, sa.Integer(), literal_execute=True),
    )
    .order_by(item_events.c.id)
    .limit(sa.bindparam("limit"))
)


class IntakeRecords(Database):
    """What comes from systems of the business."""

    def add_key(self, account: str, name: str, digest: str, now: datetime) -> int:
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            new = self.insert(intake_keys).values(account_id=account_id, name=name, hash=digest, made_at=now)
            return int(connection.execute(new.returning(intake_keys.c.id)).scalar_one())

    def intake_keys(self, account: str) -> Sequence[IntakeKey]:
        with self.reading() as connection:
            query = (
                sa.select(intake_keys.c.id, intake_keys.c.name, intake_keys.c.made_at, intake_keys.c.revoked_at)
                .where(intake_keys.c.account_id == self.account_id(connection, account))
                .order_by(intake_keys.c.id)
            )
            return [IntakeKey(*row) for row in connection.execute(query)]

    def revoke_key(self, account: str, number: int, now: datetime) -> bool:
        with self.writing() as connection:
            valid = sa.and_(
                intake_keys.c.account_id == self.account_id(connection, account),
                intake_keys.c.id == number,
                intake_keys.c.revoked_at.is_(None),
            )
            return connection.execute(sa.update(intake_keys).where(valid).values(revoked_at=now)).rowcount > 0

    def opened_by(self, digest: str) -> str:
        with self.reading() as connection:
            query = (
                sa.select(accounts.c.name)
                .join_from(intake_keys, accounts, accounts.c.id == intake_keys.c.account_id)
                .where(intake_keys.c.hash == digest, intake_keys.c.revoked_at.is_(None))
            )
            return connection.execute(query).scalar() or ""

    def user_ids_of_members(self, account: str, members: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            for part in chunks(sorted(set(members) - {""}), _ASKED):
                query = (
                    sa.select(friends.c.member_id, line_ids.c.user_id)
                    .join_from(friends, line_ids, line_ids.c.friend_id == friends.c.id)
                    # The friend's own account, and the index over members: both are asked for.
                    .where(friends.c.account_id == account_id, self.among(friends.c.member_id, part))
                    .where(friends.c.member_id != sa.literal("", sa.Text(), literal_execute=True))
                    .order_by(friends.c.id)
                )
                for member, user_id in connection.execute(query):
                    found[member] = (*found.get(member, ()), user_id)
        return found

    def add_item_events(self, account: str, rows: Sequence[ItemEvent]) -> int:
        if not rows:
            return 0
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            new = self.insert(item_events).on_conflict_do_nothing().returning(item_events.c.id)
            values = [
                {
                    "account_id": account_id,
                    "type": row.type,
                    "key": recorded_text(row.id),
                    "item": recorded_text(row.item),
                    "at": row.at,
                    "fields": {recorded_text(name): recorded_value(value) for name, value in row.fields.items()},
                    "told": 0,
                }
                for row in rows
            ]
            return sum(len(connection.execute(new, one).all()) for one in values)

    def untold_items(self, account: str, limit: int) -> Sequence[ItemEvent]:
        with self.reading() as connection:
            asked = {"account_id": self.account_id(connection, account), "limit": limit}
            return [
                ItemEvent(
                    row.type,
                    row.key,
                    row.item,
                    row.at,
                    {name: read_value(value) for name, value in row.fields.items()},
                    row.id,
                )
                for row in connection.execute(_UNTOLD, asked)
            ]

    def items_told(self, account: str, numbers: Sequence[int]) -> None:
        with self.writing() as connection:
            mine = self.among(item_events.c.id, list(numbers))
            connection.execute(sa.update(item_events).where(mine).values(told=1))
