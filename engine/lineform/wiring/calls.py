"""A line for each call to LINE, kept as its guidelines ask: when, what, with which outcome and request id.

LINE asks for these when something has to be looked into
(https://developers.line.biz/en/docs/messaging-api/development-guidelines/#save-logs). A line holds no token, no body
and no user id.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from lineform.ports.line_account import CallRecord


class CallLog:
    """Appends to one file a month under the workspace's ``.lineform/``; made on the first call."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, call: CallRecord) -> None:
        line = {
            "at": call.at.isoformat(),
            "method": call.method,
            "path": call.path,
            "status": call.status,
            "request_id": call.request_id,
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"calls-{call.at:%Y-%m}.jsonl"
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, (json.dumps(line) + "\n").encode())
        finally:
            os.close(handle)
