"""Sets of ids as bits are sets."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineform.segments.ids import BLOCK, WORD, IdSet

near = st.integers(1, 3 * BLOCK)
far = st.integers(1, 1 << 62)
some = st.sets(st.one_of(near, far), max_size=40)
dense = st.integers(1, 10_000)
many = st.builds(lambda first, number, step: set(range(first, first + number * step, step)), near, dense, near)
sets = st.one_of(some, many)


@given(sets, sets)
def test_they_are_read_in_order_and_put_together_as_sets_are(one: set[int], other: set[int]) -> None:
    here, there = IdSet.of(sorted(one)), IdSet.of(other)
    assert list(here) == sorted(one)
    assert len(here) == len(one)
    assert bool(here) is bool(one)
    assert list(here & there) == sorted(one & other)
    assert list(here | there) == sorted(one | other)
    assert list(here - there) == sorted(one - other)
    assert [id_ in there for id_ in one] == [id_ in other for id_ in one]


@pytest.mark.parametrize("module", [np, None])
@settings(max_examples=20)
@given(ids=sets)
def test_in_arrays_they_are_the_same(module: object, ids: set[int]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        if module is None:
            patched.setitem(sys.modules, "numpy", None)  # as if it were not there
        parts = list(IdSet.of(ids).arrays())
    assert [id_ for part in parts for id_ in part] == sorted(ids)
    assert all(part.typecode == "q" and 0 < len(part) <= BLOCK for part in parts)


@given(some)
def test_the_same_ids_are_the_same_set_however_it_was_made(ids: set[int]) -> None:
    made = IdSet.of(ids)
    assert made == IdSet.of(sorted(ids)) == IdSet.of_words(words(ids)) == made | made == made & made
    assert IdSet() == made - made == IdSet.of(()) == IdSet.of_words(((5, 0),))


def words(ids: Iterable[int]) -> list[tuple[int, int]]:
    """One bit at a time, signed as databases have them."""
    bits = ((id_ // WORD, 1 << id_ % WORD) for id_ in ids)
    return [(place, bit - (1 << WORD) if bit >> (WORD - 1) else bit) for place, bit in bits]


def test_all_of_a_word_and_of_a_block_are_in_it() -> None:
    everybody = IdSet.of_words((place, -1) for place in range(BLOCK // WORD * 2))
    assert len(everybody) == 2 * BLOCK
    assert everybody == IdSet.of(range(2 * BLOCK))


def test_ids_that_lie_far_apart_take_no_room_between_them() -> None:
    assert len(IdSet.of((1, 1 << 60)).blocks) == 2
