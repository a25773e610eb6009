"""A running server over a store, with one client whose happenings are collected."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lineform.line.signature import ChannelSignature
from lineform.model.attributes import AttributesSpec
from lineform.ports.outside import Answered, Heard, Hook
from lineform.ports.store import Store
from lineform.run.options import Run
from lineform.run.tick import Also
from lineform.scenarios.happening import Happening
from lineform.serve.app import Parts, create_app
from lineform.serve.options import Served, ServeOptions
from lineform.serve.server import listen, server_of
from lineform.serve.working import Following, Link, Working
from lineform.wiring.clock import SystemClock
from lineform.wiring.serving import reader_of
from support.declared_clients import BOT, client
from support.fake_account import FakeAccount

SECRET = "0123456789abcdef0123456789abcdef"
USER = "U" + "1" * 32
DECLARED = AttributesSpec.model_validate(
    {
        "kind": "attributes",
        "name": "shop",
        "events": {
            "purchase": {"fields": {"item": "text", "amount": "number"}},
            "favourite": {"fields": {"item": "text"}},
            "price_drop": {"fields": {"item": "text", "price": "number"}},
        },
    }
)


@dataclass
class Seen:
    """What happened, and what systems of the business were told."""

    happenings: list[Happening] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    fail: Callable[[Sequence[Happening]], None] = lambda happenings: None

    async def live(self, run: Run, happenings: Sequence[Happening]) -> None:
        self.fail(happenings)
        self.happenings += happenings


class Nobody:
    """Systems of the business that hear everything."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    async def tell(self, hook: Hook, key: str, body: bytes, now: datetime) -> Answered:
        self._seen.told.append((key, body.decode()))
        return Answered(Heard.YES)

    async def close(self) -> None:
        return None


@dataclass
class Server:
    """Where it listens, and what it does."""

    port: int
    store: Store
    seen: Seen

    def request(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Status, body and headers of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()

    def webhook(self, *events: Any, secret: str = SECRET, destination: str = BOT, name: str = "salon") -> int:
        """Posts events as LINE does; the status."""
        body = webhook_body(*events, destination=destination)
        return self.request("POST", f"/webhook/{name}", body, {"X-Line-Signature": sign(body, secret)})[0]

    def until(self, holds: Callable[[], bool], seconds: float = 20.0) -> None:
        """Waits until something holds."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, "it did not come to it"
            time.sleep(0.01)

    def until_worked(self) -> None:
        self.until(lambda: self.store.inbox_level("salon").waiting == 0)


def webhook_body(*events: Any, destination: str = BOT) -> bytes:
    return json.dumps({"destination": destination, "events": list(events)}, ensure_ascii=False).encode()


def sign(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def event(number: int, kind: str = "message", user: str = USER, at: datetime | None = None, **more: Any) -> Any:
    """One of LINE's events, with an id that the number gives it."""
    moment = at or datetime.now(UTC) + timedelta(milliseconds=number)
    said = {"message": {"type": "text", "id": str(number), "text": f"text {number}"}} if kind == "message" else {}
    return {
        "type": kind,
        "mode": "active",
        "timestamp": int(moment.timestamp() * 1000),
        "source": {"type": "user", "userId": user},
        "webhookEventId": f"01EVENT{number:019d}",
        "deliveryContext": {"isRedelivery": False},
        **({} if kind == "unfollow" else {"replyToken": f"reply{number}"}),
        **said,
        **more,
    }


class Impatient(SystemClock):
    """The machine's time, to whoever asks; who waits for it to pass waits a twentieth."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / 20)


def parts(
    store: Store, seen: Seen, *, link: Link | None = None, also: Sequence[Also] = (), secret: str = SECRET
) -> Parts:
    """One client, whose account is in memory."""
    owner = client(DECLARED)
    served = Served(
        owner,
        ChannelSignature(secret),
        FakeAccount(),
        reader_of(owner),
        {"crm": Hook("https://crm.example/", "k" * 32)},
    )
    return Parts([served], store, Impatient(), Nobody(seen), Following(seen.live, link), also)


@contextmanager
def served(
    store: Store,
    *,
    link: Link | None = None,
    also: Sequence[Also] = (),
    more: Callable[[Parts], Parts] = lambda p: p,
    **changes: Any,
) -> Iterator[Server]:
    """A server in a thread of its own, asked to end when the block does. `changes` are of `ServeOptions`."""
    seen = Seen()
    working = Working(**{name: changes.pop(name) for name in ("tries", "batch") if name in changes})
    options = replace(ServeOptions(every=3600.0, working=working), **changes)
    app = create_app(more(parts(store, seen, link=link, also=also)), options)
    listening = listen("127.0.0.1", 0)
    running = server_of(app)
    thread = threading.Thread(target=lambda: running.run(sockets=[listening]), daemon=True)
    thread.start()
    try:
        end = time.monotonic() + 20
        while not running.started:
            assert thread.is_alive(), "the server did not start"
            assert time.monotonic() < end, "the server did not start in time"
            time.sleep(0.005)
        yield Server(listening.getsockname()[1], store, seen)
    finally:
        running.should_exit = True
        thread.join(30)
        listening.close()
        assert not thread.is_alive(), "the server did not end"
