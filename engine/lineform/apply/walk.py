"""Applying a plan to one client: under a lock, read, plan, compare with what was approved, and walk the steps.

The plan that is walked is always made anew from the account as it is under the lock; the approved one only decides
whether it may be. So an apply that crashed at any step is simply run again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from lineform.apply.acting import Actor
from lineform.apply.coupons import read_coupons
from lineform.apply.desk import Desk
from lineform.apply.earlier import read_sent
from lineform.apply.journal import DONE, MOVE_DUE, READ_BACK, START, STEP, applied_before, unmoved
from lineform.apply.members import read_members, read_sources
from lineform.apply.reading import read_live
from lineform.apply.result import ApplyResult, ApplyStopped, Outcome, StepResult
from lineform.errors import LineformError, LineRefusedError, PartialError, StaleError
from lineform.model.project import Client
from lineform.planning.audiences import declared_audiences
from lineform.planning.compare import compare
from lineform.planning.coupons import declared_coupons
from lineform.planning.live import LiveAccount
from lineform.planning.options import PlanOptions
from lineform.planning.plan import ClientPlan, make_plan
from lineform.planning.steps import MoveLinkedUsers, describe
from lineform.plural import plural
from lineform.ports.audit import AuditEntry
from lineform.ports.line_account import LineFailure, RateLimited, Unauthorised
from lineform.sending.revision import Revisioned


@dataclass(frozen=True, slots=True)
class Approved:
    """The plan that may be applied. `plan_id` names the plan file, so that it is used once; empty where a person has
    just agreed to the plan on the terminal."""

    plan: ClientPlan
    options: PlanOptions
    plan_id: str = ""


async def fresh_plan(
    desk: Desk, client: Client, revisions: Mapping[str, Revisioned], options: PlanOptions
) -> tuple[ClientPlan, LiveAccount]:
    """Reads account and store and plans; changes nothing, and takes no lock."""
    live = await read_live(desk.account, client)
    armed = await desk.offload(desk.store.armed, client.name)
    notes = await desk.offload(desk.store.notes, client.name, READ_BACK)
    recorded = {revision.address: revision.digest for revision in armed}
    digests = {address: revisioned.digest for address, revisioned in revisions.items()}
    members = await read_members(desk, client, live)
    shown = await desk.offload(desk.store.count_shown, desk.client)
    coupons = await read_coupons(desk, client)
    sources = await read_sources(desk, client)
    sent = await read_sent(desk, client, recorded, digests)
    now = desk.clock.now()
    told = (unmoved(notes), members, shown, coupons, sources, sent)
    plan = make_plan(client, live, recorded, digests, now, options, *told)
    return plan, live


async def apply_plan(
    desk: Desk, client: Client, approved: Approved, revisions: Mapping[str, Revisioned]
) -> ApplyResult:
    """Makes the account and the store agree with what is declared, as far as `approved` allows.

    Raises, before anything is changed: `LockedError` (somebody else applies), `WrongBot` (another bot's token),
    `BlockedError` (a guard), `StaleError` (the approved plan no longer fits, or was used). On the way: `ApplyStopped`
    with what was done; running it again goes on.
    """
    await desk.hold_lock()
    try:
        return await _apply_locked(desk, client, approved, revisions)
    finally:
        await desk.release_lock()


async def _apply_locked(
    desk: Desk, client: Client, approved: Approved, revisions: Mapping[str, Revisioned]
) -> ApplyResult:
    plan, live = await fresh_plan(desk, client, revisions, approved.options)
    refusal = plan.refusal()
    if refusal is not None:
        raise refusal
    comparison = compare(approved.plan, plan)
    if stale := comparison.error(client.name):
        raise stale
    await desk.offload(desk.store.claim_bot, client.name, plan.bot)
    used = await _used(desk, approved)
    if plan.empty or (used and comparison.applied):
        return ApplyResult(client.name, plan, (), already_applied=not approved.plan.empty)
    if used is not None:
        raise StaleError(
            f"{client.name}: this plan was applied at {used.at:%Y-%m-%d %H:%M} UTC, and a plan is used once",
            hint="the account or the workspace changed since; plan again",
        )
    await desk.note(START, approved.plan_id or plan.digest, plural(len(plan.steps), "step"))
    for move in chain.from_iterable(s.moves for s in plan.steps if isinstance(s, MoveLinkedUsers)):
        await desk.note(MOVE_DUE, move.menu_id)
    resources = {str(address): resource for address, resource in client.resources.items()}
    actor = Actor(desk, resources, revisions, live, declared_audiences(client), declared_coupons(client))
    result = await _walk(desk, plan, actor)
    await desk.note(DONE, approved.plan_id or plan.digest)
    return result


async def _used(desk: Desk, approved: Approved) -> AuditEntry | None:
    """The note of an earlier apply that finished this plan file."""
    if not approved.plan_id:
        return None
    return applied_before(await desk.offload(desk.store.notes, desk.client, READ_BACK), approved.plan_id)


async def _walk(desk: Desk, plan: ClientPlan, actor: Actor) -> ApplyResult:
    walked: list[StepResult] = []
    for step in plan.steps:
        await desk.hold_lock()
        desk.on_step(StepResult(step, Outcome.STARTED, desk.clock.now()))
        try:
            outcome, detail = await actor.act(step)
        except LineformError as error:
            walked.append(StepResult(step, Outcome.FAILED, desk.clock.now(), error.message))
            desk.on_step(walked[-1])
            await desk.note(STEP, describe(step), f"failed: {error.message}")
            result = ApplyResult(desk.client, plan, tuple(walked))
            raise ApplyStopped(_cause(desk.client, error, result), result) from error
        walked.append(StepResult(step, outcome, desk.clock.now(), detail))
        desk.on_step(walked[-1])
        await desk.note(STEP, describe(step), f"{outcome} {detail}".strip())
    return ApplyResult(desk.client, plan, tuple(walked))


def _cause(client: str, error: LineformError, result: ApplyResult) -> LineformError:
    """What the failure of a step means for the whole: a limit of LINE is only a pause."""
    done = len(result.steps) - 1
    where = f"{client}: stopped after {done} of {len(result.plan.steps)} steps: {error.message}"
    again = "run the same command again: it goes on from here"
    if isinstance(error, RateLimited):
        return PartialError(where, hint=f"{error.hint} {again}".strip())
    if isinstance(error, LineFailure) and not isinstance(error, Unauthorised):
        details = f"\n{error.details}" if error.details else ""
        return LineRefusedError(where + details, hint=error.hint or again)
    return error
