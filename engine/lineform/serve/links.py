"""``GET /l/<token>``: a tracked link. Whoever taps it is led on at once, and what they did is kept like any event.

Where it leads was recorded when the message was made: a token that nobody signed leads nowhere, so that nobody can be
led anywhere else by us.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from lineform.errors import LineformError
from lineform.ports.clock import Clock
from lineform.ports.friends import EventRow
from lineform.run.options import Records
from lineform.run.taps import is_crawler, tapped
from lineform.scenarios.shop import ShopEvent
from lineform.sending.links import LinkKeys
from lineform.serve.arrivals import shop_arrival
from lineform.serve.gathering import Gatherer, Overfull
from lineform.serve.logs import warn
from lineform.serve.metrics import Metrics
from lineform.serve.requests import refusal

COUNT_EVERY: Final = 1.0
"""Seconds that a tap may be missing from its target's count; a crash loses so many of the count, and no event."""


class Links:
    """The endpoint. `came` is called with a client's name when a tap was kept."""

    def __init__(
        self,
        keys: Mapping[str, LinkKeys],
        records: Records,
        gatherer: Gatherer,
        clock: Clock,
        metrics: Metrics,
        came: Callable[[str], None],
    ) -> None:
        self._keys = keys
        self._records = records
        self._gatherer = gatherer
        self._clock = clock
        self._metrics = metrics
        self._came = came
        self._counts: Counter[int] = Counter()

    async def endpoint(self, request: Request) -> Response:
        answer = await self._answer(request)
        self._metrics.answered("link", answer.status_code)
        return answer

    async def _answer(self, request: Request) -> Response:
        token = request.path_params["token"]
        try:
            tap = await self._records(tapped, self._records.store, self._keys, token, self._clock.now())
        except LineformError as failure:
            warn("link not read", reason=failure.message)
            return refusal(503, "try again in a moment", **{"Retry-After": "5"})
        if tap is None:
            return refusal(404, "this link leads nowhere")
        counts = request.method == "GET" and not is_crawler(request.headers.get("user-agent", ""))
        if counts:
            self._counts[tap.target.id] += 1
            if tap.event is not None:
                await self._keep(tap.account, tap.event)
        return Response(status_code=302, headers={"Location": tap.url, "Cache-Control": "no-store"})

    async def flush(self) -> None:
        """Adds what was tapped since the last time to the targets' counts."""
        if not self._counts:
            return
        counts, self._counts = self._counts, Counter()
        try:
            await self._records(self._records.store.count_taps, counts)
        except LineformError as failure:
            self._counts += counts
            warn("taps not counted", reason=failure.message)

    async def counting(self) -> None:
        """Counts from time to time, until it is cancelled."""
        while True:
            await self._clock.sleep(COUNT_EVERY)
            await self.flush()

    async def _keep(self, account: str, event: EventRow) -> None:
        """A tap that cannot be kept is lost, and told; whoever tapped is led on all the same."""
        told = ShopEvent(event.type, event.id, event.at, event.user_id, fields=event.fields)
        try:
            if await self._gatherer.keep([shop_arrival(account, told)]):
                self._came(account)
        except (LineformError, Overfull) as failure:
            warn("tap not kept", client=account, reason=type(failure).__name__)
