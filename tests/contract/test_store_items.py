"""What every store owes about items: a feed is all there is, and choices come by friend."""

from __future__ import annotations

from datetime import timedelta

from lineform.ports.friends import EventRow, FriendRow
from lineform.ports.items import Item, ItemCount
from lineform.ports.store import Store
from lineform.segments.friend import Value
from support.stores import NOW, user

TEA = Item("tea", {"name": "緑茶", "price": 1200, "kinds": ("a", "b"), "new": True})
CUP = Item("cup", {"name": "湯呑み", "price": 980.5})


def test_a_feed_takes_the_place_of_the_one_before(store: Store) -> None:
    assert store.import_items("aoba", [TEA, CUP], NOW) == ItemCount(added=2)
    assert store.items("aoba") == [TEA, CUP]
    dearer = Item("cup", {"name": "湯呑み", "price": 1100})
    assert store.import_items("aoba", [dearer, Item("pot", {})], NOW) == ItemCount(added=1, changed=1, removed=1)
    assert store.items("aoba") == [dearer, Item("pot", {})]
    assert store.import_items("aoba", [dearer, Item("pot", {})], NOW) == ItemCount(unchanged=2)
    assert store.items("kita") == []
    assert store.import_items("aoba", [], NOW) == ItemCount(removed=2)


def test_choices_come_by_friend_the_latest_first_and_each_once(store: Store) -> None:
    for account in ("aoba", "kita"):
        store.import_friends(account, [FriendRow(user(1)), FriendRow(user(2))], NOW)
    day = timedelta(days=1)

    def bought(number: int, key: str, item: Value, ago: int) -> EventRow:
        return EventRow(user(number), "purchase", key, NOW - ago * day, {"item": item})

    rows = [bought(1, "a", "tea", 3), bought(1, "b", "cup", 2), bought(1, "c", "tea", 1), bought(2, "d", "pot", 1)]
    store.add_events("aoba", [*rows, bought(2, "e", "old", 400), bought(2, "f", 7, 2)], NOW)
    store.add_events("kita", [bought(1, "a", "soap", 1)], NOW)
    ids = store.friend_ids("aoba", [user(1), user(2)])
    since = NOW - 365 * day
    everybody = dict(store.choices("aoba", "purchase", "item", since))
    assert everybody == {ids[user(1)]: ["tea", "cup"], ids[user(2)]: ["pot", "7"]}
    assert dict(store.choices("aoba", "purchase", "item", since, [ids[user(2)]])) == {ids[user(2)]: ["pot", "7"]}
    assert dict(store.choices("aoba", "visit", "item", since)) == {}
    assert dict(store.choices("aoba", "purchase", "item", since, [])) == {}
