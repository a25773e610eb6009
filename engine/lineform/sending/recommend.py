"""Which items a friend is recommended: those that go together with what they chose, then a declared fallback.

Two items go together as often as friends chose both, against how often each is chosen alone (the cosine of their
columns). Every choice counts once a friend. This is what the large libraries call an item-to-item model; over the
histories of one account it is counting, and needs none of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import sqrt
from typing import Any, Final

from lineform.model.recommendations import RecommendationsSpec

LATEST: Final = 30
"""Of one friend's choices, so many of the latest count: a wholesaler's thousands would go together with everything."""
NEIGHBOURS: Final = 50
"""Items kept beside each item."""


@dataclass(frozen=True, slots=True)
class Recommending:
    """An armed rule; see `RecommendationsSpec`."""

    event: str
    field: str
    within: timedelta
    attribute: str
    count: int
    repeat: bool
    fallback: str | tuple[str, ...]
    example: Mapping[str, Any]


def recommending_to_wire(spec: RecommendationsSpec) -> dict[str, Any]:
    """The rule as JSON."""
    history = spec.history
    return {
        "event": "" if history is None else history.event,
        "field": "" if history is None else history.field,
        "within": 0 if history is None else history.within.total_seconds(),
        "attribute": spec.attribute or "",
        "count": spec.count,
        "repeat": spec.repeat,
        "fallback": spec.fallback if isinstance(spec.fallback, str) else list(spec.fallback),
        "example": dict(spec.example),
    }


def recommending_from_wire(value: Mapping[str, Any]) -> Recommending:
    """What `recommending_to_wire` wrote."""
    fallback = value["fallback"]
    return Recommending(
        event=value["event"],
        field=value["field"],
        within=timedelta(seconds=value["within"]),
        attribute=value["attribute"],
        count=value["count"],
        repeat=value["repeat"],
        fallback=fallback if isinstance(fallback, str) else tuple(fallback),
        example=value["example"],
    )


@dataclass(frozen=True, slots=True)
class Learned:
    """What goes together, and how often everything is chosen."""

    beside: Mapping[str, tuple[tuple[str, float], ...]]
    """By item: those that go with it, the closest first."""
    popular: tuple[str, ...] = ()


def learn(choices: Iterable[Sequence[str]], available: Sequence[str]) -> Learned:
    """From the choices of each friend, the latest first. Items that are not available any more still tell something
    about those that are."""
    times: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for chosen in choices:
        mine = sorted(dict.fromkeys(chosen[:LATEST]))
        times.update(mine)
        pairs.update((one, other) for place, one in enumerate(mine) for other in mine[place + 1 :])
    offered = set(available)
    close: dict[str, list[tuple[float, str]]] = {}
    for (one, other), count in pairs.items():
        score = count / sqrt(times[one] * times[other])
        for this, that in ((one, other), (other, one)):
            if that in offered:
                close.setdefault(this, []).append((-score, that))
    beside = {
        item: tuple((that, -score) for score, that in sorted(found)[:NEIGHBOURS]) for item, found in close.items()
    }
    popular = sorted((item for item in times if item in offered), key=lambda item: (-times[item], item))
    return Learned(beside, tuple(popular))


def picked(
    rule: Recommending, learned: Learned, mine: Sequence[str], wanted: Sequence[str], available: Sequence[str]
) -> list[str]:
    """The items for one friend. `mine` are their own choices, the latest first; `wanted` those that a feed names;
    `available` all items there are, in the order of their feed."""
    offered = set(available)
    scores: dict[str, float] = {}
    for item in mine[:LATEST]:
        for other, score in learned.beside.get(item, ()):
            scores[other] = scores.get(other, 0.0) + score
    own = sorted(scores, key=lambda item: (-scores[item], item))
    match rule.fallback:
        case "popular":
            rest: Sequence[str] = (*learned.popular, *available)
        case "listed":
            rest = available
        case _:
            rest = rule.fallback if not isinstance(rule.fallback, str) else ()
    left_out = set() if rule.repeat else set(mine)
    found = (item for item in dict.fromkeys((*wanted, *own, *rest)) if item in offered and item not in left_out)
    return [item for item, _ in zip(found, range(rule.count), strict=False)]


def ids_in(text: object) -> list[str]:
    """The ids in an attribute that a feed fills."""
    return [part for part in re.split(r"[\s,、，]+", text) if part] if isinstance(text, str) else []
