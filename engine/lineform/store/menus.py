"""Which rich menu was linked to whom, and for whom the rules choose another one.

Whom each rule selects is a set, and so is of whom the same is recorded: who is in both follows from the sets, and what
is to be done about them is decided once for all of them. Measured in
`decisions/0014-menus-that-follow-a-person.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from lineform.ports.menus import Linking
from lineform.scenarios.menus import NOTHING, Group, MenuRules, Pass, Shown
from lineform.segments.sets import sort
from lineform.store.database import STREAMED, chunks
from lineform.store.failures import CopyFailed
from lineform.store.friends import FriendReading
from lineform.store.sets import MenuRecord
from lineform.store.tables import friend_menus, friends, menu_passes

_PASS = sa.select(menu_passes).where(menu_passes.c.account_id == sa.bindparam("account_id"))
_OF_BLOCKING = sa.and_(
    friend_menus.c.account_id == sa.bindparam("account_id"),
    friend_menus.c.friend_id.in_(
        sa.select(friends.c.id).where(
            friends.c.account_id == sa.bindparam("account_id"), friends.c.blocked.is_(sa.true())
        )
    ),
)
_ANY_OF_BLOCKING = sa.select(friend_menus.c.friend_id).where(_OF_BLOCKING).limit(1)
_DROP_OF_BLOCKING = sa.delete(friend_menus).where(_OF_BLOCKING)
_OPEN = (
    sa.select(friend_menus.c.friend_id)
    .where(friend_menus.c.account_id == sa.bindparam("account_id"), friend_menus.c.confirmed == sa.false())
    .where(friend_menus.c.at < sa.bindparam("before"))
    .order_by(friend_menus.c.friend_id)
    .limit(sa.bindparam("limit"))
)


class MenuRecords(FriendReading):
    """One row a friend who was ever linked. A friend without a row has no menu of their own."""

    def menu_groups(self, account: str, rules: MenuRules, now: datetime) -> Iterator[Group]:
        """Everybody who can be reached, by rule and by what is recorded. Close the iterator where it is not read to its
        end: it holds a connection."""
        begun = False
        try:
            for group in self._groups(account, rules, now):
                begun = True
                yield group
        except CopyFailed:
            if begun:
                raise
            yield from self._groups(account, rules, now, of_copy=False)

    def _groups(self, account: str, rules: MenuRules, now: datetime, *, of_copy: bool = True) -> Iterator[Group]:
        predicates = [rule.predicate for rule in rules.rules]
        kept = rules.taps if isinstance(rules.taps, timedelta) else None
        with self._asked(account, predicates, now, of_copy=of_copy) as sets:
            if sets is None:
                return
            # First, since by what is recorded the copy finds everybody as well.
            records = list(sets.recorded(None if kept is None else now - kept))
            for rule, mine in sort(predicates, sets):
                left = mine
                for record, theirs in records:
                    if both := left & theirs:
                        yield Group(rule, _as_shown(record, now, kept or timedelta()), both)
                        left -= both
                if left:
                    yield Group(rule, NOTHING, left)

    def shown_menus(self, account: str, friend_ids: Sequence[int]) -> Mapping[int, Shown]:
        """What is recorded of these friends' menus."""
        found: dict[int, Shown] = {}
        with self.reading() as connection:
            for part in chunks(friend_ids, STREAMED):
                rows = connection.execute(sa.select(friend_menus).where(self.among(friend_menus.c.friend_id, part)))
                found |= {row.friend_id: _shown(row) for row in rows}
        return found

    def friends_shown(self, account: str, menu: str) -> Sequence[int]:
        """Friends of whom it is recorded that they see this menu."""
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            query = (
                sa.select(friend_menus.c.friend_id)
                .where(friend_menus.c.account_id == account_id, friend_menus.c.menu == menu)
                .order_by(friend_menus.c.friend_id)
            )
            return connection.execute(query).scalars().all()

    def count_shown(self, account: str) -> Mapping[str, int]:
        """Friends by the menu that is recorded of them."""
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            query = (
                sa.select(friend_menus.c.menu, sa.func.count())
                .where(friend_menus.c.account_id == account_id, friend_menus.c.menu != "")
                .group_by(friend_menus.c.menu)
            )
            return dict(connection.execute(query).all())

    def intend_menus(self, account: str, linkings: Sequence[Linking], call: str, now: datetime) -> None:
        """Writes down what is about to be linked, in one transaction."""
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            rows: list[dict[str, Any]] = [
                {
                    "friend_id": friend_id,
                    "account_id": account_id,
                    "menu": linking.choice.menu,
                    "outcome": linking.choice.outcome,
                    "source": linking.choice.source,
                    "at": now,
                    "confirmed": not linking.choice.link,
                    "call": call,
                }
                for linking in linkings
                for friend_id in linking.friend_ids
            ]
            if rows:
                insert = self.insert(friend_menus)
                new = {name: insert.excluded[name] for name in rows[0] if name not in ("friend_id", "account_id")}
                connection.execute(insert.on_conflict_do_update(index_elements=["friend_id"], set_=new), rows)

    def confirm_menus(self, account: str, friend_ids: Sequence[int], call: str) -> None:
        """LINE has taken it; whatever was written about a friend meanwhile is not certain any more."""
        row = self.among(friend_menus.c.friend_id, list(friend_ids))
        with self.writing() as connection:
            connection.execute(sa.update(friend_menus).where(row).values(confirmed=friend_menus.c.call == call))

    def open_menus(self, account: str, before: datetime, limit: int) -> Sequence[int]:
        """Friends whose menu was to be linked, and for whom LINE has not answered."""
        with self.reading() as connection:
            asked = {"account_id": self.account_id(connection, account), "before": before, "limit": limit}
            return connection.execute(_OPEN, asked).scalars().all()

    def unlinked(self, account: str, friend_ids: Sequence[int]) -> None:
        """These have no menu of their own any more."""
        with self.writing() as connection:
            for part in chunks(friend_ids, STREAMED):
                connection.execute(sa.delete(friend_menus).where(self.among(friend_menus.c.friend_id, part)))

    def drop_blocked_menus(self, account: str) -> int:
        """Forgets the menus of friends who block the account."""
        with self.reading() as connection:
            mine = {"account_id": self.account_id(connection, account)}
            if connection.execute(_ANY_OF_BLOCKING, mine).first() is None:
                return 0
        with self.writing() as connection:
            return connection.execute(_DROP_OF_BLOCKING, mine).rowcount

    def doubt_menus(self) -> None:
        """What is recorded may not be so any more: every recorded menu is linked once more, of all accounts."""
        with self.writing() as connection:
            connection.execute(sa.update(friend_menus).values(confirmed=False))

    def menu_pass(self, account: str) -> Pass | None:
        """When everybody was last looked at."""
        with self.reading() as connection:
            row = connection.execute(_PASS, {"account_id": self.account_id(connection, account)}).first()
        return None if row is None else Pass(row.digest, row.at, timedelta(milliseconds=row.took))

    def note_menu_pass(self, account: str, done: Pass) -> None:
        """Everybody was looked at."""
        took = done.took // timedelta(milliseconds=1)
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            new = {"digest": done.digest, "at": done.at, "took": took}
            insert = self.insert(menu_passes).values(account_id=account_id, **new)
            connection.execute(insert.on_conflict_do_update(index_elements=["account_id"], set_=new))


def _shown(row: Any) -> Shown:
    return Shown(row.menu, row.outcome, row.source, row.at, row.confirmed)


def _as_shown(record: MenuRecord, now: datetime, kept: timedelta) -> Shown:
    # Of many friends only this is said of when: whether their tap is too old.
    at = now - kept if record.old else now
    return Shown(record.menu, record.outcome, record.source, at, record.confirmed)
