"""The wire over aiohttp, which is always there."""

from __future__ import annotations

import socket
from collections.abc import Mapping

import aiohttp
from yarl import URL

from lineform.line.exchange import Answer, Request
from lineform.line.failures import shown
from lineform.line.wire import (
    CONNECT_SECONDS,
    CONNECTIONS,
    CUT,
    KEEP_ALIVE,
    NOT_HTTP,
    UNTRUSTED,
    UNUSABLE,
    NoAnswer,
    bounded,
    most,
    proxy_refused,
    too_late,
    unreached,
)


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keeps aiohttp from sending a PUT or DELETE again after a cut connection: LINE may have done it."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        pass
    # Of a kind that aiohttp does not take for an invitation.
    raise aiohttp.ClientConnectionError(CUT)


class AiohttpWire:
    """Implements `lineform.line.wire.Wire`."""

    def __init__(self, headers: Mapping[str, str], proxy: str | None) -> None:
        self._headers = headers
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None

    async def exchange(self, request: Request, url: str, headers: dict[str, str], seconds: float) -> Answer:
        try:
            async with self._open().request(
                request.method,
                # Encoded already: yarl would otherwise resolve and requote, and LINE wants the path exactly.
                URL(url, encoded=True),
                # Empty bytes make aiohttp state "Content-Length: 0", without which LINE's edge has answered 411.
                data=request.body if request.body or request.method == "POST" else None,
                headers=headers,
                # aiohttp would call an empty body an octet stream.
                skip_auto_headers=() if request.body else ("Content-Type",),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds, connect=min(CONNECT_SECONDS, seconds)),
                # aiohttp by itself sends no POST twice.
                middlewares=() if request.method == "POST" else (_once,),
            ) as response:
                return await _read(response)
        except (aiohttp.ClientError, OSError) as error:
            trouble = _trouble(error, seconds)
        # Outside, so that aiohttp's exception is not even the context of this one.
        raise NoAnswer(trouble)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        # Made on first use: aiohttp wants a running loop, and a command may never call at all.
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE),
                # Named, not taken from the environment by aiohttp: that would also read ~/.netrc for every request.
                proxy=self._proxy,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
            )
        return self._session


async def _read(response: aiohttp.ClientResponse) -> Answer:
    limit = most(response.status)
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > limit:
            break
    return Answer(
        response.status,
        bounded(response.status, bytes(body)),
        shown(response.headers.get("X-Line-Request-Id", "")),
        shown(response.headers.get("X-Line-Accepted-Request-Id", "")),
    )


def _trouble(error: aiohttp.ClientError | OSError, seconds: float) -> str:
    if isinstance(error, TimeoutError):
        return too_late(seconds)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return UNTRUSTED
    if isinstance(error, aiohttp.ClientConnectorError):
        reason = error.os_error
        why = "its name is unknown" if isinstance(reason, socket.gaierror) else (reason.strerror or "refused")
        return unreached(error.host, shown(why))
    if isinstance(error, aiohttp.InvalidURL):
        return UNUSABLE
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return proxy_refused(error.status)
    if isinstance(error, aiohttp.ClientResponseError):
        return NOT_HTTP
    return CUT
