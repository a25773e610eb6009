"""The items of a business, and who chose which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lineform.segments.friend import Value


@dataclass(frozen=True, slots=True)
class Item:
    """One item, with everything that messages may say of it."""

    id: str
    fields: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class ItemCount:
    """What an import of a feed did."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    """Items that the feed does not name any more."""


class Items(Protocol):
    """The feed of items, and the choices that events tell."""

    def import_items(self, account: str, items: Sequence[Item], now: datetime) -> ItemCount:
        """Makes these all the items there are, in this order, in one transaction."""
        ...

    def items(self, account: str) -> Sequence[Item]:
        """All items, in the order of their feed."""
        ...

    def choices(
        self, account: str, event: str, field: str, since: datetime, ids: Sequence[int] | None = None
    ) -> Iterator[tuple[int, list[str]]]:
        """What the field of this event held since then, by friend, the latest first and each value once; of all
        friends, streamed, or of these."""
        ...
