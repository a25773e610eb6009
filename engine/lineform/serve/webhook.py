"""``POST /webhook/<client>``: LINE's webhook. Looked at, made durable, answered; worked on afterwards.

LINE waits two seconds (https://developers.line.biz/en/docs/messaging-api/receiving-messages/). Whoever cannot show the
channel's signature learns nothing, not even whether there is such a client.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from lineform.errors import LineformError
from lineform.ports.clock import Clock
from lineform.serve.arrivals import NotAWebhook, arrivals_of
from lineform.serve.gathering import Gatherer, Overfull
from lineform.serve.logs import log
from lineform.serve.metrics import Metrics
from lineform.serve.options import Served, ServeOptions
from lineform.serve.requests import Unread, body_of, refusal

_HEADER = "x-line-signature"
_NO_SIGNATURE = 401


class Webhook:
    """The endpoint. `came` is called with a client's name when something of it was kept."""

    def __init__(
        self,
        served: Mapping[str, Served],
        gatherer: Gatherer,
        clock: Clock,
        metrics: Metrics,
        options: ServeOptions,
        came: Callable[[str], None],
    ) -> None:
        self._served = served
        self._gatherer = gatherer
        self._clock = clock
        self._metrics = metrics
        self._options = options
        self._came = came

    async def endpoint(self, request: Request) -> Response:
        answer = await self._answer(request)
        self._metrics.answered("webhook", answer.status_code)
        return answer

    async def _answer(self, request: Request) -> Response:
        try:
            body = await body_of(request, self._options.webhook_bytes, self._options.body_seconds)
        except Unread as unread:
            return unread.answer
        served = self._served.get(request.path_params["client"])
        if served is None or not served.signature.holds(body, request.headers.get(_HEADER, "")):
            log("webhook refused", client=served.name if served else "", reason="the signature does not hold")
            return refusal(_NO_SIGNATURE, "the signature does not hold")
        return await self._keep(served, body)

    async def _keep(self, served: Served, body: bytes) -> Response:
        now = self._clock.now()
        try:
            arrivals = arrivals_of(served.name, served.client.spec.bot, body, now)
        except NotAWebhook as wrong:
            log("webhook refused", client=served.name, reason=str(wrong))
            return refusal(400, str(wrong))
        # What is older than anything that is kept cannot be known again: it is a replay, and it is not LINE's.
        fresh = [one for one in arrivals if one.at > now - self._oldest]
        if len(fresh) < len(arrivals):
            self._metrics.stale.labels(served.name).inc(len(arrivals) - len(fresh))
            log("webhook too old", client=served.name, events=len(arrivals) - len(fresh))
        try:
            new = await self._gatherer.keep(fresh)
        except Overfull:
            return refusal(503, "too much waits to be kept", **{"Retry-After": "5"})
        except LineformError as failure:
            log("webhook not kept", client=served.name, reason=failure.message)
            return refusal(503, "it could not be kept", **{"Retry-After": "5"})
        self._metrics.kept(served.name, new, len(fresh) - new)
        if new:
            self._came(served.name)
        return Response(status_code=200)

    @property
    def _oldest(self) -> timedelta:
        return self._options.keep_raw
