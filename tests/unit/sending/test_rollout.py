"""A send in waves: who is in which, when the next one follows, and what keeps it from following."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lineform.model.campaign import Wave
from lineform.sending.rollout import Abort, NextWave, next_wave, waves
from lineform.sending.status import BatchStatus
from support.declared_clients import campaign

SINCE = datetime(2026, 12, 1, 1, tzinfo=UTC)


def rollout(*percents: int) -> tuple[Wave, ...]:
    last = len(percents) - 1
    return tuple(
        Wave.model_validate({"percent": percent, **({} if place == last else {"wait": f"{place + 1}h"})})
        for place, percent in enumerate(percents)
    )


@given(st.lists(st.integers(1, 99), unique=True, max_size=5), st.sets(st.integers(1, 10**9), max_size=300))
def test_everybody_is_in_exactly_one_wave_in_ascending_order(percents: list[int], ids: set[int]) -> None:
    found = waves("aoba", "campaign.a", sorted(ids), rollout(*sorted(percents), 100))
    assert len(found) == len(percents) + 1
    assert sorted(one for wave in found for one in wave) == sorted(ids)
    assert all(list(wave) == sorted(wave) for wave in found)


def test_a_wave_holds_about_its_share() -> None:
    first, second, third = waves("aoba", "campaign.a", range(1, 20_001), rollout(5, 50, 100))
    assert len(first) == pytest.approx(1000, rel=0.15)
    assert len(second) == pytest.approx(9000, rel=0.05)
    assert len(first) + len(second) + len(third) == 20_000


def test_a_friend_stays_in_a_wave_whatever_the_others_are_and_another_campaign_draws_anew() -> None:
    first, _ = waves("aoba", "campaign.a", range(1, 1001), rollout(10, 100))
    again, _ = waves("aoba", "campaign.a", range(500, 2001), rollout(10, 100))
    assert [one for one in first if one >= 500] == [one for one in again if one <= 1000]
    wider, _ = waves("aoba", "campaign.a", range(1, 1001), rollout(20, 100))
    assert set(first) < set(wider)
    other, _ = waves("aoba", "campaign.b", range(1, 1001), rollout(10, 100))
    assert set(first) != set(other)


def test_without_a_rollout_there_is_one_wave() -> None:
    ids = [3, 5]
    assert waves("aoba", "campaign.a", ids, ()) == [ids]


def test_the_next_wave_follows_after_the_wait_of_the_one_before() -> None:
    parts = rollout(5, 50, 100)
    accepted = {BatchStatus.ACCEPTED: 3, BatchStatus.STAGED: 2}
    assert next_wave(parts, {1: 10, 2: 20}, accepted, SINCE) == NextWave(1, SINCE + timedelta(hours=1))
    assert next_wave(parts, {2: 20}, accepted, SINCE) == NextWave(2, SINCE + timedelta(hours=2))


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ({BatchStatus.REFUSED: 1}, "1 call was refused"),
        ({BatchStatus.UNCERTAIN: 2}, "2 calls were uncertain"),
        ({BatchStatus.REFUSED: 3, BatchStatus.UNCERTAIN: 1}, "3 calls were refused and 1 call was uncertain"),
    ],
)
def test_what_went_wrong_ends_the_rollout(outcomes: dict[BatchStatus, int], said: str) -> None:
    found = next_wave(rollout(5, 100), {1: 10}, {BatchStatus.ACCEPTED: 9, **outcomes}, SINCE)
    assert isinstance(found, Abort)
    assert found.reason.startswith(said)


@pytest.mark.parametrize(
    "written",
    [
        [{"percent": 5, "wait": "45m"}],
        [{"percent": 5, "wait": "45m"}, {"percent": 50}],
        [{"percent": 5}, {"percent": 100}],
        [{"percent": 5, "wait": "45m"}, {"percent": 100, "wait": "1h"}],
        [{"percent": 50, "wait": "45m"}, {"percent": 20, "wait": "45m"}, {"percent": 100}],
        [{"percent": 0, "wait": "45m"}, {"percent": 100}],
    ],
)
def test_a_rollout_that_means_nothing_is_refused(written: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        campaign("a", rollout=written)
