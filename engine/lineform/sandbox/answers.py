"""One call to the offline account and one answer to it, as plain values, and LINE's own words for refusals.

Wordings come from https://developers.line.biz/en/reference/messaging-api/#error-responses and the examples beside each
endpoint there. LINE does not promise the texts; a client has to go by the status, the three kinds of 429 excepted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from lineform.lineapi import errors

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers, without the request id that every answer carries."""

    status: int
    body: bytes = b"{}"
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    tests: tuple[int, str] | None = None
    """An account and the webhook's address that is to be tried first: what comes of it is the body."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it arrived; header names are in lower case, `now` is the sandbox clock in epoch seconds."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    now: float
    request_id: str
    params: dict[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """LINE refuses the call: nothing of it is kept, and this is the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def ok(value: Any = None, status: int = 200) -> Answer:
    """A JSON answer; `{}` when there is nothing to say, as LINE does."""
    return Answer(status, dump({} if value is None else value))


def dump(value: Any) -> bytes:
    """A value as LINE writes JSON: without blanks, and with letters that stay letters."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def refuse(status: int, message: str, details: list[dict[str, str]] | None = None) -> RefusedError:
    """`details` left out when there are none; some rich menu answers carry an empty list, which is then given."""
    body: dict[str, Any] = {"message": message}
    if details is not None:
        body["details"] = details
    return RefusedError(Answer(status, dump(body)))


def body_errors(*wrong: tuple[str, str]) -> RefusedError:
    """400 with one detail per (message, property path)."""
    details = [{"message": message, "property": place} for message, place in wrong]
    return refuse(400, f"The request body has {len(details)} error(s)", details)


def bad_property(name: str) -> RefusedError:
    """LINE's refusal of a property of the body."""
    return refuse(400, f"The property, {name}, in the request body is invalid (line: -, column: -)")


def bad_parameter(name: str) -> RefusedError:
    """LINE's refusal of a parameter of the address."""
    return refuse(400, f"The value for the '{name}' parameter is invalid")


def not_found(message: str = errors.NOT_FOUND) -> RefusedError:
    """LINE's answer for an object that is not there."""
    return refuse(404, message)


def json_object(call: Call) -> dict[str, Any]:
    """The body as a JSON object, or LINE's complaint about its content type or its syntax."""
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise refuse(415 if kind else 400, f"The content type, {kind or 'null'}, is not supported")
    try:
        value = json.loads(call.body)
    except json.JSONDecodeError as error:
        place = f"(line: {error.lineno}, column: {error.colno})"
        raise refuse(400, f"The request body could not be parsed as JSON {place}") from None
    except UnicodeDecodeError:
        raise refuse(400, "The request body could not be parsed as JSON (line: 1, column: 1)") from None
    if not isinstance(value, dict):
        raise refuse(400, "The request body could not be parsed as JSON (line: 1, column: 1)")
    return value
