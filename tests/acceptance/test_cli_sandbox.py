"""``lineform sandbox`` as a newcomer starts it: in a workspace, and outside of any."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.command_line import BEFORE, ROOT, SALON, Run


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def _sandbox(here: Path, *options: str) -> Iterator[str]:
    """The server in a process of its own; what it says before it serves."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "lineform", "sandbox", "--port", str(port), *options],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(ROOT / "engine")},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = ""
        while "ctrl-c ends it" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        yield said
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def test_in_a_workspace_the_lines_to_paste_are_enough_to_plan(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _sandbox(workspace / "campaigns") as said:
        exports = dict(re.findall(r"  export (\w+)=(\S+)", said))
        wanted = {"LINEFORM_LINE_ORIGIN", "AOBA_SALON_LINE_TOKEN", "KITA_JUKU_LINE_SECRET", "MIDORI_MALL_LINK_KEY"}
        assert wanted <= exports.keys()
        for name, value in exports.items():
            monkeypatch.setenv(name, value)
        assert run("plan").code == 0
    assert (workspace / ".lineform" / "sandbox.db").exists()


def test_a_sandbox_without_memory_or_workspace_has_no_accounts(workspace: Path, tmp_path: Path) -> None:
    with _sandbox(workspace, "--forget") as said:
        assert "TOKEN" not in said
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with _sandbox(elsewhere) as said:
        assert "TOKEN" not in said
        assert ".lineform/sandbox.db" in said


@pytest.mark.parametrize("verb", [("plan",), ("apply", "--yes"), ("run",)])
def test_a_disk_that_fills_up_under_the_offline_account_ends_a_command_as_a_full_store_does(
    applied: Path, run: Run, monkeypatch: pytest.MonkeyPatch, verb: tuple[str, ...]
) -> None:
    real = sqlite3.connect

    def full(file: Any, *words: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = real(file, *words, **options)
        if str(file).endswith("sandbox.db"):
            connection.execute("pragma max_page_count=1")  # as many as there are
        return connection

    menu = applied / "richmenus" / "main.yaml"
    menu.write_text(menu.read_text(encoding="utf-8").replace("bar: メニュー", "bar: こちら"), encoding="utf-8")
    monkeypatch.setattr(sqlite3, "connect", full)
    monkeypatch.setattr("lineform.line.calls.PAUSES", ())
    offline = ("--client", SALON, "--sandbox", "--now", BEFORE)
    for _ in range(20):  # a call is logged, and the last page has room for some
        ended = run(*verb, *offline)
        if ended.code != 0:
            break
    assert ended.code == 7
    assert "the disk that holds the sandbox state" in ended.err
    assert "Make room" in ended.err
    assert "Traceback" not in ended.err
    monkeypatch.undo()
    monkeypatch.chdir(applied)
    assert run("plan", *offline).code == 0
