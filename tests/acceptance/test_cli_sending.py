"""``run``, ``send``, ``report``, ``friends`` and ``segments`` on the command line."""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lineform.sandbox.control import Control
from support.command_line import BEFORE, CSV, DUE, SALON, Run, replace

ONE = ("--client", SALON)
OFFLINE = (*ONE, "--sandbox")
HANAKO = "U00000000000000000000000000000001"
AT_DUE = (*ONE, "--now", DUE)


def test_a_dry_run_says_everything_and_sends_nothing(applied: Path, line: Control, run: Run) -> None:
    told = run("run", "--dry-run", "--format", "json", *AT_DUE)
    assert told.code == 0
    entries = [(e["address"], e["outcome"], e["recipients"]) for e in told.data["clients"][0]["entries"]]
    assert entries[0] == ("campaign.winter-offer", "would send", 2)
    assert {outcome for _, outcome, _ in entries[1:]} <= {"would link"}
    assert line.deliveries(SALON) == []
    assert run("report", "--format", "json", *ONE).data["clients"][0]["sends"] == []


@pytest.mark.parametrize(("otherwise", "code"), [("hold", 4), ("skip", 0)])
def test_a_plan_says_of_a_date_that_is_over_what_the_run_will_do(
    workspace: Path, run: Run, otherwise: str, code: int
) -> None:
    campaign = workspace / "campaigns" / "winter-offer.yaml"
    replace(campaign, "2026-12-01T10:00", "2025-12-01T10:00")
    replace(campaign, "otherwise: hold", f"otherwise: {otherwise}")
    offline = (*OFFLINE, "--now", BEFORE)
    planned = run("plan", "--format", "json", *offline).data["clients"][0]["sends"]
    (entry,) = [one for one in planned if one["address"] == "campaign.winter-offer"]
    assert run("apply", "--yes", *offline).code == 0
    told = run("run", "--format", "json", *offline)
    (done,) = [one for one in told.data["clients"][0]["entries"] if one["address"] == "campaign.winter-offer"]
    assert (entry["outcome"], entry["occurrence"]) == (done["outcome"], done["occurrence"])
    assert done["outcome"] == {"hold": "held", "skip": "skipped"}[otherwise]
    assert told.code == code


def test_what_is_frozen_bears_the_hash_that_the_plan_showed(applied: Path, line: Control, run: Run) -> None:
    (planned,) = run("run", "--dry-run", "--format", "json", *AT_DUE).data["clients"][0]["entries"][:1]
    assert planned["seconds"] == 0
    assert f"recipients {planned['recipients_hash'][:12]}" in run("run", "--dry-run", *AT_DUE).out
    assert "in under a second" in run("run", "--dry-run", *AT_DUE).out
    run("run", *AT_DUE)
    with closing(sqlite3.connect(applied / ".lineform" / "offline.db")) as store:
        frozen = store.execute("SELECT recipients_hash FROM sends WHERE address = 'campaign.winter-offer'").fetchall()
    assert frozen == [(planned["recipients_hash"],)]


@pytest.mark.parametrize(
    "words",
    [
        ("run",),
        ("run", "--every", "60"),
        ("run", "--release", "campaign.winter-offer@2026-12-01T10:00"),
        ("apply", "--yes"),
        ("send", "winter-offer", "--test"),
        ("friends", "sync"),
        ("friends", "import", "friends.csv"),
    ],
)
def test_a_real_account_is_not_acted_on_at_another_time(
    applied: Path, run: Run, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AOBA_SALON_TESTERS", HANAKO)
    refused = run(*words, *AT_DUE)
    assert refused.code == 64
    assert "--sandbox" in refused.err


def test_an_audience_that_grew_after_it_was_armed_is_not_sent_to(applied: Path, line: Control, run: Run) -> None:
    campaign = applied / "campaigns" / "winter-offer.yaml"
    text = campaign.read_text(encoding="utf-8").replace("  expect: {min: 1, max: 2000}\n", "")
    campaign.write_text(text, encoding="utf-8")
    assert run("apply", "--yes", *ONE, "--now", BEFORE).code == 0
    rows = "".join(f"U{n:032x},{n},9,regular\n" for n in range(100, 160))
    (applied / "more.csv").write_text(f"user_id,name,visits,tags\n{rows}", encoding="utf-8")
    assert run("friends", "import", "more.csv", *ONE, "--now", BEFORE).code == 0
    refused = run("run", *AT_DUE)
    assert refused.code == 4
    assert "G225" in refused.out + refused.err
    assert "62 people, and had 2 when" in refused.out + refused.err
    assert line.deliveries(SALON) == []
    # Whoever means them writes it down, and arms the campaign with today's number.
    campaign.write_text(text.replace("audience:\n", "audience:\n  tolerance: 30\n"), encoding="utf-8")
    assert run("apply", "--yes", *ONE, "--now", "2026-11-30T10:00").code == 0
    assert "2 of 62" in run("run", *AT_DUE).out, "the offline account has only two of them as friends"
    assert len(line.deliveries(SALON)) == 2


def test_a_second_run_sends_nothing_more(applied: Path, line: Control, run: Run) -> None:
    first = run("run", *AT_DUE)
    assert first.code == 0
    assert "2 of 2 friends" in first.out
    texts = {one["user"]: one["messages"][0]["text"] for one in line.deliveries(SALON)}
    assert texts[HANAKO].startswith("佐藤さま")
    assert len(texts) == len(line.deliveries(SALON)) == 2
    again = run("run", *AT_DUE)
    assert again.code == 0
    assert "nothing is due" in again.out
    assert len(line.deliveries(SALON)) == 2


def test_before_its_time_nothing_is_due(applied: Path, run: Run) -> None:
    early = run("run", *OFFLINE, "--now", BEFORE)
    assert early.code == 0
    assert "next: menu-rules.rules at 2026-12-01T00:00" in early.out


def test_a_halted_client_sends_after_it_is_resumed(applied: Path, line: Control, run: Run) -> None:
    assert run("run", "--halt", *AT_DUE).code == 0
    halted = run("run", *AT_DUE)
    assert halted.code == 4
    assert "halted" in halted.out
    assert line.deliveries(SALON) == []
    assert "halted by" in run("doctor", *AT_DUE).out
    assert run("run", "--resume", *AT_DUE).code == 0
    assert run("run", *AT_DUE).code == 0
    assert len(line.deliveries(SALON)) == 2


def test_a_late_send_is_held_until_a_person_lets_it_go(applied: Path, line: Control, run: Run) -> None:
    late = (*ONE, "--now", "2026-12-01T15:00")
    assert run("run", *late).code == 4
    assert line.deliveries(SALON) == []
    assert "held" in run("report", *late).out
    assert "held" in run("report", *ONE, "--now", "2027-06-01T10:00").out
    assert run("run", "--release", "campaign.winter-offer@2026-12-01T10:00", *late).code == 0
    assert len(line.deliveries(SALON)) == 2


@pytest.mark.parametrize("words", [("--dry-run", "--halt"), ("--halt", "--resume")])
def test_what_excludes_each_other_is_refused(applied: Path, run: Run, words: tuple[str, ...]) -> None:
    assert run("run", *words, *OFFLINE).code == 64


def test_an_occurrence_needs_its_time(applied: Path, run: Run) -> None:
    assert run("run", "--release", "campaign.winter-offer", *OFFLINE).code == 64


def test_a_quota_that_is_too_small_stops_the_send(applied: Path, line: Control, run: Run) -> None:
    line.change(SALON, plan_limit=1)
    stopped = run("run", *AT_DUE)
    assert stopped.code == 4
    assert "G201" in stopped.out
    assert line.deliveries(SALON) == []


def test_a_test_send_reaches_the_testers_alone(
    applied: Path, line: Control, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AOBA_SALON_TESTERS", HANAKO)
    sent = run("send", "winter-offer", "--test", *ONE)
    assert sent.code == 0
    assert "1 of 1 testers" in sent.out
    assert {one["user"] for one in line.deliveries(SALON)} == {HANAKO}
    assert run("report", "--format", "json", *ONE).data["clients"][0]["sends"] == []


def test_send_without_the_word_test_is_refused(applied: Path, run: Run) -> None:
    refused = run("send", "winter-offer", *OFFLINE)
    assert refused.code == 64
    assert "--test" in refused.err


def test_testers_that_nobody_set_are_named(applied: Path, run: Run) -> None:
    missing = run("send", "winter-offer", "--test", *OFFLINE)
    assert missing.code == 8
    assert "AOBA_SALON_TESTERS" in missing.err


def test_an_unknown_campaign_is_met_with_the_nearest(applied: Path, run: Run) -> None:
    unknown = run("send", "winter-ofer", "--test", *OFFLINE)
    assert unknown.code == 64
    assert "campaign.winter-offer" in unknown.err


def test_the_report_says_what_was_sent_and_who_did_it(applied: Path, run: Run) -> None:
    run("run", *OFFLINE, "--now", DUE)
    told = run("report", "--audit", *OFFLINE, "--now", DUE)
    assert told.code == 0
    assert "2026-12-01 10:00  campaign.winter-offer  sent" in told.out
    assert "2 of 2 friends" in told.out
    assert "apply.done" in told.out
    data = run("report", "--format", "json", "--audit", *OFFLINE, "--now", DUE).data["clients"][0]
    assert (data["sends"][0]["status"], data["sends"][0]["accepted"]) == ("sent", 2)
    assert {note["action"] for note in data["audit"]} >= {"apply.start", "apply.done"}


def test_the_report_names_the_guard_that_stops_a_send_and_what_to_do(applied: Path, run: Run) -> None:
    replace(applied / "clients" / "aoba-salon.yaml", "monthly_messages: 3000", "monthly_messages: 1")
    assert run("run", *OFFLINE, "--now", DUE).code == 4
    lines = run("report", "--campaign", "winter-offer", *OFFLINE, "--now", DUE).out.splitlines()
    assert lines[1].startswith("  2026-12-01 10:00  campaign.winter-offer  blocked")
    assert lines[2].startswith("      G202: 2 messages after 0 this month")
    assert lines[2].endswith("(since 2026-12-01 10:01)")
    assert "limits.monthly_messages" in lines[3]


def test_the_report_says_who_halted_a_client_and_what_is_due_meanwhile(applied: Path, run: Run) -> None:
    assert run("run", "--halt", *OFFLINE, "--now", BEFORE).code == 0
    told = run("report", "--campaign", "winter-offer", *OFFLINE, "--now", DUE)
    lines = told.out.splitlines()
    assert told.code == 0
    assert lines[1].startswith("  halted by lineform run --halt since 20")
    assert lines[2].endswith(f"`lineform run --resume --client {SALON}` lets it send again")
    assert lines[3].startswith("  2026-12-01 10:00  campaign.winter-offer  blocked")
    assert lines[4].startswith("      G210: sending is halted by lineform run --halt")


def test_the_report_of_one_campaign_holds_no_other(applied: Path, run: Run) -> None:
    run("run", *OFFLINE, "--now", DUE)
    assert "nothing was sent" in run("report", "--campaign", "new-year", *OFFLINE, "--now", DUE).out
    assert "winter-offer" in run("report", "--campaign", "winter-offer", *OFFLINE, "--now", DUE).out
    assert run("report", "--campaign", "winter", *OFFLINE).code == 64


def test_an_import_is_idempotent(applied: Path, run: Run) -> None:
    again = run("friends", "import", "friends.csv", *OFFLINE)
    assert again.code == 0
    assert "0 added, 0 changed, 3 unchanged" in again.out
    assert "3 friends" in run("friends", "count", *OFFLINE).out
    told = run("friends", "count", "--format", "json", *OFFLINE).data["clients"][SALON]
    assert told == {"friends": 3, "blocked": 0, "visitors": 0}


def test_refused_rows_are_told_counted_and_written(workspace: Path, run: Run) -> None:
    rows = "".join(f"=cmd{number},x\n" for number in range(30))
    (workspace / "some.csv").write_text(f"user_id,name\n{HANAKO},花子\n{rows}", encoding="utf-8")
    told = run("friends", "import", "some.csv", "--refused", "refused.csv", *OFFLINE)
    assert told.code == 3, "nearly everything was lost"
    assert "1 added" in told.out
    assert told.err.count("is not a LINE user id") == 20
    assert "not imported: 30 rows" in told.err
    assert "=cmd" not in told.err
    with (workspace / "refused.csv").open(encoding="utf-8-sig", newline="") as lines:
        written = list(csv.DictReader(lines))
    assert [int(row["row"]) for row in written] == list(range(3, 33))


def test_a_few_refused_rows_are_no_failure(workspace: Path, run: Run) -> None:
    (workspace / "some.csv").write_text(f"{CSV}nobody,x,1,\n", encoding="utf-8")
    told = run("friends", "import", "some.csv", *OFFLINE)
    assert (told.code, "not imported: 1 row" in told.err) == (0, True)


def test_nobody_followed_in_the_future(workspace: Path, run: Run) -> None:
    followed = f"user_id,followed_at\n{HANAKO},2026-11-01T10:00\nU{2:032x},2030-11-01T10:00\n"
    (workspace / "ahead.csv").write_text(followed, encoding="utf-8")
    told = run("friends", "import", "ahead.csv", *ONE, "--now", BEFORE, "--sandbox")
    assert (told.code, "1 added" in told.out) == (0, True)
    assert "row 3, followed_at: is in the future (it is when the friend followed)" in told.err
    assert "1 friend," in run("friends", "count", *OFFLINE).out


def test_a_file_of_which_nothing_can_be_read_is_an_error(workspace: Path, run: Run) -> None:
    (workspace / "none.csv").write_text("user_id\nnobody\n", encoding="utf-8")
    assert run("friends", "import", "none.csv", *OFFLINE).code == 3
    (workspace / "columns.csv").write_text("user_id,vists\n", encoding="utf-8")
    unknown = run("friends", "import", "columns.csv", *OFFLINE)
    assert unknown.code == 3
    assert "visits" in unknown.err


def test_a_file_that_breaks_off_keeps_what_was_before(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineform.cli.friends_import.CHUNK", 2)
    (workspace / "cut.csv").write_text(f'{CSV}"U0', encoding="utf-8")
    cut = run("friends", "import", "cut.csv", *OFFLINE)
    assert cut.code == 3
    assert "2 added, 0 changed, 0 unchanged before it broke off" in cut.err
    assert "--resume-from 4" in cut.err
    assert "2 friends" in run("friends", "count", *OFFLINE).out


def test_the_refused_rows_never_replace_the_file_itself(workspace: Path, run: Run) -> None:
    (workspace / "friends.csv").write_text(CSV, encoding="utf-8")
    assert run("friends", "import", "friends.csv", "--refused", "./friends.csv", *OFFLINE).code == 64
    assert (workspace / "friends.csv").read_text(encoding="utf-8") == CSV


def test_an_import_goes_on_from_the_row_that_it_names(workspace: Path, run: Run) -> None:
    (workspace / "friends.csv").write_text(CSV, encoding="utf-8")
    later = run("friends", "import", "friends.csv", "--resume-from", "4", *OFFLINE)
    assert later.code == 0
    assert "1 added" in later.out


def test_friends_are_imported_from_a_database_of_members(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(workspace / "members.db")) as members, members:
        members.execute("CREATE TABLE members (line TEXT, family_name TEXT, visits INTEGER)")
        members.executemany("INSERT INTO members VALUES (?, ?, ?)", [(HANAKO, "佐藤", 9), ("nobody", None, 1)])
    members.close()
    (workspace / "members.sql").write_text(
        "SELECT line AS user_id, family_name AS name, visits FROM members;\n", encoding="utf-8"
    )
    source = ("--from-env", "MEMBERS_DB_URL", "--query-file", "members.sql")
    missing = run("friends", "import", *source, *OFFLINE)
    assert missing.code == 8
    assert "MEMBERS_DB_URL" in missing.err
    monkeypatch.setenv("MEMBERS_DB_URL", "sqlite:///members.db")
    told = run("friends", "import", *source, *OFFLINE)
    assert told.code == 0
    assert "1 added" in told.out
    assert "row 2, user_id: is not a LINE user id" in told.err
    assert "1 friend" in run("friends", "count", *OFFLINE).out


@pytest.mark.parametrize(
    "source",
    [
        (),
        ("--from-env", "MEMBERS_DB_URL"),
        ("--query-file", "lineform.yaml"),
        ("friends.csv", "--from-env", "MEMBERS_DB_URL", "--query-file", "lineform.yaml"),
    ],
)
def test_an_import_has_one_source(workspace: Path, run: Run, source: tuple[str, ...]) -> None:
    (workspace / "friends.csv").write_text(CSV, encoding="utf-8")
    assert run("friends", "import", *source, *OFFLINE).code == 64


def test_friends_are_collected_from_line(applied: Path, line: Control, run: Run) -> None:
    line.add_friends(SALON, 4)
    synced = run("friends", "sync", "--profiles", *ONE)
    assert synced.code == 0
    assert "4 added" in synced.out
    every = run("friends", "sync")
    assert every.code == 8
    assert f"{SALON}: 0 added" in every.out
    assert "kita-juku: the environment variable KITA_JUKU_LINE_TOKEN" in every.err


def test_an_unverified_account_is_told_what_it_cannot_do(applied: Path, line: Control, run: Run) -> None:
    line.change(SALON, verified=False)
    refused = run("friends", "sync", *ONE)
    assert refused.code == 4
    assert "not verified" in refused.err
    doctor = run("doctor", *ONE)
    assert doctor.code == 0
    assert "friends import" in doctor.out


def test_segments_are_counted(applied: Path, run: Run) -> None:
    data = run("segments", "count", "--format", "json", *OFFLINE).data
    assert data["friends"] == 3
    assert data["segments"] == {"families": 1, "reachable": 2, "regulars": 1}
    assert "1 of 3 (33.3%)" in run("segments", "count", "regulars", *OFFLINE).out


def test_a_segment_is_explained_for_one_friend(applied: Path, run: Run) -> None:
    told = run("segments", "explain", "regulars", "--friend", HANAKO, *OFFLINE)
    assert told.code == 0
    assert f"{HANAKO} is in regulars" in told.out
    assert "visits is 9" in told.out


def test_a_friend_or_segment_that_is_not_there_is_said(applied: Path, run: Run) -> None:
    assert run("segments", "explain", "regulars", "--friend", "U" + "f" * 32, *OFFLINE).code == 64
    unknown = run("segments", "count", "regular", *OFFLINE)
    assert unknown.code == 64
    assert "segment.regulars" in unknown.err
