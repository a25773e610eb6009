"""Who is sent too much: a friend's last seven days, the gap since the last send, and messages read before.

What is counted is the ledger itself, so nothing is written for it, and a rule of today counts what was sent before it
was written. A friend of the audience costs ten bytes of memory, whatever the number of sends.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from lineform.model.client import PerFriend
from lineform.sending.flags import Flags

WEEK = timedelta(days=7)
YEAR = timedelta(days=365)
_LATE = timedelta(days=30)
"""How late a run may have been that the next year's is not taken for a second one."""
_MANY = 255
DIGEST_BYTES = 8


class Cap(StrEnum):
    """Why a friend is left out; the words stand in reports."""

    WEEK = "over the weekly limit"
    GAP = "within the gap"
    SAME_BODY = "read the same already"
    YEAR = "had it within the year already"
    SUSPICIOUS = "would read something suspicious"


PASSING: Final = frozenset({Cap.WEEK, Cap.GAP})
"""What time alone lifts: whoever is left out by these may wait for it."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One call of the ledger that reached friends, may have, or is about to."""

    at: datetime
    """When it was called last; the present moment where it is frozen and not called yet."""
    address: str
    friend_ids: Collection[int]
    """Internal ids; empty for a broadcast, which reached everybody who followed by then."""
    digest: bytes
    """`messages_digest` of what they read."""


@dataclass(frozen=True, slots=True)
class Left:
    """An audience after its caps: who is sent to, and who is not, and why."""

    ids: Sequence[int]
    capped: Sequence[int] = ()
    """Who is left out by what is `PASSING`."""
    why: Mapping[Cap, int] = field(default_factory=dict)


def messages_digest(messages: bytes) -> bytes:
    """Eight bytes by which the same messages, as JSON, are known again."""
    return hashlib.blake2b(messages, digest_size=DIGEST_BYTES).digest()


def look_back(rule: PerFriend) -> timedelta:
    """How far back the rule asks."""
    spans = (WEEK if rule.week is not None else None, rule.gap, rule.same_body)
    return max(span for span in spans if span is not None)


def year_before(days: int) -> timedelta:
    """How far back a friend must not have been sent to on an occasion that lasts so many days of every year; at least
    a year lies between an occasion's last day and the first one of the next, less what it lasts."""
    return max(YEAR - timedelta(days=days) - _LATE, timedelta())


def once_a_year(contacts: Iterable[Contact], ids: Sequence[int]) -> Left:
    """The audience without those whom these contacts reached."""
    of, reached = Flags(), 1
    for contact in contacts:
        of.add(reached, contact.friend_ids)
    free = array("q", (one for one in ids if not of.has(reached, one)))
    had = len(ids) - len(free)
    return Left(free, why={Cap.YEAR: had}) if had else Left(ids)


class Recent:
    """What the friends of one audience were sent lately, as far as one rule asks."""

    def __init__(self, rule: PerFriend, ids: Sequence[int], now: datetime, exempt: str = "") -> None:
        """`ids` ascend. `exempt` is the recurring campaign that may repeat its own messages."""
        self._rule, self._now, self._exempt = rule, now, exempt
        self._first = ids[0] if ids else 0
        self._last = ids[-1] if ids else -1
        span = self._last - self._first + 1
        self._count = bytearray(span)
        self._close = bytearray(span)
        self._body = array("Q")
        self._bodies: set[tuple[int, int]] = set()
        """Bodies of friends who read more than one."""

    def apart(self, ids: Sequence[int]) -> Recent:
        """The same about some of these friends, who ascend: what is added to it is not added here."""
        out = Recent(self._rule, ids, self._now, self._exempt)
        start, end = out._first - self._first, out._last - self._first + 1
        out._count, out._close = self._count[start:end], self._close[start:end]
        out._body = self._body[start:end]
        out._bodies = {(place - start, body) for place, body in self._bodies if start <= place < end}
        return out

    def add(self, contact: Contact, newcomers: Collection[int] = ()) -> None:
        """Counts a contact. `newcomers` followed after it, which matters for a broadcast only."""
        age = self._now - contact.at
        counts = self._rule.week is not None and age < WEEK
        close = self._rule.gap is not None and age < self._rule.gap
        read = age < self._rule.same_body and contact.address != self._exempt and bool(contact.digest)
        body = int.from_bytes(contact.digest, "big") if read else 0
        if not (counts or close or read):
            return
        everybody = range(self._first, self._last + 1)
        ids: Iterable[int] = contact.friend_ids or (one for one in everybody if one not in newcomers)
        for friend_id in ids:
            place = friend_id - self._first
            if not 0 <= place < len(self._count):
                continue
            if counts and self._count[place] < _MANY:
                self._count[place] += 1
            if close:
                self._close[place] = 1
            if read:
                self._remember(place, body)

    def _remember(self, place: int, body: int) -> None:
        if not self._body:
            self._body = array("Q", bytes(8 * len(self._count)))
        if not self._body[place]:
            self._body[place] = body
        elif self._body[place] != body:
            self._bodies.add((place, body))

    def cap(self, friend_id: int) -> Cap | None:
        """Which limit keeps this friend from any send now."""
        place = friend_id - self._first
        if self._rule.week is not None and self._count[place] >= self._rule.week:
            return Cap.WEEK
        return Cap.GAP if self._close[place] else None

    def has_read(self, friend_id: int, digest: bytes | None = None) -> bool:
        """Whether this friend read these messages, or any, within `same_body`."""
        if not self._body:
            return False
        place = friend_id - self._first
        if digest is None:
            return self._body[place] != 0
        body = int.from_bytes(digest, "big")
        return self._body[place] == body or (place, body) in self._bodies


def within(recent: Recent, ids: Iterable[int], digest: bytes | None) -> Left:
    """The audience without those over a limit. `digest` is of the messages where every friend reads the same."""
    free, capped = array("q"), array("q")
    why: Counter[Cap] = Counter()
    for friend_id in ids:
        cap = recent.cap(friend_id)
        if cap is None and digest is not None and recent.has_read(friend_id, digest):
            cap = Cap.SAME_BODY
        if cap is None:
            free.append(friend_id)
            continue
        why[cap] += 1
        if cap in PASSING:
            capped.append(friend_id)
    return Left(free, capped, why)


def without(left: Left, read: Collection[int]) -> Left:
    """The same without friends who would read the same again, found when their messages were made."""
    if not read:
        return left
    free = array("q", (one for one in left.ids if one not in read))
    return Left(free, left.capped, {**left.why, Cap.SAME_BODY: left.why.get(Cap.SAME_BODY, 0) + len(read)})


def sentence(why: Mapping[Cap, int]) -> str:
    """``3 over the weekly limit, 1 within the gap``; empty where nobody is left out."""
    return ", ".join(f"{why[cap]:,} {cap.value}" for cap in Cap if why.get(cap))


def fates(why: Mapping[Cap, int], *, wait: bool) -> list[tuple[str, str]]:
    """What became of them, as the audit log says it: an action and its detail, such as ``capped`` and ``3 within the
    gap; they wait``. With `wait`, those wait who can."""
    waiting = PASSING if wait else frozenset()
    out = frozenset(Cap) - waiting - {Cap.SUSPICIOUS}
    told = (
        ("capped", waiting, "; they wait"),
        ("capped", out, "; they are left out"),
        ("left out", {Cap.SUSPICIOUS}, ""),
    )
    each = ((action, sentence({cap: why.get(cap, 0) for cap in caps}), end) for action, caps, end in told)
    return [(action, said + end) for action, said, end in each if said]
