"""The application under uvicorn, with bounds on how long a client may take to say what it wants."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lineform.errors import UsageError

HEADER_SECONDS = 10.0
"""From the first moment of a connection, or from the first byte of its next request, to the end of the headers."""
HEADER_BYTES = 64 * 1024
KEEP_ALIVE = 30
GRACEFUL_SECONDS = 20
CONNECTIONS = 10_000


class Impatient(HttpToolsProtocol):
    """uvicorn's own protocol waits for headers for ever, however slowly they come and however many they are; this one
    ends the connection (https://en.wikipedia.org/wiki/Slowloris_(cyber_attack))."""

    _timer: asyncio.TimerHandle | None = None
    _header_bytes = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        current: Any = self.cycle  # None before the first request
        if self._timer is None and (current is None or current.response_complete):
            self._begin()
        if self._timer is not None:
            self._header_bytes += len(data)
        super().data_received(data)
        if self._timer is not None and self._header_bytes > HEADER_BYTES:
            self.transport.abort()

    def on_headers_complete(self) -> None:
        self._end()
        super().on_headers_complete()

    def _begin(self) -> None:
        self._header_bytes = 0
        self._timer = self.loop.call_later(HEADER_SECONDS, self._too_slow)

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        self.transport.abort()


def listen(host: str, port: int) -> socket.socket:
    """A socket to serve on. Raises UsageError where the port is taken, or may not be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns off Nagle's algorithm.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}", hint="Choose another --port.") from None
    listening.listen(2048)
    return listening


def server_of(app: ASGIApp) -> uvicorn.Server:
    """A server that ends gracefully when it is asked to: it takes nothing new, and answers what it has."""
    config = uvicorn.Config(
        app,
        http=Impatient,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )
    return uvicorn.Server(config)
