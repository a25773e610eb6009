"""YAML that is written reads back as what was meant; rows that are not imported are told and written."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from lineform.cli.importing import SHOWN, Refusals
from lineform.cli.written import yaml_text
from lineform.loading.friends_rows import RefusedRow
from lineform.ports.friends import FriendRow

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=40)
VALUES: st.SearchStrategy[Any] = st.recursive(
    TEXTS | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), VALUES, min_size=1, max_size=4))
def test_what_is_written_reads_back(values: dict[str, Any]) -> None:
    assert YAML(typ="safe", pure=True).load(yaml_text(values)) == values


@pytest.mark.parametrize("word", ["yes", "No", "on", "null", "0123", "1e3", "2026-12-01", "a: b", "# no", "", " x"])
def test_a_text_that_could_mislead_is_quoted(word: str) -> None:
    assert yaml_text({"key": word}) == f'key: "{word}"\n'


@pytest.mark.parametrize("word", ["main", "メニュー", "summer-sale", "https://example.com/a?b=1"])
def test_a_plain_word_is_not_quoted(word: str) -> None:
    assert yaml_text({"key": word}) == f"key: {word}\n"


def test_keys_keep_their_order_and_numbers_stand_on_one_line() -> None:
    text = yaml_text({"z": 1, "a": [{"b": {"x": 0, "y": 1}}], "size": [2500, 843]})
    assert text == "z: 1\na:\n  - b: {x: 0, y: 1}\nsize: [2500, 843]\n"


def test_all_refused_rows_are_written_and_the_first_are_told(tmp_path: Path) -> None:
    rows = [(number, RefusedRow(number, "=name", "is not so", "")) for number in range(2, 30)]
    friend = (30, FriendRow("U" + "0" * 32))
    with Refusals(tmp_path / "refused.csv") as refusals:
        assert list(refusals.without_refused([rows[0], friend, *rows[1:]])) == [friend]
    with (tmp_path / "refused.csv").open(encoding="utf-8-sig", newline="") as lines:
        written = list(csv.DictReader(lines))
    assert len(written) == refusals.count == 28
    assert {row["column"] for row in written} == {"'=name"}
    assert sum("is not so" in line for line in refusals.lines()) == SHOWN
    assert "8 more" in refusals.lines()[-1]


def test_without_refused_rows_nothing_is_told() -> None:
    with Refusals(None) as refusals:
        assert list(refusals.without_refused([])) == []
    assert refusals.lines() == []
