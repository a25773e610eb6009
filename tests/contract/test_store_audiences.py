"""Who was uploaded to which audience, in every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from lineform.ports.friends import FriendRow
from lineform.ports.members import membership
from lineform.ports.store import Store
from lineform.segments.predicate import HasTag

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ONE, TWO = 1234567890123, 1234567890124
USERS = [f"U{number:032x}" for number in range(4)]


def test_an_upload_is_intended_then_confirmed_then_forgotten(store: Store) -> None:
    assert store.uploads("salon", ONE) == []
    store.intend_uploads("salon", ONE, [(1, 2), (3,)])
    store.intend_uploads("salon", TWO, [(9,)])
    store.intend_uploads("salon", TWO, [])
    first, second = store.uploads("salon", ONE)
    assert (list(first.friend_ids), list(second.friend_ids), first.confirmed) == ([1, 2], [3], False)
    store.confirm_upload(first.id)
    assert store.uploads("salon", ONE) == [replace(first, confirmed=True), second]
    store.forget_uploads("salon", ONE)
    assert store.uploads("salon", ONE) == []
    assert [list(upload.friend_ids) for upload in store.uploads("salon", TWO)] == [[9]]


def test_each_account_has_uploads_of_its_own(store: Store) -> None:
    store.intend_uploads("salon", ONE, [(1,)])
    assert store.uploads("other", ONE) == []
    store.forget_uploads("other", ONE)
    assert len(store.uploads("salon", ONE)) == 1


def test_membership_counts_who_joined_who_left_and_who_blocked(store: Store) -> None:
    store.import_friends("salon", [FriendRow(user, tags=("regular",)) for user in USERS[:3]], NOW)
    ids = store.friend_ids("salon", USERS)

    def found() -> tuple[int, int, int, bool, bool]:
        one = membership(store, "salon", HasTag("regular"), ONE, NOW, NOW)
        return one.selected, one.missing, one.left, one.unfinished, one.recorded

    assert found() == (3, 3, 0, False, False)
    store.intend_uploads("salon", ONE, [[ids[user] for user in USERS[:3]]])
    assert found() == (3, 3, 0, True, True)
    store.confirm_upload(store.uploads("salon", ONE)[0].id)
    assert found() == (3, 0, 0, False, True)
    changed = [
        FriendRow(USERS[0], blocked=True),
        FriendRow(USERS[1], untag=("regular",)),
        FriendRow(USERS[3], tags=("regular",)),
    ]
    store.import_friends("salon", changed, NOW)
    assert found() == (2, 1, 1, False, True)
