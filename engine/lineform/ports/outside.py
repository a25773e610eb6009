"""Systems of the business that are told what happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Hook:
    """Where a declared system listens, and the secret with which it knows us."""

    url: str
    key: str = field(repr=False)


class Heard(StrEnum):
    """What came of a call."""

    YES = "yes"
    AGAIN = "again"
    """No answer, or one that says to come again."""
    NO = "no"
    """It will never take this call."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a system answered, in words that hold nothing of what it was told."""

    heard: Heard
    reason: str = ""


class Outside(Protocol):
    """Calls systems of the business: https, at public addresses alone, signed, never redirected."""

    async def tell(self, hook: Hook, key: str, body: bytes, now: datetime) -> Answered:
        """One call. The system knows by `key` what it has heard already. Never raises."""
        ...

    async def close(self) -> None: ...
