"""Simple icons by name, as shapes in a square of 100 by 100, so that a drawing needs no picture files.

A shape either adds ink or, with `ink=False`, takes it away again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Disc:
    """A full circle."""

    x: float
    y: float
    radius: float
    ink: bool = True


@dataclass(frozen=True, slots=True)
class Slab:
    """A rectangle with rounded corners, from its upper left to its lower right."""

    x: float
    y: float
    right: float
    bottom: float
    radius: float = 0
    ink: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """A polygon."""

    points: tuple[Point, ...]
    ink: bool = True


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line with round ends through points."""

    points: tuple[Point, ...]
    width: float
    ink: bool = True


Part = Disc | Slab | Shape | Stroke


def _star(x: float, y: float, outer: float, inner: float) -> tuple[Point, ...]:
    turns = [(math.pi * (step / 5 - 0.5), outer if step % 2 == 0 else inner) for step in range(10)]
    return tuple((x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle, radius in turns)


def _arc(x: float, y: float, radius: float, start: float, end: float, steps: int = 24) -> tuple[Point, ...]:
    angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
    return tuple((x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles)


ICONS: dict[str, tuple[Part, ...]] = {
    "calendar": (
        Slab(12, 18, 88, 90, 10), Slab(20, 40, 80, 82, 4, ink=False), Stroke(((32, 10), (32, 26)), 8),
        Stroke(((68, 10), (68, 26)), 8), *(Slab(x, y, x + 10, y + 10, 2) for y in (47, 65) for x in (27, 45, 63)),
    ),
    "coupon": (
        Slab(6, 24, 94, 76, 8), Disc(6, 50, 9, ink=False), Disc(94, 50, 9, ink=False),
        *(Slab(33, y, 37, y + 7, ink=False) for y in (29, 41, 53, 65)),
        Disc(53, 42, 6, ink=False), Disc(76, 59, 6, ink=False), Stroke(((54, 62), (75, 39)), 5, ink=False),
    ),
    "map": (Disc(50, 38, 28), Shape(((26.1, 52.5), (73.9, 52.5), (50, 92))), Disc(50, 38, 11, ink=False)),
    "phone": (
        Stroke(_arc(88, 12, 66, 172, 98), 15), Stroke(_arc(88, 12, 61, 177, 166, 1), 26),
        Stroke(_arc(88, 12, 61, 104, 93, 1), 26),
    ),
    "chat": (
        Slab(8, 14, 92, 72, 22), Shape(((26, 66), (50, 66), (28, 92))), Disc(31, 43, 6, ink=False),
        Disc(50, 43, 6, ink=False), Disc(69, 43, 6, ink=False),
    ),
    "gift": (
        Slab(10, 32, 90, 50, 5), Slab(16, 55, 84, 92, 5), Slab(46, 32, 54, 92, ink=False),
        Stroke(_arc(37, 21, 11, 0, 360), 6), Stroke(_arc(63, 21, 11, 0, 360), 6),
    ),
    "clock": (Disc(50, 50, 42), Disc(50, 50, 33, ink=False), Stroke(((50, 28), (50, 52), (66, 62)), 8)),
    "star": (Shape(_star(50, 53, 46, 20)),),
    "book": (
        Shape(((6, 20), (30, 16), (47, 24), (47, 86), (30, 78), (6, 82))),
        Shape(((94, 20), (70, 16), (53, 24), (53, 86), (70, 78), (94, 82))),
    ),
    "home": (Shape(((50, 10), (94, 50), (6, 50))), Slab(18, 46, 82, 90, 4), Slab(42, 60, 58, 90, 2, ink=False)),
    "person": (Disc(50, 30, 20), Slab(14, 58, 86, 130, 34), Slab(0, 92, 100, 140, ink=False)),
    "cart": (
        Stroke(((8, 18), (22, 18), (34, 64), (80, 64)), 7), Shape(((25, 28), (92, 28), (82, 56), (33, 56))),
        Disc(40, 82, 8), Disc(74, 82, 8),
    ),
    "heart": (Disc(31, 36, 23), Disc(69, 36, 23), Shape(((11, 47), (89, 47), (50, 92))), Slab(30, 30, 70, 52)),
    "question": (
        Disc(50, 50, 42), Stroke((*_arc(50, 38, 13, 180, 380), (53, 50), (50, 58)), 8, ink=False),
        Disc(50, 73, 5.5, ink=False),
    ),
    "menu": (Stroke(((16, 26), (84, 26)), 10), Stroke(((16, 50), (84, 50)), 10), Stroke(((16, 74), (84, 74)), 10)),
    "scissors": (
        Stroke(((30, 68), (74, 10)), 8), Stroke(((70, 68), (26, 10)), 8), Disc(26, 76, 16), Disc(74, 76, 16),
        Disc(26, 76, 8, ink=False), Disc(74, 76, 8, ink=False),
    ),
    "news": (
        Slab(8, 16, 80, 86, 6), Slab(80, 32, 92, 86, 6), Slab(17, 26, 71, 44, 2, ink=False),
        *(Stroke(((20, y), (68, y)), 5, ink=False) for y in (54, 65, 76)),
    ),
    "camera": (Slab(6, 28, 94, 84, 10), Slab(34, 16, 66, 40, 6), Disc(50, 56, 19, ink=False), Disc(50, 56, 12)),
    "bell": (
        Slab(25, 20, 75, 96, 25), Slab(0, 72, 100, 100, ink=False), Slab(13, 66, 87, 77, 5.5), Disc(50, 84, 9),
        Slab(36, 70, 64, 77), Disc(50, 17, 7),
    ),
    "back": (Stroke(((22, 50), (84, 50)), 12), Stroke(((48, 22), (20, 50), (48, 78)), 12)),
    "forward": (Stroke(((16, 50), (78, 50)), 12), Stroke(((52, 22), (80, 50), (52, 78)), 12)),
    "mail": (Slab(7, 21, 93, 79, 9), Stroke(((18, 34), (50, 57), (82, 34)), 6, ink=False)),
    "info": (Disc(50, 50, 42), Disc(50, 30, 6, ink=False), Stroke(((50, 46), (50, 71)), 10, ink=False)),
    "cake": (
        Slab(10, 50, 90, 88, 9), Stroke(((10, 66), (26, 71), (42, 64), (58, 71), (74, 64), (90, 69)), 5, ink=False),
        *(Stroke(((x, 46), (x, 32)), 7) for x in (30, 50, 70)), *(Disc(x, 19, 5.5) for x in (30, 50, 70)),
    ),
    "school": (
        Slab(25, 48, 75, 78, 10), Stroke(((4, 45), (50, 67), (96, 45)), 6, ink=False),
        Shape(((50, 18), (97, 40), (50, 62), (3, 40))), Stroke(((89, 43), (89, 68)), 5),
    ),
    "food": (
        *(Stroke(((x, 12), (x, 34)), 6) for x in (20, 32, 44)), Stroke(((20, 36), (32, 42), (44, 36)), 8),
        Stroke(((32, 42), (32, 88)), 8), Stroke(((70, 88), (70, 14)), 8), Shape(((70, 10), (86,
        30), (84, 54), (70, 54))),
    ),
    "bag": (Slab(14, 34, 86, 90, 9), Stroke(_arc(50, 36, 19, 180, 360), 7), Slab(36, 34, 42, 46, ink=False),
        Slab(58, 34, 64, 46, ink=False)),
}  # fmt: skip
