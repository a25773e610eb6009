"""Things that go wrong on purpose: which call they meet, and what then happens to it.

Before acceptance means that LINE did nothing; after acceptance means that it did everything and the caller does not
learn it. The difference is what retry keys are for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any

from lineform.errors import UsageError


class Kind(StrEnum):
    """What goes wrong."""

    RATE_LIMIT = "rate-limit"
    MONTHLY_LIMIT = "monthly-limit"
    ERROR_BEFORE = "error-before"
    ERROR_AFTER = "error-after"
    TIMEOUT_BEFORE = "timeout-before"
    TIMEOUT_AFTER = "timeout-after"
    CUT_BEFORE = "cut-before"
    CUT_AFTER = "cut-after"
    LATENCY = "latency"
    WEBHOOK_TWICE = "webhook-twice"
    """A delivery to the webhook comes twice, with nothing that says so."""
    WEBHOOK_SHUFFLED = "webhook-shuffled"
    """The events of a delivery do not stand in the order of their time."""


AFTER = frozenset({Kind.ERROR_AFTER, Kind.TIMEOUT_AFTER, Kind.CUT_AFTER, Kind.LATENCY})
"""Faults whose request LINE has handled."""

TIMEOUTS = frozenset({Kind.TIMEOUT_BEFORE, Kind.TIMEOUT_AFTER})
PATIENCE = 30.0
"""Seconds for which a time-out holds the connection where nothing else is said."""


@dataclass(slots=True)
class Fault:
    """One fault waiting for its calls.

    `method` and `path` are regular expressions that must match the whole. The first `skip` matching calls pass, then
    `count` calls are met (None: all), each with `probability`. `seconds` is how long an answer is held back; a time-out
    then closes the connection without one. `status` is the answer of the two errors.
    """

    kind: Kind
    method: str = ".*"
    path: str = ".*"
    account: str | None = None
    skip: int = 0
    count: int | None = 1
    probability: float = 1.0
    seed: int = 0
    seconds: float = 0.0
    status: int = 500
    seen: int = 0
    met: int = 0
    _chance: Random = field(default_factory=Random, repr=False)
    _method: re.Pattern[str] = field(default_factory=lambda: re.compile(".*"), repr=False)
    _path: re.Pattern[str] = field(default_factory=lambda: re.compile(".*"), repr=False)

    def __post_init__(self) -> None:
        self._chance = Random(self.seed)  # noqa: S311 - repeatable on purpose
        self._method = re.compile(self.method, re.IGNORECASE)
        self._path = re.compile(self.path)

    @classmethod
    def parse(cls, given: dict[str, Any]) -> Fault:
        """Raises UsageError, with what would have been right."""
        allowed = ("kind", "method", "path", "account", "skip", "count", "probability", "seed", "seconds", "status")
        for name in given:
            if name not in allowed:
                raise UsageError(f"a fault has no {name!r}", hint=f"It may have: {', '.join(allowed)}.")
        try:
            kind = Kind(given.get("kind", ""))
            seconds = given.get("seconds", PATIENCE if kind in TIMEOUTS else 0.0)
            return cls(**{**given, "kind": kind, "seconds": seconds})
        except ValueError:
            kinds = ", ".join(Kind)
            raise UsageError(f"unknown fault {given.get('kind')!r}", hint=f"Known: {kinds}.") from None
        except re.error as error:
            raise UsageError(f"a fault's method and path are regular expressions: {error}") from None

    def meets(self, method: str, path: str, account: str | None) -> bool:
        if self.count is not None and self.met >= self.count:
            return False
        if self.account is not None and self.account != account:
            return False
        if not self._method.fullmatch(method) or not self._path.fullmatch(path):
            return False
        self.seen += 1
        if self.seen <= self.skip or self._chance.random() >= self.probability:
            return False
        self.met += 1
        return True

    def describe(self) -> dict[str, Any]:
        names = ("kind", "method", "path", "account", "skip", "count", "probability", "seed", "seconds", "status")
        return {**{name: getattr(self, name) for name in names}, "seen": self.seen, "met": self.met}


class Faults:
    """The faults that are armed; of several that match one call, the first armed one meets it."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []

    def arm(self, fault: Fault) -> None:
        self._armed.append(fault)

    def meeting(self, method: str, path: str, account: str | None) -> Fault | None:
        for fault in self._armed:
            if fault.meets(method, path, account):
                return fault
        return None

    def describe(self) -> list[dict[str, Any]]:
        return [fault.describe() for fault in self._armed]

    def clear(self) -> None:
        self._armed.clear()
