"""A one-time campaign is sent once, whatever its date becomes: a run refuses a second time, a plan says so before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lineform.errors import BlockedError
from lineform.ports.ledger import Send
from lineform.run.options import Run
from lineform.sending.conclusion import went_out
from lineform.sending.revision import Armed


async def earlier_sends(run: Run, address: str, armed: Armed) -> Sequence[Send]:
    """What the ledger has of a one-time campaign; nothing of a rule, which is sent again and again."""
    if armed.schedule.at is None:
        return ()
    return await run.records(run.store.sends, run.client.name, address=address)


def refuse_second(earlier: Iterable[Send]) -> None:
    """Raises BlockedError where one of these sends reached somebody, or still may."""
    for send in earlier:
        if went_out(send.status, send.batches, reopened=send.reopened):
            some = f", and {send.accepted_recipients:,} received it" if send.accepted_recipients else ""
            raise BlockedError(
                f"this one-time campaign was sent already: {send.key} is {send.status.value}{some}",
                hint="a sent campaign cannot be sent again; copy it under another name",
                code="G209",
            )
