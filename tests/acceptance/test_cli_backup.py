"""``backup`` and ``restore`` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.sandbox.control import Control
from support.command_line import DUE, SALON, Run

ONE = ("--client", SALON)


def test_a_restored_ledger_sends_nothing_until_somebody_has_looked(applied: Path, line: Control, run: Run) -> None:
    made = run("backup", "store.backup")
    assert made.code == 0
    assert "1 client" in made.out
    assert (applied / "store.backup").stat().st_mode & 0o077 == 0
    assert run("run", *ONE, "--now", DUE).code == 0
    assert len(line.deliveries(SALON)) == 2
    assert run("restore", "store.backup").code == 4
    told = run("restore", "store.backup", "--force")
    assert told.code == 0
    assert f"lineform run --resume --client {SALON}" in told.err
    # The backup knows nothing of that send: without the halt it would be made again.
    assert run("run", *ONE, "--now", DUE).code == 4
    assert len(line.deliveries(SALON)) == 2
    assert "store.backup" in run("doctor", *ONE).out
    assert run("run", "--resume", *ONE, "--now", DUE).code == 0


def test_a_backup_is_refused_where_a_file_is_and_where_no_store_is(workspace: Path, run: Run) -> None:
    assert run("backup", "store.backup").code == 4
    assert not (workspace / "store.backup").exists()
    assert run("friends", "count").code == 0
    assert run("backup", "store.backup").code == 0
    assert run("backup", "store.backup").code == 64
    assert run("backup", "store.backup", "--force").code == 0


def test_a_postgresql_store_is_told_its_own_command(workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEFORM_STORE", "postgresql://lin:secret@db.example/lineform")
    told = run("backup", "store.dump")
    assert told.code == 64
    assert "pg_dump --format=custom --file=store.dump --host=db.example --username=lin --dbname=lineform" in told.err
    assert "secret" not in told.err
