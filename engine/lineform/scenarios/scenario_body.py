"""A declared scenario as the JSON body that is armed: complete, so that living through it needs no file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from lineform.model import occasions as written
from lineform.model.actions import SendAction
from lineform.model.audience import Condition, SegmentCondition
from lineform.model.occasions import Trigger
from lineform.model.project import Client, Resource
from lineform.model.scenario import Arm, ScenarioSpec, Step, Turn
from lineform.model.schedule import SendWithin
from lineform.scenarios.armed import given_by, links_tracked
from lineform.scenarios.doing import actions_to_wire, messages_in, messages_to_wire
from lineform.scenarios.pattern import pattern_to_wire
from lineform.scenarios.script import FORMAT, PLAIN
from lineform.segments.declared import Declared
from lineform.segments.predicate import EVERYONE, All, Maybe, Not, Predicate
from lineform.segments.predicate import Any as AnyOf
from lineform.segments.resolve import to_predicate
from lineform.segments.wire import to_wire
from lineform.sending.given import promises_of
from lineform.sending.late import ON_TIME
from lineform.sending.promises import Promise
from lineform.sending.revision import Revisioned, Revisions, declared_by, revisioned


def scenario_revision(revisions: Revisions, client: Client, resource: Resource) -> Revisioned:
    """The revision of a scenario. Raises ConditionError or NotAMessageError where a validated workspace has none."""
    spec = resource.spec
    if not isinstance(spec, ScenarioSpec):
        raise TypeError(f"{resource.address} is no scenario")
    links = links_tracked(revisions, client, spec.track)
    body = _Body(client, declared_by(client), client.timezone, links).of(spec, resource.context)
    body |= given_by(revisions, client, _all_messages(body["steps"]), spec.track)
    body["production"] = client.spec.environment == "production" and not spec.allow_test_word
    return revisioned(body)


@dataclass(frozen=True, slots=True)
class _Body:
    """Writes with these words and on the clocks of this time zone."""

    client: Client
    words: Declared
    timezone: str
    links: Mapping[str, str] | None
    """The declared addresses where taps on them are recorded."""

    def of(self, spec: ScenarioSpec, context: Mapping[str, Any]) -> dict[str, Any]:
        excluded = tuple(Not(Maybe(to_predicate(one, self.words, self.timezone))) for one in spec.exclude)
        body: dict[str, Any] = {
            "format": FORMAT,
            "timezone": self.timezone,
            "triggers": self._patterns(spec.trigger),
            "steps": [self._step(one) for one in spec.steps],
            "goal": self._patterns(spec.goal),
            "exits": self._patterns(spec.exit_on),
            "if": self._predicate(spec.if_),
            "exclude": to_wire(All(excluded)) if excluded else None,
            "reentry_after": 0 if spec.reentry_after is None else spec.reentry_after.total_seconds(),
            "late": _late(spec),
            "context": dict(context),
            "existing": None if spec.enroll == "new" else self._existing(spec.trigger),
            **spec.model_dump(mode="json", include=set(PLAIN)),
        }
        for one in spec.trigger:
            match one:
                case written.FollowOn(follow=rule):
                    body["follow"] = {"on_unblock": rule.on_unblock, "cooldown": rule.cooldown.total_seconds()}
                case written.DateOn(date=attribute, every=every):
                    body["date"] = {"attribute": attribute, "yearly": every == "year"}
                case written.SegmentOn(segment=name, check=check):
                    predicate = self._predicate(SegmentCondition(segment=name))
                    body["segment"] = {"predicate": predicate, "check": check.total_seconds()}
        return body

    def _predicate(self, condition: Condition | None) -> dict[str, Any] | None:
        return None if condition is None else to_wire(to_predicate(condition, self.words, self.timezone))

    def _patterns(self, several: Sequence[Any] | None) -> list[dict[str, Any]]:
        wired = (pattern_to_wire(one, self.words, self.timezone) for one in several or ())
        return [one for one in wired if one is not None]

    def _way(self, turn: Turn) -> dict[str, Any]:
        return {"actions": actions_to_wire(turn.then, self.links), "goto": turn.goto or ""}

    def _arm(self, one: Arm) -> dict[str, Any]:
        return {**self._way(one), "if": self._predicate(one.if_)}

    def _step(self, one: Step) -> dict[str, Any]:
        messages = [{"send": messages_to_wire(one.send, self.links)}] if one.send else []
        out: dict[str, Any] = {
            "id": one.id,
            "after": one.after,
            "from": one.from_,
            "actions": [*messages, *actions_to_wire(one.do, self.links)],
            "goto": one.goto or "",
        }
        if one.before is not None:
            out["before"] = one.before.model_dump(exclude_none=True)
        if one.at is not None:
            out["at"] = one.at
        if one.on is not None:
            out["on"] = list(one.on)
        if one.if_ is not None:
            out["if"] = self._predicate(one.if_)
        if one.branch is not None:
            out["arms"] = [self._arm(each) for each in one.branch]
        if one.wait is not None:
            wait = {"for": self._patterns(one.wait.for_), "within": one.wait.within.total_seconds()}
            out["wait"] = {**wait, "met": self._way(one.wait), "missed": self._way(one.wait.else_)}
        if one.valid_until is not None:
            until = one.valid_until
            out["valid_until"] = until.isoformat() if isinstance(until, datetime) else until
        if ends := [end.isoformat() for promise in step_promises(self.client, one) if (end := promise.latest)]:
            out["promised_until"] = min(ends)
        return out

    def _existing(self, triggers: Sequence[Trigger]) -> dict[str, Any] | None:
        found: list[Predicate] = []
        for one in triggers:
            if isinstance(one, written.FollowOn):
                return to_wire(EVERYONE)
            if (condition := existing_condition(one)) is not None:
                found.append(to_predicate(_CONDITION.validate_python(condition), self.words, self.timezone))
        return to_wire(found[0] if len(found) == 1 else AnyOf(tuple(found))) if found else None


def step_messages(step: Step) -> list[Any]:
    """Every message that a step may send."""
    turns: list[Turn] = [*(step.branch or ()), *((step.wait, step.wait.else_) if step.wait else ())]
    actions = [*(step.do or ()), *(action for turn in turns for action in turn.then or ())]
    sends = [message for action in actions if isinstance(action, SendAction) for message in action.send]
    return [*(step.send or ()), *sends]


def step_promises(client: Client, step: Step) -> tuple[Promise, ...]:
    """What the messages of a step promise and what ends some day. KeyError where a validated workspace has no such."""
    return promises_of(client, step_messages(step))


def _all_messages(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every message of a body's steps."""
    ways = [
        way
        for step in steps
        for way in (step, *step.get("arms", ()), *(step["wait"][turn] for turn in ("met", "missed") if "wait" in step))
    ]
    return [message for way in ways for message in messages_in(way["actions"])]


def existing_condition(one: Trigger) -> dict[str, Any] | None:
    """For whom this trigger's happening is true already, as a condition; None where nobody can know, and for a follow,
    which is true of every friend."""
    match one:
        case written.TagOn(tag=tag):
            return {"tag": tag}
        case written.AttributeOn(attribute=name):
            said = one.model_dump(by_alias=True, exclude_unset=True)
            return said if one.compares else {"attribute": name, "known": True}
        case written.ClickOn(click=link):
            return {"click": link}
        case written.FormOn(form=form):
            return {"answer": form}
        case written.EventOn():
            return one.model_dump(by_alias=True, exclude_unset=True)
        case written.RouteOn(route=route):
            return {"route": route}
        case written.MemberOn():
            return {"member": "linked"}
        case written.DateOn(date=name):
            return {"attribute": name, "known": True}
        case written.SegmentOn(segment=name):
            return {"segment": name}
    return None


_CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)


def _late(spec: ScenarioSpec) -> dict[str, Any]:
    rule = spec.if_late
    if isinstance(rule, SendWithin):
        return {"within": rule.within.total_seconds(), "otherwise": rule.otherwise}
    return {
        "within": None if rule == "send" else ON_TIME.total_seconds(),
        "otherwise": "skip" if rule == "send" else rule,
    }
