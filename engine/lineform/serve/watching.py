"""What becomes of events and calls, in a server's figures and its log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lineform.serve.logs import warn
from lineform.serve.metrics import Metrics


class Watcher:
    """Implements `lineform.serve.onlooker.Onlooker`."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def worked(self, client: str, received: list[datetime], now: datetime) -> None:
        self._metrics.worked.labels(client).inc(len(received))
        lag = self._metrics.lag.labels(client)
        for moment in received:
            lag.observe(max(0.0, (now - moment).total_seconds()))

    def failed(self, client: str, what: str, **fields: Any) -> None:
        self._metrics.failed.labels(client).inc()
        warn(what, client=client, **fields)

    def called(self, client: str, outcome: str) -> None:
        self._metrics.calls.labels(client, outcome).inc()

    def gave_up(self, client: str, **fields: Any) -> None:
        warn("call given up", client=client, **fields)
