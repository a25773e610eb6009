"""A slice of the days on which everything goes wrong, and a proof that they find what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lineform.store import open_store
from support.benchmarks import ROOT, benchmark


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "engine" / "benchmarks"))
    import faults

    return faults


def test_on_bad_days_nothing_is_doubled_lost_or_overspent(faults: Any, store_url: str) -> None:
    deaths = 0
    with open_store(store_url) as store:
        for seed in range(10):
            played, problems = faults.one_run(f"slice-{seed}", store)
            assert not problems, f"SEED=slice-{seed} make bench NAME=faults: {problems}"
            deaths += played.deaths
    assert deaths > 0


def test_a_seed_repeats_its_day(faults: Any, store_url: str, tmp_path: Path) -> None:
    seed = "slice-7"
    with open_store(store_url) as store, open_store(f"sqlite:///{tmp_path}/other.db") as other:
        other.migrate()
        traces = {faults.one_run(seed, where)[0].trace for where in (store, other)}
    assert len(traces) == 1


def test_a_planted_bug_is_found() -> None:
    found = benchmark("faults", code=1, RUNS="8", STORES="sqlite", PROCESSES="0", BUG="outcome-before-the-call")
    assert (found["runs"], found["wrong"] > 0) == (8, True)


def test_every_bug_finds_the_place_where_it_is_planted(faults: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for plant in faults.BUGS.values():
        with monkeypatch.context() as undone:
            undone.setattr("faulty.planted.setattr", undone.setattr, raising=False)
            plant()
