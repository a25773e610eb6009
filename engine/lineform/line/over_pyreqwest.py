"""The wire over pyreqwest, which is there where the extra `fast-http` is installed.

hyper, underneath, begins a request anew only where not a byte of it was written to the connection; what was written and
not answered is told, as the tests of the wire hold.
"""

from __future__ import annotations

import atexit
import re
import time
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

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

if TYPE_CHECKING:
    from pyreqwest.client import Client
    from pyreqwest.exceptions import PyreqwestError
    from pyreqwest.request import RequestBuilder

_SETTLED: Final = 0.05
"""Seconds within which the library's own thread has let go of Python after the last answer."""
_OS_ERROR: Final = re.compile(r" \(os error \d+\)$")


@lru_cache(maxsize=1)
def installed() -> bool:
    """Whether the extra is there."""
    return find_spec("pyreqwest") is not None


class PyreqwestWire:
    """Implements `lineform.line.wire.Wire`."""

    def __init__(self, headers: Mapping[str, str], proxy: str | None) -> None:
        # An extra that start-up does not load.
        from pyreqwest.exceptions import PyreqwestError  # noqa: PLC0415

        _settle_at_exit()
        self._failure = PyreqwestError
        self._headers = headers
        self._proxy = proxy
        self._client: Client | None = None

    async def exchange(self, request: Request, url: str, headers: dict[str, str], seconds: float) -> Answer:
        try:
            builder = self._begun(request.method, url).headers(headers).timeout(_span(seconds))
            if request.body:
                builder = builder.body_bytes(request.body)
            elif request.method == "POST":
                # LINE's edge has answered 411 where it was not stated.
                builder = builder.header("Content-Length", "0")
            async with builder.build_streamed() as response:
                status = response.status
                # All of it in one step, as far as it counts; None where it is empty.
                body = await response.body_reader.read(most(status) + 1)
                return Answer(
                    status,
                    bounded(status, bytes(body or b"")),
                    shown(response.get_header("X-Line-Request-Id") or ""),
                    shown(response.get_header("X-Line-Accepted-Request-Id") or ""),
                )
        except self._failure as error:
            trouble = _trouble(error, url, seconds)
        # Outside, so that the library's exception, which holds the URL, is not even the context of this one.
        raise NoAnswer(trouble)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _begun(self, method: str, url: str) -> RequestBuilder:
        try:
            return self._open().request(method, url)
        except ValueError:
            pass
        raise NoAnswer(UNUSABLE)

    def _open(self) -> Client:
        if self._client is None:
            from pyreqwest.client import ClientBuilder  # noqa: PLC0415 - an extra
            from pyreqwest.proxy import ProxyBuilder  # noqa: PLC0415

            builder = (
                ClientBuilder()
                .default_headers(dict(self._headers))
                .follow_redirects(False)
                .referer(False)
                .max_connections(CONNECTIONS)
                .connect_timeout(_span(CONNECT_SECONDS))
                .pool_idle_timeout(_span(KEEP_ALIVE))
                .http1_only()
            )
            for packed in (builder.gzip, builder.deflate, builder.brotli, builder.zstd):
                builder = packed(False)
            # Named, not taken from the environment by the library.
            builder = builder.proxy(ProxyBuilder.all(self._proxy)) if self._proxy else builder.no_proxy()
            self._client = builder.build()
        return self._client


@lru_cache(maxsize=1)
def _settle_at_exit() -> None:
    """Lets a process not end while the library's thread holds Python, which would abort it with all its work done:
    "PyGILState_Release: thread state must be current when releasing"."""
    atexit.register(time.sleep, _SETTLED)


@lru_cache(maxsize=8)
def _span(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def _trouble(error: PyreqwestError, url: str, seconds: float) -> str:
    from pyreqwest.exceptions import ConnectError, RequestTimeoutError  # noqa: PLC0415 - an extra

    causes = [cause["message"] for cause in getattr(error, "details", {}).get("causes") or ()]
    whole = "; ".join(causes).casefold()
    if isinstance(error, RequestTimeoutError):
        return too_late(seconds)
    if "certificate" in whole:
        return UNTRUSTED
    if "tunnel error" in whole:
        return proxy_refused(None)
    if isinstance(error, ConnectError) and "client error (connect)" in whole:
        why = "its name is unknown" if "dns error" in whole else _OS_ERROR.sub("", causes[-1])
        return unreached(urlsplit(url).hostname or "", shown(why))
    if "pars" in whole or "invalid" in whole:
        return NOT_HTTP
    return CUT
