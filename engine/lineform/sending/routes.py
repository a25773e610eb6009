"""The cheapest legal route for a message, and the sentence that says why.

All four routes cost the same quota per person; they differ in calls, and in who chooses the people. LINE may choose
only where no rule of ours looks at single friends.
"""

from __future__ import annotations

from dataclasses import dataclass

from lineform.lineapi.limits import MULTICAST_RECIPIENTS
from lineform.lineapi.routes import Route


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a send asks for, as far as the route depends on it."""

    demographic: bool
    """The audience is LINE's own demographic filter."""
    everyone: bool
    """The audience is everyone, and nobody is excluded."""
    constant: bool
    """Every friend reads the same messages."""
    at_most: bool = False
    """`expect` has an upper bound."""
    audience: bool = False
    """The audience is one that LINE keeps."""
    skips_unknown: bool = False
    """`skip_if_unknown` names an attribute."""
    per_friend: bool = False
    """`limits.per_friend` holds for this send."""
    rollout: bool = False
    """It is sent in parts."""
    tracks_friends: bool = False
    """Every friend reads links of their own."""
    does: bool = False
    """Something is done for everybody who was sent to."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`route` is None where friends' renderings decide: equal ones share a multicast, others are pushed."""

    route: Route | None
    why: str


def choose(wanted: Wanted) -> Choice:
    """The route of a send. ValueError where none can carry it: whom LINE selects cannot be written to by name."""
    by_line = wanted.demographic or wanted.audience or wanted.everyone
    if by_line and wanted.rollout:
        raise ValueError("a rollout needs friends who are chosen one by one")
    if by_line and wanted.does:
        raise ValueError("'do' needs friends who are chosen one by one: of the others nobody knows who was sent to")
    if wanted.demographic or wanted.audience:
        return _narrowcast(wanted)
    if wanted.tracks_friends:
        return Choice(None, "push: 'track: friend' gives every friend links, and so a text, of their own")
    if not wanted.constant:
        return Choice(
            None,
            "multicast where renderings are equal, else push: the text depends on the friend",
        )
    if not wanted.everyone:
        return Choice(Route.MULTICAST, f"multicast: one text for a chosen set, {MULTICAST_RECIPIENTS} friends a call")
    if wanted.at_most:
        return Choice(Route.MULTICAST, "multicast: 'expect' has an upper bound, which a broadcast cannot keep")
    if wanted.skips_unknown:
        return Choice(Route.MULTICAST, "multicast: 'skip_if_unknown' leaves friends out, which a broadcast cannot")
    if wanted.per_friend:
        return Choice(Route.MULTICAST, "multicast: 'limits.per_friend' looks at each friend, which a broadcast cannot")
    return Choice(Route.BROADCAST, "broadcast: one text for everyone, one call")


def _narrowcast(wanted: Wanted) -> Choice:
    who = (
        "a demographic audience is known to LINE alone" if wanted.demographic else "LINE selects its audience's people"
    )
    if wanted.tracks_friends:
        raise ValueError(f"{who}, so taps cannot be told apart by friend; 'track: message' counts them")
    if not wanted.constant:
        raise ValueError(f"{who}, so its text cannot read a friend")
    if wanted.skips_unknown:
        raise ValueError(f"{who}, so nobody can be skipped by an attribute")
    if wanted.per_friend:
        raise ValueError(f"{who}, so 'limits.per_friend' cannot be kept")
    if wanted.audience:
        return Choice(Route.NARROWCAST, "narrowcast: one call to LINE's own audience; its limit bounds the quota")
    return Choice(Route.NARROWCAST, "narrowcast: only LINE knows these attributes; its limit bounds the quota")
