"""``friends copy`` on the command line: made, kept, asked, forgotten from, and deleted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from lineform.store import copy as copies
from support.command_line import BEFORE, SALON, Run

FILE = Path(".lineform", "offline.duckdb")
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


def checked(run: Run) -> list[str]:
    """What the doctor says of the copy: how it is, why, and what to do."""
    found = [one for one in run("doctor", "--format", "json", *OFFLINE).data["checks"] if one["subject"] == "copy"]
    return [f"{one['verdict']}: {one['said']} {one['todo']}".strip() for one in found]


def lacking(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    monkeypatch.setattr(copies, "find_spec", lambda name: None if name in packages else object())


def test_a_doctor_says_whether_a_copy_can_be_asked(applied: Path, run: Run) -> None:
    assert checked(run) == []
    assert run("friends", "copy", "--sandbox").code == 0
    (fine,) = checked(run)
    assert fine.startswith("ok: ")
    with duckdb.connect(str(applied / FILE)) as older:
        older.execute("UPDATE reached SET format = 3")
    (said,) = checked(run)
    assert said.startswith("warn: ")
    assert "MB, made by another version of lineform: it is not asked" in said
    assert "`lineform friends copy` makes it anew" in said
    assert (applied / FILE).exists()
    assert run("friends", "copy", "--sandbox").out.startswith("the copy is made: ")
    (applied / FILE).write_bytes(b"no database" * 10_000)
    (said,) = checked(run)
    assert "0.1 MB that cannot be read: the store answers `lineform friends copy` makes it anew" in said
    assert (applied / FILE).exists()


def test_a_doctor_says_what_is_missing_to_ask_a_copy(applied: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking(monkeypatch, "numpy", "nanoarrow", "duckdb")
    assert checked(run) == []
    lacking(monkeypatch, "numpy", "nanoarrow")
    (said,) = checked(run)
    assert said.startswith("ok: none: NumPy and nanoarrow are not installed pip install 'lineform[fast]'")
    monkeypatch.setenv("LINEFORM_COPY", "on")
    (said,) = checked(run)
    assert said.startswith("warn: LINEFORM_COPY is on, and NumPy and nanoarrow are not installed: there can be none")
    monkeypatch.undo()
    monkeypatch.chdir(applied)
    assert run("friends", "copy", "--sandbox").code == 0
    lacking(monkeypatch, "nanoarrow")
    (said,) = checked(run)
    assert "MB, which are not asked: nanoarrow is not installed pip install 'lineform[fast]', or delete it" in said
    assert run("friends", "copy", "--remove", "--sandbox").code == 0
    assert not (applied / FILE).exists()


def test_a_doctor_waits_for_nobody_who_uses_the_copy(applied: Path, run: Run) -> None:
    assert run("friends", "copy", "--sandbox").code == 0
    holding = f"import duckdb, sys; used = duckdb.connect({str(applied / FILE)!r}); print('held', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", holding], stdin=-1, stdout=-1, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        (said,) = checked(run)
        assert said.startswith("ok: ")
        assert said.endswith("another process uses it right now")
        other.kill()
