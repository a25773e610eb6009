"""The server as one ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lineform.ports.clock import Clock
from lineform.ports.outside import Outside
from lineform.ports.store import Store
from lineform.run.options import Records
from lineform.run.tick import Also
from lineform.sending.links import LinkKeys
from lineform.serve.doors import Door
from lineform.serve.entrance import Entrance
from lineform.serve.failing import failure_of
from lineform.serve.forms import FormPages
from lineform.serve.gathering import Gatherer
from lineform.serve.health import Health
from lineform.serve.intake import EventIntake
from lineform.serve.linking import Linking
from lineform.serve.links import Links
from lineform.serve.logs import log, warn
from lineform.serve.metrics import Metrics
from lineform.serve.options import Served, ServeOptions
from lineform.serve.pinging import Pinger
from lineform.serve.requests import refusal
from lineform.serve.turning import Turning
from lineform.serve.unserved import Unserved
from lineform.serve.webhook import Webhook
from lineform.serve.working import Following


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a server is made of."""

    served: Sequence[Served]
    store: Store
    clock: Clock
    outside: Outside
    following: Following
    also: Sequence[Also] = ()
    """What a tick does beside the sends."""
    link_keys: Mapping[str, LinkKeys] = field(default_factory=dict)
    """With which the tokens of tracked links are read, by client."""
    gone: Callable[[str], bool] = lambda _: False
    """Whether a worker is known to have died."""
    doors: Mapping[str, Door] = field(default_factory=dict)
    """By client: where people come in from outside of the chat."""
    unserved: Collection[str] = frozenset()
    """Clients of whom nothing is served for now."""
    close: Callable[[], None] = lambda: None
    """Called when everything has ended."""


def create_app(parts: Parts, options: ServeOptions) -> ASGIApp:
    """The application. Its lifespan runs the loops of every client and ends them after what is under way."""
    served = {one.name: one for one in parts.served}
    metrics = Metrics(parts.clock, options.figures)
    records = Records(parts.store)
    gatherer = Gatherer(records, parts.clock, pause=options.gather, most=options.most_waiting)
    for name in parts.unserved:
        metrics.never_ticked(name)
    # Nobody is to believe that all is well while one of them is not served.
    pinger = Pinger(options.ping, len(served) + len(parts.unserved))
    turning = Turning(
        served,
        parts.store,
        parts.clock,
        parts.outside,
        metrics,
        options,
        parts.following,
        parts.also,
        pinger.ticked if options.ping else None,
        parts.gone,
    )
    # Keys are looked up beside the transactions that keep events, not behind them.
    keys = Records(parts.store)
    webhook = Webhook(served, gatherer, parts.clock, metrics, options, turning.came)
    intake = EventIntake(served, keys, gatherer, parts.clock, metrics, options, turning.came)
    health = Health(turning, metrics, options.metrics_token)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(parts.close)
            stack.callback(records.close)
            stack.callback(keys.close)
            for one in parts.served:
                stack.push_async_callback(one.account.close)
            stack.push_async_callback(parts.outside.close)
            stack.push_async_callback(pinger.close)
            await stack.enter_async_context(turning)
            await stack.enter_async_context(gatherer)
            stack.push_async_callback(links.flush)
            counting = asyncio.create_task(links.counting(), name="count taps")
            stack.callback(counting.cancel)
            log("serving", clients=sorted(served))
            yield
            log("stopping")

    links = Links(parts.link_keys, keys, gatherer, parts.clock, metrics, turning.came)

    routes: list[BaseRoute] = [
        Route("/l/{token}", links.endpoint, methods=["GET"]),
        Route("/webhook/{client}", webhook.endpoint, methods=["POST"]),
        Route("/events/{client}", intake.endpoint, methods=["POST"]),
        Route("/healthz", health.alive, methods=["GET"]),
        Route("/readyz", health.ready, methods=["GET"]),
        Route("/metrics", health.metrics, methods=["GET"]),
        *Entrance(parts.doors, keys, parts.clock, turning.live).routes,
        *FormPages(parts.doors, keys, parts.clock, turning.live).routes,
        *Linking(parts.doors, keys, parts.clock).routes,
    ]
    return Guarded(Unserved(Starlette(routes=routes, lifespan=lifespan), parts.unserved, metrics))


class Guarded:
    """The outermost layer: an error of ours is told in the log by its kind and place, and to nobody else; every answer
    bears the headers that keep a browser from guessing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sent(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception as error:  # noqa: BLE001 - its words may hold what somebody wrote, and no server may log them
            warn("request failed", reason=failure_of(error))
            if not begun:
                await refusal(500, "something went wrong here")(scope, receive, sent)


_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
