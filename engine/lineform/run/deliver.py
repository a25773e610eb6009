"""A frozen send, called batch by batch: claimed with a durable intent, called, settled.

Any number of runs may do this at once, and any of them may die anywhere: a claimed batch is called again under the same
retry key with the same body once its lease has run out, and LINE takes a key once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lineform.ports.store import Batch, Send
from lineform.run.calling import End, call_all
from lineform.run.halt import GUARD, halted_by
from lineform.run.options import Run
from lineform.sending.conclusion import conclusion
from lineform.sending.status import BatchStatus, SendStatus

_LONGEST_POLL = 1.0


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
    reason = ""
    patience = run.options.patience
    poll = min(_LONGEST_POLL, max(0.01, run.options.lease.total_seconds() / 4))
    while not reason:
        if who := await run.records(halted_by, run.store, run.client.name, run.clock.now()):
            reason = f"{GUARD}: sending was halted by {who}"
            break
        if run.options.should_stop():
            reason = "this run was asked to end; the next one goes on"
            break
        batches = await _claim(run, send)
        if batches:
            ends = await call_all(run, batches)
            if End.QUOTA in ends:
                reason = "LINE has no quota left this month; the rest was not called"
            elif End.RATE_LIMITED in ends or End.LEFT in ends:
                # Time for LINE's limits to recover; the patience of a run is spent once.
                reason = (
                    "" if patience > 0 else "LINE limits the rate or does not answer; the rest waits for the next run"
                )
                await run.clock.sleep(poll)
                patience -= poll
            continue
        send = await _read(run, send)
        if status := conclusion(send.batches, asynchronous=send.status is SendStatus.ACCEPTED):
            reason = _counts(send.batches, status)
            await run.records(run.store.conclude, send.id, status, run.clock.now(), reason=reason)
            return Delivered(await _read(run, send), reason)
        if patience <= 0:
            reason = "another run has called some of it and its lease has not run out"
        await run.clock.sleep(poll)
        patience -= poll
    return Delivered(await _read(run, send), reason)


async def _claim(run: Run, send: Send) -> Sequence[Batch]:
    return await run.records(
        run.store.claim,
        send.id,
        run.options.worker,
        run.clock.now(),
        run.options.lease,
        run.options.concurrency,
    )


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
