from __future__ import annotations

from collections.abc import Iterator

import pytest

from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer
from support import line_openapi
from support.line_calls import Line
from support.openapi import Checker

NOON_IN_TOKYO = 1_764_558_000.0
"""2025-12-01T12:00:00+09:00"""


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    """One server for all tests; where LINE's OpenAPI is at hand, every exchange of theirs is held against it."""
    if line_openapi.folder() is None:
        with SandboxServer() as server:
            yield server
        return
    checker = Checker()
    with SandboxServer(wrap=checker.wrap) as server:
        yield server
    assert checker.violations == []


@pytest.fixture
def control(sandbox: SandboxServer) -> Control:
    """An empty sandbox whose clock stands at noon in Tokyo on the first of December."""
    found = Control(sandbox.origin)
    found.reset()
    found.set_clock(NOON_IN_TOKYO)
    found.add_account(name="shop", token="token", plan_limit=1000)
    return found


@pytest.fixture
def line(sandbox: SandboxServer, control: Control) -> Line:
    return Line(sandbox.origin)


@pytest.fixture
def friend(control: Control) -> str:
    return control.add_friends("shop", 1)[0]
