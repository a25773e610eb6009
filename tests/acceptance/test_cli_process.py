"""The installed command as a process of its own: start-up, pipes, interruptions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lineform import __version__
from support.command_line import ROOT

HEAVY = ("linebot", "sqlalchemy", "aiohttp", "pydantic", "jinja2", "ruamel", "yaml", "PIL", "starlette", "uvicorn")
COMMAND = [sys.executable, "-m", "lineform"]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LINEFORM_", "GITHUB_"))}
    return {**kept, "PYTHONPATH": str(ROOT / "engine"), "COLUMNS": "110"}


def _run(*arguments: str, here: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=here, env=_environment(), capture_output=True, text=True, timeout=60, check=False
    )


def test_the_version_is_told(tmp_path: Path) -> None:
    assert _run("--version", here=tmp_path).stdout.strip().endswith(__version__)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["plam"]])
def test_help_and_version_load_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    code = (
        "import sys\nfrom lineform.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stderr.splitlines()[-1] == "[]"


def test_an_unknown_command_is_met_with_the_nearest(tmp_path: Path) -> None:
    ended = _run("aply", here=tmp_path)
    assert ended.returncode == 64
    assert "did you mean 'apply'?" in ended.stderr


def test_an_unknown_option_is_a_usage_error(tmp_path: Path) -> None:
    assert _run("validate", "--formt", "json", here=tmp_path).returncode == 64


def test_a_reader_that_goes_away_is_nobodys_error(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "schema"],
        cwd=tmp_path,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        process.stdout.close()  # long before anything is written
        said = process.stderr.read().decode()
        process.wait(timeout=60)
    assert process.returncode == 141
    assert "Traceback" not in said


def test_colour_is_for_terminals_only(tmp_path: Path) -> None:
    assert "\x1b[" not in _run("validate", here=tmp_path).stderr
