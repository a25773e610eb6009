"""Questions to LINE about friends' profiles: kept, claimed by one, asked again, answered for good."""

from __future__ import annotations

from datetime import timedelta

from lineform.ports.friends import FriendRow
from lineform.ports.journeys import FriendChange
from lineform.ports.profiles import ProfileAsk
from lineform.ports.store import Store
from lineform.scenarios.profiles import Unknown
from lineform.store import open_store
from support.stores import NOW, user

LEASE = timedelta(seconds=60)
LATER = NOW + timedelta(minutes=5)


def strangers(store: Store, count: int) -> list[int]:
    rows = [FriendRow(user(number), blocked=False) for number in range(1, count + 1)]
    store.import_friends("aoba", rows, NOW)
    return sorted(store.friend_ids("aoba", [row.user_id for row in rows]).values())


def test_who_is_not_known_and_can_be_asked_for(store: Store) -> None:
    new, waits, untold = strangers(store, 3)
    store.import_friends("aoba", [FriendRow(user(4), "花子"), FriendRow(user(5), blocked=True)], NOW)
    store.import_friends("kita", [FriendRow(user(6))], NOW)
    store.ask_profiles("aoba", [waits, untold], NOW)
    store.profiles_untold("aoba", [untold])
    ours = store.friend_ids("aoba", [user(number) for number in range(1, 6)]).values()
    ids = [*ours, *store.friend_ids("kita", [user(6)]).values()]
    assert store.unknown_profiles("aoba", ids) == {
        new: Unknown(new, user(1)),
        waits: Unknown(waits, user(2), asked=True, waiting=True),
        untold: Unknown(untold, user(3), asked=True),
    }


def test_a_question_is_claimed_by_one_until_its_lease_is_over_and_its_attempts_are_counted(store: Store) -> None:
    first, second = strangers(store, 2)
    store.ask_profiles("aoba", [second, first], NOW)
    assert store.claim_profiles("aoba", NOW, LEASE, 1) == [ProfileAsk(first, user(1), 1)]
    assert store.claim_profiles("aoba", NOW, LEASE, 9) == [ProfileAsk(second, user(2), 1)]
    assert list(store.claim_profiles("aoba", NOW + LEASE - timedelta(seconds=1), LEASE, 9)) == []
    again = store.claim_profiles("aoba", NOW + LEASE, LEASE, 9)
    assert again == [ProfileAsk(first, user(1), 2), ProfileAsk(second, user(2), 2)]
    assert list(store.claim_profiles("kita", LATER, LEASE, 9)) == []


def test_a_question_that_got_no_answer_is_asked_later(store: Store) -> None:
    (friend,) = strangers(store, 1)
    store.ask_profiles("aoba", [friend], NOW)
    store.claim_profiles("aoba", NOW, LEASE, 9)
    store.postpone_profiles("aoba", {friend: LATER})
    assert list(store.claim_profiles("aoba", LATER - timedelta(seconds=1), LEASE, 9)) == []
    assert store.claim_profiles("aoba", LATER, LEASE, 9) == [ProfileAsk(friend, user(1), 2)]


def test_what_line_does_not_tell_is_not_asked_again_until_somebody_wants_it(store: Store) -> None:
    (friend,) = strangers(store, 1)
    store.ask_profiles("aoba", [friend], NOW)
    store.claim_profiles("aoba", NOW, LEASE, 9)
    store.profiles_untold("aoba", [friend])
    store.postpone_profiles("aoba", {friend: LATER})
    assert list(store.claim_profiles("aoba", LATER, LEASE, 9)) == []
    store.ask_profiles("aoba", [friend], LATER)
    assert store.claim_profiles("aoba", LATER, LEASE, 9) == [ProfileAsk(friend, user(1), 1)]


def test_nobody_is_asked_for_who_became_known_or_blocks_by_now(store: Store) -> None:
    known, blocks, told = strangers(store, 3)
    store.ask_profiles("aoba", [known, blocks, told], NOW)
    store.import_friends("aoba", [FriendRow(user(1), "花子"), FriendRow(user(2), blocked=True)], NOW)
    store.profiles_told("aoba", [told])
    assert list(store.claim_profiles("aoba", NOW, LEASE, 9)) == []
    store.import_friends("aoba", [FriendRow(user(2), blocked=False)], NOW)
    assert store.unknown_profiles("aoba", [known, blocks, told]) == {
        blocks: Unknown(blocks, user(2)),
        told: Unknown(told, user(3)),
    }


def test_what_line_tells_is_written_beside_what_is_known(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(1), language="ja", attributes={"name": "佐藤"})], NOW)
    (friend,) = store.friend_ids("aoba", [user(1)]).values()
    store.change_friends("aoba", [FriendChange(friend, display_name="花子")], LATER)
    (found,) = store.friends("aoba", [friend])
    assert (found.display_name, found.language, found.attributes) == ("花子", "ja", {"name": "佐藤"})


def test_nothing_is_asked_about_somebody_who_is_forgotten(store_url: str) -> None:
    with open_store(store_url, "a secret that never changes") as store:
        (friend,) = strangers(store, 1)
        store.ask_profiles("aoba", [friend], NOW)
        store.forget("aoba", [user(1)], NOW)
        store.ask_profiles("aoba", [friend], NOW)
        assert list(store.claim_profiles("aoba", NOW, LEASE, 9)) == []
        assert store.unknown_profiles("aoba", [friend]) == {}
