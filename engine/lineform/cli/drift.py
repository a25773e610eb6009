"""``lineform drift``: whether the accounts still are as declared."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.boundary import say_failures
from lineform.cli.common import moment, open_sound, read_settings, use_colour, worst
from lineform.cli.plan import CHANGES
from lineform.planning.options import PlanOptions
from lineform.report.plan_words import as_declared
from lineform.report.plans import plan_text
from lineform.wiring.planned import plan_all
from lineform.wiring.session import open_session


@click.command("drift")
@options.workspace
@options.clients
@options.now
@options.sandbox
def command(workspace: Path, clients: tuple[str, ...], now: datetime | None, sandbox: bool) -> int:
    """Compare the accounts with the workspace and exit with 2 where they differ. Changes nothing.

    Only the accounts are compared; whether campaigns are armed is a matter of `plan`.
    """
    project, failed = open_sound(workspace, clients)
    with open_session(project, read_settings(), sandbox=sandbox, now=moment(project, now)) as session:
        planned = asyncio.run(plan_all(session, PlanOptions(), with_store=False)).without(failed)
    say_failures(planned.failures)
    drifted = [plan.client for plan in planned.file.clients if plan.drifted]
    if drifted:
        click.echo(plan_text(planned.file, planned.live, {}, colour=use_colour()))
        click.echo(f"drift: {', '.join(drifted)}")
    elif not planned.failures:
        click.echo(f"no drift: {as_declared(planned.file)}")
    return worst([error.exit_code for error in planned.failures.values()]) or (CHANGES if drifted else 0)
