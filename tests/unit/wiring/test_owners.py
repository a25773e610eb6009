"""Who may take over a lock."""

from __future__ import annotations

import socket
import subprocess
import sys

from lineform.run.options import new_worker
from lineform.wiring.owners import owner_is_gone


def test_a_living_run_of_this_machine_keeps_its_lock() -> None:
    assert not owner_is_gone(new_worker())


def test_an_ended_run_of_this_machine_is_gone() -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    assert owner_is_gone(f"{socket.gethostname()}:{int(ended.stdout)}:0a1b2c3d")


def test_nothing_is_known_of_other_machines_nor_of_other_names() -> None:
    assert not owner_is_gone("another-host:1:0a1b2c3d")
    assert not owner_is_gone("somebody")
    assert not owner_is_gone("")
