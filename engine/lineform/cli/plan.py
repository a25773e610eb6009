"""``lineform plan``: what an apply would do. Only reads."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.boundary import say_failures
from lineform.cli.common import moment, open_sound, read_file, read_settings, use_colour, worst
from lineform.errors import UsageError
from lineform.planning.options import PlanOptions
from lineform.planning.planjson import plan_to_json
from lineform.planning.snapshot import snapshot_from_json, snapshot_to_json
from lineform.report.plans import plan_json, plan_markdown, plan_text
from lineform.wiring.planned import Planned, plan_all, plan_snapshot, take_snapshot
from lineform.wiring.session import open_session

CHANGES = 2


@click.command("plan")
@options.workspace
@options.clients
@options.output("text", "json", "markdown")
@options.prune
@options.adopt
@options.replace
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Also write the plan here, for apply.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there are changes.")
@click.option("--snapshot", type=click.Path(path_type=Path, exists=True), help="Plan against this file; no secrets.")
@click.option("--save-snapshot", type=click.Path(path_type=Path), help="Write what the accounts show to this file.")
@click.option("--no-store", is_flag=True, help="Do not open the store: campaigns are not compared.")
@options.now
@options.sandbox
def command(
    workspace: Path,
    clients: tuple[str, ...],
    output: str,
    prune: bool,
    adopt: tuple[str, ...],
    replace: tuple[str, ...],
    out: Path | None,
    detailed_exitcode: bool,
    snapshot: Path | None,
    save_snapshot: Path | None,
    no_store: bool,
    now: datetime | None,
    sandbox: bool,
) -> int:
    """Show what apply would change, which sends it would arm, whom they would reach and what they would cost."""
    settings = read_settings()
    project, failed = open_sound(workspace, clients)
    plan_options = PlanOptions(prune=prune, adopt=frozenset(adopt), replace=frozenset(replace))
    if snapshot is not None:
        if save_snapshot or sandbox:
            raise UsageError("--snapshot plans without any account; leave the other option out")
        taken = snapshot_from_json(read_file(snapshot))
        planned = plan_snapshot(tuple(project.clients.values()), taken, plan_options)
    else:
        with open_session(project, settings, sandbox=sandbox, now=moment(project, now)) as session:
            with_store = not no_store and session.has_store
            declared = None if clients else {*project.clients, *failed}
            planned = asyncio.run(plan_all(session, plan_options, with_store=with_store, declared=declared))
            if save_snapshot is not None:
                text = snapshot_to_json(take_snapshot(session, planned, with_store=with_store))
                save_snapshot.write_text(text, encoding="utf-8")
    planned = planned.without(failed)
    if out is not None:
        out.write_text(plan_to_json(planned.file), encoding="utf-8")
    click.echo(_printed(planned, output))
    say_failures(planned.failures, told=output == "text")
    return _exit_code(planned, detailed=detailed_exitcode)


def _printed(planned: Planned, output: str) -> str:
    told = planned.file, planned.live, planned.outlooks
    match output:
        case "json":
            return plan_json(*told, failures=planned.failures, gone=planned.gone)
        case "markdown":
            return plan_markdown(*told, failures=planned.failures, gone=planned.gone, budgets=planned.budgets)
        case _:
            failures, gone, budgets = planned.failures, planned.gone, planned.budgets
            return plan_text(*told, failures=failures, gone=gone, budgets=budgets, colour=use_colour())


def _exit_code(planned: Planned, *, detailed: bool) -> int:
    refusals = [plan.refusal() for plan in planned.file.clients]
    codes = [error.exit_code for error in (*planned.failures.values(), *refusals) if error is not None]
    if not codes and detailed and planned.file.drifted:
        return CHANGES
    return worst(codes)
