"""A stand-in for LINE that costs next to nothing, in a process and on a core of its own.

It answers the few calls that a send makes, the sending ones after `latency` seconds, keeps count of them and of their
retry keys, and checks nothing else: what is measured is the client. Over TLS its certificate is made for the run.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BOT = "U" + "b" * 32
_ID = b"X-Line-Request-Id: 00000000-0000-4000-8000-%012x\r\n"
_HEAD = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"


def _answer(value: object) -> bytes:
    body = json.dumps(value).encode()
    return _HEAD % (b"200 OK", len(body)) + _ID % 0 + b"\r\n" + body


_INFO = _answer(
    {"userId": BOT, "basicId": "@bench", "displayName": "bench", "chatMode": "bot", "markAsReadMode": "auto"}
)
_QUOTA = _answer({"type": "none"})
_USED = _answer({"totalUsage": 0})
_EMPTY = _answer({})
_SENT = json.dumps({"sentMessages": [{"id": "461230966842064897", "quoteToken": "IStG5h1Tz7b"}]}).encode()
_PUSHED = _HEAD % (b"200 OK", len(_SENT))
_AGAIN = _HEAD % (b"409 Conflict", 2)


class Counts:
    """What arrived: sending calls by retry key, and the recipients of multicasts."""

    def __init__(self) -> None:
        self.keys: dict[bytes, int] = {}
        self.unkeyed = 0
        self.repeated = 0
        self.recipients = 0

    def told(self) -> dict[str, int]:
        return {
            "accepted": len(self.keys) + self.unkeyed,
            "repeated": self.repeated,
            "recipients": self.recipients,
        }


class Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, counts: Counts, latency: float) -> None:
        self._counts, self._latency = counts, latency
        self._loop = asyncio.get_running_loop()
        self._held = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        held = self._held + data if self._held else data
        while (end := held.find(b"\r\n\r\n")) >= 0:
            head = held[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or b"0")
            if len(held) < end + 4 + length:
                break
            self._answer(head, held[end + 4 : end + 4 + length])
            held = held[end + 4 + length :]
        self._held = held

    def _answer(self, head: bytes, body: bytes) -> None:
        path = head.split(b" ", 2)[1]
        if path.endswith((b"/push", b"/multicast")) and b"/validate/" not in path:
            answer = self._send(head, body, many=path.endswith(b"/multicast"))
            if self._latency:
                self._loop.call_later(self._latency, self._write, answer)
            else:
                self._transport.write(answer)
        elif path == b"/v2/bot/info":
            self._transport.write(_INFO)
        elif path.endswith(b"/consumption"):
            self._transport.write(_USED)
        elif path.endswith(b"/quota"):
            self._transport.write(_QUOTA)
        elif path == b"/counts":
            self._transport.write(_answer(self._counts.told()))
            self._counts.__init__()  # type: ignore[misc]
        else:
            self._transport.write(_EMPTY)

    def _send(self, head: bytes, body: bytes, *, many: bool) -> bytes:
        counts = self._counts
        key = head.partition(b"x-line-retry-key:")[2].partition(b"\r\n")[0].strip()
        number = len(counts.keys) + counts.unkeyed + 1
        if not key:
            counts.unkeyed += 1
        elif (known := counts.keys.get(key)) is not None:
            counts.repeated += 1
            accepted = b"X-Line-Accepted-Request-Id: 00000000-0000-4000-8000-%012x\r\n" % known
            return _AGAIN + _ID % number + accepted + b"\r\n{}"
        else:
            counts.keys[key] = number
        if many:
            counts.recipients += body.partition(b"]")[0].count(b",") + 1
            return _HEAD % (b"200 OK", 2) + _ID % number + b"\r\n{}"
        return _PUSHED + _ID % number + b"\r\n" + _SENT

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


async def _serve(latency: float, folder: str) -> None:
    counts = Counts()
    context = None
    if folder:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Line(counts, latency), "127.0.0.1", 0, ssl=context, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def make_certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that is good for a day, by the system's openssl; the path of its public part."""
    cert = folder / "cert.pem"
    made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=127.0.0.1"
    files = ["-keyout", str(folder / "key.pem"), "-out", str(cert)]
    # No authority: rustls takes none for a server.
    named = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
    command = ["openssl", *made.split(), *named, *files]
    subprocess.run(command, check=True, capture_output=True)
    return cert


def cores() -> tuple[int, int]:
    """The client's core and the server's."""
    found = sorted(os.sched_getaffinity(0))
    return found[0], found[-1]


class Standin:
    """The parent's side."""

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def counts(self) -> dict[str, int]:
        """What arrived since the last time, which is forgotten now."""
        with urllib.request.urlopen(f"{self.origin}/counts") as answer:  # noqa: S310 - our own server
            found: dict[str, int] = json.load(answer)
        return found


@contextmanager
def standin(core: int, latency: float, tls_folder: Path | None = None) -> Iterator[Standin]:
    """The stand-in on its core. With a folder it speaks TLS with the certificate there."""
    command = [sys.executable, __file__, str(core), str(latency), str(tls_folder or "")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield Standin(f"http{'s' if tls_folder else ''}://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    asyncio.run(_serve(float(sys.argv[2]), sys.argv[3]))
