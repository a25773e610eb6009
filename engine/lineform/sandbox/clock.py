"""The sandbox's own clock: real, shifted, or standing still until somebody moves it.

Quota months, retry keys, tokens, rate buckets and everything asynchronous read this clock and no other, so that a
fortnight of LINE passes in a test's millisecond.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

JST = timezone(timedelta(hours=9), "JST")


class SandboxClock:
    """Epoch seconds of the offline account. `real` is the machine's clock, given so that tests own it."""

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self._offset = 0.0
        self._frozen: float | None = None

    def now(self) -> float:
        return self._real() + self._offset if self._frozen is None else self._frozen

    @property
    def frozen(self) -> bool:
        return self._frozen is not None

    def freeze(self) -> None:
        self._frozen = self.now()

    def set(self, moment: float) -> None:
        """Jump to `moment`; a running clock runs on from there, a frozen one stands there."""
        if self._frozen is None:
            self._offset = moment - self._real()
        else:
            self._frozen = moment

    def advance(self, seconds: float) -> None:
        self.set(self.now() + seconds)

    def run(self) -> None:
        """Let a frozen clock run on from where it stands."""
        if self._frozen is not None:
            self._offset = self._frozen - self._real()
            self._frozen = None

    def be_real(self) -> None:
        self._frozen = None
        self._offset = 0.0

    def save(self) -> dict[str, float | None]:
        return {"offset": self._offset, "frozen": self._frozen}

    def load(self, saved: dict[str, float | None]) -> None:
        self._offset = saved["offset"] or 0.0
        self._frozen = saved["frozen"]


def iso(moment: float) -> str:
    """UTC with milliseconds, as in LINE's progress answers: 2020-12-03T10:15:30.121Z."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def jst_day(moment: float) -> date:
    """The day of a moment (seconds since 1970) in Japan."""
    return datetime.fromtimestamp(moment, JST).date()


def jst_month(moment: float) -> str:
    """The quota month; plans renew on the first of the month in Japan's time."""
    return jst_day(moment).strftime("%Y-%m")


def jst_midnight(day: date) -> float:
    """The moment (seconds since 1970) at which a day begins in Japan."""
    return datetime(day.year, day.month, day.day, tzinfo=JST).timestamp()
