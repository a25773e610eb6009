"""Gives an apply the means to move friends to other menus: the same that a run has."""

from __future__ import annotations

from collections.abc import Sequence

from lineform.apply.desk import Settle, Settled
from lineform.model.project import Client
from lineform.ports.clock import Clock
from lineform.ports.line_account import LineAccount
from lineform.ports.store import Store
from lineform.run.menus import settle
from lineform.run.options import Records, Run, TickOptions


def settling(client: Client, account: LineAccount, store: Store, clock: Clock) -> Settle:
    """Whoever is recorded on some menus gets those of the armed rules."""

    async def work(menus: Sequence[str]) -> Settled:
        records = Records(store)
        try:
            run = Run(client, account, records, clock, TickOptions(actor="lineform apply"))
            ids = [friend for menu in menus for friend in await records(store.friends_shown, client.name, menu)]
            linked = await settle(run, ids, anew=True)
        finally:
            records.close()
        return Settled(linked.done + linked.noted, linked.left, "; ".join(linked.why))

    return work
