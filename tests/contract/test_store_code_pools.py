"""Each code is given to one friend, and each friend has one of a pool: whatever runs, stops or is run twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
import sqlalchemy as sa

from lineform.lineapi.routes import Route
from lineform.ports.codes import CodeCount, PoolCount
from lineform.ports.friends import FriendRow
from lineform.ports.ledger import Handout, NewBatch, PoolEmpty, Settled
from lineform.ports.store import Store
from lineform.sending.status import BatchStatus, SendStatus
from lineform.store import open_store
from lineform.store.open import SqlStore
from support.stores import NOW, new_send, user

SALON = "aoba"


def codes(*numbers: int) -> list[str]:
    return [f"GIFT-{number:04}" for number in numbers]


@pytest.fixture
def friends(store: Store) -> list[int]:
    """Six friends of the salon, and ten gift codes."""
    store.import_friends(SALON, [FriendRow(user(number)) for number in range(1, 7)], NOW)
    store.import_codes(SALON, "gift", codes(*range(10)), NOW)
    return sorted(store.friend_ids(SALON, [user(number) for number in range(1, 7)]).values())


def giving(
    ids: Sequence[int], read: dict[int, str] | None = None, pool: str = "gift"
) -> Callable[[Handout], Iterator[NewBatch]]:
    """The batches of a send that gives each of these friends a code, two friends at a time."""

    def batches(handout: Handout) -> Iterator[NewBatch]:
        for seq, at in enumerate(range(0, len(ids), 2)):
            people = tuple(ids[at : at + 2])
            given = handout.codes(pool, people)
            (read if read is not None else {}).update(given)
            body = " ".join(given[one] for one in people).encode()
            yield NewBatch(seq, Route.MULTICAST, people, body, uuid4())

    return batches


def counted(store: Store) -> PoolCount:
    (found,) = store.pool_counts(SALON)
    return found


def test_importing_again_adds_what_is_missing_and_says_what_it_did(store: Store) -> None:
    assert store.import_codes(SALON, "gift", codes(1, 2, 2), NOW) == CodeCount(2, 1)
    assert store.import_codes(SALON, "gift", codes(2, 3), NOW) == CodeCount(1, 1)
    assert counted(store) == PoolCount("gift", 3, 0, 0, 0)


def test_free_codes_are_counted_no_further_than_anybody_asks(store: Store, friends: list[int]) -> None:
    assert [store.free_codes(SALON, "gift", most=most) for most in (None, 3, 10, 11)] == [10, 3, 10, 10]
    assert store.free_codes(SALON, "none", most=3) == 0


def test_a_code_of_one_pool_does_not_enter_another(store: Store) -> None:
    store.import_codes(SALON, "gift", codes(1, 2), NOW)
    assert store.import_codes(SALON, "other", codes(2, 3), NOW) == CodeCount(1, 0, 1)
    assert store.import_codes("elsewhere", "other", codes(2), NOW) == CodeCount(1)


def test_every_recipient_is_given_a_code_of_their_own(store: Store, friends: list[int]) -> None:
    read: dict[int, str] = {}
    assert store.freeze(SALON, new_send(), giving(friends, read), NOW) is not None
    assert sorted(read) == friends
    assert len(set(read.values())) == 6
    assert store.held_codes(SALON, "gift", friends) == read
    assert list(store.code_holders(SALON, "gift")) == friends
    assert counted(store) == PoolCount("gift", 4, 6, 0, 0)


def test_a_friend_keeps_the_same_code_in_every_send(store: Store, friends: list[int]) -> None:
    first: dict[int, str] = {}
    again: dict[int, str] = {}
    store.freeze(SALON, new_send("a"), giving(friends[:4], first), NOW)
    store.freeze(SALON, new_send("b"), giving(friends, again), NOW)
    assert {one: again[one] for one in first} == first
    assert len(set(again.values())) == 6


def test_too_few_codes_stop_the_freeze_and_nothing_is_written(store: Store, friends: list[int]) -> None:
    store.discard_codes(SALON, "gift")
    store.import_codes(SALON, "gift", codes(1, 2, 3, 4, 5), NOW)
    with pytest.raises(PoolEmpty):
        store.freeze(SALON, new_send(), giving(friends), NOW)
    assert store.sends(SALON) == []
    assert counted(store) == PoolCount("gift", 5, 0, 0, 0)
    with pytest.raises(PoolEmpty):
        store.freeze(SALON, new_send(), giving(friends, pool="none"), NOW)


def test_a_freeze_that_dies_in_its_middle_has_given_nothing(store: Store, friends: list[int]) -> None:
    def dying(handout: Handout) -> Iterator[NewBatch]:
        yield from list(giving(friends[:4])(handout))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.freeze(SALON, new_send(), dying, NOW)
    assert counted(store) == PoolCount("gift", 10, 0, 0, 0)
    read: dict[int, str] = {}
    store.freeze(SALON, new_send(), giving(friends, read), NOW)
    assert len(set(read.values())) == 6


def test_a_second_freeze_of_the_same_occurrence_gives_nothing(store: Store, friends: list[int]) -> None:
    store.freeze(SALON, new_send(), giving(friends), NOW)
    assert store.freeze(SALON, new_send(), giving(friends), NOW) is None
    assert counted(store).given == 6


def test_two_sends_frozen_at_once_give_no_code_twice(store_url: str, store: Store, friends: list[int]) -> None:
    barrier = Barrier(4)

    def freeze(number: int) -> dict[int, str]:
        read: dict[int, str] = {}
        with open_store(store_url) as own:
            barrier.wait(30)
            own.freeze(SALON, new_send(str(number)), giving(friends, read), NOW)
        return read

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(freeze, range(4)))
    assert all(one == found[0] for one in found)
    assert len(set(found[0].values())) == 6
    assert counted(store).given == 6


def test_codes_of_a_send_that_was_called_off_before_its_first_call_are_free_again(
    store: Store, friends: list[int]
) -> None:
    send = store.freeze(SALON, new_send(), giving(friends), NOW)
    assert send is not None
    assert store.call_off(send, SendStatus.HELD, NOW, reason="changed")
    assert counted(store) == PoolCount("gift", 10, 0, 0, 0)


def test_a_code_that_another_send_shows_is_never_free_again(store: Store, friends: list[int]) -> None:
    first = store.freeze(SALON, new_send("a"), giving(friends), NOW)
    shown: dict[int, str] = {}
    second = store.freeze(SALON, new_send("b"), giving(friends[:2], shown), NOW)
    assert first is not None
    assert second is not None
    assert store.call_off(first, SendStatus.HELD, NOW, reason="changed")
    assert store.held_codes(SALON, "gift", friends) == shown
    assert store.call_off(second, SendStatus.HELD, NOW, reason="changed")
    assert store.held_codes(SALON, "gift", friends) == shown


def test_what_line_accepted_is_confirmed(store: Store, friends: list[int]) -> None:
    from datetime import timedelta

    send = store.freeze(SALON, new_send(), giving(friends), NOW)
    assert send is not None
    one, other, _ = store.claim(send, "w", NOW, timedelta(minutes=1), 9)
    store.settle_all(
        [Settled(one.id, BatchStatus.ACCEPTED, "r1"), Settled(other.id, BatchStatus.UNCERTAIN, reason="cut")], NOW
    )
    assert counted(store) == PoolCount("gift", 4, 6, 2, 0)
    assert not store.call_off(send, SendStatus.HELD, NOW, reason="too late")


def test_a_forgotten_friend_leaves_a_used_code_without_a_name(store_url: str, friends: list[int]) -> None:
    with open_store(store_url, "a secret that never changes") as store:
        store.freeze(SALON, new_send(), giving(friends), NOW)
        store.forget(SALON, [user(1)], NOW)
        assert counted(store) == PoolCount("gift", 4, 6, 0, 1)
        assert len(list(store.code_holders(SALON, "gift"))) == 5
        assert store.import_codes(SALON, "gift", codes(*range(10)), NOW) == CodeCount(0, 10)
        assert store.discard_codes(SALON, "gift") == 4
        (send,) = store.sends(SALON)
        assert store.call_off(send.id, SendStatus.HELD, NOW, reason="changed")
        assert counted(store) == PoolCount("gift", 5, 1, 0, 1)


def test_no_friend_can_have_two_codes_of_a_pool_whatever_writes(store: Store, friends: list[int]) -> None:
    assert isinstance(store, SqlStore)
    with pytest.raises(sa.exc.IntegrityError), store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE codes SET holder_id = :friend"), {"friend": friends[0]})


def test_whoever_was_forgotten_and_comes_back_has_the_same_code_and_no_second_one(
    store_url: str, friends: list[int]
) -> None:
    with open_store(store_url, "a secret that never changes") as store:
        read: dict[int, str] = {}
        store.freeze(SALON, new_send(recipients=1), giving(friends[:1], read), NOW)
        store.forget(SALON, [user(1)], NOW)
        assert store.held_codes(SALON, "gift", friends) == {}
        store.import_friends(SALON, [FriendRow(user(1)), FriendRow(user(8), returns=True)], NOW)
        assert user(1) not in store.friend_ids(SALON, [user(1)])
        store.import_friends(SALON, [FriendRow(user(1), returns=True)], NOW)
        back = store.friend_ids(SALON, [user(1)])[user(1)]
        assert back != friends[0]
        again: dict[int, str] = {}
        store.freeze(SALON, new_send("again", recipients=2), giving([friends[1], back], again), NOW)
        assert again[back] == read[friends[0]] == "GIFT-0000"
        assert again[friends[1]] == "GIFT-0001"
        assert (counted(store).given, counted(store).nameless) == (2, 0)
        store.forget(SALON, [user(1)], NOW)
        store.import_friends(SALON, [FriendRow(user(1), returns=True)], NOW)
        once_more = store.friend_ids(SALON, [user(1)])[user(1)]
        assert store.held_codes(SALON, "gift", [once_more]) == {once_more: "GIFT-0000"}


def test_what_is_left_of_a_forgotten_holder_tells_nobody_who_it_was_nor_that_two_codes_were_one_persons(
    store_url: str, friends: list[int]
) -> None:
    with open_store(store_url, "a secret that never changes") as store:
        assert isinstance(store, SqlStore)
        store.import_codes(SALON, "coffee", ["COFFEE-1"], NOW)

        def both(handout: Handout) -> Iterator[NewBatch]:
            handout.codes("gift", friends[:1])
            handout.codes("coffee", friends[:1])
            yield NewBatch(0, Route.PUSH, (friends[0],), b"x", uuid4())

        store.freeze(SALON, new_send(recipients=1), both, NOW)
        store.forget(SALON, [user(1)], NOW)
        with store.reading() as connection:
            left = (
                connection.execute(sa.text("SELECT forgotten FROM codes WHERE forgotten IS NOT NULL")).scalars().all()
            )
            people = connection.execute(sa.text("SELECT hash FROM forgotten")).scalars().all()
    assert len({*left, *people}) == len(left) + len(people) == 3
    assert all(len(one) == 64 and user(1) not in one for one in left)
