"""What comes next for one client: a campaign, a step of a scenario, or a look at who sees which menu."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from lineform.model.address import Address, Kind
from lineform.run.menus import next_look
from lineform.run.options import Run
from lineform.sending.due import Due


def coming(run: Run, campaigns: Iterable[tuple[str, Due]]) -> tuple[str, Due] | None:
    """The first of the campaigns' next occurrences, of the steps that friends stand before, and of the menus' next
    look. What stayed undone although it was due (sends are halted, a budget is spent) is told with its time, which is
    past. Looks for friends who come into a segment are left out: each begins by its scenario's own `check`."""
    return min((*campaigns, *_timed(run)), key=lambda one: one[1].at, default=None)


def _timed(run: Run) -> Iterator[tuple[str, Due]]:
    if (step := run.store.next_due(run.client.name)) is not None:
        scenario, at = step
        yield str(Address(Kind.SCENARIO, scenario)), _due(run, at)
    if (look := next_look(run)) is not None:
        address, at = look
        yield address, _due(run, at)


def _due(run: Run, at: datetime) -> Due:
    """Named as campaigns name theirs: by the client's clocks."""
    return Due(f"{at.astimezone(ZoneInfo(run.client.timezone)):%Y-%m-%dT%H:%M}", at)
