"""A frozen send, called batch by batch: claimed with a durable intent, called, settled.

Any number of runs may do this at once, and any of them may die anywhere: a claimed batch is called again under the same
retry key with the same body once its lease has run out, and LINE takes a key once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from lineform.lineapi.routes import Route
from lineform.ports.line_account import (
    Accepted,
    LineFailure,
    OutcomeUnknown,
    QuotaExceeded,
    RateLimited,
    Refused,
    Unauthorised,
)
from lineform.ports.store import Batch, Send
from lineform.run.halt import halted_by
from lineform.run.options import Run
from lineform.sending.batches import addressed
from lineform.sending.conclusion import conclusion
from lineform.sending.retry import (
    AskAgain,
    GiveBack,
    Leave,
    Outcome,
    RecordAccepted,
    RecordRefused,
    RecordUncertain,
    after,
    expired,
    key_lives,
)
from lineform.sending.status import BatchStatus, SendStatus

_LONGEST_POLL = 1.0


class _End(Enum):
    """How one batch's turn ended."""

    SETTLED = auto()
    RATE_LIMITED = auto()
    QUOTA = auto()
    LEFT = auto()


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
            reason = f"sending was halted by {who}"
            break
        batches = await _claim(run, send)
        if batches:
            ends = await _call_all(run, batches)
            if _End.QUOTA in ends:
                reason = "LINE has no quota left this month; the rest was not called"
            elif _End.RATE_LIMITED in ends or _End.LEFT in ends:
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


async def _call_all(run: Run, batches: Sequence[Batch]) -> set[_End]:
    ids = sorted({one for batch in batches for one in batch.friend_ids})
    people = await run.records(run.store.line_ids, run.client.name, ids) if ids else {}
    ends = await asyncio.gather(*(_call(run, batch, people) for batch in batches), return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException):
            raise end
    return {end for end in ends if isinstance(end, _End)}


async def _call(run: Run, batch: Batch, people: Mapping[int, str]) -> _End:
    """One batch from its claim to its outcome."""
    user_ids = [people[one] for one in batch.friend_ids if one in people]
    now = run.clock.now()
    if not key_lives(batch.first_called_at, now):
        assert batch.first_called_at is not None  # noqa: S101 - a key that was never used lives
        return await _settle(run, batch, BatchStatus.UNCERTAIN, reason=expired(batch.first_called_at))
    if len(user_ids) < len(batch.friend_ids):
        if batch.first_called_at is not None:
            gone = "a recipient was forgotten after the first call, so the same request cannot be repeated"
            return await _settle(run, batch, BatchStatus.UNCERTAIN, reason=gone)
        if not user_ids:
            return await _settle(run, batch, BatchStatus.REFUSED, reason="every recipient was forgotten")
    body = addressed(batch.body, batch.route, user_ids)
    return await _repeat(run, batch, body)


async def _repeat(run: Run, batch: Batch, body: bytes) -> _End:
    first = batch.first_called_at or run.clock.now()
    # An earlier run that called and recorded nothing leaves its outcome open.
    unsure = batch.first_called_at is not None
    tries = 0
    while True:
        tries += 1
        outcome, said, request_id = await _one_call(run, batch, body, unsure)
        unsure = unsure or outcome is Outcome.UNKNOWN
        match after(outcome, tries, first, run.clock.now(), unsure):
            case RecordAccepted():
                if batch.route is Route.NARROWCAST:
                    # Before the batch is settled: after a crash between the two, the call is made again (409), and
                    # nobody takes a narrowcast that LINE still works on for one that was sent.
                    now = run.clock.now()
                    await run.records(run.store.conclude, batch.send_id, SendStatus.ACCEPTED, now)
                return await _settle(run, batch, BatchStatus.ACCEPTED, request_id=request_id)
            case RecordRefused():
                return await _settle(run, batch, BatchStatus.REFUSED, request_id=request_id, reason=said)
            case RecordUncertain(reason):
                return await _settle(run, batch, BatchStatus.UNCERTAIN, reason=reason)
            case GiveBack(stop):
                await run.records(run.store.release, [batch.id], run.clock.now())
                return _End.QUOTA if stop else _End.RATE_LIMITED
            case AskAgain(seconds):
                await run.clock.sleep(seconds)
            case Leave():
                return _End.LEFT


async def _one_call(run: Run, batch: Batch, body: bytes, unsure: bool) -> tuple[Outcome, str, str]:
    try:
        accepted: Accepted = await run.account.send(batch.route, body, batch.retry_key)
    except Refused as failure:
        return Outcome.REFUSED, _said(failure), failure.request_id
    except RateLimited as failure:
        return Outcome.RATE_LIMITED, failure.message, ""
    except QuotaExceeded as failure:
        return Outcome.QUOTA_EXCEEDED, failure.message, ""
    except OutcomeUnknown as failure:
        return Outcome.UNKNOWN, failure.message, ""
    except Unauthorised:
        # Certainly not accepted, unless an earlier call was: then the open intent must stay.
        if not unsure:
            await run.records(run.store.release, [batch.id], run.clock.now())
        raise
    return Outcome.ACCEPTED, "", accepted.accepted_request_id


def _said(failure: LineFailure) -> str:
    return f"{failure.message} ({failure.details})" if failure.details else failure.message


async def _settle(run: Run, batch: Batch, status: BatchStatus, *, request_id: str = "", reason: str = "") -> _End:
    await run.records(run.store.settle, batch.id, status, run.clock.now(), request_id=request_id, reason=reason)
    return _End.SETTLED
