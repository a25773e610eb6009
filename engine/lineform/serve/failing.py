"""What an error was, in words that hold nothing of what somebody wrote."""

from __future__ import annotations

import traceback
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def failure_of(error: BaseException) -> str:
    """What kind of error, and where in our code: its own words may hold what somebody wrote."""
    places = [
        f"{Path(frame.filename).relative_to(_PACKAGE)}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(_PACKAGE)
    ]
    return f"{type(error).__name__} at {places[-1] if places else 'an unknown place'}"
