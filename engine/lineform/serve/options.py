"""How a server is run, and whom it serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from lineform.model.project import Client
from lineform.ports.line_account import LineAccount
from lineform.ports.outside import Hook
from lineform.scenarios.shop import ShopEvent
from lineform.sending.links import Keys
from lineform.serve.working import Working


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """One server's settings. Sizes are in bytes, bare numbers of time in seconds."""

    every: float = 15.0
    """From one tick of a client to its next."""
    keep_raw: timedelta = timedelta(days=30)
    """How long events stay as they came in."""
    gather: float = 0.003
    """So long a webhook waits for others, to be kept with them in one transaction."""
    most_waiting: int = 100_000
    """Events that wait to be kept; whoever sends more is asked to come again."""
    working: Working = field(default_factory=Working)
    webhook_bytes: int = 2 * 1024 * 1024
    intake_bytes: int = 1024 * 1024
    intake_events: int = 1_000
    """Events in one request of a shop's system."""
    intake_requests: int = 600
    """Requests a minute of one client's systems."""
    body_seconds: float = 5.0
    """So long a request's body may take to come."""
    ping: str = ""
    """An address that is called after every tick of all clients, for whoever watches whether ticks happen."""
    actor: str = "lineform serve"
    metrics_token: str = field(default="", repr=False)
    """With which metrics are read from elsewhere; without it they are told on this machine only."""
    figures: Path | None = None
    """Where several processes that serve together keep their figures; None for one that serves alone."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one event of a request, counted from 1."""

    number: int
    place: str
    reason: str
    hint: str = ""


class EventsRefused(Exception):
    """A request of a shop's system of which nothing is taken: it says everything that is wrong with it."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class Signature(Protocol):
    """Tells whether a body was signed with the channel's secret."""

    def holds(self, body: bytes, signature: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Served:
    """One client that is served."""

    client: Client
    signature: Signature = field(repr=False)
    account: LineAccount
    read_events: Callable[[bytes, datetime, int], Sequence[ShopEvent]]
    """The events of a request, at most so many; raises `EventsRefused`."""
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    """The systems that may be told something, by their declared names."""
    link_keys: Keys | None = None
    """With which the links of its sends are signed."""

    @property
    def name(self) -> str:
        return self.client.name
