"""Of several clients, what is wrong with one stays its own."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from support.agency import CAMPAIGN, agency
from support.command_line import Run, bare_environment

UNMAKEABLE = CAMPAIGN.format(name="own") + "  - text: \"今日は {{ run.date | add_days('x') | date }}\"\n"


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
