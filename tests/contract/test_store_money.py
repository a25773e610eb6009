"""What a month's messages come to, and that two freezes at once never promise the same ones twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from lineform.ports.ledger import LedgerMoved, Spent
from lineform.ports.store import Store
from lineform.sending.status import BatchStatus, SendStatus
from lineform.store import open_store
from support.stores import NOW, new_batches, new_send

MINUTE = timedelta(minutes=1)


def frozen(store: Store, key: str, count: int, spent: Spent | None = None) -> int:
    send_id = store.freeze("aoba", new_send(key), new_batches(count), NOW, spent=spent)
    assert send_id is not None
    return send_id


def test_what_is_frozen_and_not_called_is_promised(store: Store) -> None:
    send_id = frozen(store, "a", 4)
    assert store.spent("aoba", NOW) == Spent(NOW, 0, 12)
    store.claim(send_id, "w", NOW, MINUTE, 1)
    assert store.spent("aoba", NOW) == Spent(NOW, 3, 9)
    assert store.spent("aoba", NOW, but=send_id) == Spent(NOW, 3, 0)
    assert store.spent("other", NOW) == Spent(NOW, 0, 0)


def test_a_call_under_way_since_last_month_is_promised_in_this_one(store: Store) -> None:
    send_id = frozen(store, "a", 1)
    store.claim(send_id, "w", NOW, MINUTE, 1)
    assert store.spent("aoba", NOW + MINUTE) == Spent(NOW + MINUTE, 0, 3)


@pytest.mark.parametrize(
    ("status", "promised"),
    [
        (SendStatus.FROZEN, 6),
        (SendStatus.WAITING, 6),
        (SendStatus.RELEASED, 6),
        (SendStatus.HELD, 0),
        (SendStatus.SKIPPED, 0),
        (SendStatus.PARTIAL, 0),
    ],
)
def test_only_sends_that_go_on_by_themselves_promise(store: Store, status: SendStatus, promised: int) -> None:
    parts = [replace(one, status=BatchStatus.STAGED) for one in new_batches(2)]
    send_id = store.freeze("aoba", new_send("a"), parts, NOW)
    assert send_id is not None
    store.conclude(send_id, status, NOW)
    assert store.spent("aoba", NOW).promised == promised


def test_a_freeze_that_was_judged_before_another_promised_more_is_refused(store: Store) -> None:
    before = store.spent("aoba", NOW)
    frozen(store, "a", 2)
    with pytest.raises(LedgerMoved):
        frozen(store, "b", 2, spent=before)
    assert [send.key for send in store.sends("aoba")] == ["a"]
    frozen(store, "b", 2, spent=store.spent("aoba", NOW))


def test_a_freeze_that_was_judged_by_more_than_there_is_now_is_written(store: Store) -> None:
    send_id = frozen(store, "a", 2)
    before = store.spent("aoba", NOW)
    (batch, _) = store.claim(send_id, "w", NOW, MINUTE, 2)
    store.settle(batch.id, BatchStatus.REFUSED, NOW)
    frozen(store, "b", 2, spent=before)


def test_a_part_is_not_opened_where_others_promised_more_since(store: Store) -> None:
    send_id = frozen(store, "a", 2)
    store.stage_rest(send_id, SendStatus.HELD, "late")
    before = store.spent("aoba", NOW, but=send_id)
    frozen(store, "b", 1)
    with pytest.raises(LedgerMoved):
        store.open_wave(send_id, 0, NOW, spent=before)
    assert store.staged(send_id) == {0: 6}
    store.open_wave(send_id, 0, NOW, spent=store.spent("aoba", NOW, but=send_id))
    assert store.staged(send_id) == {}


def test_of_freezes_at_once_that_were_judged_alike_one_is_written(store_url: str) -> None:
    with open_store(store_url) as store:
        frozen(store, "first", 1)
        judged = store.spent("aoba", NOW)

    def freeze(number: int) -> bool:
        with open_store(store_url) as store:
            try:
                frozen(store, f"n{number}", 1, spent=judged)
            except LedgerMoved:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(freeze, range(4))) == 1
