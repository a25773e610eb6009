"""The server as people run it: a process of its own beside the offline account, which it survives being killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer
from lineform.store import open_store
from support.command_line import ROOT, SALON, SALON_BOT, copy_workspace
from support.serving import event, sign, webhook_body

SECRET = "0123456789abcdef0123456789abcdef"
TOKEN = "salon-token-for-the-server"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def line() -> Iterator[Control]:
    with SandboxServer() as server:
        control = Control(server.origin)
        control.add_account(name=SALON, bot_id=SALON_BOT, token=TOKEN, channel_secret=SECRET, plan_limit=5000)
        control.origin = server.origin  # type: ignore[attr-defined]
        yield control


@contextmanager
def serving(workspace: Path, line: Control, port: int) -> Iterator[subprocess.Popen[bytes]]:
    named = {"AOBA_SALON_LINE_TOKEN": TOKEN, "AOBA_SALON_LINE_SECRET": SECRET, "AOBA_SALON_LINK_KEY": SECRET}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LINEFORM_", "AOBA_", "KITA_"))}
    origin: str = line.origin  # type: ignore[attr-defined]
    process = subprocess.Popen(
        [sys.executable, "-m", "lineform", "serve", "--client", SALON, "--port", str(port), "--every", "1"],
        cwd=workspace,
        env={**kept, **named, "LINEFORM_LINE_ORIGIN": origin, "PYTHONPATH": str(ROOT / "engine")},
        stderr=subprocess.PIPE,
    )
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                    assert answer.status == 200
                break
            except OSError:
                time.sleep(0.1)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(30)
        if process.stderr is not None:
            process.stderr.close()


def waiting(workspace: Path) -> tuple[int, int]:
    """Friends that are known, and events that wait."""
    with open_store(f"sqlite:///{workspace}/.lineform/offline.db") as store:
        return store.count_friends(SALON).friends, store.inbox_level(SALON).waiting


def until(holds: object, seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come to it"
        time.sleep(0.1)


def test_a_follow_on_a_phone_reaches_the_store_through_the_server_which_ends_when_asked(
    tmp_path: Path, line: Control
) -> None:
    workspace, port = copy_workspace(tmp_path / "workspace"), free_port()
    (user,) = line.add_friends(SALON, [{"displayName": "美咲", "relation": "stranger"}])
    with serving(workspace, line, port) as server:
        line.webhook(SALON, f"http://127.0.0.1:{port}/webhook/{SALON}")
        line.follow(SALON, user)
        until(lambda: waiting(workspace) == (1, 0))
        line.block(SALON, user)
        until(lambda: waiting(workspace) == (0, 0))
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
        assert server.stderr is not None
        told = server.stderr.read().decode()
    lines = [json.loads(one) for one in told.splitlines() if one.startswith("{")]
    assert {"serving", "stopping"} <= {one["event"] for one in lines}
    for secret in (SECRET, TOKEN, user, "美咲"):
        assert secret not in told


def test_nothing_that_was_answered_is_lost_where_the_server_is_killed(tmp_path: Path, line: Control) -> None:
    workspace, port = copy_workspace(tmp_path / "workspace"), free_port()
    answered = 0
    with serving(workspace, line, port) as server:
        for number in range(200):
            body = webhook_body(event(number, user=f"U{number:032x}"), destination=SALON_BOT)
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/webhook/{SALON}", data=body, headers={"X-Line-Signature": sign(body, SECRET)}
            )
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own server
                    answered += answer.status == 200
            except OSError:
                break
            if number == 120:
                server.kill()
    assert 100 < answered <= 122
    with serving(workspace, line, port):
        until(lambda: waiting(workspace)[1] == 0)
    assert waiting(workspace)[0] >= answered


def test_a_server_needs_the_channel_secret_and_says_which_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = copy_workspace(tmp_path / "workspace")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LINEFORM_", "AOBA_", "KITA_"))}
    ran = subprocess.run(
        [sys.executable, "-m", "lineform", "serve", "--client", SALON, "--port", str(free_port())],
        cwd=workspace,
        env={**kept, "PYTHONPATH": str(ROOT / "engine"), "AOBA_SALON_LINE_TOKEN": "x" * 40},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 8
    assert b"AOBA_SALON_LINE_SECRET" in ran.stderr
