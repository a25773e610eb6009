"""What earlier runs left: sends that are frozen, accepted or waiting, gone on with or ended by rule.

A frozen send that nobody has called is subject to the rules as if it were not frozen; one that was begun is gone on
with, unless it stopped for longer than it may be late.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from lineform.errors import StaleError
from lineform.model.address import Kind
from lineform.ports.ledger import Revision, Send
from lineform.run.crew import Crew
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry, outcome_of
from lineform.run.release import is_released
from lineform.run.rollout import open_next
from lineform.run.telling import delivered, note, quiet_of
from lineform.sending import late
from lineform.sending.conclusion import untouched
from lineform.sending.due import Due
from lineform.sending.quiet import Quiet
from lineform.sending.revision import Armed, read_revision
from lineform.sending.status import UNFINISHED, BatchStatus, SendStatus

CAMPAIGN: Final = f"{Kind.CAMPAIGN}."
"""What the addresses of campaigns begin with: other kinds go on with their own sends."""


async def resume(run: Run, revisions: Sequence[Revision], crew: Crew) -> None:
    """Goes on with what earlier runs froze of campaigns, or LINE accepted."""
    unfinished = await run.records(run.store.sends, run.client.name, unfinished=True)
    for listed in (one for one in unfinished if one.address.startswith(CAMPAIGN)):
        await go_on(run, listed, revisions, crew)


async def go_on(run: Run, listed: Send, revisions: Sequence[Revision], crew: Crew) -> None:
    """Goes on with one send, if it is still unfinished: another run may have ended it since it was listed."""
    send = await run.records(run.store.send, run.client.name, listed.address, listed.key)
    if send is None or send.status not in UNFINISHED:
        return
    found = [one for one in revisions if (one.address, one.digest) == (send.address, send.digest)]
    await _go_on(run, send, found[0] if found else None, crew)


async def _go_on(run: Run, send: Send, revision: Revision | None, crew: Crew) -> None:
    armed = None if revision is None else _readable(revision)
    quiet = None if armed is None else quiet_of(run.client, armed)
    if send.status is SendStatus.WAITING:
        waits = await open_next(run, send, armed, quiet)
        if waits is not None:
            crew.tell(waits)
            return
    elif send.status is SendStatus.FROZEN:
        ended = await _ended(run, send, revision, quiet, crew)
        if ended:
            return
        if quiet is not None and quiet.until(run.clock.now()) is not None:
            crew.tell(_entry(send, Outcome.WAITING, "quiet hours"))
            return
    await crew.deliver(run, send, quiet=quiet)


async def _ended(run: Run, send: Send, revision: Revision | None, quiet: Quiet | None, crew: Crew) -> bool:
    """Whether a frozen send ends here by rule; then it is told."""
    now = run.clock.now()
    if untouched(send.batches, reopened=send.reopened):
        called_off = _called_off(send, revision, now, quiet)
        if called_off is not None:
            status, reason = called_off
            if await run.records(run.store.call_off, send.id, status, now, reason=reason):
                await note(run, status.value, send.name, reason)
                crew.tell(TickEntry(send.address, send.key, outcome_of(status), send.recipients, reason=reason))
                return True
        return False
    stopped = _stopped(send, revision, now, quiet)
    if stopped is None:
        return False
    # From here on it ends so, whoever settles what was called: this run, or a later one where LINE does not answer.
    await run.records(run.store.stage_rest, send.id, *stopped)
    await crew.work(partial(delivered, run, send))
    return True


def _entry(send: Send, outcome: Outcome, reason: str) -> TickEntry:
    return TickEntry(send.address, send.key, outcome, send.recipients, send.accepted_recipients, reason=reason)


def _readable(revision: Revision) -> Armed | None:
    try:
        return read_revision(revision.body)
    except StaleError:
        return None  # reported as an entry


def _called_off(
    send: Send, revision: Revision | None, now: datetime, quiet: Quiet | None
) -> tuple[SendStatus, str] | None:
    """What becomes of a frozen send that nobody has called yet: it is subject to the rules as if it were not frozen."""
    if revision is None:
        return SendStatus.HELD, "it was frozen, and its campaign was changed or disarmed before the first call"
    if is_released(send.key):
        return None  # a person let it go knowing that it is late
    schedule = read_revision(revision.body).schedule
    decision = late.decide(Due(send.key, send.due_at), send.due_at, now, schedule, quiet)
    match decision:
        case late.Hold(reason):
            return SendStatus.HELD, reason
        case late.Skip(reason):
            return SendStatus.SKIPPED, reason
    return None


def _stopped(
    send: Send, revision: Revision | None, now: datetime, quiet: Quiet | None
) -> tuple[SendStatus, str] | None:
    """What becomes of the rest of a send that was begun: after too long a pause, or without its campaign, it is not
    sent by itself. PARTIAL where the rule is to skip."""
    if not send.batches.get(BatchStatus.READY):
        return None  # what was called is settled in any case
    if revision is None:
        return SendStatus.HELD, "its campaign was changed or disarmed in the middle of it; the rest waits for a person"
    schedule = read_revision(revision.body).schedule
    match late.decide_begun(send.last_called_at or send.due_at, now, schedule, quiet):
        case late.Hold(reason):
            return SendStatus.HELD, f"{reason}; the rest waits for a person"
        case late.Skip(reason):
            return SendStatus.PARTIAL, f"{reason}; the rest was left out"
    return None
