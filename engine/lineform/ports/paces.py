"""How fast each account is called, by all processes together."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from lineform.lineapi.pace import Slice
from lineform.lineapi.rates import Rate


class Paces(Protocol):
    """How fast each account is called, by all processes together."""

    def take_turns(
        self, account: str, rate: Rate, want: int, patience: float, now: datetime, *, refused_at: float | None = None
    ) -> Slice:
        """Takes up to `want` turns of one of LINE's limits, by `lineform.lineapi.pace`; each is handed out once.
        `refused_at` is the moment of a request that met a 429 since: everybody goes slower then."""
        ...
