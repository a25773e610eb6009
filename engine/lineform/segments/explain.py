"""Why a friend is in a segment, or is not: the same reading, with the values it met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from lineform.segments.friend import Event, Friend
from lineform.segments.predicate import (
    AgeIs,
    All,
    Anniversary,
    Any,
    AttributeIs,
    CameBy,
    FriendSince,
    Happened,
    HasTag,
    InSource,
    IsMember,
    Leaf,
    Maybe,
    Not,
    Predicate,
    Sum,
)
from lineform.segments.reading import as_known_there, came_by, counted, every, known_value, matches, some, tagged, total
from lineform.segments.sentences import moment, plain, sentence


@dataclass(frozen=True, slots=True)
class Reason:
    """One condition and how it came out for one friend.

    `text` is the condition as a sentence, `holds` True, False, or None where it cannot be known, `found` the friend's
    own value (empty for a condition that only combines others).
    """

    text: str
    holds: bool | None
    found: str = ""
    parts: tuple[Reason, ...] = ()


def explain(predicate: Predicate, friend: Friend, now: datetime, timezone: str) -> Reason:
    """The whole tree with every condition's outcome. `holds` of the root is what `reading.matches` answers. Moments are
    told on the clocks of a time zone."""
    match predicate:
        case All(parts=()):
            return Reason("everyone", True)
        case All():
            parts = tuple(explain(part, friend, now, timezone) for part in predicate.parts)
            return Reason("all of", every([part.holds for part in parts]), parts=parts)
        case Any():
            parts = tuple(explain(part, friend, now, timezone) for part in predicate.parts)
            return Reason("at least one of", some([part.holds for part in parts]), parts=parts)
        case Not():
            inside = explain(predicate.part, friend, now, timezone)
            return Reason("not", None if inside.holds is None else not inside.holds, parts=(inside,))
        case Maybe():
            inside = explain(predicate.part, friend, now, timezone)
            return Reason("possibly", inside.holds is not False, parts=(inside,))
        case InSource():
            there = as_known_there(predicate, friend)
            text = f"as {predicate.source.name} knows the friend"
            if there is None:
                return Reason(text, None, "it does not")
            inside = explain(predicate.part, there, now, timezone)
            return Reason(text, inside.holds, parts=(inside,))
        case _:
            found = _found(predicate, friend, now, timezone)
            return Reason(sentence(predicate, timezone), matches(predicate, friend, now), found)


def _found(leaf: Leaf, friend: Friend, now: datetime, timezone: str) -> str:
    match leaf:
        case AttributeIs():
            value = known_value(friend.attributes, leaf.attribute, leaf.type)
            return f"{leaf.attribute} is {'unknown' if value is None else plain(value)}"
        case HasTag():
            return _tag(leaf, friend, now, timezone)
        case AgeIs() | Anniversary():
            value = known_value(friend.attributes, leaf.attribute, "date")
            today = now.astimezone(ZoneInfo(leaf.timezone)).date()
            return f"{leaf.attribute} is {'unknown' if value is None else plain(value)}, today is {today}"
        case FriendSince():
            followed = friend.followed_at if leaf.follow == "latest" else friend.first_followed_at
            return "nobody knows since when" if followed is None else f"followed {moment(followed, timezone)}"
        case CameBy():
            return f"{leaf.what.replace('_', ' ')} is {came_by(leaf, friend) or 'unknown'}"
        case IsMember():
            return "is linked" if friend.member_id else "is not linked"
        case Happened():
            return _events(leaf, counted(leaf, friend, now), timezone)


def _tag(leaf: HasTag, friend: Friend, now: datetime, timezone: str) -> str:
    if leaf.tag in friend.tags and not tagged(leaf, friend, now):
        return f"{leaf.tag} was given {moment(friend.tagged_at[leaf.tag], timezone)} and has expired"
    return f"{'has' if leaf.tag in friend.tags else 'has not'} {leaf.tag}"


def _events(leaf: Happened, events: Sequence[Event], timezone: str) -> str:
    """How many of them there are, when, and what they add up to."""
    if not events:
        return f"no such {leaf.event}"
    last = moment(events[-1].at, timezone)
    when = f"the last {last}" if len(events) > 1 else last
    if isinstance(leaf.measure, Sum):
        when = f"{leaf.measure.field} adds up to {plain(total(leaf.measure.field, events))}; {when}"
    return f"{len(events):,} × {leaf.event}, {when}"


def lines(reason: Reason, depth: int = 0) -> list[str]:
    """The explanation as indented text: ``✓ tier is one of gold, platinum (tier is gold)``."""
    mark = {True: "✓", False: "✗", None: "?"}[reason.holds]
    found = f" ({reason.found})" if reason.found else ""
    out = [f"{'  ' * depth}{mark} {reason.text}{found}"]
    for part in reason.parts:
        out += lines(part, depth + 1)
    return out
