from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lineform.sending.conclusion import conclusion, untouched
from lineform.sending.retry import (
    TRIES,
    AskAgain,
    GiveBack,
    Leave,
    Outcome,
    RecordAccepted,
    RecordRefused,
    RecordUncertain,
    SetAside,
    after,
    key_lives,
    pause,
)
from lineform.sending.status import BatchStatus, SendStatus

FIRST = datetime(2026, 12, 1, 1, tzinfo=UTC)
SOON = FIRST + timedelta(seconds=5)
TOO_LATE = FIRST + timedelta(hours=24)


def test_accepted_and_refused_are_final_however_late() -> None:
    for now in (SOON, TOO_LATE):
        for unsure in (False, True):
            assert after(Outcome.ACCEPTED, 1, FIRST, now, unsure) == RecordAccepted()
            assert after(Outcome.REFUSED, 1, FIRST, now, unsure) == RecordRefused()


def test_what_was_certainly_not_done_is_given_back() -> None:
    assert after(Outcome.RATE_LIMITED, 1, FIRST, SOON) == GiveBack(stop=False)
    assert after(Outcome.QUOTA_EXCEEDED, 1, FIRST, SOON) == GiveBack(stop=True)


def test_a_friend_to_whom_too_much_went_is_set_aside_and_refused_in_the_end() -> None:
    assert after(Outcome.TOO_MANY_TO_ONE, 1, FIRST, SOON, attempts=TRIES - 1) == SetAside()
    assert after(Outcome.TOO_MANY_TO_ONE, 1, FIRST, SOON, attempts=TRIES) == RecordRefused()
    assert after(Outcome.TOO_MANY_TO_ONE, 1, FIRST, SOON, True, TRIES) == AskAgain(1.0), "an earlier call is open"


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.RATE_LIMITED, Outcome.QUOTA_EXCEEDED])
def test_after_an_unknown_outcome_only_the_same_key_is_asked_again(outcome: Outcome) -> None:
    assert after(outcome, 1, FIRST, SOON, unsure=True) == AskAgain(1.0)
    assert after(outcome, TRIES, FIRST, SOON, unsure=True) == Leave()
    assert isinstance(after(outcome, 1, FIRST, TOO_LATE, unsure=True), RecordUncertain)


def test_a_key_lives_for_less_than_lines_24_hours() -> None:
    assert key_lives(None, TOO_LATE)
    assert key_lives(FIRST, FIRST + timedelta(hours=23))
    assert not key_lives(FIRST, FIRST + timedelta(hours=23, minutes=45))


def test_pauses_grow_and_end() -> None:
    assert [pause(tries) for tries in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]


@pytest.mark.parametrize(
    ("counts", "asynchronous", "status"),
    [
        ({BatchStatus.ACCEPTED: 3}, False, SendStatus.SENT),
        ({BatchStatus.ACCEPTED: 1}, True, SendStatus.ACCEPTED),
        ({BatchStatus.ACCEPTED: 2, BatchStatus.REFUSED: 1}, False, SendStatus.PARTIAL),
        ({BatchStatus.REFUSED: 2}, False, SendStatus.REFUSED),
        ({BatchStatus.ACCEPTED: 9, BatchStatus.UNCERTAIN: 1}, False, SendStatus.UNCERTAIN),
        ({BatchStatus.REFUSED: 9, BatchStatus.UNCERTAIN: 1}, False, SendStatus.UNCERTAIN),
        ({BatchStatus.ACCEPTED: 9, BatchStatus.READY: 1}, False, None),
        ({BatchStatus.ACCEPTED: 9, BatchStatus.CALLING: 1}, False, None),
        ({BatchStatus.UNCERTAIN: 9, BatchStatus.CALLING: 1}, False, None),
        ({}, False, SendStatus.EMPTY),
        ({BatchStatus.ACCEPTED: 9, BatchStatus.FORGOTTEN: 1}, False, SendStatus.SENT),
        ({BatchStatus.REFUSED: 1, BatchStatus.FORGOTTEN: 1}, False, SendStatus.REFUSED),
        ({BatchStatus.FORGOTTEN: 1}, False, SendStatus.EMPTY),
        ({BatchStatus.FORGOTTEN: 1, BatchStatus.READY: 1}, False, None),
    ],
)
def test_a_status_never_says_more_than_is_known(
    counts: dict[BatchStatus, int], asynchronous: bool, status: SendStatus | None
) -> None:
    assert conclusion(counts, asynchronous=asynchronous) is status


def test_a_send_is_untouched_until_a_batch_is_claimed() -> None:
    assert untouched({BatchStatus.READY: 5, BatchStatus.STAGED: 2})
    for status in BatchStatus:
        if status not in {BatchStatus.READY, BatchStatus.STAGED, BatchStatus.FORGOTTEN}:
            assert not untouched({BatchStatus.READY: 5, status: 1})
    assert not untouched({BatchStatus.READY: 5}, reopened=True)
