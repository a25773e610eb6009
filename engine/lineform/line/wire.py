"""Sends on connections of our own: HTTP/1.1 over `asyncio.Protocol`, for the one kind of call that is made in millions.

A general client spends five to ten times as long on a request as its bytes need. A send is always the same: a POST of
ready bytes to one origin, answered by a few headers and a short body. This speaks that much of HTTP and no more. What
it does not understand it calls trouble and closes the connection: the caller knows then that the outcome is unknown,
and asks again under the same retry key.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections import deque
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from lineform.line.body import BodyReader, Head, Trouble, reader_of

LONGEST_HEAD: Final = 64 * 1024
CONNECTING: Final = 32
"""Connections that are made at once: hundreds of TLS handshakes side by side would hold up every call for seconds."""
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]*")


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """What came back; header names in lower case."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes
    whole: bool
    """Whether `body` is all of it, not the beginning of one that is too long."""


class _Connection(asyncio.Protocol):
    """One connection, with at most one request under way."""

    __slots__ = (
        "_answer",
        "_body",
        "_head",
        "_held",
        "_last",
        "_line",
        "_longest",
        "_transport",
        "idle_since",
        "usable",
    )

    def __init__(self, line: Wire, longest: int) -> None:
        self._line = line
        self._longest = longest
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[WireAnswer] | None = None
        self._held = b""
        self._head: Head | None = None
        self._body: BodyReader | None = None
        self.idle_since = 0.0
        self.usable = True

    def request(self, data: bytes, answer: asyncio.Future[WireAnswer]) -> None:
        assert self._transport is not None  # noqa: S101 - asyncio connects before it hands a protocol out
        self._answer = answer
        self._transport.write(data)

    def abort(self, trouble: str) -> None:
        """Ends the connection at once, and the request on it with `trouble`."""
        self.usable = False
        if self._transport is not None:
            self._transport.abort()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Trouble(trouble))
        self._answer = None

    def close(self) -> None:
        self.usable = False
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream's transport always is
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            # Nobody asked: what comes now belongs to no request.
            self.abort("")
            return
        try:
            self._read(data)
        except Trouble as trouble:
            self.abort(str(trouble))

    def eof_received(self) -> None:
        self.usable = False

    def connection_lost(self, error: Exception | None) -> None:
        self.usable = False
        if self._head is not None and self._body is not None and self._body.ends_with_connection and error is None:
            self._done(self._head, self._body)
        else:
            self.abort("the connection was cut")
        self._line.lost(self)

    def _read(self, data: bytes) -> None:
        while self._body is None:
            self._held = held = self._held + data if self._held else data
            end = held.find(b"\r\n\r\n")
            if end > LONGEST_HEAD or (end < 0 and len(held) > LONGEST_HEAD):
                raise Trouble("the answer is not HTTP")
            if end < 0:
                if not b"HTTP/1.".startswith(held[:7]):
                    raise Trouble("the answer is not HTTP")
                return
            head, data, self._held = Head.read(held[:end]), held[end + 4 :], b""
            if head.status >= 200:
                self._head, self._body = head, reader_of(head, self._longest)
        assert self._head is not None  # noqa: S101 - set together with the body
        if self._body.feed(data):
            if not self._head.stays or not self._body.exact:
                self.usable = False
            self._done(self._head, self._body)

    def _done(self, head: Head, body: BodyReader) -> None:
        answer, self._answer, self._head, self._body = self._answer, None, None, None
        if answer is not None and not answer.done():
            answer.set_result(WireAnswer(head.status, head.headers, body.body, not body.cut))


class Wire:
    """A pool of connections to one origin. `exchange` raises `Trouble` or OSError where no whole answer came."""

    def __init__(
        self, origin: str, headers: dict[str, str], *, timeout: float, connections: int, keep_alive: float, longest: int
    ) -> None:
        parts = urlsplit(origin)
        self._tls = parts.scheme == "https"
        self.host = parts.hostname or ""
        self._address = _is_address(self.host)
        self._port = parts.port or (443 if self._tls else 80)
        self._base = parts.path.rstrip("/")
        self._timeout = timeout
        self._longest = longest
        self._keep_alive = keep_alive
        self._most = connections
        self._open = 0
        self._connecting = 0
        self._waiting: deque[asyncio.Future[_Connection | None]] = deque()
        self._idle: deque[_Connection] = deque()
        self._busy: dict[_Connection, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._heads: dict[str, bytes] = {}
        self._fixed = "".join(
            f"{name}: {_one_line(text)}\r\n" for name, text in {"Host": self._named, **headers}.items()
        )

    @property
    def _named(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host.encode("idna").decode()
        return host if self._port == (443 if self._tls else 80) else f"{host}:{self._port}"

    async def exchange(self, path: str, retry_key: str, body: bytes) -> WireAnswer:
        """Sends one POST once and returns its whole answer."""
        head = self._heads.get(path)
        if head is None:
            text = f"POST {self._base}{_one_line(path)} HTTP/1.1\r\n{self._fixed}X-Line-Retry-Key: "
            head = self._heads[path] = text.encode("ascii")
        data = b"%b%b\r\nContent-Length: %d\r\n\r\n%b" % (head, retry_key.encode("ascii"), len(body), body)
        loop = asyncio.get_running_loop()
        connection = self._idle_one(loop.time()) or await self._another(loop)
        answer: asyncio.Future[WireAnswer] = loop.create_future()
        self._busy[connection] = loop.time() + self._timeout
        if self._timer is None:
            self._timer = loop.call_later(self._timeout, self._expire)
        try:
            connection.request(data, answer)
            found = await answer
        except BaseException:
            # Given up or gone wrong: nobody may read the rest of its answer as another's.
            connection.abort("the connection was cut")
            raise
        finally:
            self._busy.pop(connection, None)
        if connection.usable:
            connection.idle_since = loop.time()
            self._hand_on(connection)
        else:
            connection.close()
        return found

    async def close(self) -> None:
        """Closes every connection; requests under way end in trouble."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for connection in list(self._busy):
            connection.abort("the connection was closed")
        while self._idle:
            self._idle.pop().abort("")
        # Transports close in the loop's next turns.
        await asyncio.sleep(0)

    def lost(self, connection: _Connection) -> None:
        """A connection has ended. Rare, so a walk through the idle ones is no matter."""
        self._open -= 1
        if connection in self._idle:
            self._idle.remove(connection)
        self._hand_on(None)

    async def _another(self, loop: asyncio.AbstractEventLoop) -> _Connection:
        """A new connection, or one that somebody else is done with, whichever is there first."""
        while True:
            if self._may_connect:
                self._connecting += 1
            elif (handed := await self._turn(loop)) is not None:
                if handed.usable:
                    return handed
                continue
            try:
                connection = await self._connect(loop)
                self._open += 1
                return connection
            finally:
                self._connecting -= 1
                self._hand_on(None)

    @property
    def _may_connect(self) -> bool:
        return self._connecting < CONNECTING and self._open + self._connecting < self._most

    async def _turn(self, loop: asyncio.AbstractEventLoop) -> _Connection | None:
        """Waits, in order, for a connection, or (None) for the leave to make one."""
        turn: asyncio.Future[_Connection | None] = loop.create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._timeout):
                return await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                if (handed := turn.result()) is None:
                    self._connecting -= 1
                self._hand_on(handed)
            raise

    def _hand_on(self, connection: _Connection | None) -> None:
        """Gives a connection to whoever waits longest; without one, the leave to make one."""
        while self._waiting:
            if connection is None and not self._may_connect:
                return
            turn = self._waiting.popleft()
            if not turn.done():
                if connection is None:
                    self._connecting += 1
                turn.set_result(connection)
                return
        if connection is not None:
            self._idle.append(connection)

    def _idle_one(self, now: float) -> _Connection | None:
        """The connection that was used last; those unused for long are closed, before the server does it."""
        while self._idle and now - self._idle[0].idle_since > self._keep_alive:
            self._idle.popleft().close()
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
        return None

    async def _connect(self, loop: asyncio.AbstractEventLoop) -> _Connection:
        async with asyncio.timeout(min(10.0, self._timeout)):
            _, connection = await loop.create_connection(
                lambda: _Connection(self, self._longest),
                self.host,
                self._port,
                ssl=tls() if self._tls else None,
                family=socket.AF_UNSPEC,
                happy_eyeballs_delay=None if self._address else 0.25,
            )
        return connection

    def _expire(self) -> None:
        """Ends what has waited for too long. All wait equally long, so the oldest stand first."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._timer = None
        for connection, until in list(self._busy.items()):
            if until > now:
                self._timer = loop.call_at(until, self._expire)
                return
            connection.abort(f"no answer within {self._timeout:g} seconds")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@cache
def tls() -> ssl.SSLContext:
    """How servers are trusted: made once, for reading all authorities takes longer than many requests."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _one_line(text: str) -> str:
    """A header's text. ValueError, without the text, where it would end its line: it may be a secret."""
    if not _PRINTABLE.fullmatch(text):
        raise ValueError("a header or path holds a character that HTTP does not allow")
    return text
