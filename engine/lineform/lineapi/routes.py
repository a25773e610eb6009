"""The ways of sending: four that cost quota, and the answer to what a friend did, which is free."""

from __future__ import annotations

from enum import StrEnum


class Route(StrEnum):
    """How a send reaches LINE; the value is the last part of its path."""

    BROADCAST = "broadcast"
    NARROWCAST = "narrowcast"
    MULTICAST = "multicast"
    PUSH = "push"
    REPLY = "reply"
    """With a reply token, which lives for a minute and is kept nowhere: what was begun can never be tried again."""
