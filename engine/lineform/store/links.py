"""Where tracked links lead, and how often they were tapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from lineform.ports.links import LinkTarget
from lineform.store.database import Database
from lineform.store.tables import accounts, link_targets, sends


class LinkRecords(Database):
    """A row for each link of each send; a freeze writes it."""

    def link_target(self, target: int) -> LinkTarget | None:
        """One target by its number."""
        with self.reading() as connection:
            row = connection.execute(_targets().where(link_targets.c.id == target)).first()
        return None if row is None else LinkTarget(*row)

    def link_targets(self, account: str) -> Sequence[LinkTarget]:
        """All of an account."""
        with self.reading() as connection:
            rows = connection.execute(_targets().where(accounts.c.name == account).order_by(link_targets.c.id)).all()
        return [LinkTarget(*row) for row in rows]

    def count_taps(self, taps: Mapping[int, int]) -> None:
        """Adds to each target's count, in one transaction and in one order for all."""
        with self.writing() as connection:
            for target, count in sorted(taps.items()):
                row = sa.update(link_targets).where(link_targets.c.id == target)
                connection.execute(row.values(taps=link_targets.c.taps + count))


def _targets() -> sa.Select[Any]:
    return (
        sa.select(
            link_targets.c.id,
            accounts.c.name,
            sends.c.address,
            sends.c.key,
            link_targets.c.link,
            link_targets.c.url,
            link_targets.c.taps,
        )
        .join_from(link_targets, sends, sends.c.id == link_targets.c.send_id)
        .join(accounts, accounts.c.id == link_targets.c.account_id)
    )
