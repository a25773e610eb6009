"""What a plan says about a campaign that an apply would arm: when it is next due, and who would get it at what cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from lineform.errors import BlockedError
from lineform.plural import plural
from lineform.ports.line_account import LineFailure
from lineform.run.dry import would_send
from lineform.run.once import earlier_sends, refuse_second
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry, blocked
from lineform.run.prepare import prepare
from lineform.run.telling import quiet_of
from lineform.sending import late
from lineform.sending.due import Due, key_of, occurrences, upcoming
from lineform.sending.keys import send_name
from lineform.sending.revision import Armed, Revisioned, read_revision
from lineform.sending.wording import all_spoken

_AHEAD = timedelta(days=30)
"""How far a plan looks ahead when it says how often a campaign comes due."""
_TOO_LATE = "it would be armed after it was due"
_EVER = datetime.min.replace(tzinfo=UTC)


async def outlook(run: Run, address: str, revised: Revisioned) -> TickEntry:
    """The next occurrence as it would be sent to today's audience. Nothing is written; a guard that would stop it is
    in the entry, not raised."""
    armed = read_revision(revised.body)
    reads = tuple(all_spoken(armed.messages, armed.context))
    due = next(iter(upcoming(armed.schedule, armed.timezone, run.clock.now())), None)
    if due is None:
        return replace(await _over(run, address, armed), reads=reads)
    entry = replace(await _first(run, address, revised, due, armed), reads=reads)
    further = "; ".join((*_moved(run, due, armed), *_rhythm(run, due, armed, entry)))
    if not further:
        return entry
    if entry.reason:
        return replace(entry, reason=f"{entry.reason}; {further}")
    return replace(entry, why=f"{entry.why}; {further}")


async def _first(run: Run, address: str, revised: Revisioned, due: Due, armed: Armed) -> TickEntry:
    try:
        refuse_second(await earlier_sends(run, address, armed))
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


def _moved(run: Run, due: Due, armed: Armed) -> Iterator[str]:
    """When it goes, where it is due while nobody is to be disturbed."""
    quiet = quiet_of(run.client, armed)
    if quiet is not None and (end := quiet.until(due.at)) is not None:
        local = end.astimezone(ZoneInfo(armed.timezone)).replace(tzinfo=None)
        hours = run.client.limits.quiet
        when = f"in the quiet hours {hours}" if hours else "outside of limits.windows"
        yield f"it goes at {key_of(local)}, as it is due {when}"


def _rhythm(run: Run, due: Due, armed: Armed, entry: TickEntry) -> Iterator[str]:
    """How often a rule comes due, and how many messages that makes."""
    if armed.schedule.cron is None:
        return
    later = occurrences(armed.schedule, armed.timezone, due.at, due.at + _AHEAD - timedelta(seconds=1))
    times = 1 + len(later)
    often = "once" if times == 1 else f"{times:,} times"
    said = f"from then on it comes due {often} within 30 days"
    if entry.cost is not None and entry.cost.messages:
        messages = times * entry.cost.messages
        said += f", {plural(messages, 'message')} with as many friends each time"
        allowed = run.client.limits.monthly_messages
        if allowed is not None and messages > allowed:
            said += f" (limits.monthly_messages allows {allowed:,} in a month)"
    yield said
