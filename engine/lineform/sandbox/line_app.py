"""LINE's own paths as an ASGI application: bytes in, a call through the gate, bytes out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from lineform.errors import LineformError
from lineform.sandbox.answers import Call, ok, refuse
from lineform.sandbox.delivery import Delivery
from lineform.sandbox.gate import Gate, Outcome
from lineform.sandbox.world import World

LARGEST_READ = 64 * 1024 * 1024
"""More is never kept in memory; whoever sends more is cut off."""
_NO_ROOM = 507


class ConnectionCutError(ConnectionError):
    """A fault ended this call without an answer (where no server is there to close a real connection)."""


class LineApp:
    """Everything outside `/_sandbox/`. `cut` closes the connection of a scope, and says whether it could."""

    def __init__(self, world: World, gate: Gate, cut: Callable[[Scope], bool], delivery: Delivery) -> None:
        self._world = world
        self._gate = gate
        self._cut = cut
        self._delivery = delivery

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        call = self._call(scope, body)
        try:
            outcome = self._gate.pass_through(call)
        except LineformError as failure:
            # The disk: LINE itself never says so.
            outcome = Outcome(refuse(_NO_ROOM, failure.message).answer)
        if outcome.hold:
            await asyncio.sleep(outcome.hold)
        if outcome.cut:
            await self._end(scope, receive)
            return
        if outcome.answer.tests is not None:
            number, address = outcome.answer.tests
            found = await self._delivery.verify(self._world.account(number), address)
            outcome = replace(outcome, answer=ok(found))
        await _answer(send, call, outcome)

    def _call(self, scope: Scope, body: bytes) -> Call:
        return Call(
            method=scope["method"],
            path=scope["path"],
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=body,
            now=self._world.clock.now(),
            request_id=self._world.uuid(),
        )

    async def _end(self, scope: Scope, receive: Receive) -> None:
        if not self._cut(scope):
            raise ConnectionCutError("a fault cut this connection")
        # The server must have noticed before this call returns, or it would complain of a missing answer.
        while (await receive())["type"] != "http.disconnect":
            pass


async def _read(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > LARGEST_READ:
            raise ConnectionCutError(f"a request body of more than {LARGEST_READ} bytes")
        chunks.append(chunk)
        if not message.get("more_body", False):
            break
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _answer(send: Send, call: Call, outcome: Outcome) -> None:
    answer = outcome.answer
    headers = [
        (b"content-type", answer.content_type.encode("latin-1")),
        (b"content-length", str(len(answer.body)).encode("latin-1")),
        (b"x-line-request-id", call.request_id.encode("latin-1")),
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
