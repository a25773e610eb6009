"""The pace of an account through the store that all its workers share."""

from __future__ import annotations

from lineform.lineapi.pace import Slice
from lineform.lineapi.rates import Rate
from lineform.ports.clock import Clock
from lineform.ports.store import Store
from lineform.run.options import Records


class StorePace:
    """Implements `lineform.ports.pacing.SharedPace` for one account. Close it after the account's last call."""

    def __init__(self, store: Store, account: str, clock: Clock) -> None:
        self._records = Records(store)
        self._account = account
        self._clock = clock

    async def take(self, rate: Rate, want: int, patience: float, refused_at: float | None) -> Slice:
        """Takes up to `want` turns, in a thread of its own: the run's own records may be at work on a freeze."""
        return await self._records(
            self._records.store.take_turns,
            self._account,
            rate,
            want,
            patience,
            self._clock.now(),
            refused_at=refused_at,
        )

    def close(self) -> None:
        self._records.close()
