"""What each friend of a send is recommended: learned once for the send, then picked some friends at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lineform.errors import BlockedError
from lineform.ports.items import Item
from lineform.run.supplies import Supplies
from lineform.sending.given import ITEMS
from lineform.sending.recommend import Learned, Recommending, ids_in, picked

PerFriend = Mapping[int, Mapping[str, Any]]
"""Further names of a friend's scope, by the friend's id."""


class NothingToRecommend(BlockedError):
    """A rule has nothing for these friends, whatever its fallback is."""

    def __init__(self, name: str, friends: Sequence[int]) -> None:
        super().__init__(
            f"items.{name} has nothing for {len(friends)} friends, such as friend {friends[0]}",
            hint="let its fallback name items that are in the feed, or write 'repeat: true'",
            code="G230",
        )
        self.name, self.friends = name, frozenset(friends)


class Recommended:
    """Asked inside of the thread that owns the store. Nothing is read before the first friend is asked for."""

    def __init__(self, supplies: Supplies, rules: Mapping[str, Recommending]) -> None:
        self._from, self._rules = supplies, rules
        self._items: dict[str, Item] = {}
        self._learned: dict[str, Learned] = {}

    def each(self, ids: Sequence[int]) -> PerFriend:
        """``items`` of these friends. Raises BlockedError where there is nothing to recommend to anybody, and
        NothingToRecommend where there is nothing for some."""
        if not self._rules:
            return {}
        if not self._items:
            self._read()
        found: dict[int, dict[str, list[dict[str, Any]]]] = {one: {} for one in ids}
        for name, rule in self._rules.items():
            for friend, chosen in self._picked(name, rule, ids).items():
                found[friend][name] = [{**self._items[one].fields, "id": one} for one in chosen]
        return {one: {ITEMS: lists} for one, lists in found.items()}

    def _read(self) -> None:
        store, account, now = self._from.store, self._from.account, self._from.now
        self._items = {item.id: item for item in store.items(account)}
        if not self._items:
            raise BlockedError(
                "there are no items to recommend", hint="import the feed with 'lineform items import'", code="G230"
            )
        available, learns = list(self._items), self._from.lessons.of
        self._learned = {name: learns(store, account, rule, available, now) for name, rule in self._rules.items()}

    def _picked(self, name: str, rule: Recommending, ids: Sequence[int]) -> dict[int, list[str]]:
        store, account = self._from.store, self._from.account
        mine: dict[int, list[str]] = {}
        wanted: dict[int, list[str]] = {}
        if rule.event:
            since = self._from.now - rule.within
            mine = dict(store.choices(account, rule.event, rule.field, since, ids))
        else:
            friends = store.friends(account, ids)
            wanted = {friend.id: ids_in(friend.attributes.get(rule.attribute)) for friend in friends}
        available = list(self._items)
        known = self._learned[name]
        out = {one: picked(rule, known, mine.get(one, ()), wanted.get(one, ()), available) for one in ids}
        if empty := [one for one, found in out.items() if not found]:
            raise NothingToRecommend(name, empty)
        return out
