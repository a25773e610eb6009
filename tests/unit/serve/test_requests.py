"""The body of a request is read within bounds, whatever the other side sends and however it announces it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from starlette.requests import Request

from lineform.serve.requests import Unread, body_of

MOST = 1_000


class Sender:
    """The other side: what it announces, what it sends, and how much of it was taken."""

    def __init__(self, pieces: Sequence[int], told: str = "", *, stays: bool = True) -> None:
        headers = [(b"content-length", told.encode())] if told else []
        self.request = Request({"type": "http", "method": "POST", "headers": headers}, self._receive)
        self._left, self._stays, self.taken = list(pieces), stays, 0

    async def _receive(self) -> dict[str, object]:
        if not self._left:
            if self._stays:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}
        piece = self._left.pop(0)
        self.taken += piece
        return {"type": "http.request", "body": b"x" * piece, "more_body": bool(self._left) or not piece}


def body(sender: Sender, seconds: float = 30.0) -> bytes:
    return asyncio.run(body_of(sender.request, MOST, seconds))


def refused(sender: Sender, seconds: float = 30.0) -> int:
    with pytest.raises(Unread) as caught:
        body(sender, seconds)
    assert caught.value.answer.headers["connection"] == "close"
    return caught.value.answer.status_code


@pytest.mark.parametrize("told", ["", "1000"])
def test_a_body_within_bounds_is_whole(told: str) -> None:
    assert body(Sender([400, 400, 200], told)) == b"x" * MOST


@pytest.mark.parametrize("told", ["", "1200"])
def test_of_one_that_is_a_little_too_large_the_rest_is_read_so_that_its_sender_hears_why(told: str) -> None:
    sender = Sender([900, 200, 100], told)
    assert (refused(sender), sender.taken) == (413, 1_200)


def test_one_that_is_far_too_large_is_cut_off() -> None:
    sender = Sender([500] * 1_000)
    assert (refused(sender), sender.taken) == (413, 2_500)


@pytest.mark.parametrize("told", ["2001", "-1", "many"])
def test_one_that_announces_what_cannot_be_is_not_read_at_all(told: str) -> None:
    sender = Sender([500] * 1_000, told)
    assert (refused(sender), sender.taken) == (413, 0)


def test_one_that_does_not_come_to_its_end_in_time_or_at_all_says_so() -> None:
    assert refused(Sender([10, 0]), seconds=0.0) == 408
    assert refused(Sender([10, 0], stays=False)) == 400
