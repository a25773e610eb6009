"""``lineform events`` and ``lineform keys``: what a shop's systems tell, from a file and with a key of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.sandbox.control import Control
from support.command_line import BEFORE, SALON, Run

ONE = ("--client", SALON)
USER = "U00000000000000000000000000000001"
EVENTS = f"""\
event,id,at,user_id,fields.number,fields.at,fields.menu
booking,e1,2026-11-29T10:00,{USER},B1,2026-12-12T14:00,カット
booking,e2,2099-11-29T10:00,{USER},B2,2026-12-12T14:00,カット
nothing,e3,2026-11-29T10:00,{USER},B3,,
"""


def test_events_are_imported_once_and_what_is_wrong_is_told_by_its_row(applied: Path, line: Control, run: Run) -> None:
    (applied / "events.csv").write_text(EVENTS, encoding="utf-8")
    told = run("events", "import", "events.csv", *ONE, "--now", BEFORE)
    assert (told.code, told.out.strip()) == (3, f"{SALON}: 1 new event, 0 that were there or are about nobody here")
    assert "row 3, at: is in the future" in told.err
    assert "row 4" in told.err
    again = run("events", "import", "events.csv", *ONE, "--now", BEFORE)
    assert again.out.strip() == f"{SALON}: 0 new events, 1 that were there or are about nobody here"
    assert "0 events set aside, 1 waiting" in run("events", "failed", *ONE).out


def test_history_is_recorded_and_nothing_follows_from_it(applied: Path, line: Control, run: Run) -> None:
    (applied / "events.csv").write_text(EVENTS, encoding="utf-8")
    told = run("events", "import", "events.csv", "--history", *ONE, "--now", BEFORE)
    assert told.out.startswith(f"{SALON}: 1 new event")
    assert "0 events set aside, 0 waiting" in run("events", "failed", *ONE).out


def test_a_members_event_is_recorded_once_for_each_friend_however_many_are_linked_when_it_is_imported(
    applied: Path, line: Control, run: Run
) -> None:
    text = "".join(EVENTS.splitlines(keepends=True)[:2]).replace("user_id", "member_id").replace(USER, "m-1")
    (applied / "events.csv").write_text(text, encoding="utf-8")
    told = []
    for number in (None, 1, 2, 2):
        if number:
            (applied / "linked.csv").write_text(f"user_id,member_id\nU{number:032x},m-1\n", encoding="utf-8")
            assert run("friends", "import", "linked.csv", *ONE, "--now", BEFORE).code == 0
        told.append(run("events", "import", "events.csv", "--history", *ONE, "--now", BEFORE).out.strip())
    assert told == [
        f"{SALON}: {count} that were there or are about nobody here"
        for count in ("0 new events, 1", "1 new event, 0", "1 new event, 1", "0 new events, 2")
    ]


def test_a_file_with_fewer_wrong_rows_than_right_ones_does_not_fail(applied: Path, line: Control, run: Run) -> None:
    right = "".join(f"booking,f{n},2026-11-29T10:00,{USER},B{n},2026-12-12T14:00,カット\n" for n in range(2))
    (applied / "events.csv").write_text(EVENTS + right, encoding="utf-8")
    told = run("events", "import", "events.csv", *ONE, "--now", BEFORE)
    assert (told.code, told.out.startswith(f"{SALON}: 3 new events")) == (0, True)


def test_a_file_of_nothing_but_wrong_rows_fails(applied: Path, line: Control, run: Run) -> None:
    (applied / "events.csv").write_text("event,id,at,user_id\nnothing,e1,2026-11-29T10:00,U1\n", encoding="utf-8")
    assert run("events", "import", "events.csv", *ONE, "--now", BEFORE).code != 0


def test_events_of_the_forgotten_are_not_kept(
    applied: Path, line: Control, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEFORM_FORGET_KEY", "the key of these tests, which never changes")
    (applied / "events.csv").write_text(EVENTS, encoding="utf-8")
    forget = ("friends", "forget", "--friend", USER, "--yes", *ONE, "--now", BEFORE)
    (applied / ".lineform" / "sandbox.db").unlink()
    assert run("events", "import", "events.csv", *ONE, "--now", BEFORE).code == 3
    assert run(*forget).code == 0
    assert "0 events set aside, 0 waiting" in run("events", "failed", *ONE).out
    told = run("events", "import", "events.csv", *ONE, "--now", BEFORE)
    assert told.out.strip() == f"{SALON}: 0 new events, 1 that were there or are about nobody here"
    assert run(*forget).code == 0, "no file holds the id again"
    monkeypatch.delenv("LINEFORM_FORGET_KEY")
    blind = run("events", "import", "events.csv", *ONE, "--now", BEFORE)
    assert (blind.code, "LINEFORM_FORGET_KEY" in blind.err) == (8, True)


def test_a_key_is_shown_once_listed_without_itself_and_revoked(applied: Path, line: Control, run: Run) -> None:
    made = run("keys", "new", "shop", *ONE)
    key = made.out.strip()
    assert (made.code, key.startswith("lfk_"), "it is not shown again" in made.err) == (0, True, True)
    listed = run("keys", "list", *ONE)
    assert ("shop" in listed.out, "valid" in listed.out, key in listed.out) == (True, True, False)
    number = listed.out.split()[0]
    assert run("keys", "revoke", number, *ONE).code == 0
    assert "revoked" in run("keys", "list", *ONE).out
    again = run("keys", "revoke", number, *ONE)
    assert (again.code, f"has no valid key {number}" in again.err) == (64, True)
