"""`lineform serve` as people run it: a process of its own, beside the offline account."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer
from lineform.store import open_store
from support.command_line import ROOT, SALON, SALON_BOT
from support.serving import sign, webhook_body

SECRET = "0123456789abcdef0123456789abcdef"
TOKEN = "salon-token-for-the-server"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def started(workspace: Path, line: Control, named: Mapping[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    """A command of lineform as a process of its own, whose environment has these variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LINEFORM_", "AOBA_", "KITA_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "lineform", *arguments],
        cwd=workspace,
        env={**kept, **named, "LINEFORM_LINE_ORIGIN": line.origin, "PYTHONPATH": str(ROOT / "engine")},
        stderr=subprocess.PIPE,
    )


@contextmanager
def serving(
    workspace: Path, line: Control, port: int, *more: str, named: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The server as a process of its own, asked for nothing before it is ready, and killed where it still runs. It is
    the salon's, unless the environment is `named` of others."""
    salon = {"AOBA_SALON_LINE_TOKEN": TOKEN, "AOBA_SALON_LINE_SECRET": SECRET, "AOBA_SALON_LINK_KEY": SECRET}
    whose = ("--client", SALON) if named is None else ()
    process = started(workspace, line, named or salon, "serve", *whose, "--port", str(port), "--every", "1", *more)
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


def until(holds: Callable[[], object], seconds: float = 40.0) -> None:
    """Waits until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to it"
        time.sleep(0.1)


@contextmanager
def salon_at_line() -> Iterator[Control]:
    """The salon's account at an offline LINE of its own."""
    with SandboxServer() as server:
        control = Control(server.origin)
        control.add_account(name=SALON, bot_id=SALON_BOT, token=TOKEN, channel_secret=SECRET, plan_limit=5000)
        yield control


def posted(port: int, *events: object, seconds: float = 10.0, client: str = SALON, bot: str = SALON_BOT) -> int:
    """The status with which a webhook of LINE's is answered; 0 where there is no answer."""
    body = webhook_body(*events, destination=bot)
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/webhook/{client}", data=body, headers={"X-Line-Signature": sign(body, SECRET)}
    )
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310 - our own server
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0
