"""One signed call to a system of the business.

It can tell that the call is ours and new: ``X-Lineform-Signature: t=<seconds>,v1=<hex>`` is the HMAC-SHA256 of
``<seconds>.<body>`` under the shared key, and ``X-Lineform-Id`` is the same however often a call is repeated.
"""

from __future__ import annotations

import hmac
import ssl
from datetime import datetime
from typing import Final

import aiohttp
from yarl import URL

from lineform import __version__
from lineform.hooks.addresses import CheckedResolver, Forbidden, literal
from lineform.ports.outside import Answered, Heard, Hook

TIMEOUT: Final = aiohttp.ClientTimeout(total=10, connect=5)
LARGEST_ANSWER: Final = 16 * 1024
"""Bytes that are read of an answer; what it says is of no interest."""
_COME_AGAIN: Final = frozenset({408, 409, 425, 429})


class Hooks:
    """Implements `lineform.ports.outside.Outside`. `trusted` is for servers whose certificate no authority signed."""

    def __init__(self, resolver: CheckedResolver | None = None, trusted: ssl.SSLContext | None = None) -> None:
        self._resolver = resolver or CheckedResolver()
        self._trusted = trusted
        self._session: aiohttp.ClientSession | None = None

    async def tell(self, hook: Hook, key: str, body: bytes, now: datetime) -> Answered:
        """One call."""
        url = URL(hook.url)
        if url.scheme != "https" or not url.host or url.user or url.password:
            return Answered(Heard.NO, "its URL is not https")
        named = literal(url.host)
        if named is not None and not self._resolver.allowed(named):
            return Answered(Heard.NO, "its address is not public")
        stamp = int(now.timestamp())
        headers = {
            "Content-Type": "application/json",
            "X-Lineform-Id": key,
            "X-Lineform-Signature": f"t={stamp},v1={signature(hook.key, stamp, body)}",
        }
        try:
            async with self._open().post(url, data=body, headers=headers, allow_redirects=False) as answer:
                await answer.content.read(LARGEST_ANSWER)
                return _answered(answer.status)
        except (aiohttp.ClientError, OSError) as error:
            return _unanswered(error)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=self._resolver,
                # What was judged once is judged again at the next call.
                use_dns_cache=False,
                force_close=True,
                ssl=self._trusted or True,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=TIMEOUT,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": f"lineform/{__version__}", "Accept-Encoding": "identity"},
            )
        return self._session


def signature(key: str, stamp: int, body: bytes) -> str:
    """What the header holds after ``v1=``."""
    return hmac.digest(key.encode(), f"{stamp}.".encode() + body, "sha256").hex()


def _answered(status: int) -> Answered:
    if 200 <= status < 300:
        return Answered(Heard.YES)
    if 300 <= status < 400:
        return Answered(Heard.NO, f"it answered {status}, and no redirect is followed")
    if status >= 500 or status in _COME_AGAIN:
        return Answered(Heard.AGAIN, f"it answered {status}")
    return Answered(Heard.NO, f"it answered {status}")


def _unanswered(error: Exception) -> Answered:
    # A name may lead to a forbidden address today and be mended tomorrow: it is tried again, and never reached.
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, Forbidden):
        return Answered(Heard.AGAIN, str(cause))
    if isinstance(error, TimeoutError):
        return Answered(Heard.AGAIN, "it did not answer in time")
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return Answered(Heard.AGAIN, "its certificate cannot be trusted")
    return Answered(Heard.AGAIN, "there is no connection to it")
