"""Processes that are killed, by the benchmark that kills a thousand of them."""

from __future__ import annotations

from support.benchmarks import benchmark


def test_killed_processes_deliver_once() -> None:
    found = benchmark("kills", RUNS="12", SEED="7")
    assert (found["runs"], found["wrong"]) == (12, 0)
    assert found["kills"] > 0
