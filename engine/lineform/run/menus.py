"""Menus that follow people: after what happened to some of them, and by time for everybody.

`choose` says what follows from what happened to friends; `menus_due` is the part of a tick that looks at everybody when
a day begins, when the rules changed, and as often in between as it costs little (`lineform.scenarios.menus.pass_due`).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from lineform.errors import StaleError
from lineform.model.address import Kind
from lineform.ports.store import Store
from lineform.run.linking import Linked, link
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry
from lineform.scenarios.effect import Show
from lineform.scenarios.happening import Happening
from lineform.scenarios.menu_rules import read_menu_rules
from lineform.scenarios.menus import (
    BRIEF,
    NO_RULES,
    NOTHING,
    TAP,
    Choice,
    MenuRules,
    Pass,
    Shown,
    Tally,
    decide,
    is_brief,
    next_pass,
    pass_due,
    reads_events,
    rule_for,
    show,
    tally,
    tapped,
)
from lineform.segments.friend import Friend
from lineform.segments.sentences import phrase

Deed = Happening | Show
"""What was done to one friend's menu: a tap, or what a step or a send shows."""

LEASE = timedelta(minutes=5)
AFTER = timedelta(minutes=1)
"""A call without an answer for so long was made by a run that is no more."""
NO_MENU = "no menu of their own"
PART = 500
"""Friends who are read at once."""
MOST_OPEN = 20_000
TAP_FAILED = "menu.tap"
"""The note of a tab that led nowhere; its detail is LINE's status."""
_ADDRESS = f"{Kind.MENU_RULES}."


def armed_rules(store: Store, account: str) -> MenuRules:
    """The rules that are armed. Raises StaleError where another version armed them otherwise."""
    for revision in store.armed(account):
        if revision.address.startswith(_ADDRESS):
            return read_menu_rules(revision.address, revision.digest, revision.body)
    return NO_RULES


async def link_open(run: Run, friend_ids: Sequence[int]) -> Linked:
    """Tells LINE what was written down about these friends and is not confirmed."""
    shown = await run.records(run.store.shown_menus, run.client.name, friend_ids)
    choices: dict[Choice, list[int]] = {}
    for friend_id, one in shown.items():
        if not one.confirmed:
            choices.setdefault(Choice(one.menu, one.outcome, one.source, link=True), []).append(friend_id)
    return await link(run, choices)


async def settle(run: Run, friend_ids: Sequence[int], *, anew: bool = False) -> Linked:
    """Gives these friends the menus of the rules that they do not have; where `anew`, whatever they tapped and were
    shown. Raises StaleError as `armed_rules`, and `Unauthorised`."""
    rules = await run.records(armed_rules, run.store, run.client.name)
    back = [Show("", "", "")] if anew else []
    work: dict[int, list[Deed]] = {friend: [*back] for friend in friend_ids}
    return await link(run, await run.records(_choices, run.store, run.client.name, rules, work, run.clock.now()))


def _choices(
    store: Store, account: str, rules: MenuRules, work: Mapping[int, Sequence[Deed]], now: datetime
) -> dict[Choice, list[int]]:
    found: dict[Choice, list[int]] = {}
    ids = sorted(work)
    for start in range(0, len(ids), PART):
        part = ids[start : start + PART]
        history = store.histories(account, part) if reads_events(rules) else {}
        friends = [replace(one, events=history.get(one.id, ())) for one in store.friends(account, part)]
        for choice, mine in choose(store, account, rules, friends, work, now).items():
            found.setdefault(choice, []).extend(mine)
    return found


def choose(
    store: Store,
    account: str,
    rules: MenuRules,
    friends: Sequence[Friend],
    work: Mapping[int, Sequence[Deed]],
    now: datetime,
) -> dict[Choice, list[int]]:
    """What becomes of the menus of these friends (with their events) after what was done to each; by internal id. Who
    blocks the account is left out."""
    found: dict[Choice, list[int]] = {}
    shown = store.shown_menus(account, [friend.id for friend in friends])
    for friend in friends:
        if friend.blocked:
            continue
        outcome = rules.menu_of(rule_for(rules, friend, now))
        choice = _choice(rules, outcome, shown.get(friend.id, NOTHING), work[friend.id], now)
        if choice is not None:
            found.setdefault(choice, []).append(friend.id)
    return found


def _choice(rules: MenuRules, outcome: str, recorded: Shown, deeds: Sequence[Deed], now: datetime) -> Choice | None:
    """What becomes of one friend's menu after these deeds; None where nothing does."""
    shown = recorded
    for deed in deeds:
        if isinstance(deed, Show):
            choice = show(rules, outcome, shown, deed.menu, deed.source)
            shown = _after(shown, choice, now)
        elif (tap := tapped(deed)) is not None:
            # LINE has linked it already.
            shown = Shown(tap.menu, outcome, TAP, now)
    shown = _after(shown, decide(rules, outcome, shown, now), now)
    if (shown.menu, shown.outcome, shown.source) == (recorded.menu, recorded.outcome, recorded.source):
        tapped_again = shown.source == TAP and shown.at != recorded.at
        if shown.confirmed and recorded.confirmed and not tapped_again:
            return None
    return Choice(shown.menu, shown.outcome, shown.source, link=not shown.confirmed)


def _after(shown: Shown, choice: Choice | None, now: datetime) -> Shown:
    if choice is None:
        return shown
    return Shown(choice.menu, choice.outcome, choice.source, now, confirmed=shown.confirmed and not choice.link)


async def menus_due(run: Run) -> Sequence[TickEntry]:
    """Links once more what has no answer, and looks at everybody where that is due."""
    try:
        rules = await run.records(armed_rules, run.store, run.client.name)
    except StaleError:
        return ()  # told with everything else that is armed and cannot be read
    address = rules.address or _ADDRESS.rstrip(".")
    last = await run.records(run.store.menu_pass, run.client.name)
    due = pass_due(rules, last, run.clock.now())
    if run.options.dry_run:
        return await _would_link(run, rules, address) if due else ()
    if not due:
        return _entries(address, await _finish(run))
    if is_brief(rules, last, run.clock.now()) and await run.records(_nobody, run, rules):
        return ()
    lease = f"menus/{run.client.name}"
    if not await run.records(run.store.lease, lease, run.options.worker, run.clock.now(), LEASE):
        return ()  # another run is at it
    try:
        return _entries(address, await _everybody(run, rules, lease))
    finally:
        await run.records(run.store.release_lease, lease, run.options.worker)


def next_look(run: Run) -> tuple[str, datetime] | None:
    """The rules, and when everybody is looked at next in any case; None where there are none that can be read."""
    try:
        rules = armed_rules(run.store, run.client.name)
    except StaleError:
        return None
    at = next_pass(rules, run.store.menu_pass(run.client.name), run.clock.now())
    return None if at is None else (rules.address or _ADDRESS.rstrip("."), at)


async def _finish(run: Run) -> Linked:
    """What an earlier run has written down and never learned the end of."""
    before = run.clock.now() - AFTER
    waiting = await run.records(run.store.open_menus, run.client.name, before, MOST_OPEN)
    return await settle(run, waiting) if waiting else Linked()


async def _everybody(run: Run, rules: MenuRules, lease: str) -> Linked:
    started = run.clock.now()
    await run.records(run.store.drop_blocked_menus, run.client.name)
    choices = await run.records(_all_choices, run.store, run.client.name, rules, started)
    took = run.clock.now() - started
    found = Linked()
    for part in _slices(choices):
        # Half a million links take minutes: the lease goes on as long as they do.
        if not await run.records(run.store.lease, lease, run.options.worker, run.clock.now(), LEASE):
            return found + Linked(left=sum(map(len, part.values())), why=("another run took over",))
        found += await link(run, part)
        if run.options.should_stop():
            return found
    await run.records(run.store.note_menu_pass, run.client.name, Pass(rules.digest, started, took))
    return found


def _nobody(run: Run, rules: MenuRules) -> bool:
    """Whether nothing is to be done about anybody, as mostly; a look that was brief again is then not written down."""
    started = run.clock.now()
    run.store.drop_blocked_menus(run.client.name)
    if _all_choices(run.store, run.client.name, rules, started):
        return False
    took = run.clock.now() - started
    if took > BRIEF:
        run.store.note_menu_pass(run.client.name, Pass(rules.digest, started, took))
    return True


_SLICE = 10_000


def _slices(choices: Mapping[Choice, Sequence[int]]) -> Iterator[dict[Choice, Sequence[int]]]:
    """What was chosen, some thousand friends at a time."""
    part: dict[Choice, Sequence[int]] = {}
    room = _SLICE
    for choice, ids in choices.items():
        for start in range(0, len(ids), _SLICE):
            piece = ids[start : start + _SLICE]
            if len(piece) > room:
                yield part
                part, room = {}, _SLICE
            part[choice] = piece
            room -= len(piece)
    if part:
        yield part


def _all_choices(store: Store, account: str, rules: MenuRules, now: datetime) -> dict[Choice, array[int]]:
    """What is to be done about everybody, with eight bytes for each friend about whom something is."""
    found: dict[Choice, array[int]] = {}
    for group in store.menu_groups(account, rules, now):
        choice = decide(rules, rules.menu_of(group.rule), group.shown, now)
        if choice is not None:
            found.setdefault(choice, array("q")).extend(group.friends)
    return found


async def count_menus(run: Run, rules: MenuRules) -> tuple[Tally, ...]:
    """The rules in numbers of friends, as of now."""
    return await run.records(_tally, run.store, run.client.name, rules, run.clock.now())


def _tally(store: Store, account: str, rules: MenuRules, now: datetime) -> tuple[Tally, ...]:
    return tally(rules, store.menu_groups(account, rules, now), now)


async def menu_outlook(run: Run, address: str, rules: MenuRules) -> TickEntry:
    """How many friends would change menu, by rule and menu, once an apply has armed these rules."""
    counts = await count_menus(run, rules)
    said = "; ".join(_said(rules, one) for one in counts)
    return TickEntry(address, "", Outcome.WOULD_LINK, sum(one.changing for one in counts), reason=said)


def _said(rules: MenuRules, one: Tally) -> str:
    why = phrase(rules.rules[one.rule].predicate, rules.timezone) if one.rule < len(rules.rules) else "otherwise"
    kept = f", {one.kept:,} keep a tab or what a step or send showed" if one.kept else ""
    return f"{one.menu or NO_MENU} ({why}): {one.friends:,}, of whom {one.changing:,} change{kept}"


async def _would_link(run: Run, rules: MenuRules, address: str) -> Sequence[TickEntry]:
    counts = await count_menus(run, rules)
    changing = sum(one.changing for one in counts)
    if not changing:
        return ()
    why = _menus({one.menu: one.changing for one in counts if one.changing})
    return (TickEntry(address, "", Outcome.WOULD_LINK, changing, reason=why),)


def _entries(address: str, linked: Linked) -> Sequence[TickEntry]:
    total = linked.done + linked.left + linked.refused
    if not total:
        return ()
    outcome = Outcome.LINKED
    if linked.refused:
        outcome = Outcome.PARTIAL
    if linked.left:
        outcome = Outcome.UNFINISHED
    refused = (f"LINE does not take the user ids of {linked.refused:,}",) if linked.refused else ()
    reason = "; ".join((*([_menus(linked.menus)] if linked.menus else []), *refused, *linked.why))
    return (TickEntry(address, "", outcome, total, linked.done, linked.calls, reason=reason),)


def _menus(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name or NO_MENU} {count:,}" for name, count in counts.items() if count)
