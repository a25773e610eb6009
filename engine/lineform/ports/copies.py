"""A copy of the friends beside the store, for questions about everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CopyState:
    """What bringing a copy up to date came to: made `anew`, or so many `changes` taken over; and its size in bytes."""

    anew: bool
    changes: int
    size: int


class Copies(Protocol):
    """A copy of the friends beside the store, which answers questions about everybody faster; never the truth."""

    @property
    def copy_size(self) -> int:
        """Bytes; 0 where there is none."""
        ...

    def refresh_copy(self, now: datetime) -> CopyState:
        """Makes the copy, or brings it up to date, whatever that takes. Raises `UsageError` where there can be none,
        `LockedError` where another process uses it for too long."""
        ...

    def remove_copy(self) -> None: ...
