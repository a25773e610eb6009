"""Of several messages that were missed, only the newest is sent: what lies ahead of a step, and is due already.

Whoever gives way must give way to something that is really sent. So the way ahead is gone as the machine will go it:
over steps that send nothing, skip or are worth nothing, over waits whose time is over, by the branches as they are now,
with the tags and attributes that the steps between give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from lineform.scenarios.doing import foreseen
from lineform.scenarios.enrolment import Enrolment
from lineform.scenarios.script import Script, ScriptStep, Way, is_said
from lineform.scenarios.steps import chosen, due_of, holds, past, worth_until
from lineform.segments.declared import Declared
from lineform.segments.friend import Friend


@dataclass(frozen=True, slots=True)
class Ahead:
    """The rest of a course, as it looks from here."""

    script: Script
    enrolment: Enrolment
    now: datetime
    sendable: datetime
    """When messages may go out: now, or at the end of quiet hours or of a limit."""
    words: Declared

    def newer(self, step: ScriptStep, way: Way, friend: Friend, due: datetime, turn: str) -> ScriptStep | None:
        """A later step that was due after `due`, and of which something will be sent. `turn` is set where a wait is
        over: what a step says where nobody answered gives way, but its own question never gives way to that."""
        reached = due
        friend = self._after(way.actions, friend)
        ends = self._ends(way.actions)
        if step.wait is not None and not turn:
            reached, way = due + step.wait.within, step.wait.missed
            friend = self._after(way.actions, friend)
            ends = ends or self._ends(way.actions)
        if ends or reached > self.now:
            return None
        after = self.script.following(step, way)
        while after is not None:
            came = self._comes_to(after, friend, reached)
            if came is None:
                return None
            reached, way, actions = came
            if reached > due and self._said(after, actions, friend):
                return after
            if self._ends(actions):
                return None
            friend = self._after(actions, friend)
            if after.wait is not None and way is not _SKIPPED:
                reached, way = reached + after.wait.within, after.wait.missed
                if reached > self.now or self._ends(way.actions):
                    return None
                if self._said(after, way.actions, friend):
                    return after
                friend = self._after(way.actions, friend)
            after = self.script.following(after, way)
        return None

    def _after(self, actions: Sequence[Mapping[str, Any]], friend: Friend) -> Friend:
        return foreseen(actions, friend, self.now, self.words)

    def _comes_to(
        self, step: ScriptStep, friend: Friend, reached: datetime
    ) -> tuple[datetime, Way, Sequence[Mapping[str, Any]]] | None:
        """When this step is due, which way leads on, and what is done at it; None where nothing is by now."""
        script = self.script
        there = replace(self.enrolment, reached=reached)
        own = due_of(script, there, step, friend)
        if own is None:
            return reached, _SKIPPED, ()
        if own > self.now:
            return None
        due = max(own, reached)
        if past(script, there, step, own):
            return due, _SKIPPED, ()
        if script.not_excluded is not None and not holds(script.not_excluded, friend, self.now):
            return None if script.excluded == "leave" else (due, _SKIPPED, ())
        if step.condition is not None and not holds(step.condition, friend, self.now):
            return due, _SKIPPED, ()
        way = chosen(step, friend, self.now)
        return due, way, (*step.way.actions, *way.actions)

    def _said(self, step: ScriptStep, actions: Sequence[Mapping[str, Any]], friend: Friend) -> bool:
        """Whether messages are among the actions, and still worth something when they may go out."""
        until = worth_until(self.script, self.enrolment, step, friend)
        return any(is_said(action) for action in actions) and (until is None or self.sendable <= until)

    def _ends(self, actions: Sequence[Mapping[str, Any]]) -> bool:
        return any(action.get("stop") == self.script.name for action in actions)


_SKIPPED = Way()
"""The way on from a step that is not done."""
