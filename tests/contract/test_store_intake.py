"""Keys, members, items, and calls to systems of the business."""

from __future__ import annotations

from datetime import timedelta

from lineform.ports.friends import FriendRow
from lineform.ports.intake import CallLevel, ItemEvent, NewCall
from lineform.ports.store import Store
from lineform.store import open_store
from support.stores import NOW, user

LEASE = timedelta(seconds=60)
LATER = NOW + timedelta(minutes=5)


def test_a_key_opens_its_account_until_it_is_revoked(store: Store) -> None:
    first = store.add_key("aoba", "till", "hash-1", NOW)
    store.add_key("kita", "site", "hash-2", NOW)
    assert (store.opened_by("hash-1"), store.opened_by("hash-2"), store.opened_by("x")) == ("aoba", "kita", "")
    assert not store.revoke_key("kita", first, LATER)
    assert store.revoke_key("aoba", first, LATER)
    assert not store.revoke_key("aoba", first, LATER)
    assert store.opened_by("hash-1") == ""
    (key,) = store.intake_keys("aoba")
    assert (key.name, key.made_at, key.revoked_at) == ("till", NOW, LATER)


def test_members_are_found_with_all_of_their_friends(store: Store) -> None:
    rows = [FriendRow(user(1), member_id="m-1"), FriendRow(user(2), member_id="m-1"), FriendRow(user(3))]
    store.import_friends("aoba", rows, NOW)
    store.import_friends("kita", [FriendRow(user(4), member_id="m-1")], NOW)
    assert store.user_ids_of_members("aoba", ["m-1", "m-2", ""]) == {"m-1": (user(1), user(2))}


def test_what_happened_to_an_item_is_recorded_once_and_told_once(store: Store) -> None:
    drop = ItemEvent("price_drop", "p-1", "shoe", NOW, {"price": 900, "sizes": ("23", "24")})
    assert store.add_item_events("aoba", [drop, drop]) == 1
    assert store.add_item_events("aoba", [drop]) == 0
    (found,) = store.untold_items("aoba", 10)
    assert (found.type, found.id, found.item, found.at, found.fields) == ("price_drop", "p-1", "shoe", NOW, drop.fields)
    store.items_told("aoba", [found.number])
    assert store.untold_items("aoba", 10) == []


def call(key: str, friend_id: int) -> NewCall:
    return NewCall(friend_id, "crm", key, '{"x":1}')


def test_a_call_is_intended_once_tried_again_and_given_up(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(1))], NOW)
    friend = store.friend_ids("aoba", [user(1)])[user(1)]
    assert store.intend_calls("aoba", [call("k1", friend), call("k1", friend), call("k2", friend)], NOW) == 2
    first, second = store.claim_calls("aoba", "w1", NOW, LEASE, 10)
    assert (first.key, first.webhook, first.attempts, second.key) == ("k1", "crm", 1, "k2")
    assert store.claim_calls("aoba", "w2", NOW, LEASE, 10) == ()
    store.finish_call("aoba", first.number, "w1")
    store.postpone_call("aoba", second.number, "w1", LATER, "503")
    assert store.claim_calls("aoba", "w1", LATER - timedelta(seconds=1), LEASE, 10) == ()
    (again,) = store.claim_calls("aoba", "w1", LATER, LEASE, 10)
    assert (again.key, again.attempts) == ("k2", 2)
    store.give_up_call("aoba", again.number, "w1", "410")
    assert store.outbox_level("aoba") == CallLevel(0, 1)
    assert store.intend_calls("aoba", [call("k1", friend)], LATER) == 0
    assert store.forget_calls("aoba", LATER) == 2


def test_calls_about_somebody_who_is_forgotten_are_not_made(store_url: str) -> None:
    with open_store(store_url, "a secret that never changes") as store:
        store.import_friends("aoba", [FriendRow(user(1))], NOW)
        friend = store.friend_ids("aoba", [user(1)])[user(1)]
        store.intend_calls("aoba", [call("k1", friend)], NOW)
        store.forget("aoba", [user(1)], NOW)
        assert store.claim_calls("aoba", "w1", LATER, LEASE, 10) == ()
