"""LINE's facts about messages and menus, turned into LINE's refusals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lineform.lineapi.check import check_messages
from lineform.lineapi.errors import body_errors
from lineform.lineapi.findings import OURS, Finding
from lineform.sandbox.answers import Answer, RefusedError, dump


def refuse_findings(findings: Iterable[Finding]) -> None:
    """400 naming every property that LINE refuses; advice to authors is no reason to refuse."""
    real = [finding for finding in findings if finding.reason not in OURS]
    if real:
        raise RefusedError(Answer(400, dump(body_errors(real))))


def check_message_list(body: dict[str, Any]) -> list[Any]:
    """The `messages` of a request, or LINE's refusal of them."""
    messages = body.get("messages")
    refuse_findings(check_messages(messages))
    return list(messages or [])
