"""Scenarios that begin each other at once, round and round."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from lineform.loading.spoken import turns
from lineform.loading.validation import FieldProblem
from lineform.model import occasions as on
from lineform.model.actions import Action, RecordAction, StartAction, TagAction, UntagAction
from lineform.model.scenario import ScenarioSpec


def circle_problems(spec: ScenarioSpec, scenarios: Mapping[str, ScenarioSpec]) -> Iterator[FieldProblem]:
    """Scenarios that begin each other without any time between: they would go round for ever. A tag that is given once
    and never taken goes round once."""
    gives, takes = set[str](), set[str]()
    for other in scenarios.values():
        for action in _at_once(other):
            gives |= {action.tag} if isinstance(action, TagAction) else set()
            takes |= {action.untag} if isinstance(action, UntagAction) else set()
    both = frozenset(gives & takes)

    def leads(name: str, seen: tuple[str, ...]) -> tuple[str, ...]:
        for further in sorted(_begins_at_once(scenarios[name], scenarios, both)):
            if further == spec.name:
                return (*seen, further)
            if further not in seen and (found := leads(further, (*seen, further))):
                return found
        return ()

    if spec.name in scenarios and (circle := leads(spec.name, (spec.name,))):
        way = " → ".join(circle)
        message = f"steps: what this scenario does begins it again at once, without end: {way}"
        yield FieldProblem(("steps",), "E348", message, "let time pass in one of them, or write 'reentry: never'")


def _begins_at_once(
    spec: ScenarioSpec, scenarios: Mapping[str, ScenarioSpec], back_and_forth: Collection[str]
) -> set[str]:
    """Scenarios that may begin, again and again, by what this one does in the moment in which it begins."""
    out: set[str] = set()
    for action in _at_once(spec):
        for name, other in scenarios.items():
            started = isinstance(action, StartAction) and action.start == name
            if other.reentry != "never" and (
                started or any(_begins(action, one, back_and_forth) for one in other.trigger)
            ):
                out.add(name)
    return out


def _at_once(spec: ScenarioSpec) -> Iterator[Action]:
    for step in spec.steps:
        if step.after != "0m" or step.before is not None or step.at is not None or step.on is not None:
            return
        yield from step.do or ()
        for turn, _ in turns(step, ()):
            yield from turn.then or ()
        if step.wait is not None:
            return


def _begins(action: Action, trigger: on.Trigger, back_and_forth: Collection[str]) -> bool:
    """Whether an action makes happen what begins a scenario, however often it is done."""
    match action, trigger:
        case TagAction(tag=done), on.TagOn(tag=tag):
            return done == tag and tag in back_and_forth
        case UntagAction(untag=done), on.UntagOn(untag=tag):
            return done == tag and tag in back_and_forth
        case RecordAction(record=record), on.EventOn(event=event):
            return record.event == event
    return False
