"""What all bodies of a send have in common is recorded once; each batch records what stands between.

A personal Flex message of 2.6 kB differs from friend to friend in some hundred bytes. Its template is compiled to
pieces of ready JSON with holes between them, so a body is its send's frame and the values in the holes, byte for byte.
Neither holds a line break, because compact JSON escapes those: one separates the parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_BREAK: Final = b"\n"
_FILLED: Final = b"="
"""How values begin where they are recorded. A whole body begins with a brace, and an erased one is empty."""


class Frame:
    """The pieces around the holes: one more than holes."""

    __slots__ = ("_slots", "pieces")

    def __init__(self, pieces: Sequence[bytes]) -> None:
        if not pieces or any(_BREAK in piece for piece in pieces):
            raise ValueError("a frame is made of pieces of compact JSON")
        self.pieces = tuple(pieces)
        self._slots = [part for piece in pieces for part in (piece, b"")][:-1]

    def whole(self, values: Sequence[bytes]) -> bytes:
        """The bytes with these values in the holes. Raises ValueError where they are not as many."""
        parts = self._slots.copy()
        parts[1::2] = values
        return b"".join(parts)

    def within(self, before: bytes, after: bytes) -> Frame:
        """The same frame with more around it."""
        inner = self.pieces
        if len(inner) == 1:
            return Frame([before + inner[0] + after])
        return Frame([before + inner[0], *inner[1:-1], inner[-1] + after])

    def recorded(self) -> bytes:
        """The frame as it is recorded."""
        return _BREAK.join(self.pieces)


def read_frame(recorded: bytes) -> Frame | None:
    """What `Frame.recorded` made; None where a send has no frame."""
    return Frame(recorded.split(_BREAK)) if recorded else None


def filling(values: Sequence[bytes]) -> bytes:
    """Values of a frame as they are recorded in the place of a body."""
    recorded = _FILLED + _BREAK.join(values)
    if recorded.count(_BREAK) != max(0, len(values) - 1):
        raise ValueError("a value of a frame holds a line break")
    return recorded


def body(frame: Frame | None, recorded: bytes) -> bytes:
    """The body that a batch was frozen with: recorded whole, or as what fills its send's frame."""
    if recorded[:1] != _FILLED:
        return recorded
    if frame is None:
        raise ValueError("a batch was frozen for a frame, and its send has none")
    return frame.whole(recorded[1:].split(_BREAK) if len(frame.pieces) > 1 else ())
