"""Where friends stand in scenarios, what happened and waits to be looked at, and what was looked at already."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from lineform.scenarios.enrolment import Enrolment, State
from lineform.scenarios.happening import Happening
from lineform.segments.friend import Value
from lineform.segments.predicate import Predicate
from lineform.sending.caps import Contact


@dataclass(frozen=True, slots=True)
class FriendChange:
    """What effects change of one friend. An attribute of None forgets it."""

    friend_id: int
    attributes: Mapping[str, Value | None] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    untag: tuple[str, ...] = ()
    display_name: str | None = None
    """What LINE says, as the language; None changes nothing."""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something that a friend did, by the friend's internal id; see `EventRow`."""

    friend_id: int
    type: str
    id: str
    at: datetime
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stand:
    """How many courses of one scenario stand at one step in one state."""

    scenario: str
    version: str
    state: State
    step: str
    count: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Friends whose step of a scenario is due, or was and is kept back until `due` (the earliest of theirs) for a
    reason; the last of them was looked at at `tried`."""

    scenario: str
    step: str
    reason: str
    friends: int
    due: datetime
    tried: datetime


class Journeys(Protocol):
    """All of it is about friends by their internal ids. Whoever decides about friends holds them first, inside
    `Store.together`: then nobody else decides about the same ones until it is written."""

    def hold_friends(self, account: str, ids: Sequence[int]) -> None:
        """Keeps others from deciding about these friends, until the transaction is over."""
        ...

    def claim_due(self, account: str, now: datetime, limit: int) -> Sequence[int]:
        """Holds friends who have a course that is due, those longest due first, and leaves out those whom somebody else
        holds."""
        ...

    def enrolments(self, account: str, ids: Sequence[int]) -> Mapping[int, tuple[Enrolment, ...]]:
        """All courses of these friends, those that are over included."""
        ...

    def save_enrolments(self, account: str, changed: Sequence[Enrolment], now: datetime) -> None:
        """Writes where friends stand: one row for each friend, scenario and instance."""
        ...

    def stands(self, account: str) -> Sequence[Stand]:
        """How many friends stand where."""
        ...

    def kept(self, account: str, now: datetime) -> Sequence[Kept]:
        """Whose step is due by now or kept back, by scenario, step and reason. Who only waits for a step's time, or for
        something to happen, is left out."""
        ...

    def in_scenario(self, account: str, scenario: str, state: State | None = None) -> Iterator[int]:
        """Friends with a course in this scenario, ascending, streamed."""
        ...

    def next_due(self, account: str) -> tuple[str, datetime] | None:
        """The scenario whose course is due next, and when; None where none is. Asked of the index, however many
        courses there are."""
        ...

    def new_happenings(self, account: str, happenings: Sequence[Happening], now: datetime) -> Sequence[Happening]:
        """Remembers that these are looked at, and returns those that nobody has looked at before."""
        ...

    def queue_happenings(self, account: str, happenings: Sequence[Happening], now: datetime) -> int:
        """Keeps happenings for whoever looks at them next; how many were new. Reply tokens are not kept."""
        ...

    def happenings_wait(self, account: str) -> bool:
        """Whether any are queued: asked before a transaction is begun that other writers wait for."""
        ...

    def queued_happenings(self, account: str, limit: int) -> Sequence[Happening]:
        """Holds friends of whom something waits, and returns what waits of them, the earliest first."""
        ...

    def happenings_done(self, account: str, keys: Sequence[str], now: datetime) -> None:
        """These of the queue are looked at."""
        ...

    def forget_happenings(self, account: str, before: datetime) -> int:
        """Deletes what was looked at before that moment; how many. From then on a repetition would be taken for new."""
        ...

    def change_friends(self, account: str, changes: Sequence[FriendChange], now: datetime) -> None:
        """Writes tags and attributes of friends who are held."""
        ...

    def take_back(
        self, account: str, friend_id: int, answers: Sequence[str], texts: Sequence[str], since: datetime
    ) -> None:
        """Deletes these recorded answers (by their keys) of a friend, and empties what was frozen since then, was sent
        to this friend alone and holds one of these texts. What is still to be called stays as it is."""
        ...

    def record_events(self, account: str, events: Sequence[NewEvent]) -> Sequence[NewEvent]:
        """Records events, each once; those that were new."""
        ...

    def contacts_of(
        self, account: str, ids: Sequence[int], since: datetime, now: datetime
    ) -> Mapping[int, Sequence[Contact]]:
        """The same as `contacts`, of these few friends; broadcasts are under 0. `Contact.friend_ids` is empty."""
        ...

    def among_selected(self, account: str, predicate: Predicate, ids: Sequence[int], now: datetime) -> frozenset[int]:
        """Those of these friends whom the predicate selects."""
        ...

    def version_of(self, account: str, address: str, version: str) -> tuple[str, Mapping[str, Any]] | None:
        """The digest and the body of the latest revision whose digest begins so, armed or not any more."""
        ...

    def swept(self, account: str, names: Collection[str]) -> Mapping[str, datetime]:
        """When the last look at many friends under each of these names was over; those that never were are left
        out."""
        ...

    def sweep_done(self, account: str, name: str, now: datetime) -> None: ...


LOOKED_AT_KEPT = timedelta(days=60)
"""How long it is remembered that a happening was looked at."""
