"""``lineform run`` for several clients: none waits for another, and the order of what is told stays."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from lineform.cli import run
from lineform.errors import BlockedError
from lineform.model.client import ProjectSpec
from lineform.model.project import Project
from lineform.run.outcome import TickReport
from lineform.settings import Settings
from lineform.wiring.clock import SettableClock
from lineform.wiring.session import Session
from support.declared_clients import client
from support.stores import NOW

PATIENCE = 20


def clients(count: int) -> Session:
    """A session of so many clients."""
    declared = {f"salon{n}": client(name=f"salon{n}") for n in range(count)}
    project = Project(Path(), ProjectSpec(kind="project", name="lineform"), declared)
    return Session(project, Settings(), SettableClock(NOW), None)


def ticks(session: Session, monkeypatch: pytest.MonkeyPatch, tick: Any) -> int:
    async def ended(_: Any, one: Any, calls: int, **how: Any) -> TickReport:
        await tick(one.name, calls)
        return TickReport(one.name, NOW, dry_run=True)

    monkeypatch.setattr(run, "_tick", ended)
    once = run._once(session, dry_run=True, output="json")
    return asyncio.run(asyncio.wait_for(once, PATIENCE))


def test_a_client_does_not_wait_for_the_long_send_of_another(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    others = asyncio.Event()

    async def tick(name: str, _: int) -> None:
        if name == "salon0":
            await others.wait()
        else:
            others.set()

    assert ticks(clients(3), monkeypatch, tick) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["client"] for one in told["clients"]] == ["salon0", "salon1", "salon2"]


def test_one_failure_stays_its_own_and_gives_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def tick(name: str, _: int) -> None:
        if name == "salon1":
            raise BlockedError("not this one")

    assert ticks(clients(3), monkeypatch, tick) == BlockedError("").exit_code
    assert "not this one" in capsys.readouterr().out


def test_only_so_many_go_on_at_once_with_so_many_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    under_way, most, calls_seen = 0, 0, set()

    async def tick(_: str, calls: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        calls_seen.add(calls)
        await asyncio.sleep(0)
        under_way -= 1

    ticks(clients(20), monkeypatch, tick)
    assert most == run.AT_ONCE
    assert calls_seen == {run.CALLS_AT_ONCE // run.AT_ONCE}
    calls_seen.clear()
    ticks(clients(1), monkeypatch, tick)
    assert calls_seen == {400}
