"""What earlier runs froze of what friends are told, and did not deliver: gone on with, or ended by rule.

What nobody has called is subject to the rules as if it were not frozen; what was begun is gone on with outside of the
quiet hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lineform.journeys.book import READERS, books
from lineform.ports.ledger import Send
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry, outcome_of
from lineform.run.telling import delivered, note
from lineform.scenarios.enrolment import Enrolment
from lineform.scenarios.machine import counts_as_sent
from lineform.scenarios.replies import Reply
from lineform.scenarios.script import Script
from lineform.scenarios.steps import worth_until
from lineform.sending.quiet import Quiet, quiet_hours
from lineform.sending.status import BatchStatus, SendStatus

LOST: Final = "the answer was begun, and nobody knows whether LINE took it"
LONGEST_PAUSE: Final = timedelta(hours=24)
"""A frozen message that nobody called for so long is not sent any more: what it says is old."""


async def go_on(run: Run) -> list[TickEntry]:
    """What earlier runs froze and did not deliver, and answers that were lost with their run."""
    await run.records(_settle_lost, run)
    unfinished = await run.records(run.store.sends, run.client.name, unfinished=True)
    entries = []
    for listed in unfinished:
        if listed.address.partition(".")[0] not in READERS or run.options.should_stop():
            continue
        send = await run.records(run.store.send, run.client.name, listed.address, listed.key)
        if send is not None and send.status is SendStatus.FROZEN:
            entries.append(await _go_on(run, send))
    return entries


async def _go_on(run: Run, send: Send) -> TickEntry:
    rules = await run.records(_rules, run, send)
    if send.last_called_at is None and (reason := _ended(send, rules, run.clock.now())):
        if await run.records(_call_off, run, send, rules, reason):
            await note(run, SendStatus.SKIPPED.value, send.name, reason)
            outcome = outcome_of(SendStatus.SKIPPED)
            return TickEntry(send.address, send.key, outcome, send.recipients, reason=reason)
    elif rules.quiet is not None and rules.quiet.until(run.clock.now()) is not None:
        return TickEntry(send.address, send.key, Outcome.WAITING, send.recipients, reason="quiet hours")
    return await delivered(run, send, quiet=rules.quiet)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What holds for a frozen send."""

    quiet: Quiet | None
    worthless: datetime | None = None
    """When what it says is worth nothing any more to one of its recipients at least."""
    step: str = ""
    """The scenario's step that it tells; empty where it tells none."""


def _rules(run: Run, send: Send) -> _Rules:
    limits = run.client.limits
    quiet = quiet_hours(limits.quiet, run.client.timezone, limits.windows)
    armed = books().of(run.store, run.client).entries.get(send.address)
    if isinstance(armed, Reply):
        # Whoever waited for it does so no more: it is a push like any other, as long as it is worth sending.
        return _Rules(quiet, worthless=send.due_at + armed.within)
    script = _script(run, send, armed)
    if script is None:
        return _Rules(quiet)
    name = send.key.partition("@")[0]
    step = script.step(name)
    ends: list[datetime] = []
    if step is not None and send.last_called_at is None:
        friends = run.store.frozen_friends(send.id)
        told = _told(run.store.enrolments(run.client.name, friends).values(), send, name)
        people = {one.id: one for one in run.store.friends(run.client.name, [course.friend_id for course, _ in told])}
        known = [(course, people[course.friend_id]) for course, _ in told if course.friend_id in people]
        found = (worth_until(script, course, step, friend) for course, friend in known)
        ends = [end for end in found if end is not None]
    kept = quiet if script.quiet_hours == "wait" else None
    return _Rules(kept, worthless=min(ends, default=None), step=name)


def _script(run: Run, send: Send, armed: object) -> Script | None:
    """The version of the scenario that froze it; None where it was no scenario, or one that is armed no more."""
    if not isinstance(armed, Script) or armed.digest == send.digest:
        return armed if isinstance(armed, Script) else None
    return books().earlier(run.store, run.client.name, armed, send.digest) or armed


def _ended(send: Send, rules: _Rules, now: datetime) -> str:
    """Why a send that nobody called is not sent any more; empty where it is, now or when the quiet hours are over."""
    frozen = send.frozen_at or send.due_at
    if now - frozen > LONGEST_PAUSE:
        return "it was frozen, and nothing ran for long; what it says is old"
    if rules.worthless is not None and now > rules.worthless:
        return "it was frozen, and what it says is worth nothing any more"
    end = None if rules.quiet is None else rules.quiet.until(now)
    if end is not None and end - frozen > LONGEST_PAUSE:
        return "it was frozen, and what it says would be old when the quiet hours are over"
    if end is not None and rules.worthless is not None and end > rules.worthless:
        return "it was frozen, and what it says would be worth nothing when the quiet hours are over"
    return ""


def _call_off(run: Run, send: Send, rules: _Rules, reason: str) -> bool:
    """Ends it in the ledger and in the courses of its friends; False where somebody called it meanwhile."""
    account, now = run.client.name, run.clock.now()
    friends = sorted(run.store.frozen_friends(send.id))
    with run.store.together(account) as store:
        store.hold_friends(account, friends)
        if not store.call_off(send.id, SendStatus.SKIPPED, now, reason=reason):
            return False
        if rules.step:
            told = _told(store.enrolments(account, friends).values(), send, rules.step)
            store.save_enrolments(account, [course.unsent(place, reason) for course, place in told], now)
    return True


def _told(every: Iterable[Sequence[Enrolment]], send: Send, step: str) -> list[tuple[Enrolment, int]]:
    """Of each friend the course that the send tells of, and the place of its mark: the newest one by then."""
    scenario, found = send.address.partition(".")[2], []
    for mine in every:
        marks = [
            (mark.at, place, course)
            for course in mine
            for place, mark in enumerate(course.marks)
            if course.scenario == scenario and mark.step == step and counts_as_sent(mark.said)
            if mark.at <= send.due_at
        ]
        if marks:
            _, place, course = max(marks, key=lambda one: one[:2])
            found.append((course, place))
    return found


def _settle_lost(run: Run) -> None:
    now = run.clock.now()
    for send_id, batch_id in run.store.lost_answers(run.client.name, now):
        with run.store.together(run.client.name) as store:
            store.settle(batch_id, BatchStatus.UNCERTAIN, now, reason=LOST)
            store.conclude(send_id, SendStatus.UNCERTAIN, now, reason=LOST)
