"""What a server tells Prometheus about itself. No label holds anything of a person.

Several processes keep their figures in files of one folder, and each of them tells the sum
(https://prometheus.github.io/client_python/multiprocess/): whichever is asked, the answer is about all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from lineform.ports.clock import Clock
from lineform.ports.inbox import Level
from lineform.ports.intake import CallLevel

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which Prometheus' client knows the folder; it looks when it is imported, so a process is started with
it."""
_TICKED = "lineform_ticked_at"


def share_figures(folder: Path) -> None:
    """Processes that are started from now on keep their figures in this folder, together."""
    os.environ[FOLDER] = str(folder)


class _Told(Collector):
    """Figures as they are told: how long ago a tick was, where its moment is kept."""

    def __init__(self, kept: Collector, clock: Clock) -> None:
        self._kept, self._clock = kept, clock

    def collect(self) -> Iterator[Metric]:
        for family in self._kept.collect():
            yield self._aged(family) if family.name == _TICKED else family

    def _aged(self, family: Metric) -> Metric:
        now = self._clock.now().timestamp()
        told = GaugeMetricFamily("lineform_tick_age_seconds", family.documentation, labels=["client"])
        for sample in family.samples:
            age = max(0.0, now - sample.value) if sample.value else float("inf")
            told.add_metric([sample.labels["client"]], age)
        return told


class Metrics:
    """The figures of one server, in a registry of their own. `folder` is that of `share_figures`, where several
    processes make up the server."""

    def __init__(self, clock: Clock, folder: Path | None = None) -> None:
        self._clock = clock
        self.registry = CollectorRegistry()
        one = self.registry
        told = CollectorRegistry()
        told.register(_Told(one if folder is None else MultiProcessCollector(None, str(folder)), clock))  # type: ignore[no-untyped-call]
        self._told = told
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
        self.depth = self._level("lineform_inbox_depth", "Events that wait to be worked on.")
        self.age = self._level("lineform_inbox_age_seconds", "How long the oldest of them has waited.")
        self.aside = self._level("lineform_inbox_aside", "Events that were set aside.")
        self.outbox = self._level("lineform_outbox_depth", "Calls that wait to be made.")
        self.given_up = self._level("lineform_outbox_given_up", "Calls that were given up.")
        self.halted = self._level("lineform_halted", "1 while the kill switch holds the client.")
        self.ticked_at = Gauge(
            _TICKED,
            "Since the end of the last whole tick.",
            ["client"],
            registry=one,
            multiprocess_mode="max",
        )
        self.tick_failures = Counter("lineform_tick_failures", "Ticks that ended badly.", ["client"], registry=one)

    def _level(self, name: str, words: str) -> Gauge:
        """What the store says; of several processes, that which asked it last."""
        return Gauge(name, words, ["client"], registry=self.registry, multiprocess_mode="mostrecent")

    def answered(self, where: str, status: int) -> None:
        self.answers.labels(where, str(status)).inc()

    def kept(self, client: str, new: int, repeated: int) -> None:
        self.stored.labels(client).inc(new)
        self.repeated.labels(client).inc(repeated)

    def ticked(self, client: str) -> None:
        """A tick of this client ended well just now."""
        self.ticked_at.labels(client).set(self._clock.now().timestamp())

    def never_ticked(self, client: str) -> None:
        """Unless a tick of this client ended well: its age is told from the first look on, as one that never was."""
        self.ticked_at.labels(client)

    def levels(self, client: str, inbox: Level, outbox: CallLevel, *, halted: bool) -> None:
        """What waits at this moment."""
        now = self._clock.now()
        self.depth.labels(client).set(inbox.waiting)
        self.age.labels(client).set(0 if inbox.oldest is None else (now - inbox.oldest).total_seconds())
        self.aside.labels(client).set(inbox.aside)
        self.outbox.labels(client).set(outbox.waiting)
        self.given_up.labels(client).set(outbox.given_up)
        self.halted.labels(client).set(int(halted))
        self.never_ticked(client)

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self._told)
