"""Processes that are killed, by the benchmark that kills a thousand of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_killed_processes_deliver_once() -> None:
    done = subprocess.run(
        [sys.executable, "engine/benchmarks/kills.py"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "engine", "RUNS": "12", "SEED": "7"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["runs"], found["wrong"]) == (12, 0)
    assert found["kills"] > 0
