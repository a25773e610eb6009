"""What a tick does besides sending campaigns, assembled for everybody who runs one."""

from __future__ import annotations

from collections.abc import Mapping

from lineform.errors import BlockedError
from lineform.hooks.calls import Hooks
from lineform.journeys.due import due_steps
from lineform.journeys.items import items_due
from lineform.journeys.profiles import profiles_due
from lineform.journeys.sent import done_for_sent
from lineform.ports.outside import Hook
from lineform.run.menus import menus_due
from lineform.run.options import Run
from lineform.run.outcome import TickEntry, blocked
from lineform.run.signing import keys_for
from lineform.run.tick import Afterwards, Also
from lineform.serve.doors import Door
from lineform.serve.onlooker import Unwatched
from lineform.serve.telling import tell_once
from lineform.serve.working import Working, free_the_dead, work_once
from lineform.wiring.doors import door_of, following_of
from lineform.wiring.owners import owner_is_gone

INBOX = "inbox"
"""The address of what a tick says of happenings that wait."""
ALSO: tuple[Also, ...] = (items_due, due_steps, profiles_due, menus_due, Afterwards(done_for_sent))
"""In this order: menus follow from all that was done before. What is done for those who were sent to shows its own."""


def also_without_server(hooks: Mapping[str, Hook]) -> tuple[Also, ...]:
    """The same where no server runs: what came in, from an import or before a server ended, is worked on first, and
    systems are told what they have to hear: behind the steps, and again when everything is done."""

    async def calls_due(run: Run) -> list[TickEntry]:
        outside = Hooks()
        try:
            while not run.options.dry_run and await tell_once(run, hooks, outside, Unwatched()):
                pass
        finally:
            await outside.close()
        return []

    return (inbox_due, *ALSO, calls_due, Afterwards(calls_due))


async def inbox_due(run: Run) -> list[TickEntry]:
    """Works on everything that waits in the inbox. Where texts cannot be read that tell a route, everything waits, so
    that nobody's first touch is lost."""
    if run.options.dry_run or not (await run.records(run.store.inbox_level, run.client.name)).waiting:
        return []
    try:
        following = following_of(_doors(run))
    except BlockedError as stop:
        return [blocked(INBOX, "", stop)]
    await free_the_dead(run, owner_is_gone)
    while not run.options.should_stop():
        if not await work_once(run, following, Working(), Unwatched()):
            break
    return []


def _doors(run: Run) -> Mapping[str, Door]:
    entry, keys = run.client.spec.entry, run.options.link_keys
    if entry is None or entry.basic_id is None or keys is None:
        return {}
    door = door_of(run.client, run.account, keys_for(keys, "texts that tell an entry route cannot be read"))
    return {} if door is None else {run.client.name: door}
