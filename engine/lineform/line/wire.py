"""What goes over the wire: one exchange, bounded in time and size, with the words for what may go wrong.

Two libraries do it. aiohttp comes with line-bot-sdk and is always there; pyreqwest, an extra, takes half the processor
time for each request. Both keep one promise: a request goes out once, a redirect is an answer, no exception of theirs
gets out (aiohttp's carry the request's headers, the token among them), and neither reads the environment.
"""

from __future__ import annotations

from typing import Final, Protocol

from lineform.line.exchange import Answer, Request

ANSWER_BYTES: Final = 32 * 1024 * 1024
"""A full list of 1,000 rich menus with 20 long actions each stays below."""
ERROR_BYTES: Final = 64 * 1024
CONNECTIONS: Final = 400
"""In flight at once: what keeps 2,000 requests a second going at 200 ms each."""
CONNECT_SECONDS: Final = 10.0
KEEP_ALIVE: Final = 4.0
"""Seconds; shorter than the five of common servers, so that no request meets a connection that is just closing."""

UNTRUSTED: Final = "the certificate of the server cannot be trusted"
UNUSABLE: Final = "the address of LINE or of the proxy cannot be used"
NOT_HTTP: Final = "the answer is not HTTP"
CUT: Final = "the connection was cut"
TOO_BIG: Final = "the answer is bigger than any of LINE"


class NoAnswer(Exception):
    """Nothing whole was answered; the text says why, and holds nothing but our own words and the host."""


class Wire(Protocol):
    """Connections to LINE. `headers` of its making go out with every request."""

    async def exchange(self, request: Request, url: str, headers: dict[str, str], seconds: float) -> Answer:
        """Sends once; `url` is encoded. The answer as it came, of an error at most the beginning; raises `NoAnswer`."""
        ...

    async def close(self) -> None: ...


def most(status: int) -> int:
    """How many bytes of an answer are read."""
    return ANSWER_BYTES if 200 <= status < 300 else ERROR_BYTES


def bounded(status: int, body: bytes) -> bytes:
    """The part of an answer that counts. Raises `NoAnswer` for a success that is too big."""
    limit = most(status)
    if len(body) <= limit:
        return body
    if 200 <= status < 300:
        raise NoAnswer(TOO_BIG)
    return body[:limit]


def too_late(seconds: float) -> str:
    """The words for a time-out."""
    return f"no answer within {seconds:g} seconds"


def unreached(host: str, why: str) -> str:
    """The words for a host that takes no connection."""
    return f"no connection to {host}: {why}"


def proxy_refused(status: int | None) -> str:
    """The words for a proxy that opens no tunnel; not every wire tells its status."""
    return f"the proxy refused with {status}" if status else "the proxy refused"
