"""The clocks: the machine's, the machine's seen from another moment, and one that only moves when it is told to."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class StartedClock:
    """For `--now`: starts at `moment` and goes on from there at the machine's pace."""

    def __init__(self, moment: datetime) -> None:
        self._start = _utc(moment)
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._began)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SettableClock:
    """Stands still until it is set; a sleep takes no real time and moves it to its own end."""

    def __init__(self, moment: datetime) -> None:
        self._now = _utc(moment)

    def now(self) -> datetime:
        return self._now

    def set(self, moment: datetime) -> None:
        """Sets the time; ValueError where that would be a step back."""
        if _utc(moment) < self._now:
            raise ValueError(f"{moment.isoformat()} is before {self._now.isoformat()}: time does not go back")
        self._now = _utc(moment)

    async def sleep(self, seconds: float) -> None:
        # Two who sleep at the same time sleep side by side, not one after the other.
        end = self._now + timedelta(seconds=max(0.0, seconds))
        await asyncio.sleep(0)
        self._now = max(self._now, end)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(UTC)
