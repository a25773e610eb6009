"""One send, delivered by a worker that took the job: beside others, who claim other batches of it."""

from __future__ import annotations

from lineform.model.project import Client
from lineform.ports.clock import Clock
from lineform.ports.line_account import LineAccount
from lineform.ports.store import Store
from lineform.run.crew import Crew
from lineform.run.halt import halted_by
from lineform.run.options import Records, Run, TickOptions
from lineform.run.outcome import TickReport
from lineform.run.resume import go_on
from lineform.run.tick import check_bot


async def deliver_one(
    client: Client, account: LineAccount, store: Store, clock: Clock, address: str, key: str, options: TickOptions
) -> TickReport:
    """Goes on with one frozen send, by the same rules as a tick would; its entry, or none where it is done.

    Raises as `check_bot` does, and Unauthorised.
    """
    records = Records(store)
    run = Run(client, account, records, clock, options)
    crew = Crew()
    try:
        await check_bot(run)
        halted = await records(halted_by, store, client.name, clock.now())
        send = None if halted else await records(store.send, client.name, address, key)
        if send is not None:
            await go_on(run, send, await records(store.armed, client.name), crew)
        return TickReport(client.name, clock.now(), await crew.entries(), halted=halted)
    finally:
        await crew.leave()
        records.close()
