"""Of several clients, what is wrong with one stays its own."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from support.agency import BEFORE, CAMPAIGN, agency
from support.command_line import Run, bare_environment

UNMAKEABLE = CAMPAIGN.format(name="own") + "  - text: \"今日は {{ run.date | add_days('x') | date }}\"\n"
OFFLINE = ("--sandbox", "--now", BEFORE)


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The agency's workspace, which is the current folder; nothing was applied yet."""
    root = agency(tmp_path / "agency")
    bare_environment(monkeypatch, root)
    return root


def test_a_message_that_cannot_be_made_fails_its_own_test_and_no_other(shared: Path, run: Run) -> None:
    (shared / "clients/beta/campaigns/own.yaml").write_text(UNMAKEABLE, encoding="utf-8")
    assert run("validate").code == 0
    told = run("test")
    assert told.code == 3
    assert "ok     alpha: own" in told.out
    assert "FAILED beta: own" in told.out
    assert "E027 needs a whole number of days" in told.out
    assert "campaign.own: messages[1], clients/beta/campaigns/own.yaml:7:5" in told.out
    assert "ok     gamma: own" in told.out
    assert [test["passed"] for test in run("test", "--format", "json").data["tests"]] == [True, False, True]
    suites = ET.fromstring(run("test", "--format", "junit").out)  # noqa: S314 - our own output
    assert (suites.get("tests"), suites.get("failures")) == ("3", "1")


def test_a_part_of_a_plan_file_is_applied_and_the_rest_stays(shared: Path, run: Run) -> None:
    assert run("plan", "--out", "plan.json", *OFFLINE).code == 0
    first = run("apply", "plan.json", "--client", "alpha", *OFFLINE)
    assert (first.code, first.err) == (0, "")
    assert "alpha: " in first.out
    assert "beta: " not in first.out
    assert "the rest of the plan stays, and the same file can be applied for it: beta, gamma" in first.out
    rest = run("apply", "plan.json", *OFFLINE)
    assert rest.code == 0
    assert "alpha: nothing to do" in rest.out
    assert run("plan", "--detailed-exitcode", *OFFLINE).code == 0


def test_a_client_of_whom_a_plan_file_holds_nothing_is_an_error(shared: Path, run: Run) -> None:
    assert run("plan", "--client", "alpha", "--out", "plan.json", *OFFLINE).code == 0
    refused = run("apply", "plan.json", "--client", "alpha", "--client", "beta", *OFFLINE)
    assert refused.code == 64
    assert "the plan file holds no plan for beta" in refused.err
    assert "it is for alpha" in refused.err
    assert refused.out == ""
