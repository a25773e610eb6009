"""Ids of friends as bits: a set of ten million takes little more than a megabyte, and is united with another, or taken
from it, within a millisecond."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, compress
from typing import Any, Final

BLOCK: Final = 65_536
"""Ids whose bits stand in one number. Of ids that are far from each other, only the blocks between which they lie take
room."""
WORD: Final = 64
"""Ids whose bits a database hands over in one number."""
_WORDS: Final = BLOCK // WORD
_FEW: Final = 200
"""So many ids of a block are found one by one before looking at each bit of it is faster."""
_TRUTH = bytes.maketrans(b"01", b"\0\1")


@dataclass(frozen=True, slots=True)
class IdSet:
    """A set of ids of friends, which are positive. It is read in their order."""

    blocks: Mapping[int, int] = field(default_factory=dict)
    """By `id // BLOCK`: the bits of those who are in the set, the lowest for the lowest id. No block is empty."""

    @classmethod
    def of(cls, ids: Iterable[int]) -> IdSet:
        """These ids; fastest where they ascend."""
        found: dict[int, bytearray] = {}
        number, bits = -1, bytearray()
        for id_ in ids:
            if id_ // BLOCK != number:
                number = id_ // BLOCK
                bits = found.get(number) or found.setdefault(number, bytearray(BLOCK // 8))
            bits[id_ % BLOCK >> 3] |= 1 << (id_ & 7)
        return cls({number: int.from_bytes(bits, "little") for number, bits in found.items()})

    @classmethod
    def of_words(cls, words: Iterable[tuple[int, int]]) -> IdSet:
        """Out of words, as `Words.add` takes them."""
        found = Words()
        for place, word in words:
            found.add(place, word)
        return found.ids()

    def __len__(self) -> int:
        return sum(bits.bit_count() for bits in self.blocks.values())

    def __bool__(self) -> bool:
        return bool(self.blocks)

    def __contains__(self, id_: int) -> bool:
        return bool(self.blocks.get(id_ // BLOCK, 0) >> id_ % BLOCK & 1)

    def __iter__(self) -> Iterator[int]:
        """Ascending."""
        return chain.from_iterable(_each(self.blocks[number], number * BLOCK) for number in sorted(self.blocks))

    def arrays(self) -> Iterator[array[int]]:
        """Ascending, up to 65,536 in each, of eight bytes: for whoever keeps millions of them. No number of Python's is
        made of them where NumPy is there, which is a quarter of the time."""
        numpy = _numpy()
        for number in sorted(self.blocks):
            bits, first = self.blocks[number], number * BLOCK
            by_one = numpy is None or bits.bit_count() < _FEW
            yield array("q", _each(bits, first)) if by_one else _by_numpy(numpy, bits, first)

    def __and__(self, other: IdSet) -> IdSet:
        less, more = sorted((self.blocks, other.blocks), key=len)
        both = ((number, bits & more[number]) for number, bits in less.items() if number in more)
        return IdSet({number: bits for number, bits in both if bits})

    def __or__(self, other: IdSet) -> IdSet:
        less, more = sorted((self.blocks, other.blocks), key=len)
        return IdSet({**more, **{number: bits | more.get(number, 0) for number, bits in less.items()}})

    def __sub__(self, other: IdSet) -> IdSet:
        rest = ((number, bits & ~other.blocks.get(number, 0)) for number, bits in self.blocks.items())
        return IdSet({number: bits for number, bits in rest if bits})


def _numpy() -> Any:
    """None where nobody loaded it, as a copy does: to load it takes longer than it saves, and it is of an extra."""
    if sys.modules.get("numpy") is None:
        return None
    # Another thread may be loading it at this moment, and is waited for.
    import numpy as np  # noqa: PLC0415

    return np


def _each(bits: int, first: int) -> Iterable[int]:
    if bits.bit_count() < _FEW:
        return _one_by_one(bits, first)
    return compress(range(first, first + BLOCK), f"{bits:b}"[::-1].encode().translate(_TRUTH))


def _by_numpy(numpy: Any, bits: int, first: int) -> array[int]:
    packed = numpy.frombuffer(bits.to_bytes(BLOCK // 8, "little"), dtype=numpy.uint8)
    found = array("q")
    found.frombytes((numpy.flatnonzero(numpy.unpackbits(packed, bitorder="little")) + first).astype("int64").tobytes())
    return found


def _one_by_one(bits: int, first: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield first + lowest.bit_length() - 1
        bits ^= lowest


class Words:
    """A set in the making, out of what a database hands over."""

    def __init__(self) -> None:
        self._blocks: dict[int, array[int]] = {}

    def add(self, place: int, word: int) -> None:
        """The bits of the ids from `place * WORD` on, as a signed number. What was there already stays."""
        number = place // _WORDS
        words = self._blocks.get(number)
        if words is None:
            words = self._blocks[number] = array("q", bytes(BLOCK // 8))
        words[place % _WORDS] |= word

    def ids(self) -> IdSet:
        """The set, which is made then."""
        blocks: dict[int, int] = {}
        for number, words in self._blocks.items():
            if sys.byteorder == "big":
                words.byteswap()
            if bits := int.from_bytes(words.tobytes(), "little"):
                blocks[number] = bits
        self._blocks = {}
        return IdSet(blocks)
