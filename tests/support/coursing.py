"""Courses lived through by the machine alone: no store, no LINE, and the time that a test says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lineform.model.address import Address, Kind
from lineform.model.attributes import AttributesSpec
from lineform.model.scenario import ScenarioSpec
from lineform.scenarios.effect import Effect, Say
from lineform.scenarios.enrolment import Enrolment, State
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.machine import Moment, advance
from lineform.scenarios.reacting import react
from lineform.scenarios.scenario_body import scenario_revision
from lineform.scenarios.script import Script, read_script
from lineform.segments.friend import Friend
from lineform.sending.revision import Revisions
from support.declared_clients import client

NOW = datetime(2026, 12, 1, 1, tzinfo=UTC)
FRIEND = Friend(1, "U1", "Aoi", "ja", NOW, False, {}, frozenset(), events=())

WORDS = AttributesSpec.model_validate(
    {
        "kind": "attributes",
        "name": "words",
        "attributes": {"birthday": {"type": "date"}, "booking_at": {"type": "text"}},
        "tags": {"vip": {}, "x": {}},
        "events": {"purchase": {}, "booking": {"fields": {"at": "text"}}},
    }
)


def script(*steps: dict[str, Any], trigger: Any = "follow", **fields: Any) -> Script:
    """The armed scenario of these steps."""
    spec = ScenarioSpec.model_validate({"kind": "scenario", "name": "s", "trigger": trigger, "steps": steps, **fields})
    owner = client(WORDS, spec)
    found = scenario_revision(Revisions(), owner, owner.resources[Address(Kind.SCENARIO, "s")])
    return read_script("scenario.s", found.digest, found.body)


def says(step: str, after: str = "0m", **fields: Any) -> dict[str, Any]:
    """A step that sends its own name."""
    timed = {} if "before" in fields else {"after": after}
    return {"id": step, **timed, "send": [{"text": step}], **fields}


def begun(
    one: Script, at: datetime = NOW, friend: Friend = FRIEND, what: What = What.FOLLOW, **happening: Any
) -> Enrolment:
    """The course that something begins."""
    (moved,) = react(one, (), Happening("k", 1, what, at, **happening), friend, Moment(at))
    return moved.enrolment


class Lived:
    """A course and everything that was said in it, with the moment."""

    def __init__(self, one: Script, course: Enrolment, friend: Friend = FRIEND) -> None:
        self.script, self.course, self.friend = one, course, friend
        self.said: list[tuple[datetime, str]] = []
        self.effects: list[Effect] = []

    def tick(self, now: datetime, **moment: Any) -> None:
        """Everything that is due by now."""
        while self.course.state is State.ACTIVE and self.course.due is not None and self.course.due <= now:
            moved = advance(self.script, self.course, self.friend, Moment(now, **moment))
            assert moved.enrolment != self.course
            self.course = moved.enrolment
            self.effects += moved.effects
            self.said += [(now, effect.source.partition("/")[2]) for effect in moved.effects if isinstance(effect, Say)]

    def until(self, end: datetime) -> None:
        """A tick at each moment at which a step is due, and one at the end."""
        while self.course.state is State.ACTIVE and self.course.due is not None and self.course.due < end:
            self.tick(self.course.due)
        self.tick(end)

    @property
    def marks(self) -> dict[str, str]:
        """What became of each step."""
        return {mark.step: mark.said for mark in self.course.marks}
