"""Files that a user names and that cannot be read or written: a sentence and a code, never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.command_line import BEFORE, ROOT, SALON, Run

ONE = ("--client", SALON, "--sandbox", "--now", BEFORE)


def _explained(run: Run, code: int, *words: str) -> str:
    ran = run(*words)
    assert ran.code == code, ran.err
    assert "Traceback" not in ran.err
    assert "what to do" in ran.err
    return ran.err


@pytest.mark.parametrize("option", ["--out", "--save-snapshot"])
def test_a_plan_needs_a_folder_to_be_written_to(applied: Path, run: Run, option: str) -> None:
    assert "missing/x.json" in _explained(run, 64, "plan", option, "missing/x.json", *ONE)


def test_schemas_are_not_written_below_a_file(applied: Path, run: Run) -> None:
    assert "lineform.yaml" in _explained(run, 64, "schema", "--out", "lineform.yaml/schemas")


def test_refused_rows_need_a_folder_to_be_written_to(applied: Path, run: Run) -> None:
    words = ("friends", "import", "friends.csv", "--refused", "missing/x.csv")
    assert "missing/x.csv" in _explained(run, 64, *words, *ONE)


@pytest.mark.parametrize("words", [("apply", "menu.png"), ("plan", "--snapshot", "menu.png")])
def test_a_picture_is_no_plan(applied: Path, run: Run, words: tuple[str, ...]) -> None:
    (applied / "menu.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    assert "menu.png is no text in UTF-8" in _explained(run, 64, *words, "--client", SALON)


def test_without_the_extra_packages_a_plan_is_made_and_the_sandbox_says_what_to_install(applied: Path) -> None:
    code = (
        "import sys\n"
        "for name in ('uvicorn', 'starlette'): sys.modules[name] = None\n"
        "from lineform.cli import main\n"
        "main(sys.argv[1:])\n"
    )

    def ended(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=applied,
            env={"PYTHONPATH": str(ROOT / "engine"), "PATH": ""},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stderr

    for words in (("sandbox",), ("plan", "--sandbox")):
        assert ended(*words)[0] == 64
        assert "pip install 'lineform[sandbox]'" in ended(*words)[1]
    assert "AOBA_SALON_LINE_TOKEN is not set" in ended("plan", "--client", SALON, "--no-store")[1]
