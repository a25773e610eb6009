"""Which rich menu was linked to whom, and for whom the rules choose another one.

Everybody is asked in one select: a CASE over the rules, of which each is a comparison or a set of ids, beside what is
recorded. The CASE stands in a select of its own behind a fence (an OFFSET of nothing), or the databases work it out
once for each time that its result is named: measured in `decisions/0014-menus-that-follow-a-person.md`.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from lineform.ports.menus import Linking
from lineform.scenarios.menus import NOTHING, RULES, TAP, Group, MenuRules, Pass, Shown
from lineform.segments.predicate import Predicate
from lineform.store.database import STREAMED, chunks
from lineform.store.friends import FriendReading
from lineform.store.predicate_sql import Question, sorted_out
from lineform.store.tables import friend_menus, friends, menu_passes

Columns: TypeAlias = ReadOnlyColumnCollection[str, Any]
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

    def menu_changes(self, account: str, rules: MenuRules, now: datetime) -> Iterator[tuple[int, int, Shown]]:
        """Everybody for whom something may be to be done.

        They are held as ten bytes each: linking them may take hours, for which neither a transaction nor the copy may
        stay in use."""
        ids, chosen_by = array("q"), array("H")
        with self._asking(account, _predicates(rules), now) as asking:
            if asking is None:
                return
            chosen = chosen_of(rules, asking.question).c
            query = sa.select(chosen.id, chosen.rule).where(_to_be_done(rules, chosen, now))
            for friend_id, rule in asking.rows(query):
                ids.append(friend_id)
                chosen_by.append(rule)
        for start in range(0, len(ids), STREAMED):
            part = ids[start : start + STREAMED].tolist()
            shown = self.shown_menus(account, part)
            for friend_id, rule in zip(part, chosen_by[start : start + STREAMED], strict=True):
                yield friend_id, rule, shown.get(friend_id, NOTHING)

    def menu_groups(self, account: str, rules: MenuRules, now: datetime) -> Sequence[Group]:
        """Everybody who can be reached, counted by rule and by what is recorded."""
        with self._asking(account, _predicates(rules), now) as asking:
            if asking is None:
                return []
            chosen = chosen_of(rules, asking.question).c
            late = _late(chosen, rules.taps, now) if isinstance(rules.taps, timedelta) else sa.false()
            columns = [chosen.rule, chosen.menu, chosen.outcome, chosen.source, chosen.confirmed, late.label("late")]
            return [_group(row, rules, now) for row in asking.counted(sa.select(*columns))]

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


def chosen_of(rules: MenuRules, asked: Question) -> sa.Subquery:
    """Everybody who can be reached, with the number of the first rule that holds, and what is recorded of them."""
    rule, rows, everybody = sorted_out(_predicates(rules), asked, asked.menus.friends)
    chosen = sa.select(friends.c.id, rule.label("rule"), *asked.menus.columns).select_from(rows)
    return chosen.where(everybody).offset(0).subquery("chosen")


def _predicates(rules: MenuRules) -> list[Predicate]:
    return [rule.predicate for rule in rules.rules]


def _outcome(rules: MenuRules, rule: ColumnElement[int]) -> ColumnElement[str]:
    menus = {number: menu for number, menu in enumerate(rules.outcomes) if menu}
    return sa.case(menus, value=rule, else_="") if menus else sa.literal("")


def _to_be_done(rules: MenuRules, mine: Columns, now: datetime) -> ColumnElement[bool]:
    """At least where `lineform.scenarios.menus.decide` finds something to do; `mine` are the columns of `chosen_of`."""
    outcome = _outcome(rules, mine.rule)
    clauses = [sa.func.coalesce(mine.outcome, "") != outcome, mine.confirmed.is_(sa.false())]
    clauses.append(sa.and_(mine.source == RULES, mine.menu != mine.outcome))
    if rules.tabs:
        clauses.append(sa.and_(mine.source.not_in([RULES, TAP]), mine.menu.not_in(list(rules.tabs))))
        clauses.append(sa.and_(mine.source == TAP, sa.or_(*_taps_to_end(rules, outcome, mine, now))))
    return sa.or_(*clauses)


def _taps_to_end(
    rules: MenuRules, outcome: ColumnElement[str], mine: Columns, now: datetime
) -> Iterator[ColumnElement[bool]]:
    if isinstance(rules.taps, timedelta):
        yield _late(mine, rules.taps, now)
    elif not rules.taps:
        yield sa.true()
    for menu in sorted(set(rules.outcomes)):
        yield sa.and_(outcome == menu, mine.menu.not_in(sorted(rules.tabs.get(menu, ()))))


def _late(mine: Columns, kept: timedelta, now: datetime) -> ColumnElement[bool]:
    """Whether a tap, if it is one, is kept no longer."""
    late: ColumnElement[bool] = mine.at <= now - kept
    return late


def _shown(row: Any) -> Shown:
    return Shown(row.menu, row.outcome, row.source, row.at, row.confirmed)


def _group(row: Any, rules: MenuRules, now: datetime) -> Group:
    rule, menu, outcome, source, confirmed, late, count = row
    if menu is None:
        return Group(rule, NOTHING, count)
    # Of many friends only this is said of when: whether their tap is too old.
    at = now - rules.taps if isinstance(rules.taps, timedelta) and late else now
    return Group(rule, Shown(menu, outcome, source, at, bool(confirmed)), count)
