"""What those ask who watch over a server: is it alive, may it be sent requests, how is it doing."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lineform.errors import LineformError
from lineform.serve.logs import warn
from lineform.serve.metrics import Metrics
from lineform.serve.requests import refusal
from lineform.serve.turning import Turning

_PATIENCE = 2.0
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


class Health:
    """The endpoints."""

    def __init__(self, turning: Turning, metrics: Metrics, token: str) -> None:
        self._turning = turning
        self._metrics = metrics
        self._token = token

    async def alive(self, _: Request) -> Response:
        """``/healthz``: 200 while every loop goes on. A server that answers 503 has to be started anew."""
        await asyncio.sleep(0)
        return PlainTextResponse("ok\n") if self._turning.alive else refusal(503, "a loop has ended")

    async def ready(self, _: Request) -> Response:
        """``/readyz``: 200 while the store answers. Until then others should be asked."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._turning.look_at_all()
        except (LineformError, TimeoutError) as failure:
            warn("not ready", reason=failure.message if isinstance(failure, LineformError) else "the store is slow")
            return refusal(503, "the store does not answer")
        return PlainTextResponse("ok\n")

    async def metrics(self, request: Request) -> Response:
        """``/metrics``: to whoever shows the token, or is on this machine and no proxy's client."""
        if not self._may(request):
            return refusal(404, "not found")
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._turning.look_at_all()
        except (LineformError, TimeoutError):
            warn("metrics without the store", reason="the figures of the inbox are those of before")
        return Response(self._metrics.text(), media_type=CONTENT_TYPE_LATEST)

    def _may(self, request: Request) -> bool:
        if self._token:
            scheme, _, shown = request.headers.get("authorization", "").partition(" ")
            return scheme.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), self._token.encode())
        if request.client is None or any(name in request.headers for name in _FORWARDED):
            return False
        try:
            return ipaddress.ip_address(request.client.host).is_loopback
        except ValueError:
            return False
