"""Calling a frozen send off: all of it or nothing, whatever other runs do at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import TypeVar
from uuid import uuid4

from lineform.lineapi.routes import Route
from lineform.ports.ledger import NewBatch, NewSend, Revision
from lineform.ports.store import Store
from lineform.sending.status import BatchStatus, SendStatus
from lineform.store.open import open_store

NOW = datetime(2026, 12, 1, 1, tzinfo=UTC)
LEASE = timedelta(minutes=1)
T = TypeVar("T")


def frozen(store: Store, key: str = "2026-12-01T10:00", count: int = 3) -> int:
    new = NewSend("campaign.a", "digest", key, NOW, SendStatus.FROZEN, count, "hash")
    batches = [NewBatch(seq, Route.PUSH, (seq + 1,), b"{}", uuid4()) for seq in range(count)]
    send_id = store.freeze("salon", new, batches, NOW)
    assert send_id is not None
    return send_id


def test_what_nobody_began_is_called_off_and_can_be_claimed_no_more(store: Store) -> None:
    send_id = frozen(store)
    assert store.call_off(send_id, SendStatus.HELD, NOW, reason="late")
    assert store.claim(send_id, "w", NOW, LEASE, 10) == []
    assert not store.call_off(send_id, SendStatus.SKIPPED, NOW, reason="again")
    (send,) = store.sends("salon")
    assert (send.status, send.reason, send.last_called_at) == (SendStatus.HELD, "late", None)


def test_what_somebody_began_is_not_called_off(store: Store) -> None:
    send_id = frozen(store)
    assert len(store.claim(send_id, "w", NOW, LEASE, 1)) == 1
    assert not store.call_off(send_id, SendStatus.HELD, NOW, reason="late")
    (send,) = store.sends("salon")
    assert (send.status, send.last_called_at) == (SendStatus.FROZEN, NOW)


def test_what_is_ready_again_after_a_call_whose_outcome_is_open_is_not_called_off(store: Store) -> None:
    """It was claimed, its caller died, and another run claimed it and gave it back without a call."""
    send_id = frozen(store, count=1)
    (first,) = store.claim(send_id, "dies", NOW, LEASE, 1)
    later = NOW + 2 * LEASE
    assert [one.id for one in store.claim(send_id, "other", later, LEASE, 1)] == [first.id]
    store.release([first.id], later)
    (send,) = store.sends("salon")
    assert (send.batches, send.reopened) == ({BatchStatus.READY: 1}, True)
    assert not store.call_off(send_id, SendStatus.HELD, later, reason="late")
    assert store.stage_rest(send_id, SendStatus.HELD, "late") == 0
    assert len(store.claim(send_id, "other", later, LEASE, 1)) == 1, "it is settled under its key"


def test_the_rest_of_a_begun_send_waits_and_what_was_claimed_stays(store: Store) -> None:
    send_id = frozen(store)
    (mine,) = store.claim(send_id, "w", NOW, LEASE, 1)
    assert store.stage_rest(send_id, SendStatus.HELD, "late") == 2
    assert store.claim(send_id, "other", NOW, LEASE, 10) == []
    later = NOW + 2 * LEASE
    assert [batch.id for batch in store.claim(send_id, "other", later, LEASE, 10)] == [mine.id]
    (send,) = store.sends("salon")
    assert send.batches == {BatchStatus.CALLING: 1, BatchStatus.STAGED: 2}


def test_a_send_whose_rest_was_left_ends_as_was_intended_whoever_settles_it(store: Store) -> None:
    send_id = frozen(store)
    (mine,) = store.claim(send_id, "w", NOW, LEASE, 1)
    assert store.stage_rest(send_id, SendStatus.PARTIAL, "too late; left out") == 2
    assert store.sends("salon")[0].status is SendStatus.FROZEN
    store.settle(mine.id, BatchStatus.ACCEPTED, NOW)
    assert store.conclude(send_id, SendStatus.WAITING, NOW, reason="1 of 3 calls accepted")
    (send,) = store.sends("salon")
    assert (send.status, send.reason) == (SendStatus.PARTIAL, "too late; left out")
    store.open_wave(send_id, 0, NOW)
    store.conclude(send_id, SendStatus.WAITING, NOW)
    assert store.sends("salon")[0].status is SendStatus.WAITING, "what was opened again is intended no more"


def test_a_status_is_set_only_where_it_was_what_somebody_took_it_for(store: Store) -> None:
    send_id = frozen(store)
    assert store.conclude(send_id, SendStatus.HELD, NOW, was=(SendStatus.FROZEN, SendStatus.WAITING))
    assert not store.conclude(send_id, SendStatus.SENT, NOW, was=(SendStatus.FROZEN,))
    assert store.sends("salon")[0].status is SendStatus.HELD


def test_of_a_claim_and_a_call_off_at_once_one_wins(store_url: str) -> None:
    with open_store(store_url) as store:
        store.migrate()
        for day in range(1, 11):
            assert _claim_and_call_off(store_url, frozen(store, f"2026-12-{day:02}T10:00")) in ((3, False), (0, True))


def _claim_and_call_off(url: str, send_id: int) -> tuple[int, bool]:
    """Both at one moment over their own connections: how many were claimed, and whether it was called off."""
    gate = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        claimed = pool.submit(_at, gate, url, lambda mine: len(mine.claim(send_id, "w", NOW, LEASE, 10)))
        off = pool.submit(_at, gate, url, lambda mine: mine.call_off(send_id, SendStatus.HELD, NOW, reason="late"))
        return claimed.result(30), off.result(30)


def _at(gate: Barrier, url: str, work: Callable[[Store], T]) -> T:
    with open_store(url) as mine:
        gate.wait(10)
        return work(mine)


def test_a_campaign_is_armed_since_its_first_version_as_long_as_there_was_no_gap(store: Store) -> None:
    def arm(digest: str, hours: int) -> None:
        store.arm("salon", Revision("campaign.a", digest, NOW + timedelta(hours=hours), {}))

    arm("one", 0)
    arm("two", 1)
    arm("three", 2)
    (armed,) = store.armed("salon")
    assert (armed.digest, armed.armed_at, armed.since) == ("three", NOW + timedelta(hours=2), NOW)
    store.disarm("salon", "campaign.a", NOW + timedelta(hours=3))
    arm("four", 5)
    (armed,) = store.armed("salon")
    assert armed.since == NOW + timedelta(hours=5)
