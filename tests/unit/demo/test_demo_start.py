"""When a demo begins."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lineform.demo.start import start_of
from lineform.loading.project import load_project
from support.workspaces import CAMPAIGN, SMALL, write

TOKYO = ZoneInfo("Asia/Tokyo")
USUAL = datetime(2026, 11, 30, 9, tzinfo=TOKYO)
WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ('{at: "2026-12-01T10:00"}', USUAL),
        ('{at: "2027-03-05T18:30"}', datetime(2027, 3, 4, 9, tzinfo=TOKYO)),
        ('{at: "2026-01-05T10:00"}', datetime(2026, 1, 4, 9, tzinfo=TOKYO)),
        ('{cron: "0 10 * * *"}', USUAL),
        ('{cron: "0 10 20 * *"}', datetime(2026, 12, 19, 9, tzinfo=TOKYO)),
        ('{cron: "0 10 * * *", ends: "2026-02-01"}', USUAL),
    ],
)
def test_a_demo_begins_where_something_is_sent_in_its_week(tmp_path: Path, schedule: str, expected: datetime) -> None:
    lines = ["schedule: " + schedule if line.startswith("schedule:") else line for line in CAMPAIGN.splitlines()]
    assert f"schedule: {schedule}" in lines
    project = load_project(write(tmp_path, SMALL, {"campaigns/sale.yaml": "\n".join(lines) + "\n"}))
    assert start_of(project.clients.values(), USUAL, WEEK) == expected
