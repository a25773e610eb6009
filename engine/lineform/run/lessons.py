"""What goes together among the items of an account, learned once and kept for a while.

A campaign learns for its one send, where this is judged, and is written by the same. Steps and replies make messages
for a few friends at a time, all day long, and each time a look at everybody's history would cost more than all else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from weakref import WeakKeyDictionary

from lineform.ports.store import Store
from lineform.sending.recommend import Learned, Recommending, learn

KEPT: Final = timedelta(hours=1)
"""For so long, what others chose meanwhile does not count. A friend's own choices always do, and so do the items."""


class Lessons:
    """Those of one store, or of one send."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str, timedelta], tuple[datetime, Learned]] = {}

    def of(self, store: Store, account: str, rule: Recommending, available: Sequence[str], now: datetime) -> Learned:
        """What this rule goes by, not older than `KEPT`. `store` may be a transaction of it."""
        key = (account, rule.event, rule.field, rule.within)
        known = self._known.get(key)
        if known is None or not known[0] <= now < known[0] + KEPT:
            known = self._known[key] = (now, _learned(store, account, rule, available, now))
        return known[1]


def _learned(store: Store, account: str, rule: Recommending, available: Sequence[str], now: datetime) -> Learned:
    """From the choices of all friends; nothing where the rule goes by no history."""
    if not rule.event:
        return Learned({})
    choices = store.choices(account, rule.event, rule.field, now - rule.within)
    return learn((chosen for _, chosen in choices), available)


_LESSONS: WeakKeyDictionary[Store, Lessons] = WeakKeyDictionary()


def lessons_of(store: Store) -> Lessons:
    """The ones that this process keeps beside this store, as long as it is open."""
    return _LESSONS.setdefault(store, Lessons())
