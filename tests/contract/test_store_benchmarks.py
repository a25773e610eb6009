"""Slices of benchmarks of the store that no other test runs: they still run, and what they count is right."""

from __future__ import annotations

from support.benchmarks import benchmark


def test_a_claim_takes_those_who_are_due_each_time() -> None:
    told = benchmark("enrolments", ENROLMENTS="2000", ROUNDS="2", STORE="sqlite")
    assert (told["enrolments"], told["decided"]) == (2000, 2000)


def test_a_look_at_menus_finds_whose_is_another_one() -> None:
    told = benchmark("menus", SIZE="2000")
    assert 0 < told["changed"] < told["first"] < 2000


def test_an_import_takes_every_row_from_memory_and_from_a_file() -> None:
    told = benchmark("imports", ROWS="500", REPEAT="1", POSTGRES="0")
    assert told["rows"] == 500
    assert min(told["rows_per_s"], told["rows_per_s_csv"]) > 0
