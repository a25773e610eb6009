"""Friends whom LINE's list of followers does not name any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from lineform.store.database import STREAMED, Database, chunks
from lineform.store.tables import friends, line_ids

_TOGETHER = 10_000


class LeavingRecords(Database):
    """Who can be reached as far as the store knows, and who cannot any more."""

    def reachable_before(self, account: str, moment: datetime) -> Iterator[tuple[int, str]]:
        last = ""
        while True:
            with self.reading() as connection:
                part = connection.execute(
                    sa.select(friends.c.id, line_ids.c.user_id, friends.c.blocked, friends.c.changed_at)
                    .join_from(line_ids, friends, line_ids.c.friend_id == friends.c.id)
                    .where(line_ids.c.account_id == self.account_id(connection, account), line_ids.c.user_id > last)
                    .order_by(line_ids.c.user_id)
                    .limit(STREAMED)
                ).all()
            if not part:
                return
            yield from ((row.id, row.user_id) for row in part if not row.blocked and row.changed_at < moment)
            last = part[-1].user_id

    def mark_blocked(self, account: str, ids: Sequence[int], before: datetime, now: datetime) -> int:
        """Notes that these friends block the account, except those of whom something changed since `before`; how many
        were marked."""
        count = 0
        for part in chunks(ids, _TOGETHER):
            with self.writing() as connection:
                mine = (
                    friends.c.account_id == self.own_account_id(connection, account),
                    self.among(friends.c.id, part),
                    friends.c.blocked.is_(sa.false()),
                    friends.c.changed_at < before,
                )
                count += connection.execute(
                    sa.update(friends).where(*mine).values(blocked=True, changed_at=now)
                ).rowcount
        return count
