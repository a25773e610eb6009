"""Pages of a server, opened without one: requests go straight into the application."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from starlette.applications import Starlette
from starlette.types import ASGIApp, Message

from lineform.ports.clock import Clock
from lineform.run.options import Records
from lineform.serve.app import Parts
from lineform.serve.doors import Deliver
from lineform.serve.entrance import Entrance
from lineform.serve.linking import Linking

OF_FRIENDS = re.compile(r"https://\S+/m/\S+")
_WAY_IN = re.compile(r'href="(https://line\.me/R/oaMessage/[^"]+)"')


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str


def pages(parts: Parts, records: Records, clock: Clock, deliver: Deliver) -> ASGIApp:
    """Where people come in: the pages of entry routes, and those of member links."""
    routes = [
        *Entrance(parts.doors, records, clock, deliver).routes,
        *Linking(parts.doors, records, clock).routes,
    ]
    return Starlette(routes=routes)


async def ask(app: ASGIApp, method: str, url: str, value: Any = None, **headers: str) -> Answered:
    """One request; a value is sent as JSON."""
    body = b"" if value is None else json.dumps(value).encode()
    parts = urlsplit(url)
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
        "server": (parts.hostname or "localhost", 443),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    told = {name.decode(): text.decode() for name, text in sent[0]["headers"]}
    return Answered(sent[0]["status"], told, b"".join(one.get("body", b"") for one in sent[1:]).decode())


def link_token_in(answer: Answered) -> str:
    """The token with which a friend arrives at the business's login."""
    (token,) = parse_qs(urlsplit(answer.headers["location"]).query)["linkToken"]
    return token


def text_of_the_way_in(answer: Answered) -> str:
    """What a route's page writes into the chat."""
    found = _WAY_IN.search(answer.text)
    assert found is not None, answer.text
    return unquote(urlsplit(found[1]).query)
