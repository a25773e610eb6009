"""What a server tells Prometheus about itself. No label holds anything of a person."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from lineform.ports.clock import Clock
from lineform.ports.inbox import Level
from lineform.ports.intake import CallLevel


class Metrics:
    """The figures of one server, in a registry of their own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ticked: dict[str, datetime] = {}
        self.registry = CollectorRegistry()
        one = self.registry
        self.answers = Counter(
            "lineform_answers", "Requests by where and how they were answered.", ["at", "status"], registry=one
        )
        self.stored = Counter("lineform_events_stored", "Events that were kept.", ["client"], registry=one)
        self.repeated = Counter("lineform_events_repeated", "Events that were kept before.", ["client"], registry=one)
        self.stale = Counter("lineform_events_stale", "Events too old to be LINE's.", ["client"], registry=one)
        self.worked = Counter("lineform_events_worked", "Events that were worked on.", ["client"], registry=one)
        self.failed = Counter("lineform_events_failed", "Times that an event failed.", ["client"], registry=one)
        self.lag = Histogram(
            "lineform_event_lag_seconds",
            "From an event's being kept to its being worked on.",
            ["client"],
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300),
            registry=one,
        )
        self.calls = Counter("lineform_calls", "Calls to systems of the business.", ["client", "outcome"], registry=one)
        self.depth = Gauge("lineform_inbox_depth", "Events that wait to be worked on.", ["client"], registry=one)
        self.age = Gauge(
            "lineform_inbox_age_seconds", "How long the oldest of them has waited.", ["client"], registry=one
        )
        self.aside = Gauge("lineform_inbox_aside", "Events that were set aside.", ["client"], registry=one)
        self.outbox = Gauge("lineform_outbox_depth", "Calls that wait to be made.", ["client"], registry=one)
        self.given_up = Gauge("lineform_outbox_given_up", "Calls that were given up.", ["client"], registry=one)
        self.tick_age = Gauge(
            "lineform_tick_age_seconds", "Since the end of the last whole tick.", ["client"], registry=one
        )
        self.tick_failures = Counter("lineform_tick_failures", "Ticks that ended badly.", ["client"], registry=one)
        self.halted = Gauge("lineform_halted", "1 while the kill switch holds the client.", ["client"], registry=one)

    def answered(self, where: str, status: int) -> None:
        self.answers.labels(where, str(status)).inc()

    def kept(self, client: str, new: int, repeated: int) -> None:
        self.stored.labels(client).inc(new)
        self.repeated.labels(client).inc(repeated)

    def ticked(self, client: str) -> None:
        """A tick of this client ended well just now."""
        self._ticked[client] = self._clock.now()

    def levels(self, client: str, inbox: Level, outbox: CallLevel, *, halted: bool) -> None:
        """What waits at this moment."""
        now = self._clock.now()
        self.depth.labels(client).set(inbox.waiting)
        self.age.labels(client).set(0 if inbox.oldest is None else (now - inbox.oldest).total_seconds())
        self.aside.labels(client).set(inbox.aside)
        self.outbox.labels(client).set(outbox.waiting)
        self.given_up.labels(client).set(outbox.given_up)
        self.halted.labels(client).set(int(halted))
        since = self._ticked.get(client)
        self.tick_age.labels(client).set(float("inf") if since is None else (now - since).total_seconds())

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self.registry)
