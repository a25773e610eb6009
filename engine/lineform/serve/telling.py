"""Calls to systems of the business, out of the outbox: each was intended before, and is made until it is heard."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from lineform.ports.intake import PendingCall
from lineform.ports.outside import Answered, Heard, Hook, Outside
from lineform.run.halt import halted_by
from lineform.run.options import Run
from lineform.serve.onlooker import Onlooker

PAUSES = (10, 30, 120, 600, 1800, 7200, 21600)
"""Seconds before a call is made again; after the last of them it is given up."""
LEASE = timedelta(seconds=120)
AT_ONCE = 16
CLAIMED = 100


async def tell_once(run: Run, hooks: Mapping[str, Hook], outside: Outside, onlooker: Onlooker) -> int:
    """Makes the calls of one client that are due; how many. None while the kill switch is on."""
    store, name, now = run.store, run.client.name, run.clock.now()
    if await run.records(halted_by, store, name, now):
        return 0
    pending = await run.records(store.claim_calls, name, run.options.worker, now, LEASE, CLAIMED)
    room = asyncio.Semaphore(AT_ONCE)

    async def one(call: PendingCall) -> None:
        async with room:
            await _settle(run, call, await _tell(run, hooks, outside, call), onlooker)

    async with asyncio.TaskGroup() as group:
        for call in pending:
            group.create_task(one(call))
    return len(pending)


async def _tell(run: Run, hooks: Mapping[str, Hook], outside: Outside, call: PendingCall) -> Answered:
    hook = hooks.get(call.webhook)
    if hook is None:
        # The file may come back with the next deployment: the call waits as for a system that is down.
        return Answered(Heard.AGAIN, "it is not declared here")
    return await outside.tell(hook, call.key, call.body.encode(), run.clock.now())


async def _settle(run: Run, call: PendingCall, answered: Answered, onlooker: Onlooker) -> None:
    store, name, worker = run.store, run.client.name, run.options.worker
    onlooker.called(name, answered.heard.value)
    if answered.heard is Heard.YES:
        await run.records(store.finish_call, name, call.number, worker)
    elif answered.heard is Heard.AGAIN and call.attempts <= len(PAUSES):
        until = run.clock.now() + timedelta(seconds=PAUSES[call.attempts - 1])
        await run.records(store.postpone_call, name, call.number, worker, until, answered.reason)
    else:
        onlooker.gave_up(name, webhook=call.webhook, attempts=call.attempts, reason=answered.reason)
        await run.records(store.give_up_call, name, call.number, worker, answered.reason)
