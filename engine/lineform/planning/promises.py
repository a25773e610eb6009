"""Scenarios whose later steps promise what has expired by then, found before they are armed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from lineform.model.address import Address, Kind
from lineform.model.project import Client
from lineform.model.scenario import ScenarioSpec, Step
from lineform.planning.change import Action, Change
from lineform.scenarios.scenario_body import step_promises
from lineform.scenarios.timing import moment_after, span_of
from lineform.sending.due import instant
from lineform.sending.promises import Promise, lapsed, why_lapsed

LAPSED = "G218"


def lapsed_steps(client: Client, arming: list[Change], now: datetime) -> Iterator[Change]:
    """For each scenario that is about to be armed, a change that stops the plan where a step promises what has expired
    when somebody who enters it now comes there."""
    for change in arming:
        if change.action not in {Action.ARM, Action.REARM} or not change.address.startswith(f"{Kind.SCENARIO}."):
            continue
        spec = client.resources[Address.parse(change.address)].spec
        if not isinstance(spec, ScenarioSpec):
            continue
        for reason in _reasons(client, spec, now):
            hint = "let it end later, send the step earlier, or take it out of the messages"
            yield Change(Action.BLOCKED, client.name, change.address, {}, {}, reason, hint, LAPSED)


def _reasons(client: Client, spec: ScenarioSpec, now: datetime) -> Iterator[str]:
    zone = ZoneInfo(client.timezone)
    for step in spec.steps:
        moment = _earliest(step, now, zone)
        promises = list(step_promises(client, step))
        if isinstance(step.valid_until, datetime):
            promises.append(Promise("valid_until", instant(step.valid_until, zone)))
        for promise in lapsed(promises, moment):
            yield f"step '{step.id}': {why_lapsed(promise, moment, client.timezone)} at the earliest"


def _earliest(step: Step, now: datetime, zone: ZoneInfo) -> datetime:
    """When somebody who enters now may come to this step; steps before a date may be due at once."""
    if step.before is not None or step.from_ == "previous":
        return now
    return max(now, moment_after(now, span_of(step.after), zone))
