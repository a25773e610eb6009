"""``friends export`` and ``friends forget`` on the command line."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from lineform.loading import friends_writing
from lineform.sandbox.control import Control
from support.command_line import DUE, SALON, Run

OFFLINE = ("--client", SALON, "--sandbox")
ONE = ("--client", SALON)
HANAKO, TARO, MIKI = (f"U{number:032x}" for number in (1, 2, 3))
KEY = "the key of these tests, which never changes"


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LINEFORM_FORGET_KEY", KEY)
    return KEY


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_an_export_is_for_its_owner_alone_and_imports_as_it_was(applied: Path, run: Run, name: str) -> None:
    told = run("friends", "export", "--out", name, *OFFLINE)
    assert told.code == 0
    assert "3 friends written" in told.out
    assert (applied / name).stat().st_mode & 0o077 == 0
    again = run("friends", "import", name, *OFFLINE)
    assert again.code == 0
    assert "0 added, 0 changed, 3 unchanged" in again.out
    (applied / ".lineform" / "offline.db").unlink()
    for log in (applied / ".lineform").glob("offline.db-*"):
        log.unlink()
    assert "3 added" in run("friends", "import", name, *OFFLINE).out
    first = (applied / name).read_bytes()
    assert run("friends", "export", "--out", name, "--force", *OFFLINE).code == 0
    assert (applied / name).read_bytes() == first


def test_an_export_holds_no_formula(applied: Path, run: Run) -> None:
    (applied / "odd.csv").write_text(f"user_id,display_name,name\n{HANAKO},=1+1,@SUM(A1)\n", encoding="utf-8")
    assert run("friends", "import", "odd.csv", *OFFLINE).code == 0
    assert run("friends", "export", "--out", "out.csv", *OFFLINE).code == 0
    with (applied / "out.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = {row["user_id"]: row for row in csv.DictReader(lines)}
    assert (rows[HANAKO]["display_name"], rows[HANAKO]["name"]) == ("'=1+1", "'@SUM(A1)")
    assert rows[MIKI]["tags"] == "opted-out"


def test_an_export_never_replaces_a_file_by_itself(applied: Path, run: Run) -> None:
    (applied / "out.csv").write_text("mine", encoding="utf-8")
    assert run("friends", "export", "--out", "out.csv", *OFFLINE).code == 64
    assert (applied / "out.csv").read_text(encoding="utf-8") == "mine"
    assert run("friends", "export", "--out", "out.xlsx", *OFFLINE).code == 64
    assert not (applied / "out.xlsx").exists()


KILLED = """
import os, signal, sys
from lineform.cli import lineform
from lineform.cli.boundary import guarded
from lineform.loading import friends_writing

os.umask(0)
friends_writing._values = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
guarded(lineform, sys.argv[1:])
"""


def left_in(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if ".part" in path.name]


def test_what_a_killed_export_left_is_for_its_owner_alone_and_deleted_by_the_next_one(applied: Path, run: Run) -> None:
    export = ("friends", "export", "--out", "out.csv", *OFFLINE)
    ended = subprocess.run([sys.executable, "-c", KILLED, *export], cwd=applied, timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert left_in(applied)
    assert {path.stat().st_mode & 0o077 for path in left_in(applied)} == {0}
    # In a container every process has the same number.
    (applied / f".out.csv.{os.getpid()}.part").write_text("of a version that kept no lock", encoding="utf-8")
    assert run(*export).code == 0
    assert left_in(applied) == []
    assert (applied / "out.csv").stat().st_mode & 0o077 == 0


def test_an_export_that_breaks_off_is_not_there(applied: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise RuntimeError("the store is gone")

    monkeypatch.setattr(friends_writing, "_values", gone)
    assert run("friends", "export", "--out", "out.csv", *OFFLINE).code == 1
    assert left_in(applied) == []
    assert not (applied / "out.csv").exists()


def test_an_export_that_cannot_be_written_says_so(applied: Path, run: Run) -> None:
    told = run("friends", "export", "--out", "nowhere/out.csv", *OFFLINE)
    assert (told.code, "cannot write beside nowhere/out.csv" in told.err) == (4, True)


def test_the_forgotten_are_in_no_file_and_receive_nothing(applied: Path, line: Control, run: Run, key: str) -> None:
    (applied / "erase.txt").write_text(f"{HANAKO}\n\n", encoding="utf-8")
    (applied / ".lineform" / "sandbox.db").rename(applied / "elsewhere.db")
    told = run("friends", "forget", "--file", "erase.txt", "--yes", *ONE)
    assert told.code == 0, told.err
    assert "1 friend forgotten" in told.out
    for file in (applied / ".lineform").rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not any(value.encode() in content for value in (HANAKO, "花子", "佐藤")), file
    assert run("run", *ONE, "--now", DUE).code == 0
    assert {one["user"] for one in line.deliveries(SALON)} == {TARO}
    again = run("friends", "import", "friends.csv", *ONE)
    assert "left out: 1 person who asked to be forgotten" in again.out
    assert "left out: 1 person who asked to be forgotten" in run("friends", "sync", *ONE).out
    assert HANAKO not in again.err + again.out
    assert "2 friends," in run("friends", "count", *ONE).out
    audit = run("report", "--audit", "--format", "json", *ONE).data["clients"][0]["audit"]
    assert "friends.forget" in {note["action"] for note in audit}


def test_files_that_still_know_the_forgotten_are_named(applied: Path, run: Run, key: str) -> None:
    (applied / ".lineform" / "notes.txt").write_text(f"about {HANAKO}", encoding="utf-8")
    told = run("friends", "forget", "--friend", HANAKO, "--yes", *OFFLINE)
    assert told.code == 7
    assert "1 friend forgotten" in told.out
    assert "notes.txt" in told.err
    assert "offline.db" not in told.err
    assert HANAKO not in told.err


def test_nobody_is_forgotten_without_the_key_or_a_word(
    applied: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = run("friends", "forget", "--friend", HANAKO, "--yes", *OFFLINE)
    assert missing.code == 8
    assert "LINEFORM_FORGET_KEY" in missing.err
    monkeypatch.setenv("LINEFORM_FORGET_KEY", KEY)
    assert run("friends", "forget", "--friend", HANAKO, *OFFLINE).code == 4
    assert run("friends", "forget", "--yes", *OFFLINE).code == 64
    wrong = run("friends", "forget", "--friend", HANAKO, "--friend", "花子", "--yes", *OFFLINE)
    assert wrong.code == 64
    assert "花子" not in wrong.err
    assert "number 2" in wrong.err
    assert "3 friends," in run("friends", "count", *OFFLINE).out


def test_an_export_as_json_lines_holds_each_value_by_its_type(applied: Path, run: Run) -> None:
    assert run("friends", "export", "--out", "out.jsonl", *OFFLINE).code == 0
    rows = [json.loads(line) for line in (applied / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rows[0] == {
        "user_id": HANAKO,
        "display_name": "花子🌸",
        "blocked": False,
        "tags": ["regular"],
        "name": "佐藤",
        "visits": 9,
        "birth_month": 12,
        "has_children": True,
    }


def test_a_database_of_members_without_line_ids_is_imported(
    applied: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (applied / "links.csv").write_text(f"user_id,member_id\n{HANAKO},m-1\n{TARO},m-2\n{MIKI},m-2\n", encoding="utf-8")
    assert run("friends", "import", "links.csv", *OFFLINE).code == 0
    with closing(sqlite3.connect(applied / "members.db")) as members, members:
        members.execute("CREATE TABLE members (number TEXT, name TEXT, visits INTEGER)")
        rows = [("m-1", "佐藤花子", 10), ("m-2", "鈴木", 2), ("m-3", "田中", 1)]
        members.executemany("INSERT INTO members VALUES (?, ?, ?)", rows)
    query = "SELECT number AS member_id, name, visits FROM members ORDER BY number;"
    (applied / "members.sql").write_text(query, encoding="utf-8")
    monkeypatch.setenv("MEMBERS_URL", f"sqlite:///{applied / 'members.db'}")
    source = ("--from-env", "MEMBERS_URL", "--query-file", "members.sql")
    told = run("friends", "import", *source, *OFFLINE)
    assert (told.code, told.err) == (0, "")
    left_out = "left out: 1 row about members to whom no friend is linked"
    assert f"0 added, 3 changed, 0 unchanged; {left_out}" in told.out
    assert run("friends", "export", "--out", "out.csv", *OFFLINE).code == 0
    with (applied / "out.csv").open(encoding="utf-8-sig", newline="") as lines:
        known = {row["user_id"]: (row["member_id"], row["name"], row["visits"]) for row in csv.DictReader(lines)}
    assert known == {HANAKO: ("m-1", "佐藤花子", "10"), TARO: ("m-2", "鈴木", "2"), MIKI: ("m-2", "鈴木", "2")}
    assert f"0 added, 0 changed, 3 unchanged; {left_out}" in run("friends", "import", *source, *OFFLINE).out


def test_an_import_of_a_query_without_an_order_does_not_go_on_in_its_middle(
    applied: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(applied / "members.db")) as members, members:
        members.execute("CREATE TABLE members (user_id TEXT)")
        members.executemany("INSERT INTO members VALUES (?)", [(HANAKO,), (TARO,)])
    monkeypatch.setenv("MEMBERS_URL", f"sqlite:///{applied / 'members.db'}")
    source = ("friends", "import", "--from-env", "MEMBERS_URL", "--query-file", "members.sql", *OFFLINE)
    (applied / "members.sql").write_text("SELECT user_id FROM members", encoding="utf-8")
    refused = run(*source, "--resume-from", "2")
    assert refused.code == 64
    assert "ORDER BY" in refused.err
    (applied / "members.sql").write_text("SELECT user_id FROM members ORDER BY user_id", encoding="utf-8")
    assert "1 unchanged" in run(*source, "--resume-from", "2").out


def test_an_import_that_goes_on_keeps_the_rows_that_were_refused_before(applied: Path, run: Run) -> None:
    (applied / "odd.csv").write_text(f"user_id\n{HANAKO}\nnobody\n{TARO}\nnobody\n", encoding="utf-8")
    asked = ("friends", "import", "odd.csv", "--refused", "refused.csv", *OFFLINE)

    def refused() -> list[str]:
        with (applied / "refused.csv").open(encoding="utf-8-sig", newline="") as lines:
            return [row["row"] for row in csv.DictReader(lines)]

    run(*asked)
    assert refused() == ["3", "5"]
    run(*asked, "--resume-from", "4")
    assert refused() == ["3", "5"], "row 5 was read again, and is told once"
    run(*asked)
    assert refused() == ["3", "5"]
    (applied / "mine.csv").write_text("mine", encoding="utf-8")
    told = run("friends", "import", "odd.csv", "--refused", "mine.csv", "--resume-from", "4", *OFFLINE)
    assert told.code == 64
    assert (applied / "mine.csv").read_text(encoding="utf-8") == "mine"
