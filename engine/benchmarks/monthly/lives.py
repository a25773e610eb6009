"""What everybody does in the month, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

START = datetime(2026, 11, 30, 15, tzinfo=UTC)
"""The first of December in Japan."""


@dataclass(frozen=True)
class Act:
    """What one friend does at a moment."""

    at: datetime
    friend: int
    what: str
    number: int = 0


def lives(random: Random, friends: int) -> list[Act]:
    """What everybody does in the month, in the order of time."""
    acts = []

    def some(first: float, last: float) -> datetime:
        return START + timedelta(seconds=round(random.uniform(first, last) * 86_400))

    for friend in range(friends):
        acts.append(Act(some(0, 6), friend, "follow"))
        if random.random() < 0.3:
            acts.append(Act(some(6, 10), friend, "purchase", 1))
            if random.random() < 0.3:
                acts.append(Act(some(10, 20), friend, "purchase", 2))
        if random.random() < 0.2:
            acts.append(Act(some(6, 20), friend, "click"))
        if random.random() < 0.2:
            # For two people, in one second.
            acts += [Act(at, friend, "booking", number) for at in [some(6, 20)] for number in (1, 2)]
        if random.random() < 0.05:
            gone = some(7, 15)
            acts.append(Act(gone, friend, "block"))
            if random.random() < 0.5:
                acts.append(Act(gone + timedelta(hours=random.randint(1, 200)), friend, "return"))
    return sorted(acts, key=lambda act: (act.at, act.friend))
