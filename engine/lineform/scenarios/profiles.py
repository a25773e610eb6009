"""Whose profile LINE is asked for, and when: at once where an answer needs it, else behind everything else.

LINE's webhook tells a user id and nothing more. The display name and the language are told on request, one call a
person, and of nobody who blocks the account or has not agreed
(https://developers.line.biz/en/reference/messaging-api/#get-profile).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from lineform.scenarios.happening import What
from lineform.scenarios.interpret import recordable
from lineform.templates.build import TreeTemplate

NAMES: Final = ("display_name", "language")
"""What a profile tells, by the names under which every friend has it."""
FRESH: Final = timedelta(seconds=20)
"""Only who came in so lately is asked for before the answer: a reply token lives for a minute, and what is late already
must not become later."""
PAUSES: Final = tuple(timedelta(seconds=one) for one in (10, 30, 120, 600, 1800, 7200, 21600))
"""Before LINE is asked again where it gave no answer; after the last of them it is given up."""
_READS: Final = frozenset(f"friend.{name}" for name in NAMES)
_LONGEST: Final = 1_000
"""Characters of a display name that are kept: LINE's own limit is far below."""


@dataclass(frozen=True, slots=True)
class Acted:
    """Somebody who did something just now."""

    friend_id: int
    what: What | None
    received_at: datetime
    follows: bool = False
    """Whether they became a friend by it, or came back."""
    answerable: bool = False
    """Whether it came with a reply token."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A friend of whom no display name is known, and who does not block the account."""

    friend_id: int
    user_id: str
    asked: bool = False
    """Whether it was written down before that LINE is to be asked."""
    waiting: bool = False
    """Whether it still is; else LINE does not tell, or was asked too often."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """Who is asked for before anything is answered, and who behind everything else."""

    at_once: tuple[Unknown, ...] = ()
    later: tuple[Unknown, ...] = ()


def reads_profile(body: Any) -> bool:
    """Whether an armed revision reads what a profile tells: in any of its texts, or in a condition."""
    sites = TreeTemplate(body).sites
    return any(read.path in _READS for site in sites for read in site.reads) or any(
        node.get("came_by") in NAMES for node in _mappings(body)
    )


def considered(acted: Sequence[Acted], readers: frozenset[What]) -> list[Acted]:
    """Those of whom it matters whether they are known: who follows, and who is answered by something that reads a
    profile. `readers` are the kinds of happenings that such a thing answers."""
    return [one for one in acted if one.follows or (one.answerable and one.what in readers)]


def sort_out(acted: Sequence[Acted], unknown: Mapping[int, Unknown], readers: frozenset[What], now: datetime) -> Sorted:
    """What to do about those who are not known. Where LINE did not tell, it is asked again when they follow again, and
    not before."""
    at_once: dict[int, Unknown] = {}
    later: dict[int, Unknown] = {}
    for one in acted:
        friend = unknown.get(one.friend_id)
        if friend is None or (friend.asked and not friend.waiting and not one.follows):
            continue
        if one.answerable and one.what in readers and now - one.received_at <= FRESH:
            at_once[one.friend_id] = friend
        elif one.follows or not friend.asked:
            later[one.friend_id] = friend
    return Sorted(tuple(at_once.values()), tuple(one for key, one in later.items() if key not in at_once))


def next_try(attempts: int, wait: float, now: datetime) -> datetime | None:
    """When LINE is asked again after so many attempts without an answer; `wait` is what it said itself, in seconds.
    None where it is given up."""
    if attempts > len(PAUSES):
        return None
    return now + max(PAUSES[attempts - 1], timedelta(seconds=wait))


def kept_name(name: str) -> str:
    """A display name as it is kept."""
    return recordable(name, _LONGEST)


def _mappings(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, Mapping):
        yield node
        for child in node.values():
            yield from _mappings(child)
    elif isinstance(node, list | tuple):
        for child in node:
            yield from _mappings(child)
