"""What every store's ledger owes: a send happens once, and no status says more than is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from lineform.lineapi.routes import Route
from lineform.ports.ledger import NewBatch, Settled
from lineform.ports.store import Store
from lineform.sending.frames import Frame, filling
from lineform.sending.status import BatchStatus, SendStatus
from support.stores import NOW, Unread, new_batches, new_send

MINUTE = timedelta(minutes=1)


def frozen(store: Store, batches: int = 3) -> int:
    send_id = store.freeze("aoba", new_send(), new_batches(batches), NOW)
    assert send_id is not None
    return send_id


def test_an_occurrence_is_frozen_once(store: Store) -> None:
    first = frozen(store)
    assert store.freeze("aoba", new_send(), new_batches(9), NOW) is None
    (send,) = store.sends("aoba")
    assert (send.id, send.status, send.batches) == (first, SendStatus.FROZEN, {BatchStatus.READY: 3})


def test_a_second_freeze_does_not_read_its_batches(store: Store) -> None:
    frozen(store)
    assert store.freeze("aoba", new_send(), Unread(), NOW) is None


def test_the_same_key_of_another_account_or_campaign_is_another_occurrence(store: Store) -> None:
    frozen(store)
    assert store.freeze("other", new_send(), [], NOW) is not None
    assert store.freeze("aoba", new_send(address="campaign.spring"), [], NOW) is not None
    assert store.freeze("aoba", new_send(key="2026-12-02T10:00"), [], NOW) is not None
    assert [len(store.sends(a)) for a in ("aoba", "other", "nobody")] == [3, 1, 0]


def test_a_freeze_that_fails_in_the_middle_leaves_nothing(store: Store) -> None:
    def broken() -> Iterator[NewBatch]:
        yield from new_batches(600)
        raise RuntimeError("rendering failed")

    with pytest.raises(RuntimeError, match="rendering failed"):
        store.freeze("aoba", new_send(), broken(), NOW)
    assert store.sends("aoba") == []
    frozen(store)


def test_claimed_batches_come_back_byte_for_byte_in_order(store: Store) -> None:
    new = new_batches(2, friends=(7, 5, 1 << 33))
    send_id = store.freeze("aoba", new_send(), new, NOW)
    assert send_id is not None
    taken = store.claim(send_id, "w", NOW, MINUTE, 10)
    assert [(b.seq, b.friend_ids, b.body, b.retry_key, b.route) for b in taken] == [
        (b.seq, b.friend_ids, b.body, b.retry_key, b.route) for b in new
    ]
    assert {(b.attempts, b.first_called_at, b.send_id) for b in taken} == {(0, None, send_id)}


def test_bodies_that_share_a_frame_come_back_byte_for_byte(store: Store) -> None:
    frame = Frame([b'{"messages":[{"text":"', "さま、あと".encode(), '日です"}]}'.encode()])
    values = [["花子".encode(), b"3"], [b"", b"\\n"], ["太郎".encode(), b"="]]
    new = [
        *(NewBatch(seq, Route.PUSH, (seq,), filling(value), uuid4()) for seq, value in enumerate(values)),
        NewBatch(3, Route.PUSH, (3,), b'{"messages":[]}', uuid4()),
    ]
    send_id = store.freeze("aoba", new_send(frame=frame.recorded()), new, NOW)
    assert send_id is not None
    taken = store.claim(send_id, "w", NOW, MINUTE, 10)
    assert [b.body for b in taken] == [*map(frame.whole, values), b'{"messages":[]}']
    store.release([taken[0].id], NOW)
    assert [b.body for b in store.claim(send_id, "w2", NOW, MINUTE, 10)] == [frame.whole(values[0])]


def test_a_claim_takes_no_more_than_asked_and_nothing_twice(store: Store) -> None:
    send_id = frozen(store)
    assert [b.seq for b in store.claim(send_id, "one", NOW, MINUTE, 2)] == [0, 1]
    assert [b.seq for b in store.claim(send_id, "two", NOW, MINUTE, 2)] == [2]
    assert store.claim(send_id, "two", NOW, MINUTE, 2) == []


def test_an_expired_lease_is_taken_over_with_its_history(store: Store) -> None:
    send_id = frozen(store, 1)
    store.claim(send_id, "dead", NOW, MINUTE, 1)
    assert store.claim(send_id, "next", NOW + MINUTE / 2, MINUTE, 1) == []
    (batch,) = store.claim(send_id, "next", NOW + MINUTE, MINUTE, 1)
    assert (batch.attempts, batch.first_called_at) == (1, NOW)


def test_a_batch_that_is_set_aside_is_taken_by_nobody_before_its_time_and_was_never_called(store: Store) -> None:
    send_id = frozen(store, 2)
    (first,) = store.claim(send_id, "w", NOW, MINUTE, 1)
    store.postpone([first.id], NOW, NOW + MINUTE)
    (send,) = store.sends("aoba")
    assert (send.batches, send.last_called_at, send.reopened) == ({BatchStatus.READY: 2}, None, False)
    assert [one.seq for one in store.claim(send_id, "w", NOW, MINUTE, 9)] == [1]
    (again,) = store.claim(send_id, "w", NOW + MINUTE, MINUTE, 1)
    assert (again.seq, again.attempts, again.first_called_at) == (0, 1, None)
    store.release([again.id], NOW + MINUTE)
    (once_more,) = store.claim(send_id, "w", NOW + MINUTE, MINUTE, 1)
    assert (once_more.attempts, once_more.first_called_at) == (1, None), "given back, it was not called either"


def test_a_released_batch_is_as_if_it_had_never_been_claimed(store: Store) -> None:
    send_id = frozen(store, 1)
    (batch,) = store.claim(send_id, "w", NOW, MINUTE, 1)
    store.release([batch.id], NOW)
    assert store.spent("aoba", NOW - MINUTE).called == 0
    (again,) = store.claim(send_id, "w", NOW + MINUTE, MINUTE, 1)
    assert (again.attempts, again.first_called_at) == (0, None)


def test_releasing_a_second_call_keeps_the_time_of_the_first(store: Store) -> None:
    send_id = frozen(store, 1)
    store.claim(send_id, "w", NOW, MINUTE, 1)
    (batch,) = store.claim(send_id, "w", NOW + 2 * MINUTE, MINUTE, 1)
    store.release([batch.id], NOW)
    (again,) = store.claim(send_id, "w", NOW + 3 * MINUTE, MINUTE, 1)
    assert (again.attempts, again.first_called_at) == (1, NOW)


def test_many_outcomes_are_recorded_at_once_or_not_at_all(store: Store) -> None:
    send_id = frozen(store, 4)
    claimed = store.claim(send_id, "w", NOW, MINUTE, 4)
    kinds = (BatchStatus.ACCEPTED, BatchStatus.REFUSED, BatchStatus.UNCERTAIN)
    outcomes = [Settled(one.id, kind, f"r-{kind}", "why") for one, kind in zip(claimed, kinds, strict=False)]
    with pytest.raises(ValueError, match="no outcome"):
        store.settle_all([*outcomes, Settled(claimed[3].id, BatchStatus.READY)], NOW)
    assert store.sends("aoba")[0].batches == {BatchStatus.CALLING: 4}
    store.settle_all(outcomes, NOW)
    store.settle_all([Settled(claimed[0].id, BatchStatus.REFUSED)], NOW)
    store.settle_all([], NOW)
    assert store.sends("aoba")[0].batches == {BatchStatus.CALLING: 1, **dict.fromkeys(kinds, 1)}
    assert store.accepted_request_ids(send_id) == ["r-accepted"]


def test_what_is_settled_is_claimed_no_more(store: Store) -> None:
    send_id = frozen(store)
    outcomes = (BatchStatus.ACCEPTED, BatchStatus.REFUSED, BatchStatus.UNCERTAIN)
    for batch, outcome in zip(store.claim(send_id, "w", NOW, MINUTE, 3), outcomes, strict=True):
        store.settle(batch.id, outcome, NOW, request_id=f"r-{outcome}", reason="why")
    assert store.claim(send_id, "w", NOW + timedelta(days=9), MINUTE, 3) == []
    send = store.send("aoba", "campaign.winter-sale", "2026-12-01T10:00")
    assert send is not None
    assert send.batches == dict.fromkeys(outcomes, 1)
    assert send.accepted_recipients == 3
    assert store.accepted_request_ids(send_id) == ["r-accepted"]


def test_an_accepted_batch_never_becomes_anything_else(store: Store) -> None:
    send_id = frozen(store, 1)
    (batch,) = store.claim(send_id, "w", NOW, MINUTE, 1)
    store.settle(batch.id, BatchStatus.ACCEPTED, NOW, request_id="first")
    store.settle(batch.id, BatchStatus.REFUSED, NOW, reason="a slower worker")
    store.release([batch.id], NOW)
    assert store.accepted_request_ids(send_id) == ["first"]


@pytest.mark.parametrize("status", [BatchStatus.READY, BatchStatus.CALLING])
def test_a_batch_settles_only_with_an_outcome(store: Store, status: BatchStatus) -> None:
    send_id = frozen(store, 1)
    (batch,) = store.claim(send_id, "w", NOW, MINUTE, 1)
    with pytest.raises(ValueError, match="no outcome"):
        store.settle(batch.id, status, NOW)


def test_a_concluded_send_is_finished(store: Store) -> None:
    send_id = frozen(store)
    assert [s.id for s in store.sends("aoba", unfinished=True)] == [send_id]
    store.conclude(send_id, SendStatus.ACCEPTED, NOW)
    assert [s.id for s in store.sends("aoba", unfinished=True)] == [send_id]
    store.conclude(send_id, SendStatus.PARTIAL, NOW, reason="one batch refused", recipients=2)
    assert store.sends("aoba", unfinished=True) == []
    (send,) = store.sends("aoba", address="campaign.winter-sale")
    assert (send.status, send.reason, send.recipients, send.due_at) == (
        SendStatus.PARTIAL,
        "one batch refused",
        2,
        NOW,
    )
    assert store.sends("aoba", address="campaign.other") == []


def test_the_month_counts_what_was_or_may_have_been_sent(store: Store) -> None:
    send_id = frozen(store, 5)
    taken = store.claim(send_id, "w", NOW, MINUTE, 4)
    for batch, outcome in zip(taken, (BatchStatus.ACCEPTED, BatchStatus.REFUSED, BatchStatus.UNCERTAIN), strict=False):
        store.settle(batch.id, outcome, NOW)
    assert store.spent("aoba", NOW).called == 9
    assert store.spent("aoba", NOW + MINUTE).called == 0
    assert store.spent("other", NOW).called == 0


def test_a_broadcast_counts_as_many_as_its_send_says(store: Store) -> None:
    new = new_batches(1, friends=(), route=Route.BROADCAST)
    send_id = store.freeze("aoba", new_send(recipients=120), new, NOW)
    assert send_id is not None
    (batch,) = store.claim(send_id, "w", NOW, MINUTE, 1)
    store.settle(batch.id, BatchStatus.ACCEPTED, NOW, request_id="r")
    assert store.spent("aoba", NOW).called == 120
    store.conclude(send_id, SendStatus.SENT, NOW, recipients=118)
    assert store.spent("aoba", NOW).called == 118
    assert store.sends("aoba")[0].accepted_recipients == 118


def test_occurrences_are_those_of_these_campaigns_since_then_and_whatever_was_let_go(store: Store) -> None:
    def freeze(key: str, days: int, **changes: object) -> int:
        return store.freeze("aoba", new_send(key, due_at=NOW + timedelta(days=days), **changes), (), NOW) or 0

    old, let_go, new = freeze("old", -9), freeze("let-go", -9), freeze("new", -1, capped=2)
    freeze("other", 0, address="campaign.other")
    store.freeze("kita", new_send("foreign"), (), NOW)
    store.conclude(let_go, SendStatus.RELEASED, NOW)
    since = NOW - timedelta(days=7)
    found = store.occurrences("aoba", ["campaign.winter-sale", "campaign.none"], since)
    assert [(one.id, one.key, one.status) for one in found] == [
        (let_go, "let-go", SendStatus.RELEASED),
        (new, "new", SendStatus.FROZEN),
    ]
    assert (found[1].due_at, found[1].digest, found[1].capped) == (NOW - timedelta(days=1), "d1", 2)
    ever = datetime.min.replace(tzinfo=UTC)
    assert [one.id for one in store.occurrences("aoba", ["campaign.winter-sale"], ever)] == [old, let_go, new]
    assert store.occurrences("aoba", [], ever) == []
