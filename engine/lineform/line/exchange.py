"""One request to LINE and one answer from it, as plain values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote, urlencode

from lineform.ports.line_account import OutcomeUnknown

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
_USER_ID: Final = re.compile(r"U[0-9a-f]{32}")


class Host(StrEnum):
    """Which of LINE's two hosts serves a path: https://developers.line.biz/en/reference/messaging-api/#domain-name."""

    API = "https://api.line.me"
    DATA = "https://api-data.line.me"


@dataclass(frozen=True, slots=True)
class Request:
    """`path` starts with a slash, is already percent-encoded and has no query."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    content_type: str = ""
    retry_key: str = ""
    host: Host = Host.API
    at_least_seconds: float = 0.0
    """How long an answer is waited for where the account's own time-out is shorter."""

    @property
    def shown_path(self) -> str:
        """The path as it may be logged: user ids are personal data and belong in the store alone."""
        return _USER_ID.sub("{userId}", self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.shown_path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `request_id` and `accepted_request_id` are LINE's headers, empty where they were not there."""

    status: int
    body: bytes = b""
    request_id: str = ""
    accepted_request_id: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


def post(path: str, value: Any) -> Request:
    """A POST with a JSON body."""
    return Request("POST", path, body=_json(value), content_type=JSON)


def put(path: str, value: Any) -> Request:
    """A PUT with a JSON body."""
    return Request("PUT", path, body=_json(value), content_type=JSON)


def form(path: str, fields: Mapping[str, str]) -> Request:
    """A POST of a form, as LINE Login's own endpoints want it."""
    return Request("POST", path, body=urlencode(fields).encode(), content_type=FORM)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def part(value: str) -> str:
    """An id as one step of a path. An empty or dotted one would reach another endpoint: that is a mistake of ours."""
    if value in {"", ".", ".."}:
        raise ValueError(f"{value!r} cannot be a part of a path")
    return quote(value, safe="")


@dataclass(frozen=True, slots=True)
class JsonObject:
    """A JSON object that LINE answered with; asks for members and complains in LINE's name where one is not there."""

    members: dict[str, Any]
    request: Request
    request_id: str = ""

    @classmethod
    def read(cls, request: Request, answer: Answer) -> JsonObject:
        """Raises `OutcomeUnknown` where a successful answer holds no JSON object: LINE never says that."""
        try:
            value = json.loads(answer.body)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise OutcomeUnknown(
                f"{request} was answered with {answer.status} and no JSON object",
                status=answer.status,
                request_id=answer.request_id,
                hint="Something between here and LINE may have answered: look at proxies and at LINEFORM_LINE_ORIGIN.",
            )
        return cls(value, request, answer.request_id)

    def text(self, name: str) -> str:
        value = self.members.get(name)
        if not isinstance(value, str) or not value:
            raise self._lacks(name, "a text")
        return value

    def optional_text(self, name: str) -> str:
        value = self.members.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        value = self.members.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._lacks(name, "a whole number")
        return value

    def optional_number(self, name: str) -> int:
        value = self.members.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else 0

    def objects(self, name: str) -> list[dict[str, Any]]:
        value = self.members.get(name)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._lacks(name, "a list of objects")
        return value

    def each(self, name: str) -> list[JsonObject]:
        return [JsonObject(item, self.request, self.request_id) for item in self.objects(name)]

    def texts(self, name: str) -> list[str]:
        value = self.members.get(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._lacks(name, "a list of texts")
        return value

    def _lacks(self, name: str, kind: str) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"the answer to {self.request} has no '{name}' that is {kind}", status=200, request_id=self.request_id
        )
