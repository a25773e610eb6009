"""A workspace in a folder of its own, and the offline account that it talks to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lineform.cli import lineform
from lineform.cli.boundary import guarded
from lineform.sandbox import server
from lineform.sandbox.app import create_app
from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer
from support import line_openapi
from support.command_line import (
    BEFORE,
    CSV,
    SALON,
    SALON_BOT,
    SALON_TOKEN,
    Run,
    bare_environment,
    copy_workspace,
    move_friends_at_once,
    runner,
)
from support.delivering import DUE, Scene, Scenes
from support.living import Life, Lives
from support.openapi import Checker
from support.postgres import postgres_server
from support.scenario_rules import WORDS

__all__ = ["postgres_server"]


@pytest.fixture(scope="session", autouse=True)
def every_exchange() -> Iterator[Checker | None]:
    """Every offline account of these tests is listened to; None where LINE's OpenAPI is not beside the checkout."""
    if line_openapi.folder() is None:
        yield None
        return
    checker = Checker()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "create_app", lambda *args, **options: checker.wrap(create_app(*args, **options)))
        yield checker


@pytest.fixture(autouse=True)
def held_against_lines_openapi(every_exchange: Checker | None) -> Iterator[None]:
    """Whatever the engine asked in a test, and whatever it was answered, is what LINE's OpenAPI says."""
    yield
    if every_exchange is not None:
        wrong, every_exchange.violations = every_exchange.violations, []
        assert wrong == []


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``lineform`` with these arguments."""
    return runner(capsys)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the reference workspace, which is the current folder; nothing was applied yet."""
    root = copy_workspace(tmp_path / "workspace")
    bare_environment(monkeypatch, root)
    return root


@pytest.fixture(scope="session")
def applied_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference workspace after its first apply to the salon's offline account; only to be copied."""
    root = copy_workspace(tmp_path_factory.mktemp("applied") / "workspace")
    with pytest.MonkeyPatch.context() as patch:
        bare_environment(patch, root)
        (root / "friends.csv").write_text(CSV, encoding="utf-8")
        shared = ("--client", SALON, "--sandbox", "--now", BEFORE)
        assert guarded(lineform, ["friends", "import", "friends.csv", *shared]) == 0
        assert guarded(lineform, ["apply", "--yes", *shared]) == 0
    move_friends_at_once(root)
    return root


@pytest.fixture
def applied(applied_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose salon was applied and has three friends, at the offline account of ``--sandbox``."""
    root = tmp_path / "workspace"
    shutil.copytree(applied_once, root)
    bare_environment(monkeypatch, root)
    return root


def _reach(server: SandboxServer, patch: pytest.MonkeyPatch) -> Control:
    patch.setenv("LINEFORM_LINE_ORIGIN", server.origin)
    patch.setenv("AOBA_SALON_LINE_TOKEN", SALON_TOKEN)
    return Control(server.origin)


@pytest.fixture
def line(applied: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    """The applied workspace's account as a server of its own, which the environment names as LINE."""
    with SandboxServer(applied / ".lineform" / "sandbox.db") as server:
        control = _reach(server, monkeypatch)
        control.add_token(SALON, SALON_TOKEN)
        yield control


@pytest.fixture
def empty_line(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    """An account of the salon's on which nothing was made yet, as a server that the environment names as LINE."""
    with SandboxServer(None) as server:
        control = _reach(server, monkeypatch)
        control.add_account(name=SALON, bot_id=SALON_BOT, token=SALON_TOKEN, plan_limit=5000)
        yield control


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """An offline LINE, at which each scene and each life has an account of its own."""
    with SandboxServer() as server:
        yield server.origin


@pytest.fixture
def scene(origin: str, tmp_path: Path) -> Scenes:
    """Makes a client with these campaigns."""

    def make(*specs: Any, **settings: Any) -> Scene:
        return Scene(origin, tmp_path, *specs, **settings)

    return make


@pytest.fixture
def life(origin: str, tmp_path: Path) -> Lives:
    """Makes a client with these scenarios and one friend, a moment before anything is due."""

    def make(*specs: Any, **settings: Any) -> Life:
        here = Life(origin, tmp_path, WORDS, *specs, **{"friends": 1, **settings})
        here.move(DUE)
        return here

    return make
