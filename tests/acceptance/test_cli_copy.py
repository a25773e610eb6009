"""``friends copy`` on the command line: made, kept, asked, forgotten from, and deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command_line import BEFORE, SALON, Run

OFFLINE = ("--client", SALON, "--sandbox")
HANAKO = "U00000000000000000000000000000001"


def test_a_copy_answers_as_the_store_does_and_is_kept_by_imports(applied: Path, run: Run) -> None:
    plain = run("segments", "count", *OFFLINE)
    made = run("friends", "copy", "--sandbox")
    assert made.code == 0
    assert made.out.startswith("the copy is made: ")
    file = applied / ".lineform" / "offline.duckdb"
    assert file.stat().st_mode & 0o077 == 0
    assert run("segments", "count", *OFFLINE).out == plain.out

    (applied / "more.csv").write_text(f"user_id,tags\n{HANAKO[:-1]}9,regular\n", encoding="utf-8")
    assert run("friends", "import", "more.csv", *OFFLINE).code == 0
    assert run("friends", "copy", "--sandbox").out.startswith("the copy is up to date after 0 changes: ")
    counted = run("segments", "count", "--format", "json", *OFFLINE).data
    assert run("friends", "copy", "--remove", "--sandbox").out.startswith("the copy is deleted")
    assert not file.exists()
    assert run("segments", "count", "--format", "json", *OFFLINE).data == counted


def test_forgetting_finds_nobody_in_the_copy(applied: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEFORM_FORGET_KEY", "the key of these tests, which never changes")
    assert run("friends", "copy", "--sandbox").code == 0
    told = run("friends", "forget", "--friend", HANAKO, "--yes", *OFFLINE)
    assert "offline.duckdb" not in told.err
    assert "1 friend forgotten" in told.out
    assert run("segments", "count", "--format", "json", *OFFLINE).data["friends"] == 2


def test_a_run_tells_what_it_did_before_it_says_that_the_copy_cannot_be_used(applied: Path, run: Run) -> None:
    assert run("friends", "copy", "--sandbox").code == 0
    (applied / ".lineform" / "offline.duckdb.lock").write_bytes(b"no database at all" * 1000)
    assert run("segments", "count", *OFFLINE).code == 0
    told = run("run", *OFFLINE, "--now", BEFORE)
    assert (told.code, f"{SALON} at " in told.out) == (4, True)
    assert "the copy of the friends cannot be used: file is not a database" in told.err


def test_a_copy_that_is_turned_off_is_not_made(applied: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEFORM_COPY", "off")
    assert run("friends", "copy", "--sandbox").code == 64
    monkeypatch.setenv("LINEFORM_COPY", "sometimes")
    wrong = run("friends", "copy", "--sandbox")
    assert wrong.code == 64
    assert "none of auto, on, off" in wrong.err


def test_where_it_is_turned_on_an_import_makes_it_whatever_the_size(
    applied: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (applied / "more.csv").write_text(f"user_id,tags\n{HANAKO[:-1]}9,regular\n", encoding="utf-8")
    assert run("friends", "import", "more.csv", *OFFLINE).code == 0
    assert not (applied / ".lineform" / "offline.duckdb").exists()
    monkeypatch.setenv("LINEFORM_COPY", "on")
    assert run("friends", "import", "more.csv", *OFFLINE).code == 0
    assert (applied / ".lineform" / "offline.duckdb").exists()
