"""Friends while something is decided about them, and what is said to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from lineform.errors import BlockedError
from lineform.scenarios.effect import Say
from lineform.scenarios.enrolment import Enrolment
from lineform.scenarios.happening import Happening
from lineform.scenarios.script import Script
from lineform.segments.friend import Friend


@dataclass(frozen=True, slots=True)
class Said:
    """A message to one friend, and the happening that it answers, where it answers one."""

    friend: Friend
    say: Say
    script: Script | None = None
    cause: Happening | None = None
    refused: str = ""
    """Why it must not go after all; it is told as one that was not sent."""

    def by_token(self, now: datetime) -> bool:
        """Whether it goes by a reply token that lives still."""
        return self.cause is not None and self.cause.answerable(now)


@dataclass(slots=True)
class Short:
    """Something was missing that messages are given: of which resource, for how many friends."""

    address: str
    why: BlockedError
    friends: int = 0


@dataclass(slots=True)
class Person:
    """One friend while things are decided."""

    friend: Friend
    courses: dict[tuple[str, str], Enrolment]
    """By scenario and instance."""
    changed: set[tuple[str, str]] = field(default_factory=set)
    given: dict[str, bool] = field(default_factory=dict)
    """Tags, and whether they were given or taken."""
    known: dict[str, object] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    """What LINE tells of them, where it is new."""

    def put(self, course: Enrolment) -> None:
        """Where the friend stands now."""
        key = (course.scenario, course.instance)
        if self.courses.get(key) != course:
            self.courses[key] = course
            self.changed.add(key)
