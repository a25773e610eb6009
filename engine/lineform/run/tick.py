"""One run: what earlier runs left, then what is due. Idempotent, so that a dropped or doubled schedule costs nothing.

Everything goes through the ledger: an occurrence is frozen once, its batches are claimed one by one, and each call has
a key that LINE takes once. So any number of ticks may run at once, and each may be killed anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from lineform.errors import BlockedError, CredentialError, StaleError
from lineform.model.project import Client
from lineform.ports.clock import Clock
from lineform.ports.line_account import LineAccount, LineFailure, Unauthorised
from lineform.ports.store import AuditEntry, NewSend, Revision, Send, Store
from lineform.run.deliver import deliver
from lineform.run.dry import would_send
from lineform.run.freeze import freeze
from lineform.run.halt import halted_by
from lineform.run.narrowcast import poll
from lineform.run.options import Records, Run, TickOptions
from lineform.run.outcome import Outcome, TickEntry, TickReport, outcome_of
from lineform.run.prepare import prepare
from lineform.run.release import released_key
from lineform.sending import late
from lineform.sending.conclusion import untouched
from lineform.sending.due import LOOK_BACK, Due, occurrences, upcoming
from lineform.sending.revision import Armed, read_revision
from lineform.sending.status import SendStatus

_EVER = datetime.min.replace(tzinfo=UTC)
_OVER = frozenset({SendStatus.HELD, SendStatus.RELEASED, SendStatus.SKIPPED, SendStatus.REFUSED, SendStatus.EMPTY})
"""Statuses of occurrences that reached nobody."""
_SKIPS_RECORDED = 100


async def tick(
    client: Client, account: LineAccount, store: Store, clock: Clock, options: TickOptions | None = None
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
        revisions = await records(store.armed, client.name)
        entries: list[TickEntry] = []
        if not halted:
            if not options.dry_run:
                entries += await _resume(run, revisions)
            for revision in revisions:
                if options.should_stop():
                    break
                entries += await _campaign(run, revision)
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
    """Goes on with what earlier runs froze or LINE accepted."""
    by_digest = {(revision.address, revision.digest): revision for revision in revisions}
    unfinished = await run.records(run.store.sends, run.client.name, unfinished=True)
    entries = []
    for send in unfinished:
        if send.status not in {SendStatus.FROZEN, SendStatus.ACCEPTED}:
            continue
        revision = by_digest.get((send.address, send.digest))
        entries.append(await _go_on(run, send, revision))
    return entries


async def _go_on(run: Run, send: Send, revision: Revision | None) -> TickEntry:
    if send.status is SendStatus.FROZEN and untouched(send.batches):
        called_off = _called_off(send, revision, run.clock.now())
        if called_off is not None:
            status, reason = called_off
            await run.records(run.store.conclude, send.id, status, run.clock.now(), reason=reason)
            return TickEntry(send.address, send.key, outcome_of(status), send.recipients, reason=reason)
    return await _deliver(run, send)


def _called_off(send: Send, revision: Revision | None, now: datetime) -> tuple[SendStatus, str] | None:
    """What becomes of a frozen send that nobody has called yet: it is subject to the rules as if it were not frozen."""
    if revision is None:
        return SendStatus.HELD, "it was frozen, and its campaign was changed or disarmed before the first call"
    schedule = read_revision(revision.body).schedule
    decision = late.decide(Due(send.key, send.due_at), send.due_at, now, schedule)
    match decision:
        case late.Hold(reason):
            return SendStatus.HELD, reason
        case late.Skip(reason):
            return SendStatus.SKIPPED, reason
    return None


async def _campaign(run: Run, revision: Revision) -> list[TickEntry]:
    """Everything that is due of one armed campaign."""
    try:
        armed = read_revision(revision.body)
    except StaleError as stale:
        return [TickEntry(revision.address, "", Outcome.BLOCKED, reason=stale.message, hint=stale.hint)]
    known = await run.records(run.store.sends, run.client.name, address=revision.address)
    entries = [await _released(run, revision, armed, send) for send in known if send.status is SendStatus.RELEASED]
    now = run.clock.now()
    decisions = late.decide_all(_dues(armed, revision, known, now), revision.armed_at, now, armed.schedule)
    for due, decision in decisions[-_SKIPS_RECORDED:]:
        match decision:
            case late.Send():
                entries.append(await _send(run, revision, armed, due, known))
            case late.Hold(reason):
                entries.append(await _not_sent(run, revision, due, SendStatus.HELD, reason))
            case late.Skip(reason):
                entries.append(await _not_sent(run, revision, due, SendStatus.SKIPPED, reason))
            case late.Wait():
                pass
    return [entry for entry in entries if entry is not None]


def _dues(armed: Armed, revision: Revision, known: Sequence[Send], now: datetime) -> list[Due]:
    """Occurrences that are due and not in the ledger. A rule's are counted from its arming and its newest record on."""
    keys = {send.key for send in known}
    after = _EVER
    if armed.schedule.at is None:
        after = max([revision.armed_at, now - LOOK_BACK, *(send.due_at for send in known)])
    return [due for due in occurrences(armed.schedule, armed.timezone, after, now) if due.key not in keys]


async def _not_sent(run: Run, revision: Revision, due: Due, status: SendStatus, reason: str) -> TickEntry | None:
    new = NewSend(revision.address, revision.digest, due.key, due.at, status, reason=reason)
    if not run.options.dry_run:
        if await run.records(run.store.freeze, run.client.name, new, (), run.clock.now()) is None:
            return None  # another run was first
        await _note(run, status.value, f"{revision.address}@{due.key}", reason)
    return TickEntry(revision.address, due.key, outcome_of(status), reason=reason)


async def _released(run: Run, revision: Revision, armed: Armed, held: Send) -> TickEntry | None:
    """Sends what a person let go, if it still is what was held."""
    if revision.digest != held.digest:
        return TickEntry(
            held.address,
            held.key,
            Outcome.BLOCKED,
            reason="the campaign changed since this occurrence was held",
            guard="G211",
            hint="let its next occurrence send the new text, or release it with the old one armed",
        )
    due = Due(released_key(held.key), held.due_at)
    entry = await _send(run, revision, armed, due, ())
    if run.options.dry_run:
        return entry
    sent = await run.records(run.store.send, run.client.name, held.address, due.key)
    if sent is not None:
        reason = f"{held.reason}; sent as {due.key}"
        await run.records(run.store.conclude, held.id, SendStatus.SKIPPED, run.clock.now(), reason=reason)
    return entry


async def _send(run: Run, revision: Revision, armed: Armed, due: Due, known: Sequence[Send]) -> TickEntry | None:
    """Freezes one occurrence and delivers it; a guard's refusal leaves no trace in the ledger."""
    try:
        if armed.schedule.at is not None:
            _refuse_second(known)
        prepared = await prepare(run, revision.address, revision.digest, due, armed)
        if run.options.dry_run:
            return await run.records(would_send, run, prepared)
        if prepared.nobody:
            return await _not_sent(run, revision, due, SendStatus.EMPTY, "nobody is in the audience")
        await freeze(run, prepared)
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
    send = await run.records(run.store.send, run.client.name, revision.address, due.key)
    return None if send is None else await _deliver(run, send, prepared.choice.why)


def _refuse_second(known: Sequence[Send]) -> None:
    for send in known:
        if send.status not in _OVER:
            raise BlockedError(
                f"this one-time campaign was sent already: {send.key} is {send.status.value}",
                hint="a sent campaign cannot be sent again; copy it under another name",
                code="G209",
            )


async def _deliver(run: Run, send: Send, why: str = "") -> TickEntry:
    delivered = await deliver(run, send)
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
        calls=sum(after.batches.values()),
        why=why,
        reason=after.reason or reason,
    )


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
