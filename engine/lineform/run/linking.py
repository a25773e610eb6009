"""Linking menus to friends: written down, called, confirmed, in rounds of a few calls of five hundred friends each.

LINE takes a link again without harm, so a crash anywhere costs nothing: what is not confirmed is linked once more. Two
runs that link the same friend at once cannot know whose call came last; then nothing counts as confirmed, and a later
run links what is recorded.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from lineform.lineapi import limits
from lineform.ports.line_account import LineFailure, NotFound, OutcomeUnknown, RateLimited, Refused, Unauthorised
from lineform.ports.menus import Linking
from lineform.run.options import Run
from lineform.scenarios.menus import Choice

ROUND = 20
"""Calls that are written down together and under way at once."""
TRIES = 4
FIRST_WAIT = 1.0
_AT_FAULT = re.compile(r"userIds\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Linked:
    """What became of links, in friends. `left` are for a later run; `refused` are ids that LINE does not take."""

    menus: Mapping[str, int] = field(default_factory=dict)
    """Friends whose link LINE has taken, by menu; empty is none."""
    noted: int = 0
    """Friends of whom only the record changed."""
    left: int = 0
    refused: int = 0
    calls: int = 0
    why: tuple[str, ...] = ()
    """Why something was left."""

    @property
    def done(self) -> int:
        return sum(self.menus.values())

    def __add__(self, other: Linked) -> Linked:
        names = sorted({*self.menus, *other.menus})
        return Linked(
            {name: self.menus.get(name, 0) + other.menus.get(name, 0) for name in names},
            self.noted + other.noted,
            self.left + other.left,
            self.refused + other.refused,
            self.calls + other.calls,
            tuple(dict.fromkeys((*self.why, *other.why))),
        )


async def link(run: Run, choices: Mapping[Choice, Sequence[int]]) -> Linked:
    """Carries out what was chosen, for friends by internal id. What cannot be done now is left and told, not raised,
    but for `Unauthorised`."""
    quiet = [Linking(choice, ids) for choice, ids in choices.items() if not choice.link]
    loud = [Linking(choice, ids) for choice, ids in choices.items() if choice.link and len(ids)]
    found = Linked()
    for part in _parts(quiet):
        await run.records(run.store.intend_menus, run.client.name, [part], uuid.uuid4().hex, run.clock.now())
        found += Linked(noted=len(part.friend_ids))
    if not loud:
        return found
    try:
        aliases = await run.account.aliases()
    except Unauthorised:
        raise
    except LineFailure as failure:
        return found + Linked(left=sum(len(one.friend_ids) for one in loud), why=(failure.message,))
    parts = _parts(loud)
    while batch := list(islice(parts, ROUND)):
        if run.options.should_stop():
            rest = [*batch, *parts]
            return found + Linked(left=sum(len(one.friend_ids) for one in rest), why=("the run was told to end",))
        found += await _round(run, batch, aliases)
    return found


def _parts(linkings: Iterable[Linking]) -> Iterator[Linking]:
    size = limits.RICHMENU_BULK_USERS
    for one in linkings:
        for start in range(0, len(one.friend_ids), size):
            yield replace(one, friend_ids=tuple(one.friend_ids[start : start + size]))


async def _round(run: Run, parts: Sequence[Linking], aliases: Mapping[str, str]) -> Linked:
    """A few calls, of which nobody is in two."""
    known = [part for part in parts if not part.choice.menu or part.choice.menu in aliases]
    found = _without_menu([part for part in parts if part not in known])
    call = uuid.uuid4().hex
    await run.records(run.store.intend_menus, run.client.name, known, call, run.clock.now())
    # The first failure only after all have ended, so that what LINE has taken is confirmed.
    outcomes = await asyncio.gather(*(_one(run, part, aliases) for part in known), return_exceptions=True)
    ended = [outcome for outcome in outcomes if isinstance(outcome, _Outcome)]
    if taken := [friend for outcome in ended for friend in outcome.taken]:
        await run.records(run.store.confirm_menus, run.client.name, taken, call)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
        found += outcome.linked
    return found


def _without_menu(parts: Sequence[Linking]) -> Linked:
    """Nothing is written down about a menu that is not there: what they see now stays recorded."""
    count = sum(len(part.friend_ids) for part in parts)
    names = sorted({part.choice.menu for part in parts})
    why = tuple(f"the menu '{name}' is not on the account: `lineform apply` makes it" for name in names)
    return Linked(left=count, why=why)


@dataclass(frozen=True, slots=True)
class _Outcome:
    taken: tuple[int, ...]
    linked: Linked


async def _one(run: Run, part: Linking, aliases: Mapping[str, str]) -> _Outcome:
    """One call, as often as it takes. `taken` are the friends whose menu is certain now."""
    menu = part.choice.menu
    menu_id = aliases.get(menu, "")
    names = await run.records(run.store.line_ids, run.client.name, part.friend_ids)
    wanted = [(friend, names[friend]) for friend in part.friend_ids if friend in names]
    calls, wait, refused = 0, FIRST_WAIT, 0
    while wanted:
        calls += 1
        try:
            await _call(run, menu_id, [user for _, user in wanted])
        except Unauthorised:
            raise
        except NotFound as failure:
            successor = await _successor(run, menu) if calls < TRIES else ""
            if successor in ("", menu_id):
                return _left(wanted, calls, refused, failure)
            menu_id = successor
        except Refused as failure:
            at_fault = _AT_FAULT.search(f"{failure.message} {failure.details}")
            if at_fault is not None and int(at_fault[1]) < len(wanted):
                wanted.pop(int(at_fault[1]))
            elif len(wanted) == 1 and "userId" in failure.message:
                wanted.clear()
            else:
                return _left(wanted, calls, refused, failure)
            refused += 1
        except (OutcomeUnknown, RateLimited) as failure:
            if calls >= TRIES + refused:
                return _left(wanted, calls, refused, failure)
            await run.clock.sleep(max(wait, failure.retry_after if isinstance(failure, RateLimited) else 0.0))
            wait *= 2
        else:
            linked = Linked({menu: len(wanted)}, refused=refused, calls=calls)
            return _Outcome(tuple(friend for friend, _ in wanted), linked)
    return _Outcome((), Linked(refused=refused, calls=calls))


async def _successor(run: Run, menu: str) -> str:
    """The menu that stands behind the alias now: it may have been replaced a moment ago. Empty where nobody tells."""
    try:
        return (await run.account.aliases()).get(menu, "")
    except LineFailure:
        return ""


async def _call(run: Run, menu_id: str, users: Sequence[str]) -> None:
    if menu_id:
        await run.account.link_menu(menu_id, users)
    else:
        await run.account.unlink_menus(users)


def _left(wanted: Sequence[object], calls: int, refused: int, failure: LineFailure) -> _Outcome:
    return _Outcome((), Linked(left=len(wanted), refused=refused, calls=calls, why=(failure.message,)))
