"""Clients of whom nothing is served for now, because their files or their secrets are not right.

Whoever comes to them is asked to come again. LINE delivers a webhook again that was not answered with 2xx, where
redelivery is switched on (https://developers.line.biz/en/docs/messaging-api/receiving-messages/#webhook-redelivery); a
system of the business repeats its events; a page says that it is to be opened later. Nothing of a request is looked at:
there may be no secret to know it by.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lineform.serve.html import notice
from lineform.serve.logs import log
from lineform.serve.metrics import Metrics
from lineform.serve.requests import refusal

SYSTEMS: Final = frozenset({"webhook", "events", "link", "unlink"})
"""The first steps of the addresses that systems call, each followed by a client's name."""
PAGES: Final = frozenset({"r", "liff", "f", "m"})
"""Those that people open."""


class Unserved:
    """Stands before the application, and answers for these clients."""

    def __init__(self, app: ASGIApp, names: Collection[str], metrics: Metrics) -> None:
        self._app = app
        self._names = frozenset(names)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        steps = scope.get("path", "").split("/", 3)
        what, name = steps[1:3] if len(steps) > 2 else ("", "")
        if scope["type"] != "http" or name not in self._names or what not in SYSTEMS | PAGES:
            await self._app(scope, receive, send)
            return
        log("not served", client=name, at=what)
        answer = refusal(503, "this client is not served for now") if what in SYSTEMS else _later()
        answer.headers["Retry-After"] = "60"
        self._metrics.answered("unserved", answer.status_code)
        await answer(scope, receive, send)


def _later() -> Response:
    return notice("ただいまご利用いただけません", "しばらくしてから、もう一度お試しください。", status=503)
