"""Two of the same command at once, as processes of their own: schedules overlap, and people press twice."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer
from support.command_line import BEFORE, DUE, ROOT, SALON

COMMAND = [sys.executable, "-m", "lineform"]


def _together(here: Path, *arguments: str, count: int = 2) -> list[tuple[int, str, str]]:
    """So many processes of one command, started together: exit code, output and errors of each."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine"), "NO_COLOR": "1"}
    started = [
        subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=here,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    return [(process.wait(60), *process.communicate()) for process in started]


def test_two_runs_at_once_deliver_once(applied: Path, line: Control) -> None:
    ended = _together(applied, "run", "--client", SALON, "--now", DUE)
    assert {code for code, _, _ in ended} <= {0, 7}, ended
    received = Counter((delivery["user"], delivery["kind"]) for delivery in line.deliveries(SALON))
    assert received, "somebody was due"
    assert set(received.values()) == {1}


def test_of_two_applies_at_once_on_one_offline_account_the_second_is_told_to_wait(workspace: Path) -> None:
    with SandboxServer(workspace / ".lineform" / "sandbox.db"):
        ((code, _, said),) = _together(workspace, "apply", "--yes", "--sandbox", "--now", BEFORE, count=1)
    assert code == 6, said
    assert "another command with --sandbox" in said
    assert "Traceback" not in said


def test_two_applies_at_once_make_one_account(workspace: Path, empty_line: Control) -> None:
    ended = _together(workspace, "apply", "--yes", "--client", SALON, "--now", BEFORE)
    assert sorted(code for code, _, _ in ended) in ([0, 0], [0, 6]), ended
    again = _together(workspace, "plan", "--detailed-exitcode", "--client", SALON, "--now", BEFORE, count=1)
    assert again[0][0] == 0, again
    created = [
        call
        for call in empty_line.requests()
        if call["method"] == "POST" and call["path"] == "/v2/bot/richmenu" and call["status"] == 200
    ]
    assert len(created) == 4, "birthday, main, news and regulars, each once"
