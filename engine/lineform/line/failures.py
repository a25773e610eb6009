"""From an answer to a failure that says what may be done about it.

LINE does not promise its wordings (https://developers.line.biz/en/docs/partner-docs/development-guidelines/), so the
status decides; only the kinds of 429 can be told apart by nothing but the text.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any, Final

from lineform.line.exchange import Answer, Request
from lineform.ports.line_account import (
    LineFailure,
    NotFound,
    OutcomeUnknown,
    QuotaExceeded,
    RateLimited,
    Refused,
    TooManyToOne,
    Unauthorised,
)

SHOWN: Final = 2000
"""So many characters of an answer are shown at most."""


def failure_of(request: Request, answer: Answer) -> LineFailure:
    """The failure that an answer other than 2xx stands for.

    https://developers.line.biz/en/reference/messaging-api/#status-codes
    """
    said, details = _said(answer.body)
    status, request_id = answer.status, answer.request_id
    told = f"{request} was answered with {status}" + (f": {said}" if said else "")
    if status == 401:
        hint = "The channel access token is wrong, revoked or expired: issue a new one and update the secret."
        return Unauthorised(told, status=status, request_id=request_id, details=details, hint=hint)
    if status == 404:
        return NotFound(told, status=status, request_id=request_id, details=details)
    if status == 429:
        return _limited(told, said, request_id, details)
    if status == 408 or not 400 <= status < 500:
        # A redirect is none of LINE's answers, so nobody knows whether LINE has seen the request.
        hint = "LINE may or may not have done it."
        return OutcomeUnknown(told, status=status, request_id=request_id, details=details, hint=hint)
    hint = "The account or its plan is not entitled to this." if status == 403 else ""
    return Refused(told, status=status, request_id=request_id, details=details, hint=hint)


def _limited(told: str, said: str, request_id: str, details: str) -> LineFailure:
    """The kinds of 429: https://developers.line.biz/en/docs/messaging-api/handling-http-429-errors/. One without a text
    is taken for the rate."""
    words = said.casefold()
    if "monthly limit" in words:
        hint = "The month's messages are used up or reserved by a running send; the plan's cap is set in OA Manager."
        return QuotaExceeded(told, status=429, request_id=request_id, details=details, hint=hint)
    if words and "rate limit" not in words:
        hint = "Nothing was done: too many operations at once on one object, or too many messages to one friend."
        return TooManyToOne(told, status=429, request_id=request_id, details=details, hint=hint)
    hint = "Nothing was done. Another tool may be calling LINE for the same channel."
    return RateLimited(told, status=429, request_id=request_id, details=details, hint=hint)


def _said(body: bytes) -> tuple[str, str]:
    """LINE's message and its details, one a line. Both may be null, missing, or of another shape altogether."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return shown(body.decode("utf-8", "replace")), ""
    if not isinstance(value, dict):
        return shown(str(value)), ""
    said = value.get("message") or value.get("error_description") or value.get("error") or ""
    details = value.get("details")
    lines = [_detail(item) for item in details if isinstance(item, dict)] if isinstance(details, list) else []
    return shown(str(said)), "\n".join(line for line in lines if line)[:SHOWN]


def _detail(item: dict[str, Any]) -> str:
    message, place = item.get("message") or "", item.get("property") or ""
    return shown(f"{place}: {message}" if place else str(message))


def shown(text: str) -> str:
    """Foreign text as it may reach a terminal or a log: one line, bounded, without control characters."""
    if text.isascii() and text.isprintable() and len(text) <= SHOWN:
        return " ".join(text.split())
    clean = "".join(" " if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else char for char in text)
    words = " ".join(clean[: SHOWN * 2].split())
    return words if len(words) <= SHOWN else words[: SHOWN - 1] + "…"
