"""Looks at many friends: those for whom it is true already when a scenario is armed, those who come into a segment, and
those who are in the middle of a scenario that changed.

Each look goes through all of them in one run, some at a time; a run that dies begins it again, and nobody is taken in
twice, because everybody who was is known by their course.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final

from lineform.journeys.book import Book, books
from lineform.journeys.budget import Purse, within_budget
from lineform.journeys.decision import Decision
from lineform.journeys.delivering import deliver_frozen
from lineform.journeys.freezing import Frozen
from lineform.journeys.looks import look_at_existing, look_at_segment, was_in
from lineform.journeys.writing import about, written
from lineform.run.options import Run
from lineform.run.outcome import TickEntry
from lineform.scenarios.courses import course
from lineform.scenarios.dated import dated
from lineform.scenarios.enrolment import Enrolment, State
from lineform.scenarios.script import Script
from lineform.scenarios.steps import may_begin
from lineform.segments.friend import Friend

AT_ONCE: Final = 1_000

_Look = Callable[[Decision, Script, Sequence[int]], None]
"""Decides about some friends, who were taken in."""


async def sweep(run: Run, book: Book) -> list[TickEntry]:
    """Every look that is due."""
    entries: list[TickEntry] = []
    names = [name for script in book.scripts.values() for name in _names(script)]
    if not names:
        return entries
    swept = await run.records(run.store.swept, run.client.name, names)
    for script in book.scripts.values():
        for name, look, ids in _due_looks(run, script, swept):
            entries += await _through(run, script, look, ids)
            if run.options.should_stop():
                return entries
            await run.records(run.store.sweep_done, run.client.name, name, run.clock.now())
    return entries


def _names(script: Script) -> list[str]:
    """Under which it is remembered when each look of a scenario was over."""
    names = [_look_at_version(script)]
    if script.segment is not None:
        names.append(look_at_segment(script, script.segment))
    elif script.existing is not None:
        names.append(look_at_existing(script, script.existing))
    return names


def _look_at_version(script: Script) -> str:
    return f"version/{script.name}/{script.version}@{script.since.isoformat()}"


def _due_looks(run: Run, script: Script, swept: Mapping[str, datetime]) -> list[tuple[str, _Look, Iterator[int]]]:
    """Asks nothing yet: the iterators ask when they are read."""
    store, account, now = run.store, run.client.name, run.clock.now()
    out: list[tuple[str, _Look, Iterator[int]]] = []
    if (name := _look_at_version(script)) not in swept:
        out.append((name, _rearmed, store.in_scenario(account, script.name)))
    if script.segment is not None:
        last = swept.get(name := look_at_segment(script, script.segment))
        if last is None or now - last >= script.check:
            look = _first_look if last is None and script.enroll == "new" else _come_in
            if last is None and script.enroll != "new":
                look = _taken_in
            out.append((name, look, store.select(account, script.segment, now)))
            out.append((f"{name}/left", _gone_out, store.in_scenario(account, script.name)))
    elif script.existing is not None and (name := look_at_existing(script, script.existing)) not in swept:
        out.append((name, _taken_in, store.select(account, script.existing, now)))
    return out


async def _through(run: Run, script: Script, look: _Look, ids: Iterator[int]) -> list[TickEntry]:
    entries: list[TickEntry] = []
    part = await run.records(_next, ids)
    while part and not run.options.should_stop():
        frozen = await within_budget(run, partial(_look_at, run, script, look, part))
        entries += await deliver_frozen(run, frozen)
        part = await run.records(_next, ids)
    return entries


def _next(ids: Iterator[int]) -> list[int]:
    return list(islice(ids, AT_ONCE))


def _look_at(run: Run, script: Script, look: _Look, ids: Sequence[int], purse: Purse | None) -> Frozen:
    account, now = run.client.name, run.clock.now()
    book = books().of(run.store, run.client)
    with run.store.together(account) as store:
        store.hold_friends(account, ids)
        decision = about(run, store, book, ids, now, purse)
        look(decision, script, ids)
        return written(run, decision, purse)


def _taken_in(decision: Decision, script: Script, ids: Sequence[int]) -> None:
    """Begins for everybody for whom it is true already and who was never in it."""
    for friend, known in _friends(decision, script, ids):
        if known is not None and was_in(known):
            _is_inside(decision, known)
            continue
        if script.date:
            began = dated(script, known, friend, decision.now, f"existing/{script.version}")
        elif may_begin(script, friend, decision.now):
            began = course(script, known, friend, decision.now, decision.now, f"existing/{script.version}")
        else:
            began = None
        if began is not None:
            decision.begin(began)


def _first_look(decision: Decision, script: Script, ids: Sequence[int]) -> None:
    """Remembers who is in the segment already: it does not begin for them."""
    for friend, known in _friends(decision, script, ids):
        if known is None:
            begun = course(script, None, friend, decision.now, decision.now, "")
            decision.put(replace(begun, entry=0, step="").over(State.INSIDE))
        else:
            _is_inside(decision, known)


def _is_inside(decision: Decision, known: Enrolment) -> None:
    """Who was outside of another segment, or while nobody looked, did not come in since."""
    if known.state is State.OUTSIDE:
        decision.put(replace(known, state=State.INSIDE))


def _come_in(decision: Decision, script: Script, ids: Sequence[int]) -> None:
    """Begins for those who came in since the last look."""
    for friend, known in _friends(decision, script, ids):
        if script.enroll == "existing" or (known is not None and known.state is not State.OUTSIDE):
            continue
        if known is not None and known.entry and script.reentry == "never":
            continue
        if known is not None and decision.now - known.entered_at < script.reentry_after:
            continue
        if may_begin(script, friend, decision.now):
            decision.begin(course(script, known, friend, decision.now, decision.now, f"segment/{decision.now}"))


def _gone_out(decision: Decision, script: Script, ids: Sequence[int]) -> None:
    """Remembers who is in the segment no more. Those in the middle of their course go on."""
    if script.segment is None:
        return
    inside = decision.store.among_selected(decision.client.name, script.segment, ids, decision.now)
    for friend, known in _friends(decision, script, ids):
        if known is not None and not known.open and known.state is not State.OUTSIDE and friend.id not in inside:
            decision.put(replace(known, state=State.OUTSIDE))


def _rearmed(decision: Decision, script: Script, ids: Sequence[int]) -> None:
    """Moves friends on to the new version, by its rule, and wakes those who stood still while it was not armed."""
    for friend_id in ids:
        person = decision.person(friend_id)
        if person is None:
            continue
        for known in list(person.courses.values()):
            if known.scenario != script.name or not known.open:
                continue
            person.put(decision.versions.rearmed(known, person.friend, decision.now))


def _friends(decision: Decision, script: Script, ids: Sequence[int]) -> Iterator[tuple[Friend, Enrolment | None]]:
    """Each friend who was taken in, with their course in this scenario."""
    for friend_id in ids:
        person = decision.person(friend_id)
        if person is not None:
            yield person.friend, person.courses.get((script.name, ""))
