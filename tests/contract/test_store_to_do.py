"""What every store owes to whoever was sent to: what is done for them is told once for each call that LINE accepted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from lineform.ports.ledger import Batch, Settled, ToDo
from lineform.ports.store import Store
from lineform.sending.status import BatchStatus
from lineform.store import open_store
from support.postgres import empty
from support.stores import NOW, new_batches, new_send

MINUTE = timedelta(minutes=1)
SALON = "aoba"


def claimed(store: Store, batches: int = 1, *, key: str = "k", does: bool = True) -> Sequence[Batch]:
    send_id = store.freeze(SALON, new_send(key, does=does), new_batches(batches), NOW)
    assert send_id is not None
    return store.claim(send_id, "w", NOW, MINUTE, batches)


def settle(store: Store, batches: Sequence[Batch], status: BatchStatus = BatchStatus.ACCEPTED) -> None:
    store.settle_all([Settled(one.id, status, does=one.does) for one in batches], NOW)


def taken(store: Store, friends: int = 1_000) -> Sequence[ToDo]:
    with store.together(SALON) as own:
        return own.take_to_do(SALON, friends)


def test_what_is_done_is_told_once_with_the_version_that_was_sent(store: Store) -> None:
    settle(store, claimed(store))
    assert store.something_to_do(SALON)
    assert not store.something_to_do("another")
    assert taken(store) == [ToDo("campaign.winter-sale", "d1", "k", (1, 2, 3))]
    assert not store.something_to_do(SALON)
    assert taken(store) == []


@pytest.mark.parametrize("status", [BatchStatus.REFUSED, BatchStatus.UNCERTAIN, BatchStatus.FORGOTTEN])
def test_nothing_is_done_for_whom_line_accepted_nothing(store: Store, status: BatchStatus) -> None:
    settle(store, claimed(store), status)
    assert not store.something_to_do(SALON)


def test_a_send_that_does_nothing_leaves_nothing_to_do(store: Store) -> None:
    settle(store, claimed(store, does=False))
    assert not store.something_to_do(SALON)


def test_a_call_that_two_workers_settle_is_told_once(store: Store) -> None:
    batches = claimed(store)
    settle(store, batches)
    settle(store, batches)
    assert len(taken(store)) == 1
    settle(store, batches)
    assert not store.something_to_do(SALON)


def test_what_was_uncertain_and_proves_to_be_accepted_is_done(store: Store) -> None:
    batches = claimed(store)
    settle(store, batches, BatchStatus.UNCERTAIN)
    settle(store, batches)
    assert len(taken(store)) == 1


def test_some_are_taken_at_a_time_in_the_order_of_the_calls_and_one_that_is_larger_by_itself(store: Store) -> None:
    settle(store, claimed(store, 5))
    pieces = []
    while some := taken(store, 7):
        pieces.append(len(some))
    assert pieces == [2, 2, 1]
    settle(store, claimed(store, 2, key="l"))
    assert [one.key for one in taken(store, 1)] == ["l"]


def test_what_is_taken_and_not_written_is_taken_again(store: Store) -> None:
    settle(store, claimed(store))

    def dies() -> None:
        with store.together(SALON) as own:
            assert len(own.take_to_do(SALON, 9)) == 1
            raise RuntimeError("dies")

    with pytest.raises(RuntimeError, match="dies"):
        dies()
    assert len(taken(store)) == 1


def test_what_one_worker_is_at_is_left_to_it(postgres_url: str) -> None:
    """Of SQLite there is one writer, for whom the others wait."""
    empty(postgres_url)
    with open_store(postgres_url) as one, open_store(postgres_url) as other:
        settle(one, claimed(one, 2))
        with one.together(SALON) as own:
            assert len(own.take_to_do(SALON, 3)) == 1
            assert taken(other) == []
        assert len(taken(other)) == 1
        assert not one.something_to_do(SALON)
