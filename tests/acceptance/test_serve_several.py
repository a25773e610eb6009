"""Who stays and serves several clients goes on where something is wrong with one of them, and says so."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer
from lineform.serve.arrivals import arrivals_of
from lineform.store import open_store
from support.agency import NAMES, agency
from support.server_process import SECRET, free_port, posted, serving, started, until
from support.serving import event, webhook_body
from support.stores import new_file

NAMED = {f"{name.upper()}_TOKEN": f"{name}-{SECRET}" for name in NAMES}
NAMED |= {f"{name.upper()}_SECRET": SECRET for name in NAMES}
BROKEN = "kind: ["


@pytest.fixture
def line() -> Iterator[Control]:
    """The agency's three accounts at an offline LINE of its own."""
    with SandboxServer() as server:
        control = Control(server.origin)
        for name in NAMES:
            token = NAMED[f"{name.upper()}_TOKEN"]
            control.add_account(name=name, bot_id=bot_of(name), token=token, channel_secret=SECRET, plan_limit=5000)
        yield control


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """The agency, whose clients declare their channel secrets."""
    root = agency(tmp_path / "agency")
    for name in NAMES:
        with (root / f"clients/{name}.yaml").open("a", encoding="utf-8") as file:
            file.write(f"secret: {{env: {name.upper()}_SECRET}}\n")
    return root


def bot_of(name: str) -> str:
    return f"U{NAMES.index(name) + 1:032x}"


def follows(port: int, name: str) -> int:
    return posted(port, event(1, "follow"), client=name, bot=bot_of(name))


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """The exit code of a process that is asked to end, and what it told."""
    process.send_signal(signal.SIGTERM)
    code = process.wait(40)
    assert process.stderr is not None
    return code, process.stderr.read().decode()


def friends(workspace: Path) -> Mapping[str, int]:
    with open_store(f"sqlite:///{workspace}/.lineform/offline.db") as store:
        return {name: store.count_friends(name).friends for name in NAMES}


def well(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
        return bool(answer.status == 200)


def test_a_server_serves_the_sound_clients_and_asks_line_to_come_again_for_one_whose_file_is_broken(
    workspace: Path, line: Control
) -> None:
    (workspace / "clients/beta.yaml").write_text(BROKEN, encoding="utf-8")
    port = free_port()
    with serving(workspace, line, port, named=NAMED) as server:
        assert [follows(port, name) for name in (*NAMES, "gamma")] == [200, 503, 200, 200]
        until(lambda: friends(workspace) == {"alpha": 1, "beta": 0, "gamma": 1})
        assert well(port)
        code, told = ended(server)
    assert code == 3
    assert "clients/beta.yaml:2:1" in told
    assert told.count("error: beta: 1 problem in the workspace") == 1
    assert "serving alpha, gamma at" in told
    lines = [json.loads(one) for one in told.splitlines() if one.startswith("{")]
    (fault,) = [one for one in lines if one["event"] == "client has faults"]
    assert (fault["client"], fault["reason"]) == ("beta", "1 problem in the workspace")


def test_a_client_whose_settings_are_sure_is_served_by_what_is_armed(workspace: Path, line: Control) -> None:
    (workspace / "clients/beta/campaigns/own.yaml").write_text(BROKEN, encoding="utf-8")
    port = free_port()
    with serving(workspace, line, port, named=NAMED) as server:
        assert follows(port, "beta") == 200
        until(lambda: friends(workspace)["beta"] == 1)
        code, told = ended(server)
    assert code == 3
    assert "what is armed goes on as it was approved" in told


def test_several_processes_serve_the_others_where_a_token_is_missing_and_it_is_told_once(
    workspace: Path, line: Control
) -> None:
    port = free_port()
    named = {name: value for name, value in NAMED.items() if name != "BETA_TOKEN"}
    with serving(workspace, line, port, "--processes", "2", named=named) as server:
        assert [follows(port, name) for name in NAMES] == [200, 503, 200]
        until(lambda: friends(workspace) == {"alpha": 1, "beta": 0, "gamma": 1})
        code, told = ended(server)
    assert code == 8
    assert told.count("error: beta: the environment variable BETA_TOKEN is not set") == 1


def test_a_server_that_can_serve_nobody_does_not_begin(workspace: Path, line: Control) -> None:
    with started(workspace, line, {}, "serve", "--port", str(free_port())) as process:
        _, told = process.communicate(timeout=60)
    assert process.returncode == 8
    assert all(
        f"error: {name}: the environment variable {name.upper()}_SECRET is not set" in told.decode() for name in NAMES
    )


@pytest.mark.parametrize("trouble", ["file", "token"])
def test_a_worker_works_for_the_sound_clients_and_tells_the_fault_of_another_once(
    workspace: Path, line: Control, trouble: str
) -> None:
    # What waits in the inbox is worked on by a tick.
    now = datetime.now(UTC)
    with open_store(new_file(workspace / ".lineform/offline.db")) as store:
        for name in NAMES:
            body = webhook_body(event(1, "follow"), destination=bot_of(name))
            store.receive(arrivals_of(name, bot_of(name), body, now), now)
    named = dict(NAMED)
    if trouble == "file":
        (workspace / "clients/beta.yaml").write_text(BROKEN, encoding="utf-8")
        code, said = 3, "error: beta: 1 problem in the workspace"
    else:
        del named["BETA_TOKEN"]
        code, said = 8, "error: beta: the environment variable BETA_TOKEN is not set"
    with started(workspace, line, named, "worker", "--every", "1") as worker:
        try:
            until(lambda: friends(workspace) == {"alpha": 1, "beta": 0, "gamma": 1})
            found, err = ended(worker)
        finally:
            worker.kill()
    assert found == code
    assert err.count(said) == 1
