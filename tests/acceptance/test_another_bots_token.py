"""A variable holds the token of another client's bot, whose friends are the same people: nobody there hears of it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer
from lineform.serve.arrivals import arrivals_of
from lineform.store import open_store
from support.agency import BEFORE, DUE, MENU, NAMES, agency
from support.command_line import Run, bare_environment
from support.server_process import SECRET, free_port, posted, serving, started, until
from support.serving import event, webhook_body

USER = "U" + "f" * 32
"""A friend of every bot: LINE's ids are the same for all of one provider."""
RIGHT = {f"{name.upper()}_TOKEN": f"{name}-{SECRET}" for name in NAMES}
RIGHT |= {"BETA_SECRET": SECRET, "ALPHA_SECRET": SECRET, "BETA_TESTERS": USER}
WRONG = {**RIGHT, "BETA_TOKEN": RIGHT["ALPHA_TOKEN"]}
SAID = "belongs to the bot 'alpha'"
REPLY = """\
kind: reply
name: hours
when: [{keyword: [営業時間]}]
do: [{send: [{text: 十時からです}]}]
"""
COURSE = """\
kind: scenario
name: course
trigger: manual
steps:
  - {id: hello, send: [{text: はじめまして}]}
"""
VERBS: Mapping[str, tuple[str, ...]] = {
    "plan": ("plan", "--now", BEFORE),
    "drift": ("drift", "--now", BEFORE),
    "doctor": ("doctor",),
    "apply": ("apply", "--yes", "--now", BEFORE),
    "apply of a plan": ("apply", "plan.json", "--now", BEFORE),
    "adopt": ("adopt", "richmenu-x", "taken", "--client", "beta"),
    "friends sync": ("friends", "sync", "--profiles"),
    "send": ("send", "campaign.own", "--test", "--client", "beta", "--now", BEFORE),
    "run": ("run", "--now", DUE),
    "run without sending": ("run", "--dry-run", "--now", DUE),
    "a scenario begun by hand": ("scenarios", "start", "course", "--friend", USER, "--client", "beta"),
    "a scenario gone on with by hand": ("scenarios", "release", "course", "--friend", USER, "--client", "beta"),
}
"""Every verb that calls LINE and ends. Those that stay are `worker` and `serve`."""


@pytest.fixture
def line() -> Iterator[Control]:
    """The agency's accounts, with one friend of all of them."""
    with SandboxServer() as server:
        control = Control(server.origin)
        for name in NAMES:
            number, token = NAMES.index(name) + 1, RIGHT[f"{name.upper()}_TOKEN"]
            bot = f"U{number:032x}"
            control.add_account(name=name, bot_id=bot, token=token, channel_secret=SECRET, plan_limit=5000)
            control.add_friends(name, [{"user_id": USER, "displayName": "美咲"}])
        yield control


@pytest.fixture
def armed(tmp_path: Path, line: Control, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything applied while each client still had its own token, and one change of the menus since."""
    root = agency(tmp_path / "agency")
    for name in ("alpha", "beta"):
        with (root / f"clients/{name}.yaml").open("a", encoding="utf-8") as file:
            file.write(f"secret: {{env: {name.upper()}_SECRET}}\n")
    with (root / "clients/beta.yaml").open("a", encoding="utf-8") as file:
        file.write("testers: {env: BETA_TESTERS}\n")
    for name, text in {"replies/hours": REPLY, "campaigns/course": COURSE}.items():
        path = root / f"clients/beta/{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    bare_environment(monkeypatch, root)
    for name, value in {**RIGHT, "LINEFORM_LINE_ORIGIN": line.origin}.items():
        monkeypatch.setenv(name, value)
    (root / "friends.csv").write_text(f"user_id,display_name\n{USER},美咲\n", encoding="utf-8")
    assert run("friends", "import", "friends.csv", "--client", "beta").code == 0
    applied = run("apply", "--yes", "--now", BEFORE)
    assert applied.code == 0, applied.err
    (root / "richmenus/main.yaml").write_text(MENU.replace("予約", "ご予約"), encoding="utf-8")
    assert run("plan", "--out", "plan.json", "--client", "beta", "--now", BEFORE).code == 0
    line.forget_requests()
    return root


def asked(line: Control) -> set[str]:
    return {f"{one['method']} {one['path']}" for one in line.requests()}


def received(line: Control) -> list[Any]:
    return [text for name in NAMES for one in line.deliveries(name) for text in one["messages"]]


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_does_anything_with_it(
    armed: Path, line: Control, run: Run, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("BETA_TOKEN", WRONG["BETA_TOKEN"])
    words = VERBS[verb]
    told = run(*words) if "--client" in words or "plan.json" in words else run(*words, "--client", "beta")
    assert told.code == 8, told.err
    assert SAID in told.out + told.err
    assert asked(line) == {"GET /v2/bot/info"}
    assert received(line) == []


def test_of_an_apply_the_bot_is_what_is_read_first(
    armed: Path, line: Control, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BETA_TOKEN", WRONG["BETA_TOKEN"])
    line.fault("error-before", path="/v2/bot/richmenu/list", count=99, status=429)
    told = run("apply", "plan.json", "--now", BEFORE)
    assert told.code == 8
    assert f"error: beta: G101 the token {SAID}" in told.err
    assert "It was read from BETA_TOKEN." in told.err


def test_what_was_not_compared_is_no_drift(
    armed: Path, line: Control, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BETA_TOKEN", WRONG["BETA_TOKEN"])
    told = run("drift", "--now", BEFORE)
    assert told.code == 8
    assert told.out.rstrip().endswith("drift: alpha, gamma")
    assert SAID in told.err


def test_a_worker_sends_nothing_with_it(armed: Path, line: Control) -> None:
    now = datetime.now(UTC)
    with open_store(f"sqlite:///{armed}/.lineform/offline.db") as store:
        body = webhook_body(_asks(1), destination=f"U{2:032x}")
        store.receive(arrivals_of("beta", f"U{2:032x}", body, now), now)
    with started(armed, line, WRONG, "worker", "--every", "1", "--client", "beta") as worker:
        try:
            until(lambda: "GET /v2/bot/info" in asked(line))
            worker.terminate()
            _, told = worker.communicate(timeout=40)
        finally:
            worker.kill()
    assert worker.returncode == 8
    assert told.decode().count(SAID) == 1
    assert asked(line) == {"GET /v2/bot/info"}
    assert _waiting(armed) == 1


def test_a_server_keeps_what_comes_until_the_token_is_right_and_serves_the_others(armed: Path, line: Control) -> None:
    port = free_port()
    only = {name: value for name, value in WRONG.items() if not name.startswith("GAMMA")}
    with serving(armed, line, port, "--client", "alpha", "--client", "beta", named=only) as server:
        follow = event(1, "follow", user=USER)
        assert posted(port, follow, _asks(2), client="beta", bot=f"U{2:032x}") == 200
        assert posted(port, event(3, "follow", user=USER), client="alpha", bot=f"U{1:032x}") == 200
        until(lambda: _waiting(armed, "alpha") == 0)
        until(lambda: 'lineform_tick_failures_total{client="beta"} 2.0' in _metrics(port))
        figures = _metrics(port)
        assert 'lineform_inbox_depth{client="beta"} 2.0' in figures
        assert 'lineform_tick_age_seconds{client="beta"} +Inf' in figures
        server.terminate()
        assert server.wait(40) == 0
        assert server.stderr is not None
        told = [json.loads(one) for one in server.stderr.read().decode().splitlines() if one.startswith("{")]
    failures = [one for one in told if one.get("client") == "beta" and one["level"] == "warning"]
    assert {one["event"] for one in failures} == {"tick failed"}
    assert all(SAID in one["reason"] for one in failures)
    assert received(line) == []
    assert not {one["path"] for one in line.requests() if one["method"] == "POST"}
    assert _waiting(armed) == 2
    right = {name: value for name, value in RIGHT.items() if not name.startswith("GAMMA")}
    with serving(armed, line, port, "--client", "alpha", "--client", "beta", named=right):
        until(lambda: _waiting(armed) == 0)
        until(lambda: len(line.deliveries("beta")) == 1)
    assert line.deliveries("beta")[0]["messages"][0]["text"] == "十時からです"
    assert line.deliveries("alpha") == []


def _asks(number: int) -> Any:
    return event(number, user=USER, message={"type": "text", "id": str(number), "text": "営業時間"})


def _waiting(workspace: Path, name: str = "beta") -> int:
    with open_store(f"sqlite:///{workspace}/.lineform/offline.db") as store:
        return store.inbox_level(name).waiting


def _metrics(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return str(answer.read().decode())
