"""Which of LINE's coupons are ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from lineform.ports.coupons import RecordedCoupon
from lineform.store.database import Database
from lineform.store.tables import accounts, coupons


class CouponRecords(Database):
    """A row for each coupon that was ever made or is being made."""

    def coupons(self, account: str) -> Sequence[RecordedCoupon]:
        """Those that are not closed."""
        query = (
            sa.select(coupons.c.name, coupons.c.hash, coupons.c.coupon_id, coupons.c.intended_at)
            .join_from(coupons, accounts, accounts.c.id == coupons.c.account_id)
            .where(accounts.c.name == account, coupons.c.closed_at.is_(None))
            .order_by(coupons.c.id)
        )
        with self.reading() as connection:
            return [RecordedCoupon(*row) for row in connection.execute(query)]

    def intend_coupon(self, account: str, name: str, hash_: str, now: datetime) -> None:
        """One row for a coupon that is being made."""
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            intended = sa.select(coupons.c.id).where(_being_made(account_id, name, hash_))
            if connection.execute(intended).first() is None:
                connection.execute(
                    sa.insert(coupons).values(
                        account_id=account_id, name=name, hash=hash_, coupon_id="", intended_at=now, closed_at=None
                    )
                )

    def record_coupon(self, account: str, name: str, hash_: str, coupon_id: str) -> None:
        """It has been made."""
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            made = sa.update(coupons).where(_being_made(account_id, name, hash_))
            connection.execute(made.values(coupon_id=coupon_id))

    def record_closed(self, account: str, coupon_id: str, now: datetime) -> None:
        """Nobody can use it any more."""
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            row = sa.and_(coupons.c.account_id == account_id, coupons.c.coupon_id == coupon_id)
            connection.execute(sa.update(coupons).where(row).values(closed_at=now))


def _being_made(account_id: int, name: str, hash_: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        *(coupons.c.account_id == account_id, coupons.c.name == name, coupons.c.hash == hash_),
        *(coupons.c.coupon_id == "", coupons.c.closed_at.is_(None)),
    )
