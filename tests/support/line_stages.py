"""Stages on which the same contract of a LINE account is played: the offline account, and recorded exchanges over each
library that bytes may go through."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest
from aiohttp import web

from lineform.line.account import HttpLineAccount, open_account
from lineform.line.over_aiohttp import AiohttpWire
from lineform.line.over_pyreqwest import PyreqwestWire
from lineform.line.transport import OpenWire, best_wire
from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer
from lineform.wiring.clock import SystemClock
from support import line_openapi
from support.line_stub import LineStub, line_stub
from support.openapi import Checker

T = TypeVar("T")
Play = Callable[[HttpLineAccount], Awaitable[T]]
TOKEN = "contract-token-0123456789"
RECORDED = Path(__file__).parents[1] / "contract" / "recorded"


class Stage(Protocol):
    """`given` prepares what no call of ours can; where the answers are recorded there is nothing to prepare."""

    def given(self, prepare: Callable[[Control, str], object]) -> None: ...

    def friends(self, count: int) -> list[str]: ...

    def play(self, action: Play[T]) -> T: ...


async def _with(origin: str, token: str, action: Play[T], wire: OpenWire = best_wire) -> T:
    async with open_account(origin, token, SystemClock(), wire=wire) as account:
        return await action(account)


class OfflineStage:
    """One fresh account of the offline LINE."""

    def __init__(self, origin: str, name: str) -> None:
        self._origin = origin
        self._control = Control(origin)
        self._token = f"{TOKEN}-{name}"
        self._name = str(self._control.add_account(token=self._token, name=name, basic_id="@contract")["name"])

    def given(self, prepare: Callable[[Control, str], object]) -> None:
        prepare(self._control, self._name)

    def friends(self, count: int) -> list[str]:
        return self._control.add_friends(self._name, count)

    def spoil_token(self) -> None:
        self._token += "-spoilt"

    def play(self, action: Play[T]) -> T:
        return asyncio.run(_with(self._origin, self._token, action))


class RecordedStage:
    """Exchanges in LINE's documented shapes; a request that is not the next one of the record fails the test."""

    def __init__(self, record: Path, checker: Checker | None, wire: OpenWire) -> None:
        self._checker = checker
        self._wire = wire
        self._exchanges: list[dict[str, Any]] = json.loads(record.read_text(encoding="utf-8"))
        self._wrong: list[str] = []

    def given(self, prepare: Callable[[Control, str], object]) -> None:
        """It happened before the record."""

    def friends(self, count: int) -> list[str]:
        return [f"U{number:032x}" for number in range(1, count + 1)]

    def play(self, action: Play[T]) -> T:
        async def main() -> T:
            async with line_stub(self._answer) as stub:
                self._stub = stub
                return await _with(stub.origin, TOKEN, action, self._wire)

        result = asyncio.run(main())
        assert not self._wrong, self._wrong
        return result

    def finish(self) -> None:
        assert not self._exchanges, f"recorded and never asked for: {self._exchanges[0]['request']}"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if not self._exchanges:
            self._wrong.append(f"one request too many: {request.method} {request.path_qs}")
            return web.Response(status=400)
        exchange = self._exchanges.pop(0)
        self._compare(exchange["request"], self._stub)
        answer = exchange["answer"]
        image = "text" in answer
        body = answer["text"].encode() if image else json.dumps(answer["body"]).encode()
        headers = {
            "X-Line-Request-Id": "20000000-0000-4000-8000-000000000001",
            "Content-Type": "image/png" if image else "application/json",
            **answer.get("headers", {}),
        }
        if self._checker is not None:
            sent = await request.read()
            self._checker.check_exchange(
                request.method, request.path_qs, request.headers, sent, answer["status"], headers, body
            )
        return web.Response(status=answer["status"], body=body, headers=headers)

    def _compare(self, wanted: dict[str, Any], stub: LineStub) -> None:
        seen = stub.seen[-1]
        got: dict[str, Any] = {"method": seen.method, "path": seen.path}
        if seen.query:
            got["query"] = seen.query
        if seen.headers.get("content-type") == "application/json":
            got["body"] = seen.value
        if "headers" in wanted:
            got["headers"] = {name: seen.headers.get(name) for name in wanted["headers"]}
        if got != wanted:
            self._wrong.append(f"wanted {wanted}, got {got}")


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker | None]:
    """Where LINE's OpenAPI is at hand, every request and every answer on both stages is held against it."""
    checker = Checker() if line_openapi.folder() else None
    yield checker
    assert checker is None or checker.violations == []


@pytest.fixture(scope="module")
def origin(checker: Checker | None) -> Iterator[str]:
    with SandboxServer(wrap=checker.wrap if checker else None) as server:
        yield server.origin


_WIRES: dict[str, OpenWire] = {"aiohttp": AiohttpWire, "pyreqwest": PyreqwestWire}


@pytest.fixture(params=["offline", *_WIRES])
def stage(request: pytest.FixtureRequest, origin: str, checker: Checker | None) -> Iterator[Stage]:
    name = request.node.originalname.removeprefix("test_")
    if request.param == "offline":
        yield OfflineStage(origin, name.replace("_", "-"))
        return
    recorded = RecordedStage(RECORDED / f"{name}.json", checker, _WIRES[request.param])
    yield recorded
    recorded.finish()
