"""What a large freeze keeps waiting, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from lineform.lineapi.routes import Route
from lineform.ports.ledger import LedgerMoved, NewBatch, NewSend
from lineform.ports.store import Store
from lineform.sending.status import BatchStatus
from lineform.store import open_store
from support.postgres import empty
from support.stores import NOW, new_batches, new_send

BEFORE_A_TOKEN_DIES = 20
HELD_BACK = 0.2


def answer(store: Store, key: str = "hello", friend: int = 7) -> int | None:
    (one,) = new_batches(1, (friend,), Route.REPLY)
    batch = NewBatch(0, Route.REPLY, one.friend_ids, one.body, one.retry_key, status=BatchStatus.ANSWERING)
    return store.freeze("aoba", reply(key), [batch], NOW, answers=True)


def reply(key: str) -> NewSend:
    return new_send(key, address="reply.hello", recipients=1)


class Large:
    """A send whose freeze takes until it is told to end."""

    def __init__(self) -> None:
        self.begun, self.end = Event(), Event()

    def batches(self, _: object) -> Iterator[NewBatch]:
        self.begun.set()
        assert self.end.wait(60)
        yield from new_batches(1)


@pytest.fixture
def shared_url(postgres_url: str) -> str:
    empty(postgres_url)
    return postgres_url


def test_an_answer_does_not_wait_for_a_large_freeze(shared_url: str) -> None:
    large = Large()
    with open_store(shared_url) as one, open_store(shared_url) as other, ThreadPoolExecutor(2) as pool:
        one.freeze("aoba", new_send("before"), [], NOW)
        frozen = pool.submit(one.freeze, "aoba", new_send("large"), large.batches, NOW)
        try:
            assert large.begun.wait(20)
            answered = pool.submit(answer, other)
            assert answered.result(BEFORE_A_TOKEN_DIES) is not None
            assert not frozen.done()
        finally:
            large.end.set()
        assert frozen.result(20) is not None


def test_a_position_is_read_when_no_freeze_is_under_way(shared_url: str) -> None:
    """The large send has a lower number than the answer, and is seen later: who is chosen by the answer's number would
    not see that friends of the large send were taken."""
    large = Large()
    with open_store(shared_url) as one, open_store(shared_url) as other, ThreadPoolExecutor(2) as pool:
        one.freeze("aoba", new_send("before"), [], NOW)
        frozen = pool.submit(one.freeze, "aoba", new_send("large"), large.batches, NOW)
        try:
            assert large.begun.wait(20)
            answer(other)
            position = pool.submit(other.ledger_position, "aoba")
            with pytest.raises(TimeoutError):
                position.result(HELD_BACK)
        finally:
            large.end.set()
        frozen.result(20)
        position.result(20)
        assert [len(list(one.friend_ids)) for one in other.contacts("aoba", NOW, NOW)] == [3]


def test_answers_and_what_reached_nobody_do_not_make_a_choice_old(store: Store) -> None:
    before = store.ledger_position("aoba")
    answer(store)
    store.freeze("aoba", new_send("skipped"), [], NOW)
    assert store.freeze("aoba", new_send("a"), new_batches(1), NOW, position=before) is not None
    with pytest.raises(LedgerMoved):
        store.freeze("aoba", new_send("b"), new_batches(1), NOW, position=before)
