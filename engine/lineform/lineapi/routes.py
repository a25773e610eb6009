"""The four ways of sending that cost quota."""

from __future__ import annotations

from enum import StrEnum


class Route(StrEnum):
    """How a send reaches LINE; the value is the last part of its path."""

    BROADCAST = "broadcast"
    NARROWCAST = "narrowcast"
    MULTICAST = "multicast"
    PUSH = "push"
