"""What the parts of a tick share: a send delivered and told as an entry, notes for the audit log, quiet hours."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from lineform.errors import BlockedError
from lineform.model.project import Client
from lineform.ports.audit import AuditEntry
from lineform.ports.ledger import Send
from lineform.run.deliver import deliver
from lineform.run.narrowcast import poll
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry, outcome_of
from lineform.sending.quiet import Quiet, quiet_hours
from lineform.sending.revision import Armed
from lineform.sending.status import SendStatus

_STOPPED: Final = "stopped by "


async def delivered(run: Run, send: Send, why: str = "", quiet: Quiet | None = None) -> TickEntry:
    """Calls what is left to call of a frozen or accepted send, until the quiet hours begin. Raises Unauthorised."""
    came = await deliver(_until_quiet(run, quiet), send)
    reason = came.reason
    if came.status is SendStatus.ACCEPTED and not reason:
        reason = await poll(run, came.send)
    after = await run.records(run.store.send, run.client.name, send.address, send.key) or came.send
    outcome = Outcome.UNFINISHED if after.status is SendStatus.FROZEN else outcome_of(after.status)
    if after.status not in {SendStatus.FROZEN, SendStatus.ACCEPTED}:
        await note(run, after.status.value, after.name, after.reason)
    return TickEntry(
        after.address,
        after.key,
        outcome,
        recipients=after.recipients,
        accepted=after.accepted_recipients,
        capped=after.capped,
        calls=sum(after.batches.values()),
        why=why,
        reason=after.reason or reason,
    )


def _until_quiet(run: Run, quiet: Quiet | None) -> Run:
    """The same run, which ends when the quiet hours begin."""
    if quiet is None:
        return run
    asked = run.options.should_stop

    def closed() -> bool:
        return quiet.until(run.clock.now()) is not None

    options = replace(run.options, should_stop=lambda: asked() or closed(), closed=closed)
    return replace(run, options=options)


async def note(run: Run, action: str, subject: str, detail: str) -> None:
    """An entry of the audit log."""
    entry = AuditEntry(run.clock.now(), run.client.name, run.options.actor, action, subject, detail)
    await run.records(run.store.note, entry)


@dataclass(frozen=True, slots=True)
class Stop:
    """A guard's stop as the audit log keeps it; `hint` is empty where none was kept."""

    guard: str
    reason: str
    hint: str


async def note_stop(run: Run, subject: str, stop: BlockedError) -> None:
    """A guard's stop in the audit log, where `stop_of` finds it: what it said on the first line, what to do below."""
    await note(run, f"{_STOPPED}{stop.code}", subject, f"{' '.join(stop.message.splitlines())}\n{stop.hint}".rstrip())


def stop_of(note: AuditEntry) -> Stop | None:
    """The stop of which an entry of the audit log tells; None where it tells of something else."""
    if not note.action.startswith(_STOPPED):
        return None
    reason, _, hint = note.detail.partition("\n")
    return Stop(note.action.removeprefix(_STOPPED), reason, hint)


async def stopped_before(run: Run, subjects: Collection[str], since: datetime) -> Mapping[str, str]:
    """How the reason goes on of what is not sent any more because a guard stopped it since then: by its subject, which
    guard it was the last time, and what it said."""
    notes = await run.records(run.store.noted_about, run.client.name, subjects, since) if subjects else ()
    stops = ((one.subject, stop_of(one)) for one in notes)
    return {
        subject: f"; before that {stop.guard} stopped it: {stop.reason}" for subject, stop in stops if stop is not None
    }


def quiet_of(client: Client, armed: Armed) -> Quiet | None:
    """The quiet hours that this campaign keeps."""
    limits = client.limits
    return None if armed.quiet_hours == "send" else quiet_hours(limits.quiet, client.timezone, limits.windows)
