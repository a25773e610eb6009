"""What time brings: steps that are due, claimed some friends at a time by any number of workers.

A claim's decisions, its frozen messages and where its friends stand then are one transaction. A worker that dies before
its end has done nothing; one that dies after it leaves frozen sends, which the next run delivers.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from lineform.journeys.book import books
from lineform.journeys.budget import AskQuota, OverBudget, Purse
from lineform.journeys.delivering import deliver_frozen, worked_off
from lineform.journeys.freezing import Frozen
from lineform.journeys.leftovers import go_on
from lineform.journeys.sweeps import sweep
from lineform.journeys.writing import about, written
from lineform.ports.journeys import LOOKED_AT_KEPT
from lineform.ports.line_account import LineFailure, Unauthorised
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry

CLAIMED: Final = 1_000
"""Friends that are decided about in one transaction."""
_FORGET_EVERY: Final = timedelta(hours=20)
_FORGOTTEN: Final = "happenings"
"""The name under which it is remembered when they were last forgotten."""


async def due_steps(run: Run) -> list[TickEntry]:
    """Delivers what earlier runs froze, looks at what happened and waits, and does every step that is due. What goes
    wrong is in the entries; raises Unauthorised."""
    book = await run.records(books().of, run.store, run.client)
    entries = [
        TickEntry(one.address, "", Outcome.BLOCKED, reason=one.error.message, hint=one.error.hint) for one in book.stale
    ]
    if run.options.dry_run:
        return entries
    entries += await go_on(run)
    try:
        await run.records(_forget, run)
        entries += await queued(run)
        entries += await sweep(run, book)
        entries += await _due(run)
    except Unauthorised:
        raise
    except LineFailure as failure:
        entries.append(TickEntry(_ADDRESS, "", Outcome.FAILED, reason=failure.message, hint=failure.hint))
    return entries


_ADDRESS: Final = "scenario"


async def _due(run: Run) -> list[TickEntry]:
    entries: list[TickEntry] = []
    purse: Purse | None = None
    size = CLAIMED
    while not run.options.should_stop():
        try:
            frozen, claimed = await run.records(_step, run, size, purse)
        except AskQuota:
            purse = Purse(await run.account.quota())
            continue
        except OverBudget as over:
            # Down to the last friend whom it allows; then steps that send wait, and all others go on.
            if size > 1:
                size = max(1, size // 4)
                continue
            entries.append(_blocked(over.stop.sentence, over.stop.guard, over.stop.hint))
            purse, size = replace(over.purse, spent=over.stop), CLAIMED
            continue
        if not claimed:
            return entries
        entries += await deliver_frozen(run, frozen)
    return entries


def _blocked(reason: str, guard: str, hint: str) -> TickEntry:
    return TickEntry(_ADDRESS, "", Outcome.BLOCKED, reason=reason, guard=guard, hint=hint)


def _step(run: Run, size: int, purse: Purse | None) -> tuple[Frozen, int]:
    account, now = run.client.name, run.clock.now()
    # Asked first: nobody else writes while a transaction decides, and mostly nothing is due.
    earliest = run.store.next_due(account)
    if earliest is None or earliest[1] > now:
        return Frozen(), 0
    book = books().of(run.store, run.client)
    with run.store.together(account) as store:
        ids = store.claim_due(account, now, size)
        if not ids:
            return Frozen(), 0
        decision = about(run, store, book, ids, now, purse)
        for friend_id in ids:
            decision.due(friend_id)
        return written(run, decision, purse), len(ids)


async def queued(run: Run) -> list[TickEntry]:
    """Looks at happenings that were kept for later, as an import keeps them."""
    return [entry async for entry in worked_off(run, _queued)]


def _queued(run: Run, purse: Purse | None) -> tuple[Frozen, int]:
    account, now = run.client.name, run.clock.now()
    if not run.store.happenings_wait(account):
        return Frozen(), 0
    book = books().of(run.store, run.client)
    with run.store.together(account) as store:
        waiting = store.queued_happenings(account, CLAIMED)
        if not waiting:
            return Frozen(), 0
        decision = about(run, store, book, sorted({one.friend_id for one in waiting}), now, purse)
        for happening in waiting:
            decision.live(happening)
        store.happenings_done(account, [one.key for one in waiting], now)
        return written(run, decision, purse), len(waiting)


def _forget(run: Run) -> None:
    """Once a day: a repetition that comes after two months would be taken for new."""
    account, now = run.client.name, run.clock.now()
    last = run.store.swept(account, (_FORGOTTEN,)).get(_FORGOTTEN)
    if last is None or now - last > _FORGET_EVERY:
        run.store.forget_happenings(account, now - LOOKED_AT_KEPT)
        run.store.sweep_done(account, _FORGOTTEN, now)
