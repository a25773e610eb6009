"""One claimed batch: called under its key until its outcome is known, and settled.

What follows from each outcome is decided in `lineform.sending.retry`; here it is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
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
from lineform.ports.store import Batch, Settled
from lineform.run.options import Run
from lineform.run.settling import Settling
from lineform.sending.batches import addressed
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


class End(Enum):
    """How one batch's turn ended."""

    SETTLED = auto()
    RATE_LIMITED = auto()
    QUOTA = auto()
    LEFT = auto()


async def call_all(run: Run, batches: Sequence[Batch]) -> set[End]:
    """Calls claimed batches side by side. Raises Unauthorised where the token is no longer good."""
    settling = Settling(run)
    ids = sorted({one for batch in batches for one in batch.friend_ids})
    people = await run.records(run.store.line_ids, run.client.name, ids) if ids else {}
    ends = await asyncio.gather(*(_call(run, settling, batch, people) for batch in batches), return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException):
            raise end
    return {end for end in ends if isinstance(end, End)}


async def _call(run: Run, settling: Settling, batch: Batch, people: Mapping[int, str]) -> End:
    """One batch from its claim to its outcome."""
    user_ids = [people[one] for one in batch.friend_ids if one in people]
    now = run.clock.now()
    if not key_lives(batch.first_called_at, now):
        assert batch.first_called_at is not None  # noqa: S101 - a key that was never used lives
        return await _settle(settling, batch, BatchStatus.UNCERTAIN, reason=expired(batch.first_called_at))
    if len(user_ids) < len(batch.friend_ids):
        if batch.first_called_at is not None:
            gone = "a recipient was forgotten after the first call, so the same request cannot be repeated"
            return await _settle(settling, batch, BatchStatus.UNCERTAIN, reason=gone)
        if not user_ids:
            return await _settle(settling, batch, BatchStatus.REFUSED, reason="every recipient was forgotten")
    body = addressed(batch.body, batch.route, user_ids)
    return await _repeat(run, settling, batch, body)


async def _repeat(run: Run, settling: Settling, batch: Batch, body: bytes) -> End:
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
                return await _settle(settling, batch, BatchStatus.ACCEPTED, request_id=request_id)
            case RecordRefused():
                return await _settle(settling, batch, BatchStatus.REFUSED, request_id=request_id, reason=said)
            case RecordUncertain(reason):
                return await _settle(settling, batch, BatchStatus.UNCERTAIN, reason=reason)
            case GiveBack(stop):
                await run.records(run.store.release, [batch.id], run.clock.now())
                return End.QUOTA if stop else End.RATE_LIMITED
            case AskAgain(seconds):
                await run.clock.sleep(seconds)
            case Leave():
                return End.LEFT


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


async def _settle(
    settling: Settling, batch: Batch, status: BatchStatus, *, request_id: str = "", reason: str = ""
) -> End:
    await settling(Settled(batch.id, status, request_id, reason))
    return End.SETTLED
