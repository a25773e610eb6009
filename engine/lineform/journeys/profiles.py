"""Gets to know friends: asks LINE who they are, and lets everything else see what it told.

Where what answers a friend reads their name, LINE is asked before, for a second at most and only while the reply token
has long to live; everybody else is written down and asked for by the tick. Nobody who is answered waits for more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from lineform.journeys.book import books
from lineform.journeys.budget import Purse, within_budget
from lineform.journeys.delivering import deliver_frozen
from lineform.journeys.freezing import Frozen
from lineform.journeys.writing import about, written
from lineform.plural import plural
from lineform.ports.line_account import LineFailure, Profile, RateLimited, Refused, Unauthorised
from lineform.ports.profiles import ProfileAsk
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry
from lineform.scenarios.happening import What
from lineform.scenarios.profiles import Acted, Sorted, considered, kept_name, next_try, sort_out

PATIENCE: Final = 1.0
"""Seconds that an answer waits for LINE to tell who is answered."""
AT_ONCE: Final = 32
"""Questions under way at once; pacing is the account's."""
CLAIMED: Final = 200
LEASE: Final = timedelta(seconds=120)
LONGEST: Final = timedelta(seconds=10)
"""So long one tick asks for profiles; what is left waits for the next one."""
_ADDRESS: Final = "profiles"


@dataclass(slots=True)
class _Told:
    """What LINE said: a profile, or None where it does not tell; and where it gave no answer, why."""

    profiles: dict[int, Profile | None] = field(default_factory=dict)
    failures: dict[int, LineFailure] = field(default_factory=dict)


async def meet(run: Run, acted: Sequence[Acted], patience: float = PATIENCE) -> None:
    """Asks for those whose answer reads their profile, and writes down that the others are to be asked for. What LINE
    does not tell in time is asked by the tick. Raises what the store raises."""
    book = await run.records(books().of, run.store, run.client)
    people = considered(acted, book.profile_readers)
    if not people:
        return
    found = await run.records(_sorted, run, people, book.profile_readers)
    if not (found.at_once or found.later):
        return
    told = await _ask(run, {one.friend_id: one.user_id for one in found.at_once}, patience)
    later = [one.friend_id for one in (*found.at_once, *found.later) if one.friend_id not in told.profiles]
    # Of those who follow now, what happens to them is still to come, and looks at everything.
    new = frozenset(one.friend_id for one in people if one.follows)
    await _learn(run, told.profiles, later, new)


def _sorted(run: Run, people: Sequence[Acted], readers: frozenset[What]) -> Sorted:
    unknown = run.store.unknown_profiles(run.client.name, sorted({one.friend_id for one in people}))
    return sort_out(people, unknown, readers, run.clock.now())


async def profiles_due(run: Run) -> list[TickEntry]:
    """Asks for those who are written down, for some seconds. Where LINE gives no answer it is asked later. Raises
    Unauthorised where the token is no longer good."""
    if run.options.dry_run:
        return []
    store, name = run.store, run.client.name
    end = run.clock.now() + LONGEST
    while not run.options.should_stop() and run.clock.now() <= end:
        asks = await run.records(store.claim_profiles, name, run.clock.now(), LEASE, CLAIMED)
        if not asks:
            break
        told = await _ask(run, {ask.friend_id: ask.user_id for ask in asks}, None)
        await _learn(run, told.profiles, (), frozenset())
        if told.failures:
            given_up = await run.records(_postpone, run, asks, told.failures)
            return [_entry(told.failures, given_up)]
    return []


async def _ask(run: Run, users: Mapping[int, str], patience: float | None) -> _Told:
    """Asks for all of them side by side; what is not told within `patience` seconds is left out."""
    told = _Told()
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(friend_id: int, user_id: str) -> None:
        async with gate:
            try:
                told.profiles[friend_id] = await run.account.profile(user_id)
            except LineFailure as failure:
                told.failures[friend_id] = failure

    tasks = [asyncio.create_task(one(friend_id, user_id)) for friend_id, user_id in users.items()]
    if not tasks:
        return told
    try:
        await asyncio.wait(tasks, timeout=patience)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for failed in ended:
        if isinstance(failed, Exception):
            raise failed
    return told


async def _learn(
    run: Run, profiles: Mapping[int, Profile | None], later: Sequence[int], follow_now: frozenset[int]
) -> None:
    """Writes down in one what LINE told, and who is to be asked for; then delivers what follows."""
    if profiles or later:
        decide = partial(_written, run, dict(profiles), later, follow_now)
        await deliver_frozen(run, await within_budget(run, decide))


def _written(
    run: Run,
    profiles: Mapping[int, Profile | None],
    later: Sequence[int],
    follow_now: frozenset[int],
    purse: Purse | None,
) -> Frozen:
    account, now = run.client.name, run.clock.now()
    names = {one: kept_name(profile.display_name) for one, profile in profiles.items() if profile is not None}
    known = sorted(one for one, name in names.items() if name)
    with run.store.together(account) as store:
        store.hold_friends(account, sorted({*profiles, *later}))
        store.ask_profiles(account, later, now)
        store.profiles_told(account, known)
        store.profiles_untold(account, sorted(profiles.keys() - set(known)))
        if not known:
            return Frozen()
        book = books().of(run.store, run.client)
        decision = about(run, store, book, known, now, purse)
        for one in known:
            profile = profiles[one]
            language = "" if profile is None else kept_name(profile.language)
            happens = "" if one in follow_now else f"profile/{now.isoformat()}"
            decision.learn(one, names[one], language, happens=happens)
        return written(run, decision, purse)


def _postpone(run: Run, asks: Sequence[ProfileAsk], failures: Mapping[int, LineFailure]) -> int:
    """Writes down when LINE is asked again; how many questions are given up. Raises Unauthorised."""
    account, now = run.client.name, run.clock.now()
    again: dict[int, datetime] = {}
    over: list[int] = []
    for ask in asks:
        failure = failures.get(ask.friend_id)
        if failure is None:
            continue
        wait = failure.retry_after if isinstance(failure, RateLimited) else 0.0
        until = None if isinstance(failure, Refused) else next_try(ask.attempts, wait, now)
        if until is None:
            over.append(ask.friend_id)
        else:
            again[ask.friend_id] = until
    with run.store.together(account) as store:
        store.postpone_profiles(account, again)
        store.profiles_untold(account, over)
    for failure in failures.values():
        if isinstance(failure, Unauthorised):
            raise failure
    return len(over)


def _entry(failures: Mapping[int, LineFailure], given_up: int) -> TickEntry:
    first = next(iter(failures.values()))
    lost = f"; {given_up} of them were given up until they follow again" if given_up else ""
    untold = plural(len(failures), "profile was not told, and is", "profiles were not told, and are")
    reason = f"{untold} asked for later: {first.message}{lost}"
    return TickEntry(_ADDRESS, "", Outcome.FAILED, len(failures), reason=reason, hint=first.hint)
