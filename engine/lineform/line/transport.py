"""The wire: one HTTP exchange with LINE, bounded in time and size, whose token never leaves it.

aiohttp's exceptions carry the request's headers, the token among them. No exception of aiohttp therefore gets out, not
even as the context of ours: failures are made inside the ``except`` and raised after it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final

import aiohttp
from yarl import URL

from lineform import __version__
from lineform.line.exchange import Answer, Request
from lineform.line.failures import shown
from lineform.ports.clock import Clock
from lineform.ports.line_account import CallRecord, OutcomeUnknown

TIMEOUT: Final = 30.0
ANSWER_BYTES: Final = 32 * 1024 * 1024
"""A full list of 1,000 rich menus with 20 long actions each stays below."""
ERROR_BYTES: Final = 64 * 1024
CONNECTIONS: Final = 400
"""In flight at once: what keeps 2,000 requests a second going at 200 ms each."""
SECRET_LENGTH: Final = 16
KEEP_ALIVE: Final = 4.0
"""Seconds; shorter than the five of common servers, so that no request meets a connection that is just closing."""

OnCall = Callable[[CallRecord], None]


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keeps aiohttp from sending a PUT or DELETE again after a cut connection: LINE may have done it."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        pass
    # Of a kind that aiohttp does not take for an invitation.
    raise aiohttp.ClientConnectionError("the connection was cut")


class Transport:
    """HTTP to both of LINE's hosts, or to one origin that serves both."""

    def __init__(
        self,
        origin: str | None,
        token: str,
        clock: Clock,
        *,
        timeout: float = TIMEOUT,
        proxy: str | None = None,
        on_call: OnCall | None = None,
    ) -> None:
        self._origin = origin.rstrip("/") if origin else None
        self._token = token
        self._clock = clock
        self._timeout = timeout
        self._proxy = proxy
        self._on_call = on_call
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return f"Transport({self._origin or 'LINE'})"

    async def exchange(self, request: Request) -> Answer:
        """Sends once and returns whatever is answered; raises `OutcomeUnknown` where nothing whole was."""
        answer: Answer | None = None
        trouble = ""
        try:
            async with self._open().request(
                request.method,
                self._url(request),
                # Empty bytes make aiohttp state "Content-Length: 0", without which LINE's edge has answered 411.
                data=request.body if request.body or request.method == "POST" else None,
                headers=self._headers(request),
                # aiohttp would call an empty body an octet stream.
                skip_auto_headers=() if request.body else ("Content-Type",),
                allow_redirects=False,
                timeout=self._patience(request),
                # aiohttp by itself sends no POST twice.
                middlewares=() if request.method == "POST" else (_once,),
            ) as response:
                answer = await self._read(response)
        except (aiohttp.ClientError, OSError) as error:
            trouble = self._trouble(error, request)
        if answer is None:
            raise OutcomeUnknown(f"{request}: {trouble or 'the answer is bigger than any of LINE'}")
        if self._on_call is not None:
            now = self._clock.now()
            self._on_call(CallRecord(now, request.method, request.shown_path, answer.status, answer.request_id))
        return answer

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
                headers={"User-Agent": f"lineform/{__version__}", "Accept-Encoding": "identity"},
            )
        return self._session

    def _url(self, request: Request) -> URL:
        # Encoded already: yarl would otherwise resolve and requote, and LINE wants the path exactly.
        url = URL((self._origin or request.host.value) + request.path, encoded=True)
        return url.with_query(request.query) if request.query else url

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self._token}"}
        if request.content_type:
            headers["Content-Type"] = request.content_type
        if request.retry_key:
            headers["X-Line-Retry-Key"] = request.retry_key
        return headers

    async def _read(self, response: aiohttp.ClientResponse) -> Answer | None:
        """The answer, or None where it is too big; of an error the beginning is enough."""
        limit = ANSWER_BYTES if 200 <= response.status < 300 else ERROR_BYTES
        body = bytearray()
        async for chunk in response.content.iter_chunked(64 * 1024):
            body += chunk
            if len(body) > limit:
                break
        if len(body) > limit and limit == ANSWER_BYTES:
            return None
        whole = bytes(body[:limit])
        return Answer(
            status=response.status,
            body=whole if limit == ANSWER_BYTES else self._without_token(whole),
            request_id=shown(response.headers.get("X-Line-Request-Id", "")),
            accepted_request_id=shown(response.headers.get("X-Line-Accepted-Request-Id", "")),
        )

    def _without_token(self, body: bytes) -> bytes:
        """Some proxies echo a request's headers in their error pages."""
        # A short word is a made-up token of an offline account, and may be a part of any text.
        return body.replace(self._token.encode(), b"***") if len(self._token) >= SECRET_LENGTH else body

    def _patience(self, request: Request) -> aiohttp.ClientTimeout:
        total = max(self._timeout, request.at_least_seconds)
        return aiohttp.ClientTimeout(total=total, connect=min(10.0, total))

    def _trouble(self, error: aiohttp.ClientError | OSError, request: Request) -> str:
        if isinstance(error, TimeoutError):
            return f"no answer within {self._patience(request).total:g} seconds"
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            return "the certificate of the server cannot be trusted"
        if isinstance(error, aiohttp.ClientConnectorError):
            reason = error.os_error
            why = "its name is unknown" if isinstance(reason, socket.gaierror) else (reason.strerror or "refused")
            return f"no connection to {error.host}: {shown(why)}"
        if isinstance(error, aiohttp.ClientHttpProxyError):
            return f"the proxy refused with {error.status}"
        if isinstance(error, aiohttp.ClientResponseError):
            return "the answer is not HTTP"
        return "the connection was cut"
