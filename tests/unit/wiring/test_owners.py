"""Who may take over a lock."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lineform.run.options import new_worker
from lineform.run.place import place
from lineform.wiring.owners import owner_is_gone


@pytest.fixture
def gone() -> str:
    """The name of a run in this place whose process has ended."""
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    host, here, _, word = new_worker().rsplit(":", maxsplit=3)
    return f"{host}:{here}:{int(ended.stdout)}:{word}"


def test_a_living_run_of_this_machine_keeps_its_lock() -> None:
    assert not owner_is_gone(new_worker())


def test_an_ended_run_is_gone_where_places_can_be_told_apart(gone: str) -> None:
    assert owner_is_gone(gone) == bool(place())


def test_another_container_with_this_hostname_knows_nothing_of_the_process(gone: str) -> None:
    host, _, process, word = gone.rsplit(":", maxsplit=3)
    assert not owner_is_gone(f"{host}:another-boot/4026531836:{process}:{word}")
    assert not owner_is_gone(f"{host}::{process}:{word}")
    assert not owner_is_gone(f"{host}:{process}:{word}")


def test_where_places_cannot_be_told_apart_nobody_is_gone(gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    host, _, process, word = gone.rsplit(":", maxsplit=3)
    monkeypatch.setattr("lineform.wiring.owners.place", lambda: "")
    assert not owner_is_gone(f"{host}::{process}:{word}")


def test_nothing_is_known_of_other_machines_nor_of_other_names() -> None:
    assert not owner_is_gone(f"another-host:{place()}:1:0a1b2c3d")
    assert not owner_is_gone("somebody")
    assert not owner_is_gone("")
