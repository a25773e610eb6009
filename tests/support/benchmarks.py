"""A benchmark of the engine, run small: what it holds must hold in every change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def benchmark(name: str, *, code: int = 0, **settings: str) -> dict[str, Any]:
    """The JSON of its last line, with these variables in its environment; it must end with this exit code."""
    ended = subprocess.run(
        [sys.executable, f"engine/benchmarks/{name}.py"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "engine", **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == code, ended.stdout + ended.stderr
    told: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return told
