"""The server as people run it: a process of its own beside the offline account, which it survives being killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from lineform.sandbox.control import Control
from lineform.serve.arrivals import arrivals_of
from lineform.store import open_store
from lineform.store.tables import inbox
from support.command_line import ROOT, SALON, SALON_BOT, copy_workspace, replace
from support.server_process import SECRET, TOKEN, free_port, posted, salon_at_line, serving, until, waiting
from support.serving import event, webhook_body
from support.stores import new_file, sql


@pytest.fixture
def line() -> Iterator[Control]:
    with salon_at_line() as control:
        yield control


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
            status = posted(port, event(number, user=f"U{number:032x}"))
            answered += status == 200
            if not status:
                break
            if number == 120:
                server.kill()
    assert 100 < answered <= 122
    with serving(workspace, line, port):
        until(lambda: waiting(workspace)[1] == 0)
    assert waiting(workspace)[0] >= answered


def test_events_are_kept_as_they_came_for_as_long_as_the_workspace_says(tmp_path: Path, line: Control) -> None:
    """Without a word in the file it is thirty days."""
    workspace, port = copy_workspace(tmp_path / "workspace"), free_port()
    replace(workspace / "lineform.yaml", "timezone: Asia/Tokyo", "timezone: Asia/Tokyo\n  raw_events: 1d")
    now = datetime.now(UTC)
    body = webhook_body(event(1, at=now - timedelta(days=2)), event(2, at=now), destination=SALON_BOT)
    url = new_file(workspace / ".lineform" / "offline.db")
    with open_store(url) as store:
        store.receive(arrivals_of(SALON, SALON_BOT, body, now), now)
    with serving(workspace, line, port):
        until(lambda: _kept(url) == [event(2)["webhookEventId"]])


def _kept(url: str) -> list[str]:
    with sql(open_store(url)) as store, store.reading() as connection:
        return list(connection.execute(sa.select(inbox.c.event_id).order_by(inbox.c.id)).scalars())


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
