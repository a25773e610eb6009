"""Who the friends are, what is known of them, and what they did."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, Protocol

from lineform.scenarios.happening import What
from lineform.segments.friend import Event, Friend, Value
from lineform.segments.predicate import AttributeIs, Indexed, Predicate


class FriendRow(NamedTuple):
    """What an import says about one friend. None and absent keys change nothing; an attribute of None forgets it.

    A tuple, because an import makes millions of them, and a frozen dataclass takes five times as long to make.
    """

    user_id: str
    """Empty in a source that knows the member alone; the store takes no such row."""
    display_name: str | None = None
    language: str | None = None
    followed_at: datetime | None = None
    blocked: bool | None = None
    attributes: Mapping[str, Value | None] = MappingProxyType({})
    tags: tuple[str, ...] = ()
    untag: tuple[str, ...] = ()
    renew: tuple[str, ...] = ()
    """Of `tags`, those that expire: for a friend who has one already, its time begins anew."""
    route: str | None = None
    """The entry route used now: the last touch, and the first one of a friend of whom none is known."""
    member_id: str | None = None
    """The business's own id of this person; empty ends the link."""
    returns: bool = False
    """Came back by their own hand: somebody who was forgotten is taken in again, as a new friend."""


@dataclass(frozen=True, slots=True)
class ImportCount:
    """What an import did, in friends."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    forgotten: int = 0
    """People who asked to be forgotten: they are not taken in again."""
    unlinked: int = 0
    """Rows about members to whom no friend is linked."""
    gone: int = 0
    """Friends whom LINE's list does not name any more."""

    def __add__(self, other: ImportCount) -> ImportCount:
        return ImportCount(
            self.added + other.added,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.forgotten + other.forgotten,
            self.unlinked + other.unlinked,
            self.gone + other.gone,
        )


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that a friend did. (account, type, id) is recorded once, whatever comes later under the same id."""

    user_id: str
    type: str
    id: str
    at: datetime
    fields: Mapping[str, Value] = field(default_factory=dict)
    shared: bool = False
    """Told of a member: recorded once for each friend who is linked to them, however many there are when it comes."""


@dataclass(frozen=True, slots=True)
class EventCount:
    """What an import of events did, in rows."""

    added: int = 0
    repeated: int = 0
    """Rows whose id was recorded already."""
    strangers: int = 0
    """Rows about people who are no friends: they are not recorded."""


@dataclass(frozen=True, slots=True)
class ForgetCount:
    """What forgetting came to: friends whose data is gone, people of whom nothing was known, and calls that were on
    their way to them alone and are not made any more."""

    friends: int = 0
    strangers: int = 0
    stopped: int = 0


@dataclass(frozen=True, slots=True)
class FriendCount:
    """`friends` can be reached; `blocked` cannot: they block the account, or came by a route and never followed."""

    friends: int
    blocked: int


Watched = frozenset[tuple[What, str]]
"""Kinds and names of happenings for which something that is armed waits."""


class Friends(Protocol):
    """Who the friends are, what is known of them, and what they did."""

    def import_friends(
        self,
        account: str,
        rows: Iterable[FriendRow],
        now: datetime,
        watched: Watched = frozenset(),
        listed: datetime | None = None,
    ) -> ImportCount:
        """Adds and changes friends by LINE user id, in transactions of bounded size; idempotent. What changes of the
        tags and attributes that are `watched` waits as a happening to be looked at, written in the same transaction.

        Rows of a list that LINE made at `listed` or later do not say that somebody is a friend of whom something else
        was written since: who blocked the account meanwhile still does."""
        ...

    def reachable_before(self, account: str, moment: datetime) -> Iterator[tuple[int, str]]:
        """Ids and LINE user ids of friends who do not block the account and of whom nothing changed since `moment`;
        read in pieces, so that no transaction stays open while they are used."""
        ...

    def mark_blocked(self, account: str, ids: Sequence[int], before: datetime, now: datetime) -> int:
        """Notes that these friends block the account, except those of whom something changed since `before`; how many
        were marked."""
        ...

    def add_events(self, account: str, rows: Iterable[EventRow], now: datetime) -> EventCount:
        """Records what friends did, in transactions of bounded size; nothing is ever changed, so that it may be
        repeated. Raises ValueError for a value that no database can hold."""
        ...

    def recorded_events(self, account: str, rows: Sequence[EventRow]) -> Mapping[tuple[str, str], datetime]:
        """When those of these events happened that are recorded, for whomever, by their type and id: as they were told
        first."""
        ...

    def histories(self, account: str, ids: Sequence[int]) -> Mapping[int, tuple[Event, ...]]:
        """What these friends did, the earliest first; friends of whom no event is recorded are left out."""
        ...

    def count_friends(self, account: str) -> FriendCount: ...

    def count_visitors(self, account: str) -> int:
        """Those who came by a route and never followed: `count_friends` has them among those who cannot be reached."""
        ...

    def keep_indexes(self, indexes: Sequence[Indexed], words: Sequence[AttributeIs] = ()) -> int:
        """Makes these indexes over attributes, those of whom has one of these words where the store is best with such,
        and the one over tapped links, where they are not there yet; how many. It may take a while, and leaves to the
        next run what another run is making."""
        ...

    def select(self, account: str, predicate: Predicate, now: datetime) -> Iterator[int]:
        """Internal ids of all friends for whom the predicate is true, ascending. Never a blocked friend, never one of
        another account. Asked when the first one is read, and nothing of the store is held from then on."""
        ...

    def select_arrays(self, account: str, predicate: Predicate, now: datetime) -> Iterator[array[int]]:
        """The same in arrays, for whoever keeps them: of millions, that takes a fraction of the time."""
        ...

    def count(self, account: str, predicate: Predicate, now: datetime) -> int: ...

    def overlap(self, account: str, predicates: Sequence[Predicate], now: datetime) -> Mapping[int, int]:
        """How many friends of whom one of these is true there are, by which of them are: the first one is bit 1, the
        second one 2, the third one 4. Combinations of nobody are left out."""
        ...

    def as_sources_know(
        self, account: str, predicate: Predicate, friend_id: int, now: datetime
    ) -> Mapping[str, Friend | None]:
        """One friend as the sources know them that a predicate is asked of, for an explanation; None where a source
        does not."""
        ...

    def matches(self, account: str, predicate: Predicate, friend_id: int, now: datetime) -> bool:
        """The same select with one friend's id."""
        ...

    def friends(self, account: str, ids: Sequence[int]) -> Sequence[Friend]:
        """These friends, in the order of `ids`; the forgotten are left out."""
        ...

    def every_friend(self, account: str) -> Iterator[Friend]:
        """All friends by their LINE user id, streamed; also those who block the account."""
        ...

    def forget(self, account: str, user_ids: Sequence[str], now: datetime) -> ForgetCount:
        """Erases these people: their user ids, all that is known of them, and what was written for them. The ledger
        keeps internal ids that mean nobody any more. A keyed hash stays: an import leaves them out from now on.
        Raises `LockedError` where a call to one of them is under way, and forgets nobody then."""
        ...

    def was_forgotten(self, account: str, user_ids: Sequence[str]) -> frozenset[str]:
        """Those of these people who were forgotten here: whoever comes back gets no first-time coupon again."""
        ...

    def friend_ids(self, account: str, user_ids: Sequence[str]) -> Mapping[str, int]: ...

    def line_ids(self, account: str, ids: Sequence[int]) -> Mapping[int, str]: ...
