"""What systems of the business may tell us and are told: keys, members, what happened to items, calls to make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from lineform.segments.friend import Value


@dataclass(frozen=True, slots=True)
class IntakeKey:
    """A key by which a system posts events. The key itself was shown once, and only its hash is kept."""

    number: int
    name: str
    made_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ItemEvent:
    """Something that happened to an item and to no friend: its price fell, it is there again."""

    type: str
    id: str
    """(type, id) is unique for the account."""
    item: str
    at: datetime
    fields: Mapping[str, Value] = field(default_factory=dict)
    number: int = 0
    """The store's own, of one that is recorded."""


@dataclass(frozen=True, slots=True)
class NewCall:
    """A system to tell something about a friend. `webhook` is its declared name, `body` ready JSON."""

    friend_id: int
    webhook: str
    key: str
    """Unique for the account for ever, and the id under which the system hears of it."""
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PendingCall:
    """A claimed call. `attempts` counts this one."""

    number: int
    webhook: str
    key: str
    body: str = field(repr=False)
    made_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class CallLevel:
    """Calls that wait, and calls that were given up."""

    waiting: int = 0
    given_up: int = 0


class Intake(Protocol):
    """What comes from systems of the business."""

    def add_key(self, account: str, name: str, digest: str, now: datetime) -> int:
        """Keeps a key's hash; its number."""
        ...

    def intake_keys(self, account: str) -> Sequence[IntakeKey]: ...

    def revoke_key(self, account: str, number: int, now: datetime) -> bool:
        """False where there is no such key, or it is revoked already."""
        ...

    def opened_by(self, digest: str) -> str:
        """The account whose key has this hash; empty where none has, or it is revoked."""
        ...

    def user_ids_of_members(self, account: str, members: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """The LINE user ids of the friends who are linked to each of these members."""
        ...

    def add_item_events(self, account: str, rows: Sequence[ItemEvent]) -> int:
        """Records what happened to items, each once; how many were new."""
        ...

    def untold_items(self, account: str, limit: int) -> Sequence[ItemEvent]:
        """The oldest of those of which nobody has told the friends yet."""
        ...

    def items_told(self, account: str, numbers: Sequence[int]) -> None: ...


class Outbox(Protocol):
    """Calls to systems of the business, intended before they are made."""

    def intend_calls(self, account: str, calls: Sequence[NewCall], now: datetime) -> int:
        """Keeps calls to make, each once by its key; how many were new."""
        ...

    def claim_calls(
        self, account: str, worker: str, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[PendingCall]: ...

    def finish_call(self, account: str, number: int, worker: str) -> None: ...

    def postpone_call(self, account: str, number: int, worker: str, until: datetime, reason: str) -> None: ...

    def give_up_call(self, account: str, number: int, worker: str, reason: str) -> None: ...

    def outbox_level(self, account: str) -> CallLevel: ...

    def forget_calls(self, account: str, before: datetime) -> int:
        """Deletes calls that are over and were intended before that moment; how many."""
        ...
