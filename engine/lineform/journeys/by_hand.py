"""What a person does with single friends in a scenario: begins it, ends it, lets go on what was held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Final

from lineform.errors import UsageError
from lineform.journeys.book import books
from lineform.journeys.budget import Purse, within_budget
from lineform.journeys.decision import Decision
from lineform.journeys.delivering import deliver_frozen
from lineform.journeys.freezing import Frozen
from lineform.journeys.writing import about, written
from lineform.plural import plural
from lineform.ports.audit import AuditEntry
from lineform.run.options import Run
from lineform.run.tick import check_bot
from lineform.scenarios.enrolment import Enrolment, State
from lineform.scenarios.happening import Happening, What

AT_ONCE: Final = 500


class Change(StrEnum):
    """What is done."""

    START = "start"
    STOP = "stop"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it, in friends."""

    changed: int = 0
    unchanged: int = 0
    strangers: tuple[str, ...] = ()
    """User ids of nobody who is known."""


async def by_hand(run: Run, name: str, user_ids: Sequence[str], change: Change) -> Done:
    """Does it for these friends; of a release without friends, for all who are held. Raises UsageError where the
    scenario is not armed, and as `check_bot` where something may be sent."""
    if change is not Change.STOP:
        await check_bot(run)
    book = await run.records(books().of, run.store, run.client)
    if name not in book.scripts and change is not Change.STOP:
        raise UsageError(f"scenario.{name} is not armed", hint="run 'lineform apply' first")
    known = await run.records(run.store.friend_ids, run.client.name, list(user_ids))
    ids = sorted(known.values())
    if not user_ids and change is Change.RELEASE:
        ids = await run.records(_held, run, name)
    changed = 0
    for start in range(0, len(ids), AT_ONCE):
        part = ids[start : start + AT_ONCE]
        frozen, count = await within_budget(run, partial(_some, run, name, part, change))
        changed += count
        await deliver_frozen(run, frozen)
    strangers = tuple(one for one in user_ids if one not in known)
    return Done(changed, len(ids) - changed, strangers)


def _held(run: Run, name: str) -> list[int]:
    return list(run.store.in_scenario(run.client.name, name, State.HELD))


def _some(run: Run, name: str, ids: Sequence[int], change: Change, purse: Purse | None) -> tuple[Frozen, int]:
    account, now = run.client.name, run.clock.now()
    book = books().of(run.store, run.client)
    with run.store.together(account) as store:
        store.hold_friends(account, ids)
        decision = about(run, store, book, ids, now, purse)
        before = {one: _courses(decision, one, name) for one in ids}
        for friend_id in ids:
            _one(decision, friend_id, name, change)
        changed = [one for one in ids if _courses(decision, one, name) != before[one]]
        detail = plural(len(changed), "friend")
        store.note(AuditEntry(now, account, run.options.actor, f"scenario {change.value}", f"scenario.{name}", detail))
        return written(run, decision, purse), len(changed)


def _courses(decision: Decision, friend_id: int, name: str) -> tuple[Enrolment, ...]:
    person = decision.person(friend_id)
    return () if person is None else tuple(one for one in person.courses.values() if one.scenario == name)


def _one(decision: Decision, friend_id: int, name: str, change: Change) -> None:
    if change is Change.START:
        key = f"by hand/{name}/{friend_id}/{decision.now.isoformat()}"
        decision.live(Happening(key, friend_id, What.MANUAL, decision.now, name))
        return
    for course in _courses(decision, friend_id, name):
        if change is Change.STOP and course.open:
            decision.put(course.over(State.STOPPED, "by hand"))
        elif change is Change.RELEASE and course.state is State.HELD:
            # Late by rule no more: a person has seen it.
            decision.begin(replace(course, state=State.ACTIVE, due=decision.now, held_until=decision.now, reason=""))
