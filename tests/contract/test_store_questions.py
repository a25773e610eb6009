"""A slice of the benchmark of questions about everybody: the store, its copy and the plain reading say the same."""

from __future__ import annotations

from support.benchmarks import benchmark


def test_all_engines_answer_alike() -> None:
    told = benchmark("segments", SIZE="600", TREES="10", REPEAT="1", ENGINES="sqlite,duckdb")
    assert told["trees"] == 10
    assert told["disagreements"] == 0
    assert told["peak_mb"] < 300
    assert set(told["seconds"]) == {"sqlite", "duckdb"}
