"""What came in from outside and is still to be worked on: kept before it is answered, worked on after.

An event is taken in once for ever by its id. It is worked on in the order of time for each person, by whoever claims
it, and what fails again and again is set aside, so that nobody waits behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class Source(StrEnum):
    """Who told us."""

    LINE = "line"
    """LINE's webhook; the body is the event as LINE wrote it."""
    SHOP = "shop"
    """A system of the business, through the event intake or an import."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event as it came in for one account."""

    account: str
    id: str
    """Unique for the account for ever: LINE's ``webhookEventId``, or what a shop's event is known by."""
    source: Source
    person: str
    """Whose it is: a LINE user id, ``member:`` and a member's id, or nothing. One person's events keep their order."""
    kind: str
    at: datetime
    body: str = field(repr=False)
    """JSON in ASCII."""
    message_id: str = ""
    """Of the message that it brings, or takes back; empty where it is about none."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A claimed event. `attempts` counts this claim."""

    number: int
    id: str
    source: Source
    person: str
    kind: str
    at: datetime
    received_at: datetime
    body: str = field(repr=False)
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Aside:
    """An event that was given up; what it says stays in the store."""

    number: int
    id: str
    kind: str
    at: datetime
    attempts: int
    reason: str


@dataclass(frozen=True, slots=True)
class Blanked:
    """An event whose message was taken out."""

    event_id: str
    person: str
    at: datetime
    text: str = field(repr=False)
    """What the message said; empty where it was no text, or had been taken out before."""


@dataclass(frozen=True, slots=True)
class Level:
    """How much waits, since when the oldest of it, and how much was set aside."""

    waiting: int = 0
    oldest: datetime | None = None
    aside: int = 0


class Inbox(Protocol):
    """Events between their arrival and their being worked on."""

    def receive(self, arrivals: Sequence[Arrival], now: datetime) -> int:
        """Keeps events of any accounts in one durable transaction; how many of them were new."""
        ...

    def claim_received(
        self, account: str, worker: str, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[Waiting]:
        """Takes the oldest events that nobody holds, in the order of time, and never one of a person of whom an
        earlier one is held or waits for another try. What failed before comes alone, so that what brings a worker
        down is found out."""
        ...

    def finish_received(self, account: str, numbers: Sequence[int], worker: str) -> None:
        """These are worked on. What somebody else claimed meanwhile stays theirs."""
        ...

    def erase_received(self, account: str, numbers: Sequence[int], worker: str) -> None:
        """These are worked on, and of people who were forgotten: nothing of them stays. What somebody else claimed
        meanwhile stays theirs."""
        ...

    def return_received(self, account: str, numbers: Sequence[int], worker: str, *, tried: bool) -> None:
        """Gives claimed events back: one of their number failed and nobody knows yet which, or (not `tried`) what
        failed was none of theirs."""
        ...

    def holders_of_received(self, account: str) -> Sequence[str]:
        """The workers who hold events."""
        ...

    def free_received(self, account: str, worker: str) -> int:
        """Takes from a worker that has died what it held; how many events. They were tried, and come alone."""
        ...

    def postpone_received(self, account: str, number: int, worker: str, until: datetime, reason: str) -> None:
        """This one failed and is tried again from then on; later ones of the same person wait for it."""
        ...

    def unsent_among(self, account: str, message_ids: Sequence[str]) -> frozenset[str]:
        """Those of these messages of which it is known that they were taken back."""
        ...

    def blank_messages(
        self, account: str, message_ids: Sequence[str], numbers: Sequence[int] = ()
    ) -> Sequence[Blanked]:
        """Takes what they said out of the events that brought these messages, and out of these claimed ones."""
        ...

    def set_aside(self, account: str, number: int, worker: str, reason: str) -> None:
        """This one is given up. `reason` holds no personal data."""
        ...

    def aside(self, account: str, limit: int = 100) -> Sequence[Aside]: ...

    def retry_aside(self, account: str, number: int | None = None) -> int:
        """Lets one, or all that were set aside, be tried again; how many."""
        ...

    def inbox_level(self, account: str) -> Level: ...

    def latest_relations(self, account: str, people: Sequence[str]) -> dict[str, datetime]:
        """When each person's latest follow or unfollow was, of those that are worked on."""
        ...

    def forget_received(self, account: str, before: datetime) -> int:
        """Deletes what is worked on or set aside and happened before that moment; how many. What still waits stays."""
        ...
