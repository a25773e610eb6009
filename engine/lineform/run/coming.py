"""What comes next for one client: a campaign, what is left of one, a step of a scenario, or a look at who sees which
menu."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from lineform.model.address import Address, Kind
from lineform.run.menus import next_look
from lineform.run.options import Run
from lineform.run.rollout import next_part, wall
from lineform.run.telling import quiet_of
from lineform.sending.due import Due, upcoming
from lineform.sending.revision import Armed
from lineform.sending.status import SendStatus


def coming(run: Run, campaigns: Mapping[str, Armed], waiting: Iterable[tuple[str, str]]) -> tuple[str, Due] | None:
    """The first of the campaigns' next occurrences, of what waits in the middle of one or for the end of quiet hours
    (as far as this run saw it: addresses and keys), of the steps that friends stand before, and of the menus' next
    look. What stayed undone although it was due (sends are halted, a budget is spent) is told with its time, which is
    past. Looks for friends who come into a segment are left out: each begins by its scenario's own `check`; and so are
    friends who wait because they are over a limit."""
    later = (*_upcoming(run, campaigns), *_waiting(run, campaigns, waiting), *_timed(run))
    return min(later, key=lambda one: one[1].at, default=None)


def _upcoming(run: Run, campaigns: Mapping[str, Armed]) -> Iterator[tuple[str, Due]]:
    """The next occurrence of each campaign."""
    now = run.clock.now()
    for address, armed in campaigns.items():
        for due in upcoming(armed.schedule, armed.timezone, now):
            yield address, due


def _waiting(run: Run, campaigns: Mapping[str, Armed], waiting: Iterable[tuple[str, str]]) -> Iterator[tuple[str, Due]]:
    """When the next part of a rollout opens, and when the quiet hours end that keep an occurrence back."""
    now = run.clock.now()
    for address, key in waiting:
        armed = campaigns.get(address)
        if armed is None:
            continue
        send = run.store.send(run.client.name, address, key)
        opens = now if send is None or send.status is not SendStatus.WAITING else next_part(run.store, send, armed)
        if opens is None:
            continue
        # Its time may have come before the quiet hours that keep it back.
        opens, quiet = max(opens, now), quiet_of(run.client, armed)
        at = (quiet and quiet.until(opens)) or opens
        if at > now:
            yield address, Due(wall(at, armed), at)


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
