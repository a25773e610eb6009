"""What is so of which friends, in a byte for each: ten megabytes for ten million; a set of them takes five hundred.

Our ids are counted from one, so that a place for each of them wastes little; and they may come in any order.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

_VALUES = range(256)


class Flags:
    """Up to eight flags of each friend, by internal id. A flag is a power of two."""

    def __init__(self) -> None:
        self._of = bytearray()

    def add(self, flag: int, ids: Iterable[int]) -> None:
        """It is so of these friends."""
        of = self._of
        for one in ids:
            if one >= len(of):
                # By an eighth more at a time: ids come ascending, mostly.
                of.extend(bytes(one + 1 - len(of) + len(of) // 8))
            of[one] |= flag

    def take(self, flag: int, ids: Iterable[int]) -> None:
        """It is not so of these friends."""
        of, others = self._of, ~flag & 255
        for one in ids:
            if one < len(of):
                of[one] &= others

    def has(self, flag: int, friend_id: int) -> bool:
        """Whether it is so of this friend."""
        return friend_id < len(self._of) and bool(self._of[friend_id] & flag)

    def count(self, having: int, lacking: int = 0) -> int:
        """Friends who have all of these flags and none of those."""
        return sum(self._of.count(value) for value in _wanted(having, lacking))

    def those(self, having: int, lacking: int = 0) -> Sequence[int]:
        """Their ids, ascending."""
        wanted = frozenset(_wanted(having, lacking))
        return array("q", (one for one, value in enumerate(self._of) if value in wanted))


def _wanted(having: int, lacking: int) -> list[int]:
    if not having:
        raise ValueError("whoever has no flag is not known")
    return [value for value in _VALUES if value & having == having and not value & lacking]
