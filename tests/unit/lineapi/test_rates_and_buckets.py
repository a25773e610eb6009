from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.lineapi.buckets import Bucket
from lineform.lineapi.rates import LIMITS, OTHERS, UNLIMITED, Rate, rate_for, template_of


@pytest.mark.parametrize(
    ("method", "path", "count", "seconds", "bucket"),
    [
        ("POST", "/v2/bot/message/broadcast", 60, 3600, "POST /v2/bot/message/broadcast"),
        ("POST", "/v2/bot/message/push", 2000, 1, "POST /v2/bot/message/push"),
        ("POST", "/v2/bot/message/multicast", 200, 1, "POST /v2/bot/message/multicast"),
        ("post", "/v2/bot/richmenu", 100, 3600, "POST /v2/bot/richmenu"),
        ("GET", "/v2/bot/richmenu/list", 10, 1, "GET /v2/bot/richmenu/list"),
        ("GET", "/v2/bot/richmenu/richmenu-1", 2000, 1, "GET /v2/bot/richmenu/{richMenuId}"),
        ("DELETE", "/v2/bot/richmenu/richmenu-1", 100, 3600, "DELETE /v2/bot/richmenu/{richMenuId}"),
        ("DELETE", "/v2/bot/richmenu/alias/main", 100, 3600, "DELETE /v2/bot/richmenu/alias/{richMenuAliasId}"),
        ("POST", "/v2/bot/richmenu/batch", 3, 3600, "POST /v2/bot/richmenu/batch"),
        ("POST", "/v2/bot/user/all/richmenu/r", 2000, 1, "POST /v2/bot/user/all/richmenu/{richMenuId}"),
        ("POST", "/v2/bot/user/U1/richmenu/r", 2000, 1, "POST /v2/bot/user/{userId}/richmenu/{richMenuId}"),
        ("GET", "/v2/bot/audienceGroup/list?page=1", 60, 60, "GET /v2/bot/audienceGroup/list"),
        ("GET", "/v2/bot/audienceGroup/123", 60, 60, "GET /v2/bot/audienceGroup/{audienceGroupId}"),
        ("PUT", "/v2/bot/channel/webhook/endpoint", 1000, 60, "PUT /v2/bot/channel/webhook/endpoint"),
        ("GET", "/v2/bot/coupon/01J", 200, 1, "GET /v2/bot/coupon/{couponId}"),
    ],
)
def test_a_request_counts_against_its_method_and_path_template(
    method: str, path: str, count: int, seconds: int, bucket: str
) -> None:
    assert rate_for(method, path) == Rate(count, seconds, bucket)


@pytest.mark.parametrize("endpoint", [*LIMITS, *OTHERS, *UNLIMITED])
def test_every_known_template_finds_itself(endpoint: str) -> None:
    method, _, template = endpoint.partition(" ")
    assert template_of(method, template) == template
    assert rate_for(method, template).documented == (endpoint not in UNLIMITED)


def test_no_endpoint_stands_in_two_tables() -> None:
    every = [*LIMITS, *OTHERS, *UNLIMITED]
    assert len(every) == len(set(every))


@pytest.mark.parametrize("path", ["/v2/bot/richmenu/", "/v2/bot/richmenu/a/b/c", "/v2/bot", "", "/"])
def test_a_path_that_line_does_not_know_has_no_template(path: str) -> None:
    assert template_of("GET", path) is None
    assert not rate_for("GET", path).documented


HOURLY = Rate(60, 3600, "POST /v2/bot/message/broadcast")


def test_a_full_bucket_lets_its_count_through_and_no_more() -> None:
    bucket = Bucket.full(HOURLY, 0.0)
    for _ in range(60):
        bucket, allowed = bucket.take(0.0)
        assert allowed
    _, allowed = bucket.take(0.0)
    assert not allowed


def test_an_empty_bucket_refills_by_the_second_and_not_at_the_hour() -> None:
    bucket, _ = Bucket.full(HOURLY, 0.0, burst=1).take(0.0)
    assert bucket.wait(0.0) == pytest.approx(60.0)
    assert bucket.take(59.9)[1] is False
    assert bucket.take(60.0)[1] is True


def test_a_bucket_never_holds_more_than_its_capacity() -> None:
    assert Bucket.full(HOURLY, 0.0).refilled(1e9).tokens == 60


def test_a_clock_that_goes_back_adds_nothing() -> None:
    bucket, _ = Bucket.full(HOURLY, 100.0).take(100.0)
    assert bucket.refilled(0.0) == bucket


def test_reservations_queue_up_behind_each_other() -> None:
    bucket = Bucket.full(Rate(2, 1, "b"), 0.0)
    delays = []
    for _ in range(5):
        bucket, delay = bucket.reserve(0.0)
        delays.append(delay)
    assert delays == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.5])


@given(st.lists(st.floats(0, 100), min_size=1, max_size=60), st.integers(1, 10))
def test_no_window_ever_sees_more_than_burst_plus_refill(moments: list[float], count: int) -> None:
    rate = Rate(count, 1, "b")
    bucket = Bucket.full(rate, 0.0)
    passed: list[float] = []
    for now in sorted(moments):
        bucket, allowed = bucket.take(now)
        if allowed:
            passed.append(now)
    for i, start in enumerate(passed):
        for j in range(i, len(passed)):
            assert j - i + 1 <= count + (passed[j] - start) * count + 1e-6
