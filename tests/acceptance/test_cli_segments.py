"""``segments overlap``, ``segments sample`` and segments of a source on the command line."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.command_line import SALON, Run

OFFLINE = ("--client", SALON, "--sandbox")
HANAKO, TARO, MIKI = (f"U{number:032x}" for number in (1, 2, 3))
SOURCES = """
sources:
  pos:
    database: {env: AOBA_POS}
    friends: {table: customers, key: line_id}
    attributes: {visits: times}
"""
BUSY = "kind: segment\nname: busy\nsource: pos\nwhere: {attribute: visits, at_least: 3}\n"


@pytest.fixture
def pos(applied: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The salon's cash register, declared as a source."""
    file = tmp_path / "pos.db"
    with closing(sqlite3.connect(file)) as register:
        register.execute("CREATE TABLE customers (line_id TEXT, times INTEGER)")
        register.executemany("INSERT INTO customers VALUES (?, ?)", [(HANAKO, 2), (TARO, 7)])
        register.commit()
    monkeypatch.setenv("AOBA_POS", f"sqlite:///{file}")
    words = applied / "clients" / SALON / "attributes.yaml"
    words.write_text(words.read_text(encoding="utf-8").rstrip() + SOURCES, encoding="utf-8")
    (applied / "clients" / SALON / "segments" / "busy.yaml").write_text(BUSY, encoding="utf-8")
    return applied


def test_a_segment_of_a_source_is_counted_and_explained(pos: Path, run: Run) -> None:
    assert run("segments", "count", "busy", "--format", "json", *OFFLINE).data["segments"] == {"busy": 1}
    taro = run("segments", "explain", "busy", "--friend", TARO, *OFFLINE)
    assert taro.out.splitlines() == [
        f"{TARO} is in busy of {SALON}",
        "  ✓ as pos knows the friend",
        "    ✓ visits is at least 3 (visits is 7)",
    ]
    assert (
        "? as pos knows the friend (it does not)" in run("segments", "explain", "busy", "--friend", MIKI, *OFFLINE).out
    )


def test_a_source_that_cannot_answer_is_told_before_anything_is_sent(pos: Path, run: Run) -> None:
    segment = pos / "clients" / SALON / "segments" / "busy.yaml"
    segment.write_text(BUSY.replace("{attribute: visits, at_least: 3}", "{tag: regular}"), encoding="utf-8")
    refused = run("validate", "--client", SALON)
    assert refused.code == 3
    assert "E326" in refused.err + refused.out
    segment.write_text(BUSY.replace("source: pos", "source: post"), encoding="utf-8")
    unknown = run("validate", "--client", SALON)
    assert "did you mean 'pos'" in unknown.err + unknown.out


def test_segments_are_laid_over_each_other(applied: Path, run: Run) -> None:
    data = run("segments", "overlap", "regulars", "families", "reachable", "--format", "json", *OFFLINE).data
    counted = run("segments", "count", "--format", "json", *OFFLINE).data["segments"]
    for name in ("regulars", "families", "reachable"):
        assert sum(one["friends"] for one in data["overlap"] if name in one["segments"]) == counted[name]
    assert run("segments", "overlap", "regulars", *OFFLINE).code == 64
    assert "in regulars" in run("segments", "overlap", "regulars", "reachable", *OFFLINE).out


def test_a_sample_shows_who_is_in_a_segment_and_why(applied: Path, run: Run) -> None:
    told = run("segments", "sample", "regulars", *OFFLINE)
    assert told.code == 0
    assert told.out.startswith(f"1 of 1 friends in regulars of {SALON}\n{HANAKO}\n  ✓ ")
    assert TARO not in told.out
