"""A frozen send, called batch by batch: claimed with a durable intent, called, settled.

Any number of runs may do this at once, and any of them may die anywhere: a claimed batch is called again under the same
retry key with the same body once its lease has run out, and LINE takes a key once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lineform.ports.ledger import Send
from lineform.run.calling import End
from lineform.run.options import Run
from lineform.run.pump import pump
from lineform.sending.conclusion import conclusion
from lineform.sending.status import BatchStatus, SendStatus

_LONGEST_POLL = 1.0
_GOES_ON = (SendStatus.FROZEN, SendStatus.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Delivered:
    """Where a send stands after this run; `status` is FROZEN where a later run has to go on."""

    send: Send
    reason: str = ""

    @property
    def status(self) -> SendStatus:
        return self.send.status


async def deliver(run: Run, send: Send) -> Delivered:
    """Calls everything of this send that is left to call. Raises Unauthorised where the token is no longer good."""
    patience = run.options.patience
    poll = min(_LONGEST_POLL, max(0.01, run.options.lease.total_seconds() / 4))
    while True:
        pumped = await pump(run, send)
        if reason := pumped.reason:
            break
        if End.QUOTA in pumped.ends:
            reason = "LINE has no quota left this month; the rest was not called"
            break
        if pumped.ends:
            # Time for LINE's limits to recover; the patience of a run is spent once.
            reason = "LINE limits the rate or does not answer; the rest waits for the next run"
        else:
            send = await _read(run, send)
            if status := conclusion(send.batches, asynchronous=send.status is SendStatus.ACCEPTED):
                reason = _counts(send.batches, status)
                # Another run may have ended it, or a person let its rest go, since this one read it.
                await run.records(run.store.conclude, send.id, status, run.clock.now(), reason=reason, was=_GOES_ON)
                return Delivered(await _read(run, send), reason)
            reason = "another run has called some of it and its lease has not run out"
            if pumped.aside:
                # The others are done, and a minute of waiting for one friend would keep the whole run.
                reason = f"LINE takes nothing more for now for {pumped.aside:,} of its friends; they are called again"
                break
        if patience <= 0:
            break
        await run.clock.sleep(poll)
        patience -= poll
    return Delivered(await _read(run, send), reason)


async def _read(run: Run, send: Send) -> Send:
    found = await run.records(run.store.send, run.client.name, send.address, send.key)
    assert found is not None  # noqa: S101 - the ledger is append-only
    return found


def _counts(batches: Mapping[BatchStatus, int], status: SendStatus) -> str:
    if status in {SendStatus.SENT, SendStatus.ACCEPTED}:
        return ""
    return ", ".join(
        f"{count} of {sum(batches.values())} calls {word.value}" for word, count in batches.items() if count
    )
