"""Windows of the past: how they are written, and what is wrong with one in which no moment lies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from lineform.model.conditions import Window
from lineform.model.origin import Path
from lineform.segments.calendar import local_moment
from lineform.segments.finding import Finding
from lineform.segments.predicate import Point


class Points(NamedTuple):
    """From `start` on, and before `end`; None where it is open."""

    start: Point | None
    end: Point | None


def points(window: Window, timezone: str) -> Points:
    """What a written window means on the clocks of a time zone."""
    return Points(_point(window.begins, timezone), _point(window.before, timezone))


def empty_window(window: Window, path: Path) -> list[Finding]:
    """The finding that no moment lies in a window, where its ends can be compared."""
    begins, ends = window.begins, window.before
    nothing = begins == timedelta() and window.within is not None
    if isinstance(begins, timedelta) and isinstance(ends, timedelta):
        nothing = nothing or begins <= ends
    elif isinstance(begins, str) and isinstance(ends, str):
        # The same day with and without a time compares by the longer of the two.
        nothing = nothing or _full(begins) >= _full(ends)
    if not nothing:
        return []
    return [Finding(path, "E310", "no moment lies in this window", "write the earlier end as 'from' or 'within'")]


def windows(parts: Sequence[tuple[Window | None, Path]]) -> list[Finding]:
    """The findings of several windows, of which some are not written."""
    return [one for window, path in parts if window is not None for one in empty_window(window, path)]


def _full(text: str) -> str:
    return text if "T" in text else f"{text}T00:00"


def _point(written: timedelta | str | None, timezone: str) -> Point | None:
    if isinstance(written, timedelta):
        return int(written.total_seconds())
    return None if written is None else local_moment(written, timezone)
