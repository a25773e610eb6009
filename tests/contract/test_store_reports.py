"""What a report reads of the ledger: page by page, and no more than it tells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from lineform.ports.ledger import Send
from lineform.ports.store import Store
from lineform.report.sends import by_step
from lineform.sending.status import BatchStatus, SendStatus
from support.stores import NOW, new_batches, new_send

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineform.store.sends._PAGE", 2)


def step(store: Store, number: int, *, status: SendStatus = SendStatus.SENT, due_at: datetime = NOW) -> None:
    new = new_send(f"hello@{number}", address="scenario.welcome", status=status, recipients=1, due_at=due_at)
    store.freeze("aoba", new, new_batches(1, (number,)), NOW)


def test_sends_come_in_their_order_with_the_counts_of_their_batches(store: Store) -> None:
    for number in range(1, 6):
        step(store, number)
    store.freeze("other", new_send(), new_batches(1), NOW)
    found = list(store.sends_since("aoba", NOW - DAY))
    assert found == list(store.sends("aoba"))
    assert [one.batches for one in found] == [{BatchStatus.READY: 1}] * 5
    assert list(store.sends_since("nobody", NOW - DAY)) == []


def test_what_is_older_is_left_out_unless_it_is_open(store: Store) -> None:
    old = NOW - 9 * DAY
    step(store, 1, due_at=old)
    for number, status in enumerate((SendStatus.HELD, SendStatus.FROZEN, SendStatus.WAITING, SendStatus.ACCEPTED), 2):
        step(store, number, status=status, due_at=old)
    step(store, 6)
    step(store, 7, due_at=NOW + 9 * DAY)
    keys = [one.key for one in store.sends_since("aoba", NOW - DAY)]
    assert keys == [f"hello@{number}" for number in range(2, 8)]


def test_one_campaign_is_asked_for_alone(store: Store) -> None:
    step(store, 1)
    store.freeze("aoba", new_send(), [], NOW)
    found = store.sends_since("aoba", NOW - DAY, address="campaign.winter-sale")
    assert [one.address for one in found] == ["campaign.winter-sale"]


def test_steps_are_summed_up_as_they_come(store: Store) -> None:
    for number in range(1, 6):
        step(store, number, due_at=NOW + number * DAY)
    alive = 0

    def counted() -> Iterator[Send]:
        nonlocal alive
        for one in store.sends_since("aoba", NOW - DAY):
            alive += 1
            yield one

    (told,) = by_step(counted())
    assert alive == 5
    assert (told.address, told.recipients, told.batches) == ("scenario.welcome/hello", 5, {BatchStatus.READY: 5})
    assert told.due_at == NOW + 5 * DAY
