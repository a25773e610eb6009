"""What is so of which friends: the same as sets say, in a fraction of their memory."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.sending.flags import Flags

IDS = st.lists(st.integers(0, 300))
FRIENDS = 300_000


@given(IDS, IDS, IDS)
def test_flags_say_what_sets_say(some: list[int], others: list[int], taken: list[int]) -> None:
    of = Flags()
    of.add(1, some)
    of.add(2, others)
    of.take(1, taken)
    first, second = {*some} - {*taken}, {*others}
    assert list(of.those(1)) == sorted(first)
    assert list(of.those(1, 2)) == sorted(first - second)
    assert of.count(1 | 2) == len(first & second)
    assert of.count(2, 1) == len(second - first)
    assert all(of.has(1, one) == (one in first) for one in range(400))


def test_a_friend_takes_little_more_than_a_byte() -> None:
    tracemalloc.start()
    try:
        of = Flags()
        of.add(1, iter(range(1, FRIENDS + 1)))
        of.add(2, iter(range(1, FRIENDS + 1, 2)))
        assert of.count(1, 2) == FRIENDS // 2
        assert tracemalloc.get_traced_memory()[1] < 3 * FRIENDS
    finally:
        tracemalloc.stop()


def test_whoever_has_no_flag_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="no flag"):
        Flags().count(0)
