"""Campaigns and scenarios against the limits of their client.

What cannot be kept is an error, what will surprise is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import time
from zoneinfo import ZoneInfo

from lineform.loading.clients import ReadClient
from lineform.loading.mending import apart_from
from lineform.loading.resources import Built
from lineform.loading.spoken import sends
from lineform.loading.validation import FieldProblem
from lineform.model.address import Address
from lineform.model.campaign import CampaignSpec
from lineform.model.origin import Path, dotted
from lineform.model.scenario import ScenarioSpec
from lineform.model.schedule import SendWithin
from lineform.sending.cron import check_cron, times_of_day
from lineform.sending.due import instant
from lineform.sending.quiet import Quiet, quiet_hours


def limit_problems(client: ReadClient, built: Mapping[Address, Built]) -> Iterator[tuple[Address, FieldProblem]]:
    """What a client's limits say against its campaigns and scenarios, each with its address."""
    for address, one in built.items():
        found: tuple[FieldProblem, ...] = ()
        if isinstance(spec := one.spec, CampaignSpec) and spec.enabled:
            found = (*_per_friend(client, spec), *_waiting(spec), *_one_by_one(spec), *_quiet(client, spec))
        elif isinstance(spec, ScenarioSpec) and spec.enabled:
            found = tuple(_quiet_steps(client, spec))
        for problem in apart_from(one.unsure, found) if one.unsure else found:
            yield address, problem


def _per_friend(client: ReadClient, spec: CampaignSpec) -> Iterator[FieldProblem]:
    if client.limits.per_friend is None or spec.capped == "send":
        return
    reasons = {
        "demographic": "only LINE knows who is in a demographic audience",
        "audience": "LINE sends to its own audience as a whole",
    }
    for word, reason in reasons.items():
        if getattr(spec.audience, word) is None:
            continue
        yield FieldProblem(
            ("audience", word),
            "E118",
            f"{reason}, so limits.per_friend cannot be kept",
            "choose the audience by attributes and tags, or write 'capped: send' in the campaign",
        )


def _waiting(spec: CampaignSpec) -> Iterator[FieldProblem]:
    if spec.capped == "wait" and not isinstance(spec.schedule.if_late, SendWithin):
        yield FieldProblem(
            ("capped",),
            "E118",
            "capped: wait needs to know how late it may still be sent",
            "write schedule.if_late as {within: 6h, otherwise: skip}",
        )


def _one_by_one(spec: CampaignSpec) -> Iterator[FieldProblem]:
    """What needs friends whom we choose."""
    if not (spec.audience.everyone or spec.audience.demographic is not None or spec.audience.audience is not None):
        return
    hint = "write the audience as a segment or a condition, or leave {} out"
    if spec.rollout:
        why = "a rollout needs friends who are chosen one by one; here LINE sends to all of them at once"
        yield FieldProblem(("rollout",), "E118", why, hint.format("the rollout"))
    if spec.do:
        why = "do needs friends who are chosen one by one; here LINE sends to all at once, and tells nobody to whom"
        yield FieldProblem(("do",), "E118", why, hint.format("'do'"))


def _quiet(client: ReadClient, spec: CampaignSpec) -> Iterator[FieldProblem]:
    quiet = quiet_hours(client.limits.quiet, client.timezone, client.limits.windows)
    if quiet is None or spec.quiet_hours == "send":
        return
    hint = "choose another time, or write 'quiet_hours: send' in the campaign"
    schedule = spec.schedule
    if schedule.at is not None:
        due = instant(schedule.at, ZoneInfo(schedule.timezone or client.timezone))
        if (end := quiet.until(due)) is not None:
            wall = end.astimezone(quiet.zone).replace(tzinfo=None).isoformat(timespec="minutes")
            message = f"schedule.at lies in {_shown(client)}: it is sent at {wall}"
            yield FieldProblem(("schedule", "at"), "E114", message, hint, warning=True)
    elif (
        schedule.cron is not None and check_cron(schedule.cron) is None and schedule.timezone in {None, client.timezone}
    ):
        closed = [wall for wall in times_of_day(schedule.cron) if quiet.closed_at(wall)]
        if closed:
            message = f"schedule.cron lies in {_shown(client)} at {_walls(closed)}{_instead(quiet)}"
            yield FieldProblem(("schedule", "cron"), "E114", message, hint, warning=True)


def _quiet_steps(client: ReadClient, spec: ScenarioSpec) -> Iterator[FieldProblem]:
    quiet = quiet_hours(client.limits.quiet, client.timezone, client.limits.windows)
    if quiet is None or spec.quiet_hours == "send":
        return
    for index, step in enumerate(spec.steps):
        # What follows upon a wait is sent when the wait is over, not at the step's time.
        at_once = step.model_copy(update={"wait": None})
        if step.at is not None and sends(at_once) and quiet.closed_at(time.fromisoformat(step.at)):
            path: Path = ("steps", index, "at")
            message = f"{dotted(path)} lies in {_shown(client)}{_instead(quiet)}"
            hint = "choose another time, or write 'quiet_hours: send' in the scenario"
            yield FieldProblem(path, "E114", message, hint, warning=True)


def _walls(several: Sequence[time]) -> str:
    shown = [f"{wall:%H:%M}" for wall in several]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _instead(quiet: Quiet) -> str:
    """When it is sent then, where that is the same on every day."""
    return f": it is sent at {quiet.end:%H:%M}" if quiet.end is not None and not quiet.allow else ""


def _shown(client: ReadClient) -> str:
    quiet = f"the quiet hours {client.limits.quiet}" if client.limits.quiet else ""
    windows = "a time outside of limits.windows" if client.limits.windows else ""
    return " or ".join(part for part in (quiet, windows) if part)
