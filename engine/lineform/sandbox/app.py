"""The offline LINE account as one ASGI application: LINE's paths at the root, its own console under `/_sandbox/`."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from lineform.errors import LineformError
from lineform.sandbox.api.table import ROUTES, enlist_workers
from lineform.sandbox.clock import SandboxClock
from lineform.sandbox.control_app import Control
from lineform.sandbox.delivery import Delivery
from lineform.sandbox.faults import Faults
from lineform.sandbox.gate import Gate
from lineform.sandbox.line_app import LineApp
from lineform.sandbox.routing import Routes
from lineform.sandbox.state import State
from lineform.sandbox.world import World


def create_app(
    state_file: Path | None = None,
    *,
    clock: SandboxClock | None = None,
    seed: int | None = None,
    log_requests: bool = True,
    cut: Callable[[Scope], bool] = lambda _: False,
    allow_remote: bool = False,
) -> Sandbox:
    """The application over `state_file`, or over memory alone.

    `seed` makes ids and choices repeatable. `cut` ends the connection of a scope and says whether it could.
    `/_sandbox/` answers callers on this machine only, unless `allow_remote`.
    """
    state = State(state_file)
    world = World(state, clock or SandboxClock(), seed)
    enlist_workers(world)
    faults = Faults()
    gate = Gate(world, Routes(ROUTES), faults, log=log_requests)
    control = Control(world, gate, faults)
    delivery = Delivery(world, faults, control.transact)
    return Sandbox(state, LineApp(world, gate, cut, delivery), control, delivery, allow_remote=allow_remote)


class Sandbox:
    """Sends each call to LINE's side or to the console's; closes the state when the server ends."""

    def __init__(
        self, state: State, line: LineApp, control: Control, delivery: Delivery, *, allow_remote: bool
    ) -> None:
        self._state = state
        self._line = line
        self._control = control.app()
        self._delivery = delivery
        self._lifespan = Starlette(lifespan=self._close_at_the_end)
        self._allow_remote = allow_remote

    @property
    def failure(self) -> LineformError | None:
        """What the disk refused to keep; None where it took everything."""
        return self._state.failure

    @asynccontextmanager
    async def _close_at_the_end(self, _: Starlette) -> AsyncIterator[None]:
        delivering = asyncio.create_task(self._delivery.run(), name="webhooks")
        yield
        delivering.cancel()
        # What the disk refused has ended it before, and is told by `failure`.
        with suppress(asyncio.CancelledError, LineformError):
            await delivering
        self._state.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        elif not scope["path"].startswith("/_sandbox"):
            await self._line(scope, receive, send)
        elif self._allow_remote or _from_here(scope):
            await self._control(scope, receive, send)
        else:
            refusal = PlainTextResponse("The sandbox's controls answer callers on its own machine only.", 403)
            await refusal(scope, receive, send)


def _from_here(scope: Scope) -> bool:
    """Both ends must be loopback, and so must the name asked for: a web page elsewhere could otherwise reach in."""
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    name = host.partition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]
    ends = [(scope.get("client") or ("", 0))[0], (scope.get("server") or ("", 0))[0]]
    return all(_loopback(end) for end in (*ends, name))


def _loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
