"""What is kept of each call to LINE."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

from lineform.ports.line_account import CallRecord
from lineform.wiring.calls import CallLog

CALL = CallRecord(datetime(2026, 12, 1, 1, tzinfo=UTC), "POST", "/v2/bot/message/push", 200, "request-1")


def test_each_call_is_one_line_in_the_file_of_its_month(tmp_path: Path) -> None:
    log = CallLog(tmp_path / "state")
    log(CALL)
    log(CALL)
    lines = (tmp_path / "state" / "calls-2026-12.jsonl").read_text().splitlines()
    assert [json.loads(line)["request_id"] for line in lines] == ["request-1", "request-1"]
    assert json.loads(lines[0]) == {
        "at": "2026-12-01T01:00:00+00:00",
        "method": "POST",
        "path": "/v2/bot/message/push",
        "status": 200,
        "request_id": "request-1",
    }


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    CallLog(tmp_path)(CALL)
    mode = (tmp_path / "calls-2026-12.jsonl").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
