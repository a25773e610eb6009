"""The real command line in this process, in a copy of the reference workspace, over an offline account."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from lineform.cli import lineform
from lineform.cli.boundary import guarded
from lineform.line.account import HttpLineAccount, open_account
from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer
from lineform.wiring.clock import SystemClock

ROOT = Path(__file__).parents[2]
WORKSPACE = ("lineform.yaml", "campaigns", "clients", "forms", "replies", "richmenus", "segments")
SALON, SCHOOL = "aoba-salon", "kita-juku"
SALON_BOT = "U0a0b0a5a100000000000000000000001"
SALON_TOKEN = "salon-token-for-tests"
BEFORE = "2026-11-30T09:00"
"""A morning before everything that the reference workspace sends."""
DUE = "2026-12-01T10:01"
"""A minute after the winter offer is due."""
CSV = """\
user_id,display_name,name,visits,birth_month,has_children,tags
U00000000000000000000000000000001,花子🌸,佐藤,9,12,true,regular
U00000000000000000000000000000002,たろう,鈴木,1,6,,
U00000000000000000000000000000003,みき,,0,,false,opted-out
"""
_NAMES = ("LINEFORM_", "RUNNER_", "GITHUB_", "AOBA_", "KITA_")


@dataclass(frozen=True, slots=True)
class Ran:
    """How one command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]
T = TypeVar("T")


def runner(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``lineform`` with these arguments, as its script does."""

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = guarded(lineform, list(arguments))
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run


def copy_workspace(target: Path) -> Path:
    """The reference workspace without the engine, at `target`."""
    target.mkdir(parents=True)
    for name in WORKSPACE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name)
        else:
            shutil.copy(source, target / name)
    return target


def move_friends_at_once(root: Path) -> None:
    """The offline account of a workspace has moved the friends of replaced menus as soon as it is asked, and no apply
    waits for it."""
    with SandboxServer(root / ".lineform" / "sandbox.db") as server:
        control = Control(server.origin)
        for account in control.accounts():
            control.change(account["name"], batch_seconds=0)


def bare_environment(patch: pytest.MonkeyPatch, here: Path) -> None:
    """The environment of a machine that knows nothing of lineform, in the folder `here`."""
    for name in list(os.environ):
        if name.startswith(_NAMES):
            patch.delenv(name)
    patch.chdir(here)


def replace(path: Path, old: str, new: str) -> None:
    """Edits a file of a workspace; the old text is there."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path} has no {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def by_api(act: Callable[[HttpLineAccount], Awaitable[T]]) -> T:
    """What somebody else does to the salon's account by LINE's API."""

    async def main() -> T:
        async with open_account(os.environ["LINEFORM_LINE_ORIGIN"], SALON_TOKEN, SystemClock()) as account:
            return await act(account)

    return asyncio.run(main())
