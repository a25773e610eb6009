"""What a campaign does for everybody who was sent to: a menu that is shown, a tag that is given.

The calls that LINE accepted are kept with the ledger, and taken some at a time, in the transaction that writes what
follows for their friends. So it is done once for each send, for millions in pieces, and whoever dies in the middle
leaves the rest to the next run. Waves of a rollout and a rest that is let go are accepted like all others.
"""

from __future__ import annotations

from typing import Final

from lineform.journeys.book import books
from lineform.journeys.budget import Purse
from lineform.journeys.delivering import worked_off
from lineform.journeys.freezing import Frozen
from lineform.journeys.writing import about, written
from lineform.ports.ledger import ToDo
from lineform.ports.line_account import LineFailure, Unauthorised
from lineform.ports.store import Store
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry
from lineform.scenarios.doing import Decided, effects_of
from lineform.scenarios.effect import Effect

AT_ONCE: Final = 1_000
"""Friends for whom it is done in one transaction."""


async def done_for_sent(run: Run) -> list[TickEntry]:
    """Does it for everybody for whom it waits. What goes wrong is in the entries; raises Unauthorised."""
    entries: list[TickEntry] = []
    if run.options.dry_run:
        return entries
    try:
        async for entry in worked_off(run, _some):
            entries.append(entry)  # noqa: PERF401 - what came before a failure is told as well
    except Unauthorised:
        raise
    except LineFailure as failure:
        entries.append(TickEntry("campaign", "", Outcome.FAILED, reason=failure.message, hint=failure.hint))
    return entries


def _some(run: Run, purse: Purse | None) -> tuple[Frozen, int]:
    account, now = run.client.name, run.clock.now()
    # Asked first: nobody else writes while a transaction decides, and mostly there is nothing.
    if not run.store.something_to_do(account):
        return Frozen(), 0
    book = books().of(run.store, run.client)
    with run.store.together(account) as store:
        waiting = store.take_to_do(account, AT_ONCE)
        ids = sorted({friend_id for one in waiting for friend_id in one.friend_ids})
        if not ids:
            return Frozen(), 0
        store.hold_friends(account, ids)
        decision = about(run, store, book, ids, now, purse)
        done: dict[tuple[str, str, str], list[Effect]] = {}
        for one in waiting:
            send = (one.address, one.digest, one.key)
            if send not in done:
                done[send] = _effects(store, account, one)
            for friend_id in one.friend_ids:
                decision.do(friend_id, done[send])
        return written(run, decision, purse), len(ids)


def _effects(store: Store, account: str, sent: ToDo) -> list[Effect]:
    """As the version says that was sent, whatever is armed by now."""
    found = store.version_of(account, sent.address, sent.digest)
    if found is None:
        raise LookupError(f"{sent.address} was sent as {sent.digest}, which was never armed")
    return effects_of(found[1]["do"], Decided(sent.address, sent.key, {}))
