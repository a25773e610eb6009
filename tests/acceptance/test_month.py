"""A small slice of the benchmark of a month: what goes wrong there must leave nothing wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from support.command_line import ROOT


def test_nobody_is_sent_too_much_or_too_little_in_a_month_of_trouble() -> None:
    ended = subprocess.run(
        [sys.executable, "engine/benchmarks/month.py"],
        cwd=ROOT,
        env={**os.environ, "FRIENDS": "60", "DAYS": "12", "CORES": "1", "SEED": "7"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["wrong"] == 0
    assert told["friends"] == 60
    assert told["messages"] > 100
    assert told["deaths"] > 0
