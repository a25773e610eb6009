"""Several workers, schedulers and machines at one store: each send happens once, and no batch is held twice."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TypeVar

import pytest

from lineform.errors import CredentialError
from lineform.ports.friends import FriendRow
from lineform.ports.ledger import NewBatch
from lineform.ports.store import Store
from lineform.segments.predicate import EVERYONE
from lineform.sending.status import BatchStatus
from lineform.store import open_store
from support.stores import NOW, new_batches, new_send, user

MINUTE = timedelta(minutes=1)
T = TypeVar("T")


def at_once(url: str, count: int, act: Callable[[Store, int], T]) -> list[T]:
    """What `count` workers get who begin in the same moment, each with its own connections."""
    barrier = Barrier(count)

    def work(number: int) -> T:
        with open_store(url) as store:
            store.sends("warm-up")
            barrier.wait(30)
            return act(store, number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def test_of_two_schedulers_one_freezes_an_occurrence(store_url: str, store: Store) -> None:
    frozen = at_once(store_url, 6, lambda s, n: s.freeze("aoba", new_send(), new_batches(n + 1), NOW))
    winners = [n for n, send_id in enumerate(frozen) if send_id is not None]
    assert len(winners) == 1
    (send,) = store.sends("aoba")
    assert send.batches == {BatchStatus.READY: winners[0] + 1}


def test_workers_share_the_batches_and_none_is_held_twice(store_url: str, store: Store) -> None:
    send_id = store.freeze("aoba", new_send(), new_batches(120), NOW)
    assert send_id is not None

    def claim_all(own: Store, number: int) -> list[int]:
        taken: list[int] = []
        while batches := own.claim(send_id, f"worker-{number}", NOW, MINUTE, 7):
            for batch in batches:
                own.settle(batch.id, BatchStatus.ACCEPTED, NOW, request_id=str(batch.seq))
            taken += [batch.seq for batch in batches]
        return taken

    taken = at_once(store_url, 4, claim_all)
    assert sorted(seq for own in taken for seq in own) == list(range(120))
    assert store.sends("aoba")[0].batches == {BatchStatus.ACCEPTED: 120}


def test_of_two_takers_over_one_gets_the_batch(store_url: str, store: Store) -> None:
    send_id = store.freeze("aoba", new_send(), new_batches(1), NOW)
    assert send_id is not None
    store.claim(send_id, "dead", NOW, MINUTE, 1)
    taken = at_once(store_url, 5, lambda s, n: s.claim(send_id, f"w{n}", NOW + MINUTE, MINUTE, 1))
    assert sorted(len(t) for t in taken) == [0, 0, 0, 0, 1]


def test_one_of_many_gets_the_lease(store_url: str, store: Store) -> None:
    got = at_once(store_url, 6, lambda s, n: s.lease("apply:aoba", f"machine-{n}", NOW, MINUTE))
    assert sum(got) == 1
    assert store.lease_holder("apply:aoba", NOW) == f"machine-{got.index(True)}"


def test_the_same_friends_imported_by_two_are_there_once(store_url: str, store: Store) -> None:
    rows = [FriendRow(user(n), attributes={"n": n}, tags=("a", "b")) for n in range(300)]
    counts = at_once(store_url, 4, lambda s, _: s.import_friends("aoba", rows, NOW))
    assert sum(c.added for c in counts) == 300
    assert sum(c.unchanged for c in counts) == 900
    assert store.count("aoba", EVERYONE, NOW) == 300


def test_one_bot_wins_an_account(store_url: str, store: Store) -> None:
    bots = ["U" + str(n) * 32 for n in range(4)]

    def claim(own: Store, number: int) -> bool:
        try:
            own.claim_bot("aoba", bots[number])
        except CredentialError:
            return False
        return True

    assert sum(at_once(store_url, 4, claim)) == 1


def test_an_audience_is_read_from_one_moment_while_friends_come_and_go(store_url: str, store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(n)) for n in range(12_000)], NOW)
    stream = store.select("aoba", EVERYONE, NOW)
    seen = [next(stream)]
    with open_store(store_url) as other:
        other.import_friends("aoba", [FriendRow(user(n), blocked=True) for n in range(6_000, 12_000)], NOW)
        other.import_friends("aoba", [FriendRow(user(n)) for n in range(12_000, 12_100)], NOW)
    seen += stream
    assert len(seen) == len(set(seen)) == 12_000


def test_a_freeze_reads_its_audience_from_the_same_store(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(n)) for n in range(12_000)], NOW)
    ids = store.select("aoba", EVERYONE, NOW)
    template = new_batches(1)[0]
    batches = (NewBatch(seq, template.route, (i,), template.body, template.retry_key) for seq, i in enumerate(ids))
    assert store.freeze("aoba", new_send(), batches, NOW) is not None
    assert store.sends("aoba")[0].batches == {BatchStatus.READY: 12_000}


def test_within_a_transaction_nobody_asks_about_everybody(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(1))], NOW)
    with store.together("aoba") as one:
        for ask in (one.count, lambda *asked: list(one.select(*asked))):
            with pytest.raises(RuntimeError, match="outside"):
                ask("aoba", EVERYONE, NOW)
        (known,) = one.friend_ids("aoba", [user(1)]).values()
        assert one.matches("aoba", EVERYONE, known, NOW)
        assert one.among_selected("aoba", EVERYONE, [known], NOW) == {known}


def _die_after_the_claim(url: str, send_id: int) -> None:
    with open_store(url) as store:
        store.claim(send_id, "killed", NOW, MINUTE, 2)
        os.kill(os.getpid(), signal.SIGKILL)


def _die_while_freezing(url: str) -> None:
    def batches() -> Iterator[NewBatch]:
        yield from new_batches(1200)
        os.kill(os.getpid(), signal.SIGKILL)

    with open_store(url) as store:
        store.freeze("aoba", new_send(), batches(), NOW)


def _run_to_its_death(target: Callable[..., None], *arguments: object) -> None:
    process = multiprocessing.get_context("spawn").Process(target=target, args=arguments)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


def test_a_worker_killed_after_its_claim_leaves_the_intent(store_url: str, store: Store) -> None:
    send_id = store.freeze("aoba", new_send(), new_batches(3), NOW)
    assert send_id is not None
    _run_to_its_death(_die_after_the_claim, store_url, send_id)
    assert store.sends("aoba")[0].batches == {BatchStatus.CALLING: 2, BatchStatus.READY: 1}
    assert store.spent("aoba", NOW).called == 6
    assert [b.seq for b in store.claim(send_id, "next", NOW, MINUTE, 9)] == [2]
    again = store.claim(send_id, "next", NOW + MINUTE, MINUTE, 9)
    assert [(b.seq, b.attempts, b.first_called_at) for b in again] == [(0, 1, NOW), (1, 1, NOW), (2, 1, NOW)]


def test_a_process_killed_while_freezing_leaves_nothing(store_url: str, store: Store) -> None:
    _run_to_its_death(_die_while_freezing, store_url)
    assert store.sends("aoba") == []
    assert store.freeze("aoba", new_send(), new_batches(1), NOW) is not None
