"""Leases: one apply an account, one tick at a time, and nobody waits for a machine that is gone."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from lineform.store.database import Database
from lineform.store.tables import leases

_HOLDER = sa.select(leases.c.owner).where(leases.c.name == sa.bindparam("name"), leases.c.until > sa.bindparam("now"))


class LeaseRecords(Database):
    """Named leases with an owner and an end."""

    def lease(self, name: str, owner: str, now: datetime, length: timedelta) -> bool:
        """Takes or renews a lease; False while somebody else holds it."""
        new = self.insert(leases).values(name=name, owner=owner, until=now + length)
        taken = new.on_conflict_do_update(
            index_elements=["name"],
            set_={"owner": new.excluded.owner, "until": new.excluded.until},
            where=sa.or_(leases.c.owner == owner, leases.c.until <= now),
        )
        with self.writing() as connection:
            return connection.execute(taken.returning(leases.c.name)).first() is not None

    def lease_holder(self, name: str, now: datetime) -> str:
        """Who holds it; empty where nobody does."""
        with self.reading() as connection:
            return connection.execute(_HOLDER, {"name": name, "now": now}).scalar() or ""

    def release_lease(self, name: str, owner: str) -> None:
        """Gives it back; nothing happens where somebody else holds it."""
        with self.writing() as connection:
            connection.execute(sa.delete(leases).where(leases.c.name == name, leases.c.owner == owner))
