"""One run: what earlier runs left, then what is due. Idempotent, so that a dropped or doubled schedule costs nothing.

Everything goes through the ledger: an occurrence is frozen once, its batches are claimed one by one, and each call has
a key that LINE takes once. So any number of ticks may run at once, and each may be killed anywhere.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from lineform.errors import BlockedError, CredentialError, StaleError
from lineform.model.address import Kind
from lineform.model.project import Client
from lineform.ports.clock import Clock
from lineform.ports.line_account import LineAccount, LineFailure, Unauthorised
from lineform.ports.store import AuditEntry, LedgerMoved, NewSend, Revision, Send, Store
from lineform.run.deliver import deliver
from lineform.run.dry import would_send
from lineform.run.freeze import freeze
from lineform.run.halt import halted_by
from lineform.run.narrowcast import poll
from lineform.run.options import Records, Run, TickOptions
from lineform.run.outcome import Outcome, TickEntry, TickReport, outcome_of
from lineform.run.prepare import Later, Prepared, prepare
from lineform.run.release import is_released, released_key
from lineform.run.rollout import open_next, open_waves
from lineform.sending import late
from lineform.sending.caps import sentence
from lineform.sending.conclusion import untouched
from lineform.sending.due import LOOK_BACK, Due, occurrences, upcoming
from lineform.sending.keys import part_key, part_of
from lineform.sending.quiet import Quiet, quiet_hours
from lineform.sending.revision import Armed, read_revision
from lineform.sending.status import BatchStatus, SendStatus

Also = Callable[[Run], Awaitable[Sequence[TickEntry]]]
"""What else a tick does for a client whose sends are not halted, after its campaigns: the steps of scenarios that are
due. It makes entries out of its own failures; what it raises ends the tick."""

_CAMPAIGN = f"{Kind.CAMPAIGN}."
_EVER = datetime.min.replace(tzinfo=UTC)
_OVER = frozenset({SendStatus.HELD, SendStatus.RELEASED, SendStatus.SKIPPED, SendStatus.REFUSED, SendStatus.EMPTY})
"""Statuses of occurrences that reached nobody."""
_SKIPS_RECORDED = 100
_UNFINISHED = frozenset({SendStatus.FROZEN, SendStatus.ACCEPTED, SendStatus.WAITING})
_TRIES = 5
"""Times that the limits about single friends are judged anew, because another run froze something meanwhile."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One armed campaign: what the ledger knows of it, and what is decided about its occurrences."""

    revision: Revision
    armed: Armed
    known: Sequence[Send]
    decisions: Sequence[tuple[Due, late.Decision]]


async def tick(
    client: Client,
    account: LineAccount,
    store: Store,
    clock: Clock,
    options: TickOptions | None = None,
    also: Sequence[Also] = (),
) -> TickReport:
    """Sends what is due for one client and reports every occurrence that was looked at.

    Raises CredentialError (another bot's token) and `Unauthorised` before or instead of going on; every other failure
    becomes an entry of the report, so that one campaign does not stop the others.
    """
    options = options or TickOptions()
    records = Records(store)
    run = Run(client, account, records, clock, options)
    try:
        await _check_bot(run)
        halted = await records(halted_by, store, client.name, clock.now())
        armed = await records(store.armed, client.name)
        revisions = [revision for revision in armed if revision.address.startswith(_CAMPAIGN)]
        entries: list[TickEntry] = []
        if not halted:
            if not options.dry_run:
                entries += await _resume(run, revisions)
            for case in await _cases(run, revisions, entries):
                if options.should_stop():
                    break
                entries += await _campaign(run, case)
            for part in also:
                if not options.should_stop():
                    entries += await part(run)
        return TickReport(
            client.name, clock.now(), tuple(entries), _next(run, revisions), halted, dry_run=options.dry_run
        )
    finally:
        records.close()


async def _check_bot(run: Run) -> None:
    bot = await run.account.bot()
    if bot.user_id != run.client.spec.bot:
        raise CredentialError(
            f"the token of client '{run.client.name}' belongs to the bot '{bot.display_name}' ({bot.basic_id}), "
            "which is not the pinned one",
            hint="correct the token in the environment, or 'bot' in the client's file",
        )
    if not run.options.dry_run:
        await run.records(run.store.claim_bot, run.client.name, bot.user_id)


async def _resume(run: Run, revisions: Sequence[Revision]) -> list[TickEntry]:
    """Goes on with what earlier runs froze of campaigns, or LINE accepted."""
    by_digest = {(revision.address, revision.digest): revision for revision in revisions}
    unfinished = await run.records(run.store.sends, run.client.name, unfinished=True)
    entries = []
    for listed in (one for one in unfinished if one.address.startswith(_CAMPAIGN)):
        # Delivering the one before may have taken minutes, in which another run went on with this one.
        send = await run.records(run.store.send, run.client.name, listed.address, listed.key)
        if send is not None and send.status in _UNFINISHED:
            revision = by_digest.get((send.address, send.digest))
            entries.append(await _go_on(run, send, revision))
    return entries


async def _go_on(run: Run, send: Send, revision: Revision | None) -> TickEntry:
    armed = None if revision is None else _readable(revision)
    quiet = None if armed is None else _quiet(run, armed)
    if send.status is SendStatus.WAITING:
        waits = await open_next(run, send, armed, quiet)
        return waits or await _deliver(run, send, quiet=quiet)
    if send.status is SendStatus.FROZEN and untouched(send.batches):
        called_off = _called_off(send, revision, run.clock.now(), quiet)
        if called_off is not None:
            status, reason = called_off
            if await run.records(run.store.call_off, send.id, status, run.clock.now(), reason=reason):
                await _note(run, status.value, f"{send.address}@{send.key}", reason)
                return TickEntry(send.address, send.key, outcome_of(status), send.recipients, reason=reason)
    elif send.status is SendStatus.FROZEN:
        stopped = _stopped(send, revision, run.clock.now(), quiet)
        if stopped is not None:
            return await _leave_rest(run, send, *stopped)
    if send.status is SendStatus.FROZEN and quiet is not None and quiet.until(run.clock.now()) is not None:
        return TickEntry(
            send.address, send.key, Outcome.WAITING, send.recipients, send.accepted_recipients, reason="quiet hours"
        )
    return await _deliver(run, send, quiet=quiet)


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


async def _leave_rest(run: Run, send: Send, status: SendStatus, reason: str) -> TickEntry:
    """Nothing more is begun; what was called is learned under its keys, and then the send ends."""
    await run.records(run.store.stage_rest, send.id)
    entry = await _deliver(run, send)
    after = await run.records(run.store.send, run.client.name, send.address, send.key)
    if after is None or after.status is not SendStatus.WAITING:
        return entry
    await run.records(run.store.conclude, send.id, status, run.clock.now(), reason=reason)
    await _note(run, status.value, f"{send.address}@{send.key}", reason)
    return replace(entry, outcome=outcome_of(status), reason=reason)


async def _cases(run: Run, revisions: Sequence[Revision], entries: list[TickEntry]) -> list[_Case]:
    """The armed campaigns, in the order in which their occurrences are due. Those of another version become entries."""
    cases = []
    now = run.clock.now()
    for revision in revisions:
        try:
            armed = read_revision(revision.body)
        except StaleError as stale:
            entries.append(TickEntry(revision.address, "", Outcome.BLOCKED, reason=stale.message, hint=stale.hint))
            continue
        known = await run.records(run.store.sends, run.client.name, address=revision.address)
        dues = _dues(armed, revision, known, now)
        quiet = _quiet(run, armed)
        cases.append(
            _Case(revision, armed, known, late.decide_all(dues, revision.armed_at, now, armed.schedule, quiet))
        )
    return sorted(cases, key=lambda case: case.decisions[-1][0].at if case.decisions else now)


def _quiet(run: Run, armed: Armed) -> Quiet | None:
    """The quiet hours that this campaign keeps."""
    return None if armed.quiet_hours == "send" else quiet_hours(run.client.limits.quiet, run.client.timezone)


async def _campaign(run: Run, case: _Case) -> list[TickEntry]:
    """Everything that is due of one armed campaign."""
    revision, armed, known = case.revision, case.armed, case.known
    entries = [await _released(run, case, send) for send in known if send.status is SendStatus.RELEASED]
    entries += [await _again(run, case, send) for send in known if send.capped]
    for due, decision in case.decisions[-_SKIPS_RECORDED:]:
        match decision:
            case late.Send():
                entries.append(await _send(run, revision, armed, due, known))
            case late.Hold(reason):
                entries.append(await _not_sent(run, revision, due, SendStatus.HELD, reason))
            case late.Skip(reason):
                entries.append(await _not_sent(run, revision, due, SendStatus.SKIPPED, reason))
            case late.Wait(_, reason):
                if reason:
                    entries.append(TickEntry(revision.address, due.key, Outcome.WAITING, reason=reason))
    return [entry for entry in entries if entry is not None]


async def _again(run: Run, case: _Case, first: Send) -> TickEntry | None:
    """Sends to those who were over a limit and are free now, as a further part, as long as it may be late."""
    armed = case.armed
    due = Due(first.key, first.due_at)
    decision = late.decide(due, case.revision.armed_at, run.clock.now(), armed.schedule, _quiet(run, armed))
    if armed.capped != "wait" or first.digest != case.revision.digest or not isinstance(decision, late.Send):
        return None
    if part_of(first.key) is not None or first.status in _OVER - {SendStatus.EMPTY}:
        return None
    others = tuple(send.id for send in case.known if part_of(send.key) == first.key)
    key = part_key(first.key, len(others) + 2)
    at_once = replace(armed, rollout=())
    return await _send(run, case.revision, at_once, Due(key, first.due_at), (), Later(first.id, others))


def _dues(armed: Armed, revision: Revision, known: Sequence[Send], now: datetime) -> list[Due]:
    """Occurrences that are due and not in the ledger. A rule's are counted from its first arming and its newest record
    on: one that was due just before a new version was armed is told, not forgotten."""
    keys = {send.key for send in known}
    after = _EVER
    if armed.schedule.at is None:
        after = max([revision.since or revision.armed_at, now - LOOK_BACK, *(send.due_at for send in known)])
    return [due for due in occurrences(armed.schedule, armed.timezone, after, now) if due.key not in keys]


async def _not_sent(run: Run, revision: Revision, due: Due, status: SendStatus, reason: str) -> TickEntry | None:
    new = NewSend(revision.address, revision.digest, due.key, due.at, status, reason=reason)
    if not run.options.dry_run:
        if await run.records(run.store.freeze, run.client.name, new, (), run.clock.now()) is None:
            return None  # another run was first
        await _note(run, status.value, f"{revision.address}@{due.key}", reason)
    return TickEntry(revision.address, due.key, outcome_of(status), reason=reason)


async def _released(run: Run, case: _Case, held: Send) -> TickEntry | None:
    """Sends what a person let go, if it still is what was held. What is left of a rollout goes as it was frozen."""
    revision, armed, quiet = case.revision, case.armed, _quiet(run, case.armed)
    if quiet is not None and quiet.until(run.clock.now()) is not None:
        return TickEntry(held.address, held.key, Outcome.WAITING, reason="released, and it is quiet now")
    if revision.digest != held.digest:
        return TickEntry(
            held.address,
            held.key,
            Outcome.BLOCKED,
            reason="the campaign changed since this occurrence was held",
            guard="G211",
            hint="let its next occurrence send the new text, or release it with the old one armed",
        )
    if held.batches.get(BatchStatus.STAGED):
        return await _rest(run, held, quiet)
    if not untouched(held.batches):
        reason = "some of it was called already, and nothing of it waits"
        return TickEntry(held.address, held.key, Outcome.BLOCKED, reason=reason, guard="G211")
    due = Due(released_key(held.key), held.due_at)
    entry = await _send(run, revision, armed, due, ())
    if run.options.dry_run:
        return entry
    sent = await run.records(run.store.send, run.client.name, held.address, due.key)
    if sent is not None:
        reason = f"{held.reason}; sent as {due.key}"
        await run.records(run.store.conclude, held.id, SendStatus.SKIPPED, run.clock.now(), reason=reason)
    return entry


async def _rest(run: Run, held: Send, quiet: Quiet | None) -> TickEntry:
    staged = await run.records(run.store.staged, held.id)
    if run.options.dry_run:
        return TickEntry(held.address, held.key, Outcome.WOULD_SEND, recipients=sum(staged.values()))
    stopped = await open_waves(run, held, max(staged), sum(staged.values()))
    return stopped or await _deliver(run, held, quiet=quiet)


async def _send(
    run: Run, revision: Revision, armed: Armed, due: Due, known: Sequence[Send], later: Later | None = None
) -> TickEntry | None:
    """Freezes one occurrence and delivers it; a guard's refusal leaves no trace in the ledger."""
    try:
        if armed.schedule.at is not None:
            _refuse_second(known)
        prepared = await _frozen(run, revision, armed, due, later)
        if prepared is None:
            return TickEntry(
                revision.address, due.key, Outcome.UNFINISHED, reason="other runs are freezing sends; the next one asks"
            )
        if prepared.nobody and later is not None:
            return None
        if run.options.dry_run:
            return await run.records(would_send, run, prepared)
    except BlockedError as stop:
        if not run.options.dry_run:
            await _note(run, f"stopped by {stop.code}", f"{revision.address}@{due.key}", stop.message)
        return TickEntry(
            revision.address, due.key, Outcome.BLOCKED, reason=stop.message, guard=stop.code, hint=stop.hint
        )
    except Unauthorised:
        raise
    except LineFailure as failure:
        return TickEntry(revision.address, due.key, Outcome.FAILED, reason=failure.message, hint=failure.hint)
    await _note_limits(run, prepared)
    send = await run.records(run.store.send, run.client.name, revision.address, due.key)
    if send is None:
        return None
    if send.status is SendStatus.EMPTY:
        return TickEntry(send.address, send.key, Outcome.EMPTY, reason=send.reason, capped=send.capped)
    return await _deliver(run, send, prepared.choice.why, _quiet(run, armed))


async def _frozen(run: Run, revision: Revision, armed: Armed, due: Due, later: Later | None) -> Prepared | None:
    """The occurrence, prepared and (unless this is a dry run, or a later part for nobody) written into the ledger.
    None where other runs came in between every time."""
    for _ in range(_TRIES if later is None else 1):
        prepared = await prepare(run, revision.address, revision.digest, due, armed, later)
        if run.options.dry_run or (prepared.nobody and later is not None):
            return prepared
        try:
            await freeze(run, prepared)
        except LedgerMoved:
            continue
        return prepared
    return None


async def _note_limits(run: Run, prepared: Prepared) -> None:
    """What limits did to a send, in the audit log."""
    subject = f"{prepared.address}@{prepared.due.key}"
    if said := sentence(prepared.left.why):
        await _note(run, "capped", subject, f"{said}; {'they wait' if prepared.waiting else 'they are left out'}")
    quiet = _quiet(run, prepared.armed)
    if quiet is not None and quiet.until(prepared.due.at) is not None:
        await _note(run, "waited", subject, f"it was due in the quiet hours {run.client.limits.quiet}")


def _refuse_second(known: Sequence[Send]) -> None:
    for send in known:
        if send.status not in _OVER:
            raise BlockedError(
                f"this one-time campaign was sent already: {send.key} is {send.status.value}",
                hint="a sent campaign cannot be sent again; copy it under another name",
                code="G209",
            )


async def _deliver(run: Run, send: Send, why: str = "", quiet: Quiet | None = None) -> TickEntry:
    delivered = await deliver(_until_quiet(run, quiet), send)
    reason = delivered.reason
    if delivered.status is SendStatus.ACCEPTED and not reason:
        reason = await poll(run, delivered.send)
    after = await run.records(run.store.send, run.client.name, send.address, send.key) or delivered.send
    outcome = Outcome.UNFINISHED if after.status is SendStatus.FROZEN else outcome_of(after.status)
    if after.status not in {SendStatus.FROZEN, SendStatus.ACCEPTED}:
        await _note(run, after.status.value, f"{after.address}@{after.key}", after.reason)
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
    should_stop = lambda: asked() or quiet.until(run.clock.now()) is not None  # noqa: E731
    return replace(run, options=replace(run.options, should_stop=should_stop))


async def _note(run: Run, action: str, subject: str, detail: str) -> None:
    entry = AuditEntry(run.clock.now(), run.client.name, run.options.actor, action, subject, detail)
    await run.records(run.store.note, entry)


def _next(run: Run, revisions: Sequence[Revision]) -> tuple[str, Due] | None:
    now = run.clock.now()
    found = []
    for revision in revisions:
        try:
            armed = read_revision(revision.body)
        except StaleError:
            continue  # reported as an entry
        found += [(revision.address, due) for due in upcoming(armed.schedule, armed.timezone, now)]
    return min(found, key=lambda one: one[1].at, default=None)
