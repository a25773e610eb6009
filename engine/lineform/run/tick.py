"""One run: what earlier runs left, then what is due. Idempotent, so that a dropped or doubled schedule costs nothing.

Everything goes through the ledger: an occurrence is frozen once, its batches are claimed one by one, and each call has
a key that LINE takes once. So any number of ticks may run at once, and each may be killed anywhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lineform.errors import BlockedError, StaleError
from lineform.model.address import Kind
from lineform.model.project import Client
from lineform.ports.clock import Clock
from lineform.ports.ledger import LedgerMoved, NewSend, Occurrence, Revision, Send
from lineform.ports.line_account import LineAccount, LineFailure, Unauthorised
from lineform.ports.store import Store
from lineform.run.coming import coming
from lineform.run.crew import Crew
from lineform.run.dry import would_send
from lineform.run.dues import EVER, undone
from lineform.run.freeze import freeze
from lineform.run.halt import halted_by
from lineform.run.once import earlier_sends, refuse_second
from lineform.run.options import Records, Run, TickOptions
from lineform.run.outcome import Outcome, TickEntry, TickReport, blocked, outcome_of
from lineform.run.prepare import Later, Prepared, prepare
from lineform.run.release import released_key
from lineform.run.rest import send_rest
from lineform.run.resume import CAMPAIGN, resume
from lineform.run.telling import note, note_stop, quiet_of, stopped_before
from lineform.sending import late
from lineform.sending.caps import fates
from lineform.sending.conclusion import untouched
from lineform.sending.due import LOOK_BACK, Due
from lineform.sending.keys import part_key, part_of, send_name
from lineform.sending.revision import Armed, read_revision
from lineform.sending.status import OVER, BatchStatus, SendStatus

Part = Callable[[Run], Awaitable[Sequence[TickEntry]]]
"""What else a tick does for a client whose sends are not halted, after its campaigns: the steps of scenarios that are
due. It makes entries out of its own failures; a BlockedError becomes one, and whatever else it raises ends
the tick."""


@dataclass(frozen=True, slots=True)
class Afterwards:
    """A part that comes when the deliveries of a tick are over: it follows from what LINE has accepted."""

    part: Part


Also = Part | Afterwards
_Campaign = tuple[Revision, Armed]
_NONE = timedelta(0)
_SKIPS_RECORDED = 100
_TRIES = 5
"""Times that the limits about single friends are judged anew, because another run froze something meanwhile."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One armed campaign: what the ledger knows of it, and what is decided about its occurrences."""

    revision: Revision
    armed: Armed
    known: Sequence[Occurrence]
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

    Raises as `check_bot` does, and `Unauthorised`, before or instead of going on; every other failure
    becomes an entry of the report, so that one campaign does not stop the others.
    """
    options = options or TickOptions()
    records = Records(store)
    run = Run(client, account, records, clock, options)
    crew = Crew()
    try:
        await check_bot(run)
        halted = await records(halted_by, store, client.name, clock.now())
        armed = await records(store.armed, client.name)
        revisions = [revision for revision in armed if revision.address.startswith(CAMPAIGN)]
        campaigns, stale = _read(revisions)
        if not halted:
            if not options.dry_run:
                await resume(run, revisions, crew)
            for entry in stale:
                crew.tell(entry)
            for case in await _cases(run, campaigns):
                if options.should_stop():
                    break
                await _campaign(run, case, crew)
            await _parts(run, [one for one in also if not isinstance(one, Afterwards)], crew)
            await crew.entries()
            await _parts(run, [one.part for one in also if isinstance(one, Afterwards)], crew)
        entries = await crew.entries()
        known = {revision.address: armed for revision, armed in campaigns}
        following = await records(coming, run, known, await _waiting(run, entries))
        return TickReport(client.name, clock.now(), entries, following, halted, dry_run=options.dry_run)
    finally:
        await crew.leave()
        records.close()


async def _parts(run: Run, parts: Sequence[Part], crew: Crew) -> None:
    for part in parts:
        if not run.options.should_stop():
            for entry in await _part(run, part):
                crew.tell(entry)


async def _part(run: Run, part: Part) -> Sequence[TickEntry]:
    """What else is done; what stops one part holds up no other."""
    try:
        return await part(run)
    except BlockedError as stop:
        return [blocked(Kind.SCENARIO, "", stop)]


async def check_bot(run: Run) -> None:
    """What everybody begins with who writes down what goes out. Raises `WrongBot` where the token is not that of the
    pinned bot, and CredentialError where what is recorded is another bot's."""
    bot = await run.account.bot()
    if not run.options.dry_run:
        await run.records(run.store.claim_bot, run.client.name, bot.user_id)


def _read(revisions: Sequence[Revision]) -> tuple[list[_Campaign], list[TickEntry]]:
    """The armed campaigns; those of another version become entries."""
    campaigns, entries = [], []
    for revision in revisions:
        try:
            campaigns.append((revision, read_revision(revision.body, revision.people)))
        except StaleError as stale:
            entry = TickEntry(revision.address, "", Outcome.BLOCKED, reason=stale.message, hint=stale.hint)
            entries.append(entry)
    return campaigns, entries


async def _cases(run: Run, campaigns: Sequence[_Campaign]) -> list[_Case]:
    """The armed campaigns, in the order in which their occurrences are due."""
    cases = []
    now = run.clock.now()
    recorded: defaultdict[str, list[Occurrence]] = defaultdict(list)
    for one in await run.records(_recorded, run, campaigns, now):
        recorded[one.address].append(one)
    for revision, armed in campaigns:
        known = recorded[revision.address]
        dues = undone(armed, revision, known, now)
        quiet = quiet_of(run.client, armed)
        cases.append(
            _Case(revision, armed, known, late.decide_all(dues, revision.armed_at, now, armed.schedule, quiet))
        )
    return sorted(cases, key=lambda case: case.decisions[-1][0].at if case.decisions else now)


def _recorded(run: Run, campaigns: Sequence[_Campaign], now: datetime) -> list[Occurrence]:
    """What the ledger knows of these campaigns: of one that is sent once everything, of a rule what may matter yet."""
    once = [revision.address for revision, armed in campaigns if armed.schedule.at is not None]
    rules = {revision.address: armed for revision, armed in campaigns if armed.schedule.at is None}
    since = now - LOOK_BACK - max((late.allowance(armed.schedule) for armed in rules.values()), default=_NONE)
    ask, name = run.store.occurrences, run.client.name
    return [*ask(name, once, EVER), *ask(name, list(rules), since)]


async def _campaign(run: Run, case: _Case, crew: Crew) -> None:
    """Everything that is due of one armed campaign."""
    revision, armed, known = case.revision, case.armed, case.known
    for one in known:
        if one.status is SendStatus.RELEASED:
            held = await run.records(run.store.send, run.client.name, one.address, one.key)
            if held is not None and held.status is SendStatus.RELEASED:
                await _released(run, case, held, crew)
        if one.capped:
            await _again(run, case, one, crew)
    decisions = case.decisions[-_SKIPS_RECORDED:]
    stopped = await _stopped(run, revision.address, decisions)
    for due, decision in decisions:
        before = stopped.get(send_name(revision.address, due.key), "")
        match decision:
            case late.Send():
                await _send(run, revision, armed, due, known, crew)
            case late.Hold(reason):
                await _not_sent(run, revision, due, SendStatus.HELD, reason + before, crew)
            case late.Skip(reason):
                await _not_sent(run, revision, due, SendStatus.SKIPPED, reason + before, crew)
            case late.Wait(_, reason):
                if reason:
                    crew.tell(TickEntry(revision.address, due.key, Outcome.WAITING, reason=reason))


async def _stopped(run: Run, address: str, decisions: Sequence[tuple[Due, late.Decision]]) -> Mapping[str, str]:
    """Of occurrences that are not sent: which guard stopped them while they might have been. Not the run was late
    then, and nobody else says it where the ledger keeps one reason for ever."""
    over = [due for due, decision in decisions if isinstance(decision, late.Hold | late.Skip)]
    if not over:
        return {}
    return await stopped_before(run, [send_name(address, due.key) for due in over], min(due.at for due in over))


async def _again(run: Run, case: _Case, first: Occurrence, crew: Crew) -> None:
    """Sends to those who were over a limit and are free now, as a further part, as long as it may be late."""
    armed = case.armed
    due = Due(first.key, first.due_at)
    decision = late.decide(due, case.revision.armed_at, run.clock.now(), armed.schedule, quiet_of(run.client, armed))
    if armed.capped != "wait" or first.digest != case.revision.digest or not isinstance(decision, late.Send):
        return
    if part_of(first.key) is not None or first.status in OVER - {SendStatus.EMPTY}:
        return
    others = tuple(send.id for send in case.known if part_of(send.key) == first.key)
    key = part_key(first.key, len(others) + 2)
    at_once = replace(armed, rollout=())
    await _send(run, case.revision, at_once, Due(key, first.due_at), (), crew, Later(first.id, others))


async def _not_sent(run: Run, revision: Revision, due: Due, status: SendStatus, reason: str, crew: Crew) -> None:
    new = NewSend(revision.address, revision.digest, due.key, due.at, status, reason=reason)
    if not run.options.dry_run:
        if await run.records(run.store.freeze, run.client.name, new, (), run.clock.now()) is None:
            return  # another run was first
        await note(run, status.value, send_name(revision.address, due.key), reason)
    crew.tell(TickEntry(revision.address, due.key, outcome_of(status), reason=reason))


async def _released(run: Run, case: _Case, held: Send, crew: Crew) -> None:
    """Sends what a person let go, if it still is what was held. What is left of a rollout goes as it was frozen."""
    revision, armed, quiet = case.revision, case.armed, quiet_of(run.client, case.armed)
    if quiet is not None and quiet.until(run.clock.now()) is not None:
        crew.tell(TickEntry(held.address, held.key, Outcome.WAITING, reason="released, and it is quiet now"))
        return
    if revision.digest != held.digest:
        reason = "the campaign changed since this occurrence was held"
        hint = "let its next occurrence send the new text, or release it with the old one armed"
        crew.tell(TickEntry(held.address, held.key, Outcome.BLOCKED, reason=reason, guard="G211", hint=hint))
        return
    if held.batches.get(BatchStatus.STAGED):
        await send_rest(run, held, armed, quiet, crew)
        return
    if not untouched(held.batches, reopened=held.reopened):
        reason = "some of it was called already, and nothing of it waits"
        crew.tell(TickEntry(held.address, held.key, Outcome.BLOCKED, reason=reason, guard="G211"))
        return
    due = Due(released_key(held.key), held.due_at)
    await _send(run, revision, armed, due, (), crew)
    if run.options.dry_run:
        return
    sent = await run.records(run.store.send, run.client.name, held.address, due.key)
    if sent is not None:
        reason = f"{held.reason}; sent as {due.key}"
        await run.records(run.store.conclude, held.id, SendStatus.SKIPPED, run.clock.now(), reason=reason)


async def _send(
    run: Run,
    revision: Revision,
    armed: Armed,
    due: Due,
    known: Sequence[Occurrence],
    crew: Crew,
    later: Later | None = None,
) -> None:
    """Freezes one occurrence and has it delivered; a guard's refusal leaves no trace in the ledger."""
    try:
        prepared = await _judged(run, revision, armed, due, known, later)
        if prepared is None or (prepared.nobody and later is not None):
            if prepared is None:
                reason = "other runs are freezing sends; the next one asks"
                crew.tell(TickEntry(revision.address, due.key, Outcome.UNFINISHED, reason=reason))
            return
        if run.options.dry_run:
            crew.tell(await run.records(would_send, run, prepared))
            return
    except BlockedError as stop:
        if not run.options.dry_run:
            await note_stop(run, send_name(revision.address, due.key), stop)
        crew.tell(blocked(revision.address, due.key, stop))
        return
    except Unauthorised:
        raise
    except LineFailure as failure:
        crew.tell(TickEntry(revision.address, due.key, Outcome.FAILED, reason=failure.message, hint=failure.hint))
        return
    await _note_limits(run, prepared)
    send = await run.records(run.store.send, run.client.name, revision.address, due.key)
    if send is None:
        return
    if send.status is SendStatus.EMPTY:
        crew.tell(TickEntry(send.address, send.key, Outcome.EMPTY, reason=send.reason, capped=send.capped))
        return
    await crew.deliver(run, send, prepared.told, quiet_of(run.client, armed))


async def _judged(
    run: Run, revision: Revision, armed: Armed, due: Due, known: Sequence[Occurrence], later: Later | None
) -> Prepared | None:
    if known:
        before = {one.key for one in known}
        earlier = await earlier_sends(run, revision.address, armed)
        refuse_second(send for send in earlier if send.key in before)
    return await _frozen(run, revision, armed, due, later)


async def _frozen(run: Run, revision: Revision, armed: Armed, due: Due, later: Later | None) -> Prepared | None:
    """The occurrence, prepared and (unless this is a dry run, or a later part for nobody) written into the ledger.
    None where other runs came in between every time."""
    for _ in range(_TRIES if later is None else 1):
        prepared = await prepare(run, revision.address, revision.digest, due, armed, later)
        if run.options.dry_run or (prepared.nobody and later is not None):
            return prepared
        try:
            return await freeze(run, prepared)
        except LedgerMoved:
            continue
    return None


async def _note_limits(run: Run, prepared: Prepared) -> None:
    """Whom a send leaves out and why, and whether it waited, in the audit log."""
    subject = send_name(prepared.address, prepared.due.key)
    for action, said in fates(prepared.left.why, wait=prepared.armed.capped == "wait"):
        await note(run, action, subject, said)
    for one in prepared.suspicious:
        await note(run, "left out", subject, one)
    quiet = quiet_of(run.client, prepared.armed)
    if quiet is not None and quiet.until(prepared.due.at) is not None:
        hours = run.client.limits.quiet
        when = f"in the quiet hours {hours}" if hours else "outside of the windows for sends"
        await note(run, "waited", subject, f"it was due {when}")


async def _waiting(run: Run, entries: Sequence[TickEntry]) -> list[tuple[str, str]]:
    """What waits, as this run saw it. A dry run went on with nothing, so it asks what earlier ones left."""
    found = [(entry.address, entry.key) for entry in entries if entry.outcome is Outcome.WAITING]
    if run.options.dry_run:
        left = await run.records(run.store.sends, run.client.name, unfinished=True)
        found += [(send.address, send.key) for send in left if send.address.startswith(CAMPAIGN)]
    return found
