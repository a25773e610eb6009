"""Questions about all friends take a few bytes for each of them, so that ten million fit into any machine."""

from __future__ import annotations

import tracemalloc
from array import array
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from lineform.apply.filling import _intend
from lineform.ports.audiences import Upload
from lineform.ports.members import membership
from lineform.run.prepare import Later, _of_them
from lineform.segments.predicate import EVERYONE
from lineform.store.types import pack_ids, unpacked
from support.stores import NOW

FRIENDS = 200_000
A_FRIEND = 30
"""Bytes; a set takes more than sixty."""
EVERYBODY = range(1000, 1000 + FRIENDS)


class Store:
    """All friends are chosen; three quarters of them are in LINE's audience, and as many were over a limit."""

    def __init__(self) -> None:
        self.intended: list[Sequence[int]] = []
        self._uploaded = array("q", EVERYBODY[: FRIENDS * 3 // 4])

    def select(self, *_: Any) -> Iterator[int]:
        return iter(EVERYBODY)

    def uploads(self, *_: Any) -> Sequence[Upload]:
        return [Upload(1, self._uploaded, confirmed=True)]

    def friends(self, *_: Any) -> Sequence[Any]:
        return ()

    def intend_uploads(self, account: str, audience: int, uploads: Sequence[Sequence[int]]) -> None:
        self.intended = list(uploads)

    def frozen_friends(self, send_id: int, *, capped: bool = False) -> Sequence[int]:
        return self._uploaded if capped else self._uploaded[: FRIENDS // 2]


def peak(do: Callable[[], Any]) -> tuple[Any, float]:
    tracemalloc.start()
    try:
        found = do()
        return found, tracemalloc.get_traced_memory()[1] / FRIENDS
    finally:
        tracemalloc.stop()


def test_who_is_in_an_audience_against_who_belongs_in_it() -> None:
    store: Any = Store()
    found, bytes_each = peak(lambda: membership(store, "salon", EVERYONE, 7, NOW, NOW))
    assert (found.selected, found.missing, found.left) == (FRIENDS, FRIENDS // 4, 0)
    assert bytes_each < A_FRIEND


def test_who_is_to_be_uploaded_to_an_audience() -> None:
    store = Store()
    desk: Any = SimpleNamespace(store=store, client="salon", clock=SimpleNamespace(now=lambda: NOW))
    _, bytes_each = peak(lambda: _intend(desk, EVERYONE, 7))
    assert sum(map(len, store.intended)) == FRIENDS // 4
    assert bytes_each < A_FRIEND


def test_who_of_those_over_a_limit_is_free() -> None:
    run: Any = SimpleNamespace(store=Store())
    ids = array("q", EVERYBODY)
    found, bytes_each = peak(lambda: _of_them(run, Later(1, (2,)), ids))
    assert len(found) == FRIENDS // 4
    assert bytes_each < A_FRIEND


@pytest.mark.parametrize("first", [1, 1 << 33])
def test_who_waits_is_packed_and_unpacked(first: int) -> None:
    ids = array("q", range(first, first + FRIENDS))
    packed, bytes_each = peak(lambda: pack_ids(ids))
    assert bytes_each < A_FRIEND
    found, bytes_each = peak(lambda: unpacked(packed))
    assert bytes_each < A_FRIEND
    assert list(found) == list(ids)
