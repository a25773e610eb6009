"""``lineform apply``: makes the accounts agree, and arms the sends."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import replace as replaced
from datetime import datetime
from pathlib import Path

import click

from lineform.apply.journal import READ_BACK, applied_before
from lineform.apply.result import ApplyResult, ApplyStopped, Outcome, StepResult
from lineform.apply.walk import Approved, apply_plan
from lineform.cli import options
from lineform.cli.boundary import say_error, say_failures
from lineform.cli.common import Failed, acting_moment, open_sound, read_file, read_settings, use_colour, worst
from lineform.errors import BlockedError, LineformError, StaleError, UsageError
from lineform.model.project import Client
from lineform.planning.arming import revisions_of
from lineform.planning.options import PlanOptions
from lineform.planning.plan import PlanFile
from lineform.planning.planjson import plan_from_json
from lineform.planning.steps import describe
from lineform.plural import plural
from lineform.report.plans import plan_text
from lineform.run.options import new_worker
from lineform.wiring.failing import at_client
from lineform.wiring.planned import Planned, desk_of, plan_all
from lineform.wiring.session import Session, open_session


@click.command("apply")
@options.workspace
@options.clients
@click.argument("plan_file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@click.option("--yes", is_flag=True, help="Do not ask. Without a terminal nothing asks, and this or a plan is needed.")
@click.option("--digest", metavar="HEX", help="Apply only if the plan made now has this digest: it was approved.")
@options.prune
@options.adopt
@options.replace
@options.now
@options.sandbox
def command(
    workspace: Path,
    clients: tuple[str, ...],
    plan_file: Path | None,
    yes: bool,
    digest: str | None,
    prune: bool,
    adopt: tuple[str, ...],
    replace: tuple[str, ...],
    now: datetime | None,
    sandbox: bool,
) -> int:
    """Apply PLAN_FILE, which `plan --out` wrote, and nothing else; or plan now, ask, and apply that.

    Safe to repeat: after a crash, a limit or a lost connection, the same command goes on from there.
    """
    saved = None if plan_file is None else plan_from_json(read_file(plan_file))
    if saved is not None and (prune or adopt or replace or digest):
        raise UsageError("what is pruned, adopted and approved stands in the plan file", hint="plan again with them")
    project, failed = open_sound(workspace, clients)
    settings = read_settings()
    at = acting_moment(project, settings, now, sandbox=sandbox)
    with open_session(project, settings, sandbox=sandbox, now=at) as session:
        if saved is not None:
            return _apply_saved(session, saved, clients, failed)
        said = PlanOptions(prune=prune, adopt=frozenset(adopt), replace=frozenset(replace))
        declared = None if clients else {*project.clients, *failed}
        planned = asyncio.run(plan_all(session, said, with_store=True, declared=declared)).without(failed)
        failures, told = planned.failures, (planned.file, planned.live, planned.outlooks)
        gone, budgets = planned.gone, planned.budgets
        click.echo(plan_text(*told, failures=failures, gone=gone, budgets=budgets, colour=use_colour()))
        codes = [error.exit_code for error in failures.values()]
        say_failures(failures, told=True)
        agreed = _agreed(planned, yes=yes, digest=digest)
        if planned.file.empty:
            kept = _keep_indexes(session, tell=True) if planned.file.clients else 0
            return worst([*codes, kept])
        if not agreed:
            return worst(codes)
        return worst([asyncio.run(_apply_all(session, planned.file)), *codes])


def _apply_saved(session: Session, saved: PlanFile, chosen: tuple[str, ...], failed: Failed) -> int:
    """Applies a plan file, or the part of the `chosen` clients: the others' part stays, to be applied later. So does
    that of the `failed`, whose files are not right. Raises UsageError where it holds nothing of a chosen one."""
    plan_id = f"{saved.digest}@{saved.made_at.isoformat()}"
    if missing := [name for name in chosen if saved.of(name) is None]:
        held = ", ".join(plan.client for plan in saved.clients) or "nobody"
        raise UsageError(f"the plan file holds no plan for {', '.join(missing)}", hint=f"it is for {held}")
    left = {plan.client for plan in saved.clients if plan.client in failed or (chosen and plan.client not in chosen)}
    meant = tuple(plan for plan in saved.clients if plan.client not in left)
    code = asyncio.run(_apply_all(session, PlanFile(saved.made_at, saved.options, meant), plan_id))
    say_failures(failed)
    # Who was applied for already has nothing left: a plan is used once.
    rest = [
        plan.client
        for plan in saved.clients
        if plan.client in left
        and not plan.empty
        and applied_before(session.store.notes(plan.client, READ_BACK), plan_id) is None
    ]
    if rest:
        click.echo(f"the rest of the plan stays, and the same file can be applied for it: {', '.join(rest)}")
    return worst([code, *(error.exit_code for error in failed.values())])


def _agreed(planned: Planned, *, yes: bool, digest: str | None) -> bool:
    """Whether to go on. Raises StaleError for another digest, BlockedError where nobody can be asked."""
    if digest is not None and digest != planned.file.digest:
        raise _another(planned, digest)
    if planned.file.empty or yes or digest is not None:
        return not planned.file.empty
    if not sys.stdin.isatty():
        raise BlockedError("nobody can be asked here", hint="apply a plan file, or add --yes or --digest")
    return click.confirm("apply this?", default=False)


def _another(planned: Planned, digest: str) -> StaleError:
    """The plan made now is not the approved one. A digest does not say what was approved for whom; it is known
    whose part cannot be in it now, and whose part alone is new."""
    said = f"approved was the plan {digest[:12]}, but the plan made now is {planned.file.digest[:12]}"
    parts = {plan.client: replaced(planned.file, clients=(plan,)) for plan in planned.file.clients if not plan.empty}
    lines = [f"{name}: no part of it is in the plan made now, as it could not be planned" for name in planned.failures]
    lines += [f"{name}: its part is new since the approval" for name in parts if _without(planned, name) == digest]
    lines += [f"{name}: its part made now has the digest {part.digest}" for name, part in parts.items()]
    hint = "something moved since the approval; look at the plan above and have it approved"
    if planned.failures and parts:
        hint = (
            "the others go on with --client and a digest of their own, once it is approved, or with the plan file, "
            "which holds each one's part"
        )
    return StaleError("\n  ".join([said, *lines]), hint=hint)


def _without(planned: Planned, name: str) -> str:
    """The digest without this client's part."""
    others = tuple(plan for plan in planned.file.clients if plan.client != name)
    return replaced(planned.file, clients=others).digest


async def _apply_all(session: Session, file: PlanFile, plan_id: str = "") -> int:
    """Applies each client's plan; one client's failure stays its own."""
    codes = []
    owner = new_worker()
    for plan in file.clients:
        client = session.project.clients.get(plan.client)
        if client is None:
            say_error(StaleError(f"the plan is for {plan.client}, which this workspace does not have"))
            codes.append(StaleError.exit_code)
            continue
        try:
            with at_client(client):
                result = await _apply_one(session, client, Approved(plan, file.options, plan_id), owner)
        except LineformError as error:
            say_error(error)
            codes.append(error.exit_code)
        else:
            click.echo(_concluded(result))
    if len(codes) < len(file.clients):
        # At the end: how an index has to look depends on how many accounts the store knows by then.
        codes.append(await asyncio.to_thread(_keep_indexes, session))
    return worst(codes)


def _keep_indexes(session: Session, *, tell: bool = False) -> int:
    """Makes the indexes that are declared and not there: no plan shows them, so an apply without anything else to do
    makes them, too, and may `tell`. The exit code."""
    try:
        made = session.keep_indexes()
    except LineformError as error:
        say_error(error)
        return error.exit_code
    if made and tell:
        click.echo(f"made {plural(made, 'index', 'indexes')} of the store")
    return 0


async def _apply_one(session: Session, client: Client, approved: Approved, owner: str) -> ApplyResult:
    shown = _Progress(client.name)
    account = session.account(client)
    try:
        desk = desk_of(session, client, account, owner, shown)
        result = await apply_plan(desk, client, approved, revisions_of(client))
    except ApplyStopped as stopped:
        click.echo(_concluded(stopped.result))
        raise
    else:
        return result
    finally:
        await account.close()


class _Progress:
    """One line for each finished step; on a terminal also the one under way."""

    def __init__(self, client: str) -> None:
        self._client = client
        self._live = sys.stdout.isatty()

    def __call__(self, result: StepResult) -> None:
        line = f"{self._client}: {describe(result.step)}"
        if result.outcome is Outcome.STARTED:
            if self._live:
                click.echo(f"\r\x1b[K{line} …", nl=False)
            return
        clear = "\r\x1b[K" if self._live else ""
        detail = f" ({result.detail})" if result.detail and result.outcome is Outcome.FAILED else ""
        click.echo(f"{clear}{line}: {result.outcome.value}{detail}")


def _concluded(result: ApplyResult) -> str:
    counts: Mapping[Outcome, int] = {
        outcome: sum(step.outcome is outcome for step in result.steps)
        for outcome in (Outcome.DONE, Outcome.ALREADY, Outcome.SKIPPED, Outcome.FAILED)
    }
    if result.already_applied or not result.plan.steps:
        return f"{result.client}: nothing to do"
    words = ", ".join(f"{count} {outcome.value}" for outcome, count in counts.items() if count)
    return f"{result.client}: {words}, of {len(result.plan.steps)} steps"
