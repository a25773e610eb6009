"""The offline account as a server: in a thread beside a test or demo, or alone for `lineform sandbox`."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from lineform.errors import LineformError, UsageError
from lineform.sandbox.app import create_app

START_SECONDS = 10.0


class Connections:
    """The open connections of one server by their peer, so that a fault can cut the one that its call came by."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[asyncio.Protocol]:
        """uvicorn's own protocol (the quick one where httptools is installed), which tells us of its connections."""
        held = self._open

        class Watched(AutoHTTPProtocol):  # type: ignore[misc, valid-type] # which class it is, uvicorn finds out late
            def connection_made(self, transport: Any) -> None:
                held[_peer(transport)] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                held.pop(_peer(self.transport), None)
                super().connection_lost(exc)

        return Watched

    def cut(self, scope: Scope) -> bool:
        transport = self._open.get(tuple(scope.get("client") or ("", 0)))
        if transport is None:
            return False
        transport.abort()
        return True


def _peer(transport: Any) -> tuple[str, int]:
    name = transport.get_extra_info("peername") or ("", 0)
    return str(name[0]), int(name[1])


class SandboxServer:
    """A sandbox on 127.0.0.1, on `port` or any free one; a context manager that is ready when entered.

    `wrap` puts a middleware of the caller's around the whole application (a test that checks every exchange, say).
    """

    def __init__(
        self,
        state_file: Path | None = None,
        *,
        port: int = 0,
        seed: int | None = None,
        log_requests: bool = True,
        wrap: Any = None,
    ) -> None:
        connections = Connections()
        # First the port: where it is taken, no state is left open.
        self._socket = _listen("127.0.0.1", port)
        try:
            self._sandbox = create_app(state_file, seed=seed, log_requests=log_requests, cut=connections.cut)
        except BaseException:
            self._socket.close()
            raise
        self.origin = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        app: ASGIApp = wrap(self._sandbox) if wrap else self._sandbox
        self._server = uvicorn.Server(_config(app, connections))
        self._thread = threading.Thread(target=self._run, name="lineform-sandbox", daemon=True)
        self._thread.start()
        self._await_start()

    @property
    def failure(self) -> LineformError | None:
        """What the disk refused to keep; None where it took everything."""
        return self._sandbox.failure

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def _await_start(self) -> None:
        until = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > until:
                self.close()
                raise UsageError("the sandbox did not start", hint="Is the state file writable, and no other's?")
            time.sleep(0.005)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop answering and end the thread; the state file can be opened again afterwards."""
        self._server.should_exit = True
        self._thread.join(START_SECONDS)
        self._socket.close()


class _Telling(uvicorn.Server):
    """A server that says when it answers, and when an interrupt can no longer be lost: its handlers stand by then."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def serve(
    host: str,
    port: int,
    state_file: Path | None,
    *,
    ready: Callable[[], None],
    allow_remote: bool = False,
    seed: int | None = None,
) -> None:
    """Serve until interrupted; `ready` is called when it answers.

    Whoever reaches `/_sandbox/` owns everything in it, so an address that others can reach has to be allowed.

    Raises UsageError for such an address without `allow_remote`, and for a port that is taken.
    """
    if not _is_loopback(host) and not allow_remote:
        raise UsageError(
            f"{host} can be reached from other machines, and so could the sandbox's controls",
            hint="Serve on 127.0.0.1, or allow remote control explicitly.",
        )
    connections = Connections()
    listening = _listen(host, port)
    try:
        app = create_app(state_file, seed=seed, cut=connections.cut, allow_remote=allow_remote)
        _Telling(_config(app, connections), ready).run(sockets=[listening])
    finally:
        listening.close()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns off Nagle's algorithm; without, each answer waits 40 ms for an
    # acknowledgement.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}", hint="Choose another port.") from error
    listening.listen(1024)
    return listening


def _config(app: ASGIApp, connections: Connections) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=connections.protocol(),
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,
    )
