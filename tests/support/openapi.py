"""Every exchange between a client and the offline account, held against LINE's official OpenAPI.

    checker = Checker()
    with SandboxServer(wrap=checker.wrap) as server:
        ...
    assert checker.violations == []

Answers are always checked. Requests are checked unless LINE refused them: then they were wrong on purpose.
"""

from __future__ import annotations

import email
import functools
import json
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lineform.errors import LineformError
from lineform.sandbox.app import Sandbox
from support import line_openapi
from support.openapi_schemas import violations

Message = MutableMapping[str, Any]

FILES = ("messaging-api", "channel-access-token", "manage-audience", "insight", "liff")
REFUSALS = frozenset({400, 401, 403, 404, 405, 410, 413, 415})
JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"

ERROR = {"$ref": "#/components/schemas/ErrorResponse"}


@dataclass(frozen=True)
class Operation:
    """One operation of one file."""

    file: str
    method: str
    template: str
    spec: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"


@functools.cache
def operations() -> tuple[Operation, ...]:
    return tuple(
        Operation(file, method.upper(), path, spec)
        for file in FILES
        for path, methods in line_openapi.spec(file)["paths"].items()
        for method, spec in methods.items()
        if method in ("get", "post", "put", "delete")
    )


def operation_for(method: str, path: str) -> Operation | None:
    """Fixed words go before ids: /richmenu/list is no menu of that name."""
    fitting = [found for found in operations() if found.method == method and _fits(found.template, path)]
    return min(fitting, key=lambda found: found.template.count("{"), default=None)


def _fits(template: str, path: str) -> bool:
    want, have = template.split("/"), path.split("/")
    return len(want) == len(have) and all(
        bool(there) if part.startswith("{") else part == there for part, there in zip(want, have, strict=True)
    )


LOGIN = frozenset({"POST /oauth2/v2.1/verify"})
"""LINE Login's own: https://developers.line.biz/en/reference/line-login/ is in no specification."""


class Checker:
    """Collects what disagrees with the specification, and which operations were seen to succeed."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.exchanges = 0
        self.succeeded: set[str] = set()

    def check_exchange(
        self,
        method: str,
        path: str,
        request_headers: Mapping[str, str],
        request_body: bytes,
        status: int,
        response_headers: Mapping[str, str],
        response_body: bytes,
    ) -> list[str]:
        """The new violations. `path` may carry a query; header names may be in any case."""
        self.exchanges += 1
        sent = {name.lower(): value for name, value in request_headers.items()}
        got = {name.lower(): value for name, value in response_headers.items()}
        bare = urlsplit(path)
        if f"{method} {bare.path}" in LOGIN:
            return []
        found = operation_for(method, bare.path)
        wrong = list(_check_headers(status, got))
        if found is None:
            if status not in (401, 404, 405):
                wrong.append(f"no such operation, yet it is answered {status}")
        else:
            wrong += _check_answer(found, status, got, response_body)
            if status not in REFUSALS:
                wrong += _check_request(found, bare.query, sent, request_body)
            if status < 300:
                self.succeeded.add(found.name)
        told = [f"{method} {path} -> {status}: {text}" for text in wrong]
        self.violations += told
        return told

    def wrap(self, sandbox: Sandbox) -> Checked:
        """The same offline account, of which every finished exchange is held against the specification here."""
        return Checked(sandbox, self)


class Checked:
    """An offline account of which every finished exchange outside `/_sandbox/` is checked."""

    def __init__(self, sandbox: Sandbox, checker: Checker) -> None:
        self._sandbox = sandbox
        self._checker = checker

    @property
    def failure(self) -> LineformError | None:
        return self._sandbox.failure

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox"):
            await self._sandbox(scope, receive, send)
            return
        heard, said = _Recorded(), _Recorded()
        await self._sandbox(scope, heard.receiving(receive), said.sending(send))
        if said.status is not None:
            query = scope["query_string"].decode("latin-1")
            path = scope["path"] + (f"?{query}" if query else "")
            sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            check = self._checker.check_exchange
            try:
                check(scope["method"], path, sent, heard.body, said.status, said.headers, said.body)
            except Exception as error:  # noqa: BLE001 - a server tells nobody but its log of what fails in it
                self._checker.violations.append(f"{scope['method']} {path} could not be checked: {error!r}")


class _Recorded:
    """One side of an exchange as it went by."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.body = b""

    def receiving(self, receive: Any) -> Any:
        async def heard() -> Message:
            message: Message = await receive()
            self.body += message.get("body", b"")
            return message

        return heard

    def sending(self, send: Any) -> Any:
        async def said(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.headers = {n.decode("latin-1"): v.decode("latin-1") for n, v in message["headers"]}
            self.body += message.get("body", b"")
            await send(message)

        return said


def _check_headers(status: int, got: Mapping[str, str]) -> list[str]:
    wrong = []
    if "x-line-request-id" not in got:
        wrong.append("the answer has no X-Line-Request-Id")
    if "retry-after" in got:
        wrong.append("LINE sends no Retry-After")
    if (status == 409) != ("x-line-accepted-request-id" in got):
        wrong.append("X-Line-Accepted-Request-Id belongs to a 409 and to nothing else")
    return wrong


def _check_answer(found: Operation, status: int, got: Mapping[str, str], body: bytes) -> list[str]:
    listed = found.spec["responses"].get(str(status))
    if listed is None and status < 400:
        return [f"the specification knows no {status} here"]
    content = (listed or {}).get("content")
    if content is None:
        if status >= 400:
            return _check_error(found, body)
        return [] if body in (b"", b"{}") else [f"the specification knows no body here: {body[:100]!r}"]
    if JSON not in content:
        return [] if body else ["an empty body where bytes are due"]
    if not got.get("content-type", "").startswith(JSON):
        return [f"the content type is {got.get('content-type')}"]
    if found.file == "channel-access-token" and status >= 400:
        return _check_error(found, body)
    return _check_json(found.file, content[JSON]["schema"], body)


def _check_error(found: Operation, body: bytes) -> list[str]:
    """Errors that the operation does not list; token calls may also answer in the shape of all the others."""
    as_usual = _check_json("messaging-api", ERROR, body)
    if found.file == "channel-access-token" and as_usual:
        return _check_json(found.file, ERROR, body)
    return as_usual


def _check_request(found: Operation, query: str, sent: Mapping[str, str], body: bytes) -> list[str]:
    wrong = _check_parameters(found, query, sent)
    content = found.spec.get("requestBody", {}).get("content", {})
    if JSON in content:
        if not sent.get("content-type", "").startswith(JSON):
            wrong.append(f"the request's content type is {sent.get('content-type')}")
        wrong += [f"request {text}" for text in _check_json(found.file, content[JSON]["schema"], body)]
    elif FORM in content:
        form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        wrong += [f"request {text}" for text in violations(found.file, content[FORM]["schema"], form)]
    elif MULTIPART in content:
        wrong += _check_multipart(content[MULTIPART]["schema"], sent, body)
    elif not content and body:
        wrong.append("a request body where the specification knows none")
    return wrong


def _check_multipart(schema: dict[str, Any], sent: Mapping[str, str], body: bytes) -> list[str]:
    """The names of the parts, read by the standard library: no reader of ours judges itself."""
    head = f"Content-Type: {sent.get('content-type', '')}\r\n\r\n".encode()
    message = email.message_from_bytes(head + body)
    if message.get_content_type() != MULTIPART or not message.is_multipart():
        return [f"the request's content type is {sent.get('content-type')}"]
    parts = message.get_payload()
    names = {part.get_param("name", header="content-disposition") for part in parts if not isinstance(part, str)}
    wrong = [f"unknown part {name}" for name in names if name not in schema["properties"]]
    return wrong + [f"the required part {name} is missing" for name in schema["required"] if name not in names]


def _check_parameters(found: Operation, query: str, sent: Mapping[str, str]) -> list[str]:
    every = parse_qs(query, keep_blank_values=True)
    given = {name: values[0] for name, values in every.items()}
    wrong = []
    known = set()
    for parameter in found.spec.get("parameters", ()):
        name, place = parameter["name"], parameter["in"]
        if place == "path":
            continue
        known.add(name)
        value = given.get(name) if place == "query" else sent.get(name.lower())
        if value is None:
            if parameter.get("required"):
                wrong.append(f"the required parameter {name} is missing")
            continue
        listed = parameter["schema"].get("type") == "array"
        typed = every[name] if listed else _typed(parameter["schema"].get("type"), value)
        wrong += [f"parameter {name} {text}" for text in violations(found.file, parameter["schema"], typed)]
    wrong += [f"unknown parameter {name}" for name in given if name not in known]
    if "x-line-retry-key" in sent and "X-Line-Retry-Key" not in known:
        wrong.append("a retry key where the specification knows none")
    return wrong


def _typed(kind: str | None, value: str) -> object:
    """A parameter as the value that its text stands for; what is none stays a text and fails."""
    if kind == "integer" and value.isdigit():
        return int(value)
    return {"true": True, "false": False}.get(value, value) if kind == "boolean" else value


def _check_json(file: str, schema: dict[str, Any], body: bytes) -> list[str]:
    try:
        value = json.loads(body)
    except ValueError:
        return [f"no JSON: {body[:100]!r}"]
    return violations(file, schema, value)
