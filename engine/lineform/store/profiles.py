"""Questions to LINE about friends' profiles: one row a friend, gone when it is answered.

A row without a time to ask again says that LINE did not tell, which is remembered until the friend follows anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from lineform.ports.profiles import ProfileAsk
from lineform.scenarios.profiles import Unknown
from lineform.store.database import STREAMED, Database, chunks
from lineform.store.tables import friends, line_ids, profile_asks

_DUE = (
    sa.select(
        profile_asks.c.friend_id,
        profile_asks.c.attempts,
        line_ids.c.user_id,
        friends.c.display_name,
        friends.c.blocked,
    )
    .join_from(profile_asks, friends, friends.c.id == profile_asks.c.friend_id)
    .join(line_ids, line_ids.c.friend_id == profile_asks.c.friend_id)
    .where(
        profile_asks.c.account_id == sa.bindparam("account_id"),
        profile_asks.c.due_at.is_not(None),
        profile_asks.c.due_at <= sa.bindparam("now"),
    )
    .order_by(profile_asks.c.due_at, profile_asks.c.friend_id)
    .limit(sa.bindparam("limit"))
)
_CLAIMED = _DUE.with_for_update(skip_locked=True, of=profile_asks)


class ProfileRecords(Database):
    """The questions of every account."""

    def unknown_profiles(self, account: str, ids: Sequence[int]) -> Mapping[int, Unknown]:
        found: dict[int, Unknown] = {}
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            for part in chunks(list(ids), STREAMED):
                query = (
                    sa.select(
                        friends.c.id,
                        friends.c.account_id,
                        line_ids.c.user_id,
                        profile_asks.c.friend_id.is_not(None).label("asked"),
                        profile_asks.c.due_at.is_not(None).label("waiting"),
                    )
                    .join_from(friends, line_ids, line_ids.c.friend_id == friends.c.id)
                    .outerjoin(profile_asks, profile_asks.c.friend_id == friends.c.id)
                    .where(self.among(friends.c.id, part), friends.c.display_name == "", ~friends.c.blocked)
                )
                for row in connection.execute(query):
                    # Compared here: in the query, SQLite would walk through all friends of the account instead.
                    if row.account_id == account_id:
                        found[row.id] = Unknown(row.id, row.user_id, bool(row.asked), bool(row.waiting))
        return found

    def ask_profiles(self, account: str, ids: Sequence[int], due: datetime) -> None:
        self._put(account, ids, due)

    def profiles_untold(self, account: str, ids: Sequence[int]) -> None:
        self._put(account, ids, None)

    def claim_profiles(self, account: str, now: datetime, lease: timedelta, limit: int) -> Sequence[ProfileAsk]:
        with self.reading() as connection:
            asked = {"account_id": self.account_id(connection, account), "now": now, "limit": limit}
            if connection.execute(_DUE, asked | {"limit": 1}).first() is None:
                return ()  # mostly: and no other writer waited for it
        with self.writing() as connection:
            rows = connection.execute(_CLAIMED, asked).all()
            if not rows:
                return ()
            needless = [row.friend_id for row in rows if row.display_name or row.blocked]
            asks = [row for row in rows if not (row.display_name or row.blocked)]
            if needless:
                connection.execute(
                    sa.delete(profile_asks).where(self.among(profile_asks.c.friend_id, sorted(needless)))
                )
            if asks:
                mine = self.among(profile_asks.c.friend_id, sorted(row.friend_id for row in asks))
                taken = {"due_at": now + lease, "attempts": profile_asks.c.attempts + 1}
                connection.execute(sa.update(profile_asks).where(mine).values(taken))
        return [ProfileAsk(row.friend_id, row.user_id, row.attempts + 1) for row in asks]

    def postpone_profiles(self, account: str, until: Mapping[int, datetime]) -> None:
        if not until:
            return
        with self.writing() as connection:
            for friend_id, moment in until.items():
                mine = sa.and_(profile_asks.c.friend_id == friend_id, profile_asks.c.due_at.is_not(None))
                connection.execute(sa.update(profile_asks).where(mine).values(due_at=moment))

    def profiles_told(self, account: str, ids: Sequence[int]) -> None:
        if not ids:
            return
        with self.writing() as connection:
            for part in chunks(list(ids), STREAMED):
                connection.execute(sa.delete(profile_asks).where(self.among(profile_asks.c.friend_id, part)))

    def _put(self, account: str, ids: Sequence[int], due: datetime | None) -> None:
        """One question a friend. Ordered, so that two who write about the same friends never wait in a circle."""
        if not ids:
            return
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            new = self.insert(profile_asks)
            again = new.on_conflict_do_update(
                index_elements=["friend_id"], set_={"due_at": new.excluded.due_at, "attempts": 0}
            )
            rows = [{"account_id": account_id, "friend_id": one, "attempts": 0, "due_at": due} for one in sorted(ids)]
            connection.execute(again, rows)
