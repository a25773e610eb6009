"""What each friend of a send is recommended: learned once for the send, then picked some friends at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lineform.errors import BlockedError
from lineform.plural import plural
from lineform.run.supplies import Supplies
from lineform.sending.given import ITEMS
from lineform.sending.recommend import Recommending, ids_in, picked

PerFriend = Mapping[int, Mapping[str, Any]]
"""Further names of a friend's scope, by the friend's id."""


class NothingToRecommend(BlockedError):
    """A rule has nothing for these friends, whatever its fallback is."""

    def __init__(self, name: str, friends: Sequence[int]) -> None:
        super().__init__(
            f"items.{name} has nothing for {plural(len(friends), 'friend')}, such as friend {friends[0]}",
            hint="let its fallback name items that are in the feed, or write 'repeat: true'",
            code="G230",
        )
        self.name, self.friends = name, frozenset(friends)


def recommended(supplies: Supplies, rules: Mapping[str, Recommending], ids: Sequence[int]) -> PerFriend:
    """``items`` of these friends. Raises BlockedError where there is nothing to recommend to anybody, and
    NothingToRecommend where there is nothing for some."""
    if not rules:
        return {}
    items = supplies.items()
    found: dict[int, dict[str, list[dict[str, Any]]]] = {one: {} for one in ids}
    for name, rule in rules.items():
        for friend, chosen in _picked(supplies, name, rule, ids).items():
            found[friend][name] = [{**items[one].fields, "id": one} for one in chosen]
    return {one: {ITEMS: lists} for one, lists in found.items()}


def _picked(supplies: Supplies, name: str, rule: Recommending, ids: Sequence[int]) -> dict[int, list[str]]:
    store, account, now = supplies.store, supplies.account, supplies.now
    available = list(supplies.items())
    known = supplies.lessons.of(store, account, rule, available, now)
    mine: dict[int, list[str]] = {}
    wanted: dict[int, list[str]] = {}
    if rule.event:
        mine = dict(store.choices(account, rule.event, rule.field, now - rule.within, ids))
    else:
        friends = store.friends(account, ids)
        wanted = {friend.id: ids_in(friend.attributes.get(rule.attribute)) for friend in friends}
    out = {one: picked(rule, known, mine.get(one, ()), wanted.get(one, ()), available) for one in ids}
    if empty := [one for one, chosen in out.items() if not chosen]:
        raise NothingToRecommend(name, empty)
    return out
