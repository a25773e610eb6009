"""Several processes that serve on one port: each of them answers, one that dies comes back, and all end together."""

from __future__ import annotations

import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lineform.sandbox.control import Control
from support.command_line import SALON, copy_workspace, runner
from support.server_process import TOKEN, free_port, posted, salon_at_line, serving, until, waiting
from support.serving import event


@pytest.fixture
def line() -> Iterator[Control]:
    with salon_at_line() as control:
        yield control


def children(server: subprocess.Popen[bytes]) -> set[int]:
    """The processes that serve; the helper that Python starts beside them is none."""
    every = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return {int(one) for one in every if "spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes().decode()}


def alive(process: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def follow(number: int) -> object:
    return event(number, "follow", user=f"U{number:032x}")


def lives(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def figures(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = [line.rpartition(" ") for line in answer.read().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_each_process_answers_one_that_is_killed_comes_back_and_nothing_is_lost(tmp_path: Path, line: Control) -> None:
    workspace, port = copy_workspace(tmp_path / "workspace"), free_port()
    with serving(workspace, line, port, "--processes", "2") as server:
        until(lambda: len(children(server)) == 2)
        first, second = sorted(children(server))
        for stands_still in (first, second):
            # No webhook: whoever stands still may hold the store. The other one may still be beginning.
            os.kill(stands_still, signal.SIGSTOP)
            try:
                until(lambda: lives(port))
            finally:
                os.kill(stands_still, signal.SIGCONT)
        answered = set[int]()
        for number in range(150):
            if number == 60:
                os.kill(first, signal.SIGKILL)
            if posted(port, follow(number)) == 200:
                answered.add(number)
        assert len(answered) > 140
        until(lambda: len(children(server) - {first, second}) == 1)
        until(lambda: waiting(workspace)[1] == 0)
        assert waiting(workspace)[0] >= len(answered)
        found = figures(port)
        assert found[f'lineform_events_worked_total{{client="{SALON}"}}'] >= len(answered)
        assert found[f'lineform_tick_age_seconds{{client="{SALON}"}}'] < 60
        assert found[f'lineform_inbox_depth{{client="{SALON}"}}'] == 0
        serve = children(server)
        server.send_signal(signal.SIGTERM)
        assert server.wait(40) == 0
        assert not any(alive(one) for one in serve)
        assert server.stderr is not None
        told = server.stderr.read().decode()
    assert TOKEN not in told
    assert "U000000" not in told


def test_processes_whose_supervisor_is_killed_do_not_hold_the_port(tmp_path: Path, line: Control) -> None:
    workspace, port = copy_workspace(tmp_path / "workspace"), free_port()
    with serving(workspace, line, port, "--processes", "2") as server:
        until(lambda: len(children(server)) == 2)
        serve = children(server)
        try:
            server.kill()
            server.wait(30)
            until(lambda: not any(alive(one) for one in serve))
        finally:
            for one in serve:
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)


def test_an_offline_account_of_ones_own_is_not_served_by_several(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy_workspace(tmp_path / "workspace")
    ran = runner(capsys)("serve", "--workspace", str(tmp_path / "workspace"), "--sandbox", "--processes", "2")
    assert ran.code == 64
    assert "--sandbox and --processes do not go together" in ran.err
