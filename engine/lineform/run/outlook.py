"""What a plan says about a campaign that an apply would arm: when it is next due, and who would get it at what cost."""

from __future__ import annotations

from datetime import UTC, datetime

from lineform.errors import BlockedError
from lineform.ports.line_account import LineFailure
from lineform.run.dry import would_send
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry, blocked
from lineform.run.prepare import prepare
from lineform.sending import late
from lineform.sending.due import occurrences, upcoming
from lineform.sending.keys import send_name
from lineform.sending.revision import Armed, Revisioned, read_revision

_TOO_LATE = "it would be armed after it was due"
_EVER = datetime.min.replace(tzinfo=UTC)


async def outlook(run: Run, address: str, revised: Revisioned) -> TickEntry:
    """The next occurrence as it would be sent to today's audience. Nothing is written; a guard that would stop it is
    in the entry, not raised."""
    armed = read_revision(revised.body)
    due = next(iter(upcoming(armed.schedule, armed.timezone, run.clock.now())), None)
    if due is None:
        return await _over(run, address, armed)
    try:
        return would_send(run, await prepare(run, address, revised.digest, due, armed))
    except BlockedError as stop:
        return blocked(address, due.key, stop)
    except LineFailure as failure:
        return TickEntry(address, due.key, Outcome.FAILED, reason=failure.message, hint=failure.hint)


async def _over(run: Run, address: str, armed: Armed) -> TickEntry:
    """What a run says of a campaign whose time is over when it is armed: its one date is held or skipped as its file
    says, unless the ledger knows it already; a rule that has ended says nothing any more."""
    now = run.clock.now()
    past = occurrences(armed.schedule, armed.timezone, _EVER, now) if armed.schedule.at is not None else []
    known = await run.records(run.store.occurrences, run.client.name, [address], _EVER) if past else ()
    for due in past:
        if due.key in {one.key for one in known}:
            continue
        match late.decide(due, now, now, armed.schedule):
            case late.Hold():
                release = f"lineform run --client {run.client.name} --release {send_name(address, due.key)}"
                hint = f"correct its date; or, when a run has held it, let it go with `{release}`"
                return TickEntry(address, due.key, Outcome.HELD, reason=_TOO_LATE, hint=hint)
            case late.Skip():
                return TickEntry(address, due.key, Outcome.SKIPPED, reason=_TOO_LATE)
    return TickEntry(address, "", Outcome.SKIPPED, reason="its schedule has no occurrence left")
