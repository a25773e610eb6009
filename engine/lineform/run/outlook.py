"""What a plan says about a campaign that an apply would arm: when it is next due, and who would get it at what cost."""

from __future__ import annotations

from lineform.errors import BlockedError
from lineform.ports.line_account import LineFailure
from lineform.run.dry import would_send
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry, blocked
from lineform.run.prepare import prepare
from lineform.sending.due import upcoming
from lineform.sending.revision import Revisioned, read_revision


async def outlook(run: Run, address: str, revised: Revisioned) -> TickEntry:
    """The next occurrence as it would be sent to today's audience. Nothing is written; a guard that would stop it is
    in the entry, not raised."""
    armed = read_revision(revised.body)
    due = next(iter(upcoming(armed.schedule, armed.timezone, run.clock.now())), None)
    if due is None:
        return TickEntry(address, "", Outcome.SKIPPED, reason="its schedule has no occurrence left")
    try:
        return would_send(run, await prepare(run, address, revised.digest, due, armed))
    except BlockedError as stop:
        return blocked(address, due.key, stop)
    except LineFailure as failure:
        return TickEntry(address, due.key, Outcome.FAILED, reason=failure.message, hint=failure.hint)
