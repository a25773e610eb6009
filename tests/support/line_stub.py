"""A tiny LINE on loopback whose answers a test writes by hand, faults below HTTP included."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
TOKEN = "tok-3f9c-never-to-be-seen"
REQUEST_ID = "5b59509c-c57b-4b39-8a47-1f3f3f1f3f1f"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def value(self) -> Any:
        return json.loads(self.body)


Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


def says(status: int, value: Any = None, **headers: str) -> Reply:
    """An answer with a JSON body (or ready bytes) and LINE's request id; `x_name` headers become x-name."""
    body = value if isinstance(value, bytes) else json.dumps({} if value is None else value).encode()
    named = {"X-Line-Request-Id": REQUEST_ID, **{k.replace("_", "-"): v for k, v in headers.items()}}

    async def reply(_: web.Request) -> web.StreamResponse:
        kept = {name: text for name, text in named.items() if text}
        return web.Response(status=status, body=body, content_type="application/json", headers=kept)

    return reply


async def cuts(request: web.Request) -> web.StreamResponse:
    """Closes the connection without a word."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@dataclass(slots=True)
class LineStub:
    """Answers with `replies` one after another; the last one stays."""

    replies: list[Reply]
    seen: list[Seen] = field(default_factory=list)
    origin: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append(Seen(request.method, request.path, dict(request.query), headers, await request.read()))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return await reply(request)


@asynccontextmanager
async def line_stub(*replies: Reply) -> AsyncIterator[LineStub]:
    stub = LineStub(list(replies))
    app = web.Application(client_max_size=8 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", stub.handle)
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0.1)
    stub.origin = str(server.make_url("")).rstrip("/")
    try:
        yield stub
    finally:
        await server.close()
