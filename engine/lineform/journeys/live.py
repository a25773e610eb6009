"""What happened to friends, lived through: decided, written down in one, delivered.

The friends are held while it is decided; what happened and was looked at is written in the same transaction as what
follows from it. So a crash loses nothing and doubles nothing, and a happening that comes twice is looked at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from lineform.journeys.book import Book, books
from lineform.journeys.budget import Purse, within_budget
from lineform.journeys.delivering import deliver_frozen
from lineform.journeys.freezing import Frozen
from lineform.journeys.writing import about, written
from lineform.run.options import Run
from lineform.run.outcome import TickEntry
from lineform.scenarios.happening import Happening

AT_ONCE: Final = 200
"""Friends whose happenings are decided in one transaction."""


@dataclass(slots=True)
class Lived:
    """What came of it."""

    looked_at: int = 0
    repeated: int = 0
    """Happenings that were looked at before."""
    entries: list[TickEntry] = field(default_factory=list)


async def live_through(run: Run, happenings: Sequence[Happening]) -> Lived:
    """Does what follows from happenings, which are looked at once each by their keys, in the order of time for each
    friend. They may be given again after any failure.

    Raises what the store raises, and Unauthorised where the token is no longer good; what was decided by then is
    written down, and delivered by the next `due_steps`.
    """
    lived = Lived()
    for part in _by_friends(happenings):
        frozen, looked_at = await within_budget(run, partial(_decide, run, part))
        lived.looked_at += looked_at
        lived.repeated += len(part) - looked_at
        lived.entries += await deliver_frozen(run, frozen)
    return lived


def _decide(run: Run, part: Sequence[Happening], purse: Purse | None) -> tuple[Frozen, int]:
    account, now = run.client.name, run.clock.now()
    book: Book = books().of(run.store, run.client)
    with run.store.together(account) as store:
        ids = sorted({one.friend_id for one in part})
        store.hold_friends(account, ids)
        fresh = store.new_happenings(account, part, now)
        if not fresh:
            return Frozen(), 0
        decision = about(run, store, book, ids, now, purse)
        for happening in fresh:
            decision.live(happening)
        return written(run, decision, purse), len(fresh)


def _by_friends(happenings: Sequence[Happening]) -> Iterator[list[Happening]]:
    """Parts with the happenings of some friends each, in the order of time."""
    part: list[Happening] = []
    friends: set[int] = set()
    for one in sorted(happenings, key=lambda happening: happening.at):
        if one.friend_id not in friends and len(friends) >= AT_ONCE:
            yield part
            part, friends = [], set()
        part.append(one)
        friends.add(one.friend_id)
    if part:
        yield part
