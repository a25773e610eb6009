"""A slice of the benchmark of questions about everybody: the store, its copy and the plain reading say the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_all_engines_answer_alike() -> None:
    ended = subprocess.run(
        [sys.executable, "engine/benchmarks/segments.py"],
        cwd=ROOT,
        env={**os.environ, "SIZE": "600", "TREES": "10", "REPEAT": "1", "ENGINES": "sqlite,duckdb"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["trees"] == 10
    assert told["disagreements"] == 0
    assert told["peak_mb"] < 300
    assert set(told["seconds"]) == {"sqlite", "duckdb"}
