"""What is kept back of a client's sends at a moment, and by what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Halt:
    """A halt that holds: by whom, since when, and what ends it; `since` is None where the audit log does not say."""

    by: str
    since: datetime | None
    hint: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """A send, the rest of one, or a scenario's step for some friends, that a guard keeps back. `since` is when it first
    was, `last` when it was last; None where nobody wrote that down."""

    address: str
    key: str
    due_at: datetime
    """When it was due; of a step that a guard refused, when it is tried again."""
    guard: str
    reason: str
    hint: str
    since: datetime | None
    last: datetime | None
    friends: int = 0
    """Of a step: how many friends wait for it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A send, the rest of one, or a step, that is due and goes by itself later: quiet hours keep it, or a limit."""

    address: str
    key: str
    due_at: datetime
    until: datetime
    reason: str
    friends: int = 0


@dataclass(frozen=True, slots=True)
class KeptBack:
    """All that is kept back of one client, in the order in which it was due."""

    halt: Halt | None = None
    stopped: Sequence[Stopped] = ()
    waiting: Sequence[Waiting] = ()
