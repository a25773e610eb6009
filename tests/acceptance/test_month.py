"""A small slice of the benchmark of a month: what goes wrong there must leave nothing wrong."""

from __future__ import annotations

from support.benchmarks import benchmark


def test_nobody_is_sent_too_much_or_too_little_in_a_month_of_trouble() -> None:
    told = benchmark("month", FRIENDS="60", DAYS="12", CORES="1", SEED="7")
    assert told["wrong"] == 0
    assert told["friends"] == 60
    assert told["messages"] > 100
    assert told["deaths"] > 0
