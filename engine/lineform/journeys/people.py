"""Friends while something is decided about them, and what is said to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from lineform.errors import BlockedError
from lineform.model.reply import DEFAULT_WITHIN
from lineform.scenarios.effect import Say
from lineform.scenarios.enrolment import Enrolment
from lineform.scenarios.happening import Happening
from lineform.scenarios.machine import said_by
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
        return self.say.answer and self.cause is not None and self.cause.answerable(now)

    def waited_for(self, now: datetime) -> bool:
        """Whether its friend waits for it at this moment: it goes by a reply token, or beside what does, or answers
        what never had one, such as a page that was just sent. Every other message is a push like any other, whatever
        it answers, and keeps the limits about its friend and the quiet hours."""
        if not self.say.answer or self.cause is None:
            return False
        return self.cause.answerable(now) or (not self.cause.reply_token and self.cause.waited(now) <= DEFAULT_WITHIN)


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

    def unsent(self, said: Said, why: str) -> None:
        """A message that was decided and is not sent after all: the course that said it tells so."""
        if said.script is None:
            return
        step = said.say.step
        for course in list(self.courses.values()):
            last_step = course.marks[-1].step if course.marks else ""
            if course.scenario == said.script.name and last_step == step and said_by(course, step, said.say.key):
                self.put(course.unsent(len(course.marks) - 1, why))
