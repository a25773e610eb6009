"""Out of whose store, and as of when, messages are given what they name: codes, coupons, links, items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from lineform.errors import BlockedError
from lineform.ports.items import Item
from lineform.ports.store import Store
from lineform.run.lessons import Lessons
from lineform.run.options import Run


@dataclass(frozen=True)
class Supplies:
    """One account's, at one moment. The feed and the coupons are read once, when they are first asked for; inside of
    the thread that owns the store."""

    store: Store
    account: str
    now: datetime
    lessons: Lessons = field(default_factory=Lessons)
    """What is learned from everybody's history. Of a send it is learned once, for all of its friends."""

    def items(self) -> Mapping[str, Item]:
        """The items of the feed by their ids. Raises BlockedError where there are none."""
        if not self._feed:
            raise BlockedError(
                "there are no items to recommend", hint="import the feed with 'lineform items import'", code="G230"
            )
        return self._feed

    @cached_property
    def _feed(self) -> Mapping[str, Item]:
        return {item.id: item for item in self.store.items(self.account)}

    @cached_property
    def coupons(self) -> Mapping[str, str]:
        """LINE's ids of the coupons that were made, by their names."""
        return {one.name: one.coupon_id for one in self.store.coupons(self.account) if one.coupon_id}


def supplies_of(run: Run) -> Supplies:
    """Those of a send, which are made once."""
    return Supplies(run.store, run.client.name, run.clock.now())
