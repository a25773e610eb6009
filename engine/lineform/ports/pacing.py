"""LINE's limits hold for an account, not for a process: what all who call for one account share."""

from __future__ import annotations

from typing import Protocol

from lineform.lineapi.pace import Slice
from lineform.lineapi.rates import Rate


class SharedPace(Protocol):
    """Turns of one account, handed out to every process that calls for it."""

    async def take(self, rate: Rate, want: int, patience: float, refused_at: float | None) -> Slice:
        """Takes up to `want` turns of one of LINE's limits; none where the first is more than `patience` seconds away.

        `refused_at` tells of a request of that moment (seconds since 1970) to which LINE said 429 since the last call:
        it slows everybody down.
        """
        ...
