"""Which way leads to events, for a condition about everybody: three do, and each is the best for somebody.

SQLite keeps no counts of what a condition selects, and PostgreSQL thinks little of events that come in the order of
friends already. So a few friends are looked at: how much of it they do, and how much of that lies in the condition's
window. Measured with ten million friends, on SQLite and much the same on PostgreSQL: 1.3 µs for each event that is
found by its time and sorted or hashed, 0.09 µs for each event that is walked through in the order of friends, and 0.5
µs to look a friend's events up, which PostgreSQL does where it thinks that best.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.segments.calendar import instant
from lineform.segments.predicate import Happened, Predicate, Sum, leaves
from lineform.store.tables import events

_BY_TIME: Final = 1.3
_IN_ORDER: Final = 0.09
_ONE_BY_ONE: Final = 0.5
"""Microseconds for each event in the window, each event of that type, and each friend."""
_FEW: Final = sa.text("""
WITH RECURSIVE ends (first, last) AS (SELECT
    (SELECT min(id) FROM friends WHERE account_id = :account_id AND blocked = :no),
    (SELECT max(id) FROM friends WHERE account_id = :account_id AND blocked = :no)),
  places (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM places WHERE n < 63)
SELECT DISTINCT (
    SELECT id FROM friends WHERE account_id = :account_id AND blocked = :no AND id >= first + (last - first) * n / 63
    ORDER BY id LIMIT 1) FROM places, ends WHERE last IS NOT NULL
""")
"""Friends from everywhere between the first and the last."""


class Way(Enum):
    """How whoever did something is found."""

    BY_TIME = "by the time of events, then sorted by friends"
    IN_ORDER = "by all events of that type, in the order of friends"
    ONE_BY_ONE = "by each friend's own events"


Ways: TypeAlias = Mapping[Happened, Way]


def ways_to(
    predicates: Iterable[Predicate], account_id: int, types: Mapping[str, int], now: datetime, connection: Connection
) -> Ways:
    """The way to the events of each condition that these predicates consist of. `types` are ids of event types."""
    asked = dict.fromkeys(leaf for predicate in predicates for leaf in leaves(predicate) if isinstance(leaf, Happened))
    if not asked:
        return {}
    few: Sequence[int] = connection.execute(_FEW, {"account_id": account_id, "no": False}).scalars().all()
    return {leaf: _way(leaf, types.get(leaf.event), few, now, connection) for leaf in asked}


def _way(leaf: Happened, type_id: int | None, few: Sequence[int], now: datetime, connection: Connection) -> Way:
    if leaf.where or isinstance(leaf.measure, Sum) or type_id is None:
        # With their fields, events are read best in the order in which they came in.
        return Way.BY_TIME
    window = [now >= events.c.at]
    window += [] if leaf.start is None else [events.c.at >= instant(leaf.start, now)]
    window += [] if leaf.end is None else [events.c.at < instant(leaf.end, now)]
    counted = sa.select(sa.func.count(), sa.func.count().filter(*window))
    whole, within = connection.execute(counted.where(events.c.type_id == type_id, events.c.friend_id.in_(few))).one()
    friends = max(len(few), 1)
    cost = {Way.BY_TIME: _BY_TIME * within / friends, Way.IN_ORDER: _IN_ORDER * whole / friends}
    if connection.dialect.name == "sqlite":
        cost[Way.ONE_BY_ONE] = _ONE_BY_ONE
    return min(cost, key=lambda way: cost[way])
