"""How long a plan will take, by LINE's own limits: https://developers.line.biz/en/reference/messaging-api/#rate-limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from lineform.lineapi.rates import LIMITS
from lineform.planning.steps import CreateMenu, DeleteAlias, DeleteMenu, MoveLinkedUsers, Step

SCARCE: Final[dict[type, tuple[str, str]]] = {
    CreateMenu: ("new menus", "POST /v2/bot/richmenu"),
    DeleteMenu: ("deleted menus", "DELETE /v2/bot/richmenu/{richMenuId}"),
    DeleteAlias: ("deleted aliases", "DELETE /v2/bot/richmenu/alias/{richMenuAliasId}"),
    MoveLinkedUsers: ("moves of linked friends", "POST /v2/bot/richmenu/batch"),
}
"""The steps that LINE limits by the hour. All others together take seconds."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """`at_least` counts only the waits that LINE's hourly limits force; `because` names the longest one's limit."""

    counts: dict[str, int]
    at_least: timedelta
    because: str


def estimate(steps: Iterable[Step]) -> Estimate:
    """What the steps need of LINE's hourly limits, on an account whose limits are untouched."""
    kinds = Counter(type(step) for step in steps)
    longest, because = timedelta(0), ""
    for kind, (name, bucket) in SCARCE.items():
        allowed, seconds = LIMITS[bucket]
        # A full bucket lets the first `allowed` pass at once and then refills evenly.
        wait = timedelta(seconds=max(0, kinds[kind] - allowed) * seconds / allowed)
        if wait > longest:
            longest, because = wait, f"{name}: LINE allows {allowed} an hour"
    return Estimate({name: kinds[kind] for kind, (name, _) in SCARCE.items() if kinds[kind]}, longest, because)
