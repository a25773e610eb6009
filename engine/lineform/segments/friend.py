"""A friend, as templates and the plain reading of a segment see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Value = str | int | float | bool | tuple[str, ...]
"""An attribute's value: dates as ``2026-12-31``, sets as sorted tuples."""


LONGEST_ID = 255
"""Characters of an id by which a business knows a member, an event or an item: an index holds each of them."""
CLICK = "click"
"""The type of event that a tapped link is recorded as; its field ``link`` is the link's declared name."""
ANSWER = "answer"
"""The type of event that an answer is recorded as; its fields are ``form``, ``field`` and ``value``."""
RESERVED_EVENTS = {CLICK: ("link",), ANSWER: ("form", "field", "value")}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a friend did at a moment (UTC, to the millisecond), once: (type, id) is unique for an account."""

    type: str
    id: str
    at: datetime
    fields: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Friend:
    """One friend as a template or a plain reading of a segment sees them."""

    id: int
    user_id: str
    display_name: str
    language: str
    followed_at: datetime | None
    blocked: bool
    attributes: Mapping[str, Value]
    tags: frozenset[str]
    """Every tag that was given and not taken away, expired ones included."""
    tagged_at: Mapping[str, datetime] = field(default_factory=dict, compare=False)
    """When each of `tags` was given last; one that is missing here never expires."""
    first_followed_at: datetime | None = None
    first_route: str = ""
    """Through which entry route the friend came first; empty where nobody knows."""
    last_route: str = ""
    member_id: str = ""
    """The business's own id of this person, where the friend has linked the two."""
    events: tuple[Event, ...] | None = field(default=None, compare=False)
    """What the friend did; None where it was not asked for, which is not the same as nothing."""
    sources: Mapping[str, Friend | None] | None = field(default=None, compare=False)
    """The same person as declared sources know them, by source; None inside where one does not. None where nobody
    asked them."""
