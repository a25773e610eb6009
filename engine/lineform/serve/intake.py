"""``POST /events/<client>``: what a shop's systems tell, with a key of their own.

A request is taken whole or not at all, and a refusal says everything that is wrong. Repeating one is harmless: an event
is known by its type and id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lineform.errors import LineformError
from lineform.lineapi.buckets import Bucket
from lineform.lineapi.rates import Rate
from lineform.ports.clock import Clock
from lineform.run.options import Records
from lineform.scenarios.shop import ShopEvent
from lineform.serve.arrivals import key_hash, shop_arrival
from lineform.serve.gathering import Gatherer, Overfull
from lineform.serve.logs import log
from lineform.serve.metrics import Metrics
from lineform.serve.options import EventsRefused, Served, ServeOptions
from lineform.serve.requests import Unread, body_of, refusal

_LONGEST_KEY = 200


class EventIntake:
    """The endpoint. `came` is called with a client's name when something of it was kept."""

    def __init__(
        self,
        served: Mapping[str, Served],
        records: Records,
        gatherer: Gatherer,
        clock: Clock,
        metrics: Metrics,
        options: ServeOptions,
        came: Callable[[str], None],
    ) -> None:
        self._served = served
        self._records = records
        self._gatherer = gatherer
        self._clock = clock
        self._metrics = metrics
        self._options = options
        self._came = came
        self._buckets: dict[str, Bucket] = {}

    async def endpoint(self, request: Request) -> Response:
        answer = await self._answer(request)
        self._metrics.answered("events", answer.status_code)
        return answer

    async def _answer(self, request: Request) -> Response:
        served = self._served.get(request.path_params["client"])
        # The key comes first: whoever has none makes nobody read a large body.
        try:
            opens = await self._opened(request.headers.get("authorization", ""))
        except LineformError as failure:
            log("events not kept", client=served.name if served else "", reason=failure.message)
            return refusal(503, "the store does not answer", **{"Retry-After": "5"})
        if served is None or opens != served.name:
            return refusal(401, "the key does not open this client", **{"WWW-Authenticate": "Bearer"})
        if not self._let_in(served.name):
            return refusal(429, "too many requests in a minute", **{"Retry-After": "5"})
        try:
            body = await body_of(request, self._options.intake_bytes, self._options.body_seconds)
        except Unread as unread:
            return unread.answer
        try:
            events = served.read_events(body, self._clock.now(), self._options.intake_events)
        except EventsRefused as wrong:
            log("events refused", client=served.name, problems=len(wrong.problems))
            return _problems(wrong)
        return await self._keep(served, events)

    async def _keep(self, served: Served, events: Sequence[ShopEvent]) -> Response:
        try:
            new = await self._gatherer.keep([shop_arrival(served.name, event) for event in events])
        except Overfull:
            return refusal(503, "too much waits to be kept", **{"Retry-After": "5"})
        except LineformError as failure:
            log("events not kept", client=served.name, reason=failure.message)
            return refusal(503, "they could not be kept", **{"Retry-After": "5"})
        self._metrics.kept(served.name, new, len(events) - new)
        if new:
            self._came(served.name)
        return JSONResponse({"events": len(events)}, 202)

    async def _opened(self, header: str) -> str:
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(key.strip()) <= _LONGEST_KEY:
            return ""
        return await self._records(self._records.store.opened_by, key_hash(key.strip()))

    def _let_in(self, name: str) -> bool:
        now = self._clock.now().timestamp()
        bucket = self._buckets.get(name) or Bucket.full(Rate(self._options.intake_requests, 60, "events"), now)
        self._buckets[name], passed = bucket.take(now)
        return passed


def _problems(wrong: EventsRefused) -> Response:
    problems = [
        {"event": one.number, "place": one.place, "problem": one.reason, "hint": one.hint} for one in wrong.problems
    ]
    return JSONResponse({"error": str(wrong), "problems": problems}, 400)
