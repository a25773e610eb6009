"""The pace that all workers of an account share: each turn is handed out once, and one 429 slows everybody."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest

from lineform.lineapi.rates import rate_for
from lineform.ports.store import Store
from lineform.store import open_store
from support.stores import NOW

PUSH = rate_for("POST", "/v2/bot/message/push")
MULTICAST = rate_for("POST", "/v2/bot/message/multicast")
BATCH = rate_for("POST", "/v2/bot/richmenu/batch")
SECOND = timedelta(seconds=1)


def offsets(store: Store, want: int, seconds: float = 0.0, **more: float) -> list[float]:
    taken = store.take_turns("aoba", MULTICAST, want, 60.0, NOW + seconds * SECOND, **more)
    return [moment - NOW.timestamp() for moment in taken.moments]


def test_turns_are_taken_a_quarter_of_a_second_ahead_and_follow_one_another(store: Store) -> None:
    first, second = offsets(store, 1000), offsets(store, 1000)
    assert (len(first), len(second)) == (70, 50)
    assert first[:20] == pytest.approx([0.0] * 20)
    assert [*first[20:], *second] == pytest.approx([0.005 * number for number in range(1, 101)], abs=1e-4)


def test_only_what_is_wanted_is_taken(store: Store) -> None:
    assert len(offsets(store, 3)) == 3
    assert offsets(store, 20)[:17] == pytest.approx([0.0] * 17)


def test_accounts_and_limits_have_a_pace_each(store: Store) -> None:
    offsets(store, 1000)
    now = NOW.timestamp()
    assert store.take_turns("other", MULTICAST, 1, 60.0, NOW).moments == (now,)
    assert store.take_turns("aoba", PUSH, 1, 60.0, NOW).moments == (now,)


def test_a_wait_beyond_patience_takes_nothing(store: Store) -> None:
    for _ in range(3):
        assert store.take_turns("aoba", BATCH, 1, 60.0, NOW).moments
    for _ in range(3):
        refused = store.take_turns("aoba", BATCH, 1, 60.0, NOW)
        assert refused.moments == ()
        assert refused.wait == pytest.approx(1200)
    assert store.take_turns("aoba", BATCH, 1, 60.0, NOW + 1200 * SECOND).moments


def test_one_429_halves_the_pace_of_all_until_it_was_calm(store: Store) -> None:
    offsets(store, 20)
    slow = offsets(store, 30, 0.1, refused_at=NOW.timestamp())
    assert slow == pytest.approx([0.1 + 0.01 * number for number in range(1, 26)], abs=1e-4)
    # Of requests that were under way together, a second one says nothing new.
    again = offsets(store, 1, 0.2, refused_at=NOW.timestamp() + 0.05)
    assert again == pytest.approx([0.36], abs=1e-4)
    calm = offsets(store, 100, 10.0)
    assert calm[-1] - calm[-2] == pytest.approx(0.005, abs=1e-4)


def test_a_clock_a_little_ahead_keeps_its_turns_and_one_that_was_set_back_holds_nobody_up(store: Store) -> None:
    offsets(store, 1000, 2.0)
    assert offsets(store, 1, 1.0)[0] == pytest.approx(2.255, abs=1e-3)
    assert offsets(store, 1, -3600.0)[0] < -3599


def test_workers_at_once_are_handed_different_turns(store_url: str) -> None:
    with open_store(store_url) as store:
        offsets(store, 1)

    def take(_: int) -> list[float]:
        with open_store(store_url) as store:
            return [moment for _ in range(5) for moment in offsets(store, 40)]

    with ThreadPoolExecutor(3) as pool:
        taken = sorted(moment for part in pool.map(take, range(3)) for moment in part)
    later = [moment for moment in taken if moment > 0]
    assert len(taken) - len(later) <= 20
    assert all(after - before > 0.0049 for before, after in pairwise(later))
