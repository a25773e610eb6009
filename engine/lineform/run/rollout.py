"""The next part of a send in waves: opened when its time has come, held where something went wrong before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lineform.errors import BlockedError
from lineform.ports.ledger import LedgerMoved, Send
from lineform.ports.line_account import LineFailure
from lineform.ports.store import Store
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry, blocked, outcome_of
from lineform.run.prepare import refuse
from lineform.run.telling import note, note_stop, stopped_before
from lineform.sending import late
from lineform.sending.conclusion import may_have_reached
from lineform.sending.cost import month_start
from lineform.sending.due import Due, key_of
from lineform.sending.guards import Figures, money_stops
from lineform.sending.quiet import Quiet
from lineform.sending.revision import Armed
from lineform.sending.rollout import Abort, NextWave, next_wave
from lineform.sending.status import SendStatus


async def open_next(run: Run, send: Send, armed: Armed | None, quiet: Quiet | None) -> TickEntry | None:
    """None where the next wave was opened and can be delivered; else what became of it. `armed` is None where the
    campaign is no more what it was."""
    if armed is None:
        reason = "its campaign was changed or disarmed in the middle of its rollout"
        return await _end(run, send, SendStatus.HELD, reason)
    staged = await run.records(run.store.staged, send.id)
    if not staged:
        return None  # another run opened it since
    if not armed.rollout or min(staged) == 0:
        # The first part is never opened by itself: it was begun at its time, or its rest was left.
        return await _end(run, send, SendStatus.HELD, "stopped in the middle; the rest waits for a person")
    assert send.frozen_at is not None  # noqa: S101 - the ledger has it of every send
    assert send.changed_at is not None  # noqa: S101
    if await run.records(run.store.noted, run.client.name, "halt", send.frozen_at):
        return await _end(run, send, SendStatus.HELD, "sending was halted in the middle of its rollout")
    found = next_wave(armed.rollout, staged, send.batches, send.changed_at)
    if isinstance(found, Abort):
        return await _end(run, send, SendStatus.HELD, found.reason)
    part = f"part {found.number + 1} of the rollout"
    planned = Due(wall(found.at, armed), found.at)
    match late.decide(planned, found.at, run.clock.now(), armed.schedule, quiet):
        case late.Wait(until, reason):
            return _entry(send, Outcome.WAITING, reason or f"{part} follows at {wall(until, armed)}")
        case late.Hold(reason):
            before = await _stopped(run, send, found.at)
            return await _end(run, send, SendStatus.HELD, f"{part} {reason}{before}")
        case late.Skip(reason):
            # Earlier parts reached somebody: what is left out now is a part of it, and not the whole.
            reached = may_have_reached(send.batches, reopened=send.reopened)
            status = SendStatus.PARTIAL if reached else SendStatus.SKIPPED
            before = await _stopped(run, send, found.at)
            return await _end(run, send, status, f"{part} {reason}; it was left out{before}")
    return await open_waves(run, send, found.number, staged[found.number])


async def open_waves(
    run: Run, send: Send, up_to: int, recipients: int, *, without: Sequence[int] = (), position: int | None = None
) -> TickEntry | None:
    """Opens the waves up to this one for so many recipients, if no guard about money is against it now; `without` these
    friends, as judged when the ledger stood at `position`."""
    try:
        quota = await run.account.quota()
        spent = await run.records(run.store.spent, run.client.name, month_start(run.clock.now()), but=send.id)
        left = quota.left_after(spent.called)
        figures = Figures(recipients, True, left, quota.used, spent.called, spent.promised)
        refuse(money_stops(figures, run.client.limits, run.client.plan))
    except BlockedError as stop:
        await note_stop(run, send.name, stop)
        return blocked(send.address, send.key, stop)
    except LineFailure as failure:
        return _entry(send, Outcome.FAILED, failure.message)
    try:
        await run.records(
            run.store.open_wave, send.id, up_to, run.clock.now(), spent=spent, position=position, without=without
        )
    except LedgerMoved:
        return _entry(send, Outcome.UNFINISHED, "other runs are freezing sends; the next one asks")
    await note(run, "rollout", send.name, f"part {up_to + 1} is sent, to {recipients:,}")
    return None


def next_part(store: Store, send: Send, armed: Armed) -> datetime | None:
    """When the part of a waiting send opens that comes next; None where it does not by itself."""
    staged = store.staged(send.id)
    if not armed.rollout or not staged or min(staged) == 0 or send.changed_at is None:
        return None
    found = next_wave(armed.rollout, staged, send.batches, send.changed_at)
    return found.at if isinstance(found, NextWave) else None


async def _stopped(run: Run, send: Send, since: datetime) -> str:
    """How the reason goes on where a guard stopped the part while it might have been sent."""
    return (await stopped_before(run, [send.name], since)).get(send.name, "")


def wall(moment: datetime, armed: Armed) -> str:
    """The moment on the campaign's own clock, rounded up to a whole minute."""
    local = (moment + timedelta(minutes=1, microseconds=-1)).astimezone(ZoneInfo(armed.timezone))
    return key_of(local.replace(tzinfo=None, second=0, microsecond=0))


async def _end(run: Run, send: Send, status: SendStatus, reason: str) -> TickEntry | None:
    """None where another run opened the part meanwhile: of the two, it was first."""
    waits = (SendStatus.WAITING,)
    if await run.records(run.store.conclude, send.id, status, run.clock.now(), reason=reason, was=waits):
        await note(run, status.value, send.name, reason)
        return _entry(send, outcome_of(status), reason)
    now = await run.records(run.store.send, run.client.name, send.address, send.key)
    if now is None or now.status in {SendStatus.FROZEN, SendStatus.ACCEPTED}:
        return None
    return _entry(now, outcome_of(now.status), now.reason)


def _entry(send: Send, outcome: Outcome, reason: str) -> TickEntry:
    return TickEntry(
        send.address,
        send.key,
        outcome,
        recipients=send.recipients,
        accepted=send.accepted_recipients,
        calls=sum(send.batches.values()),
        reason=reason,
        capped=send.capped,
    )
