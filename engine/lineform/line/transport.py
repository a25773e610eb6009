"""One HTTP exchange with LINE, whose token never leaves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from lineform import __version__
from lineform.line.exchange import Answer, Request
from lineform.line.over_aiohttp import AiohttpWire
from lineform.line.over_pyreqwest import PyreqwestWire, installed
from lineform.line.wire import NoAnswer, Wire
from lineform.ports.clock import Clock
from lineform.ports.line_account import CallRecord, OutcomeUnknown

TIMEOUT: Final = 30.0
SECRET_LENGTH: Final = 16

OnCall = Callable[[CallRecord], None]
OpenWire = Callable[[Mapping[str, str], str | None], Wire]
"""Makes a wire whose every request bears these headers, and goes through the proxy where one is named."""


def best_wire(headers: Mapping[str, str], proxy: str | None) -> Wire:
    """The fastest wire that is installed."""
    return PyreqwestWire(headers, proxy) if installed() else AiohttpWire(headers, proxy)


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
        wire: OpenWire = best_wire,
    ) -> None:
        self._origin = origin.rstrip("/") if origin else None
        self._token = token
        self._clock = clock
        self._timeout = timeout
        self._on_call = on_call
        headers = {
            "Authorization": f"Bearer {token}",
            "User-Agent": f"lineform/{__version__}",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
        }
        self._wire = wire(headers, proxy)

    def __repr__(self) -> str:
        return f"Transport({self._origin or 'LINE'})"

    async def exchange(self, request: Request) -> Answer:
        """Sends once and returns whatever is answered; raises `OutcomeUnknown` where nothing whole was."""
        seconds = max(self._timeout, request.at_least_seconds)
        try:
            answer = await self._wire.exchange(request, self._url(request), _headers(request), seconds)
        except NoAnswer as nothing:
            raise OutcomeUnknown(f"{request}: {nothing}") from None
        if not answer.ok:
            answer = replace(answer, body=self._without_token(answer.body))
        if self._on_call is not None:
            now = self._clock.now()
            self._on_call(CallRecord(now, request.method, request.shown_path, answer.status, answer.request_id))
        return answer

    async def close(self) -> None:
        await self._wire.close()

    def _url(self, request: Request) -> str:
        url = (self._origin or request.host.value) + request.path
        return f"{url}?{urlencode(request.query)}" if request.query else url

    def _without_token(self, body: bytes) -> bytes:
        """Some proxies echo a request's headers in their error pages."""
        # A short word is a made-up token of an offline account, and may be a part of any text.
        return body.replace(self._token.encode(), b"***") if len(self._token) >= SECRET_LENGTH else body


def _headers(request: Request) -> dict[str, str]:
    headers = {}
    if request.content_type:
        headers["Content-Type"] = request.content_type
    if request.retry_key:
        headers["X-Line-Retry-Key"] = request.retry_key
    return headers
