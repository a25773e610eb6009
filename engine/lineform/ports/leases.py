"""Locks that run out by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol


class Leases(Protocol):
    """Locks that run out by themselves."""

    def lease(self, name: str, owner: str, now: datetime, length: timedelta) -> bool:
        """Takes or renews a lease; False while somebody else holds it."""
        ...

    def lease_holder(self, name: str, now: datetime) -> str: ...

    def release_lease(self, name: str, owner: str) -> None: ...
