"""Pools of codes, each code for one friend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CodeCount:
    """What an import of codes did."""

    added: int = 0
    repeated: int = 0
    """Codes that the pool had already."""
    elsewhere: int = 0
    """Codes that another pool of the account has: they stay there, or two people could be given one."""

    def __add__(self, other: CodeCount) -> CodeCount:
        return CodeCount(self.added + other.added, self.repeated + other.repeated, self.elsewhere + other.elsewhere)


@dataclass(frozen=True, slots=True)
class PoolCount:
    """One pool in numbers. Every code is either free or given, and never free again once it may have been read."""

    pool: str
    free: int
    given: int
    confirmed: int
    """Of those given, so many in calls that LINE accepted."""
    nameless: int
    """Of those given, so many whose friends were forgotten since."""


class Codes(Protocol):
    """Pools of codes, each code for one friend."""

    def import_codes(self, account: str, pool: str, codes: Iterable[str], now: datetime) -> CodeCount:
        """Adds codes, in transactions of bounded size; idempotent."""
        ...

    def discard_codes(self, account: str, pool: str) -> int:
        """Deletes the free codes of a pool; how many there were. What was given stays given."""
        ...

    def pool_counts(self, account: str) -> Sequence[PoolCount]:
        """Every pool that codes were ever imported into, by name."""
        ...

    def free_codes(self, account: str, pool: str, *, most: int | None = None) -> int:
        """Codes that can still be given; with `most`, counted no further than that."""
        ...

    def code_holders(self, account: str, pool: str) -> Iterator[int]:
        """Friends who have a code of the pool, ascending, streamed."""
        ...

    def held_codes(self, account: str, pool: str, friend_ids: Sequence[int]) -> Mapping[int, str]:
        """The codes of those of these friends who have one."""
        ...
