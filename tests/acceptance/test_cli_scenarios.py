"""``lineform scenarios`` and what plan, run, report and explain say of scenarios."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.sandbox.control import Control
from support.command_line import SALON, Run

ONE = ("--client", SALON)
SCENARIO = """\
kind: scenario
name: regulars
trigger: {tag: regular}
enroll: both
reentry: restart
capped: send
steps:
  - {id: thanks, send: [{text: いつもありがとうございます}]}
  - {id: news, after: 3d, at: "10:00", send: [{text: お知らせ}]}
"""
DAY = "2026-12-01T11:00"


@pytest.fixture
def declared(applied: Path) -> Path:
    (applied / "campaigns" / "regulars.yaml").write_text(SCENARIO, encoding="utf-8")
    client = applied / "clients" / f"{SALON}.yaml"
    text = client.read_text(encoding="utf-8")
    client.write_text(text.replace("uses:\n", "uses:\n  scenarios: [regulars]\n"), encoding="utf-8")
    return applied


def friends(line: Control) -> list[str]:
    return [one["userId"] for one in line.friends(SALON)]


def test_a_plan_counts_whom_a_scenario_takes_in_and_an_apply_arms_it(declared: Path, line: Control, run: Run) -> None:
    plan = run("plan", *ONE, "--now", DAY)
    assert "scenario.regulars" in plan.out
    assert "would begin" in plan.out
    assert "1 for whom it is true already are taken in at once" in plan.out
    assert "│ thanks: いつもありがとうございます\n" in plan.out
    assert run("apply", "--yes", *ONE, "--now", DAY).code == 0
    assert "scenario.regulars: 0 friends in it" in run("scenarios", *ONE).out
    ran = run("run", *ONE, "--now", DAY)
    assert ran.code == 0, ran.out
    counted = run("scenarios", *ONE, "--now", DAY)
    assert f"{SALON}: scenario.regulars: 1 friend in it" in counted.out
    assert "wait for news" in counted.out
    data = run("scenarios", *ONE, "--format", "json").data
    assert data["scenarios"][0]["friends"] == 1


def test_a_friend_is_explained_started_and_stopped(declared: Path, line: Control, run: Run) -> None:
    run("apply", "--yes", *ONE, "--now", DAY)
    run("run", *ONE, "--now", DAY)
    who = "U00000000000000000000000000000001"
    told = run("explain", "scenario.regulars", "--friend", who, *ONE)
    assert f"{who} in scenario.regulars: next is 'news' on 2026-12-04 10:00" in told.out
    assert "thanks: sent" in told.out
    stopped = run("scenarios", "stop", "regulars", "--friend", who, *ONE, "--now", "2026-12-01T12:00")
    assert (stopped.code, stopped.out.strip()) == (0, f"{SALON}: 1 friend left scenario.regulars")
    assert "stopped, by hand" in run("explain", "scenario.regulars", "--friend", who, *ONE).out
    again = run("scenarios", "stop", "regulars", "--friend", who, *ONE, "--now", "2026-12-01T12:00")
    assert "  1 friend stays as they were: its rules" in again.out
    other = "U00000000000000000000000000000002"
    started = run("scenarios", "start", "regulars", "--friend", who, "--friend", other, "--friend", "Unobody", *ONE,
                  "--now", "2026-12-01T13:00")  # fmt: skip
    assert f"{SALON}: 2 friends entered scenario.regulars" in started.out
    assert "Unobody is no friend" in started.err
    told = run("explain", "scenario.regulars", "--friend", who, *ONE)
    assert "for the 2nd time" in told.out
    report = run("report", *ONE, "--now", "2026-12-02T00:00")
    assert "scenario.regulars/thanks" in report.out
    assert "2 of 2 friends" in report.out


@pytest.mark.parametrize(
    ("rule", "stands", "changed"),
    [
        ("keep", "next is 'news' on 2026-12-04 10:00", "ends the older version that it began with"),
        ("move", "next is 'update' on 2026-12-05 10:00", "the next run moves it on to the version that is armed now"),
        ("stop", "stopped, the scenario changed", "the next run ends it"),
    ],
)
def test_a_friend_whose_step_was_removed_is_explained_as_the_next_run_has_them(
    declared: Path, line: Control, run: Run, rule: str, stands: str, changed: str
) -> None:
    run("apply", "--yes", *ONE, "--now", DAY)
    run("run", *ONE, "--now", DAY)
    file = declared / "campaigns" / "regulars.yaml"
    text = f"{SCENARIO}in_flight: {rule}\n".replace("id: news, after: 3d", "id: update, after: 4d")
    file.write_text(text, encoding="utf-8")
    later = ("--now", "2026-12-01T12:00")
    assert run("apply", "--yes", *ONE, *later).code == 0
    who = "U00000000000000000000000000000001"
    before = run("explain", "scenario.regulars", "--friend", who, *ONE, *later).out
    assert f"{who} in scenario.regulars: {stands}\n" in before
    assert f"  the scenario changed since: {changed} (in_flight: {rule})\n" in before
    assert run("run", *ONE, *later).code == 0
    assert stands in run("explain", "scenario.regulars", "--friend", who, *ONE, *later).out


def test_an_import_that_gives_the_tag_begins_it(declared: Path, line: Control, run: Run) -> None:
    run("apply", "--yes", *ONE, "--now", DAY)
    run("run", *ONE, "--now", DAY)
    (declared / "more.csv").write_text("user_id,tags\nU00000000000000000000000000000002,regular\n", encoding="utf-8")
    assert run("friends", "import", "more.csv", *ONE, "--now", "2026-12-02T10:00").code == 0
    assert run("run", *ONE, "--now", "2026-12-02T10:05").code == 0
    told = run("explain", "scenario.regulars", "--friend", "U00000000000000000000000000000002", *ONE)
    assert "next is 'news' on 2026-12-05 10:00" in told.out


def test_nobody_is_started_without_a_name_and_a_scenario_that_is_armed(declared: Path, line: Control, run: Run) -> None:
    assert run("scenarios", "start", "regulars", *ONE).code == 64
    unarmed = run("scenarios", "start", "regulars", "--friend", "U00000000000000000000000000000001", *ONE)
    assert (unarmed.code, "is not armed" in unarmed.err) == (64, True)


def test_a_step_that_promises_what_has_expired_by_then_stops_the_plan(declared: Path, line: Control, run: Run) -> None:
    text = SCENARIO.replace("send: [{text: お知らせ}]", 'send: [{text: お知らせ}], valid_until: "2026-12-03T00:00"')
    (declared / "campaigns" / "regulars.yaml").write_text(text, encoding="utf-8")
    plan = run("plan", *ONE, "--now", DAY)
    assert "G218" in plan.out
    assert "step 'news'" in plan.out
    assert run("apply", "--yes", *ONE, "--now", DAY).code == 4
    assert run("plan", *ONE, "--now", "2026-11-29T11:00").code == 0
