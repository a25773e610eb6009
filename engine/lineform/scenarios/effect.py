"""What follows from a happening or from time: plain values that say what is to be done, and do nothing.

Each effect carries a `source` (the address of what decided it, with a step: ``scenario.welcome/thanks``) and a `key`
that is the same however often the decision is made again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lineform.segments.friend import Value
from lineform.sending.given import Given


@dataclass(frozen=True, slots=True)
class Say:
    """Messages to the friend, in LINE's own form with the expressions that read a friend still in them."""

    source: str
    key: str
    """Unique within `source` for this friend: a second one with the same key is the same message."""
    messages: tuple[Mapping[str, Any], ...]
    context: Mapping[str, Any] = field(default_factory=dict)
    answer: bool = False
    """Whether it answers what the friend just did: then it goes by the reply token while that lives, which is free."""
    capped: str = "skip"
    """What a friend over a limit gets: ``skip``, ``wait`` or ``send``. An answer by reply token is never limited; where
    the token is dead, it is a push, and is."""
    given: Given = field(default_factory=Given)
    """The links and items that the messages read."""

    @property
    def address(self) -> str:
        """The address of what decided it."""
        return self.source.partition("/")[0]

    @property
    def step(self) -> str:
        """The step of the scenario that decided it; empty where something else did."""
        return self.source.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Give:
    """A tag to give."""

    source: str
    key: str
    tag: str


@dataclass(frozen=True, slots=True)
class Take:
    """A tag to take away."""

    source: str
    key: str
    tag: str


@dataclass(frozen=True, slots=True)
class Know:
    """Attributes to set; None forgets a value."""

    source: str
    key: str
    values: Mapping[str, Value | None]


@dataclass(frozen=True, slots=True)
class Show:
    """The rich menu to link, by name; empty takes the friend's own menu away."""

    source: str
    key: str
    menu: str


@dataclass(frozen=True, slots=True)
class Begin:
    """The friend enters a scenario."""

    source: str
    key: str
    scenario: str


@dataclass(frozen=True, slots=True)
class Leave:
    """The friend leaves a scenario."""

    source: str
    key: str
    scenario: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A form's first question is asked."""

    source: str
    key: str
    form: str


@dataclass(frozen=True, slots=True)
class Complete:
    """The friend has answered a form to its end."""

    source: str
    key: str
    form: str


@dataclass(frozen=True, slots=True)
class Record:
    """An event to record; its id is derived from `source` and `key`."""

    source: str
    key: str
    type: str
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A system of the business to tell, by its declared name."""

    source: str
    key: str
    webhook: str


Effect = Say | Give | Take | Know | Show | Begin | Leave | Ask | Complete | Record | Call
