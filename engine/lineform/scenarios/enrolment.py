"""Where one friend stands in one scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from lineform.segments.friend import Value

MARKS = 60
"""Marks that are kept of one course: more than it can have steps that are told apart."""


class State(StrEnum):
    """How a friend's course stands; the value stands in the store."""

    ACTIVE = "active"
    PAUSED = "paused"
    """The friend blocked the account, and goes on where they stood when they come back."""
    HELD = "held"
    """A step was missed, and a person decides."""
    DONE = "done"
    """Through to the end."""
    GOAL = "goal"
    LEFT = "left"
    """Ended by its own rules: an exit, an exclusion, a date that was taken away."""
    BLOCKED = "blocked"
    """The friend blocked the account."""
    STOPPED = "stopped"
    """By a person, by an action, or because the file changed."""
    OUTSIDE = "outside"
    """Known not to be in the segment that begins it; they may come into it."""
    INSIDE = "inside"
    """Was in the segment that begins it when somebody looked first, and is not taken in for that."""


OPEN = frozenset({State.ACTIVE, State.PAUSED, State.HELD})
"""States of courses that are not over."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of a step, and when: ``sent``, or why it was not done."""

    step: str
    said: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One friend in one scenario; with `instance`, one of several courses side by side."""

    scenario: str
    """The scenario's name."""
    friend_id: int
    instance: str
    entry: int
    """Which beginning this is, from 1."""
    version: str
    """Which version of the scenario it follows: the beginning of the revision's digest."""
    state: State
    step: str
    """The id of the step that comes next; empty where none does."""
    anchor: datetime
    """What offsets count from."""
    entered_at: datetime
    due: datetime | None
    """When somebody has to look at it again; None where nobody has to."""
    reached: datetime
    """The due time of the step before; at first, when it began."""
    waiting: datetime | None = None
    """Until when the present step waits for something to happen."""
    turn: str = ""
    """How the present step's wait ended, where what follows from it is still to be done."""
    held_until: datetime | None = None
    """Until when quiet hours or a limit kept the present step: it is not late for that."""
    began_with: str = ""
    """The key of the happening with which it began."""
    fields: Mapping[str, Value] = field(default_factory=dict)
    """The fields of the event with which it began: ``event`` in its messages."""
    marks: tuple[Mark, ...] = ()
    reason: str = ""
    """Why it stands as it does, where that needs a word."""
    changed_at: datetime | None = None

    @property
    def open(self) -> bool:
        return self.state in OPEN

    def marked(self, step: str, said: str, at: datetime) -> Enrolment:
        """The same with a further mark."""
        return replace(self, marks=(*self.marks, Mark(step, said, at))[-MARKS:])

    def unsent(self, place: int, why: str) -> Enrolment:
        """The same, where the messages that the mark at this place tells of were not sent after all."""
        told = replace(self.marks[place], said=f"not sent: {why}")
        return replace(self, marks=(*self.marks[:place], told, *self.marks[place + 1 :]))

    def over(self, state: State, reason: str = "") -> Enrolment:
        """The same, with nothing left to come."""
        return replace(self, state=state, due=None, waiting=None, turn="", held_until=None, reason=reason)
