"""``lineform send --test``: a campaign to its testers, and to nobody else."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import acting_moment, find_resource, one_client, open_project, read_settings
from lineform.errors import LineRefusedError, UsageError
from lineform.model.address import Kind
from lineform.model.project import Client, Resource
from lineform.run.testsend import TestReport, send_test
from lineform.wiring.failing import at_client
from lineform.wiring.session import Session, open_session


@click.command("send")
@options.workspace
@options.client
@click.argument("campaign")
@click.option("--test", "test", is_flag=True, help="Required: everything else is sent by `run`, when it is due.")
@options.now
@options.sandbox
def command(workspace: Path, client: str | None, campaign: str, test: bool, now: datetime | None, sandbox: bool) -> int:
    """Send CAMPAIGN to the client's listed testers, as they would read it. LINE counts these messages."""
    if not test:
        raise UsageError("`lineform run` sends a campaign when it is due", hint="add --test to send to the testers")
    project = open_project(workspace, [client] if client else [])
    owner = one_client(project, client)
    found = find_resource(owner, campaign, Kind.CAMPAIGN)
    settings = read_settings()
    at = acting_moment(project, settings, now, sandbox=sandbox)
    if owner.spec.testers is None:
        raise UsageError(f"{owner.name} lists no testers", hint="add `testers: {env: NAME}` to the client's file")
    testers = [part.strip() for part in settings.secret(owner.spec.testers.env).split(",") if part.strip()]
    with open_session(project, settings, sandbox=sandbox, now=at) as session, at_client(owner):
        report = asyncio.run(_send(session, owner, found, testers))
    left = "no limit" if report.quota_left is None else f"{report.quota_left - report.cost:,} left"
    click.echo(f"{report.address}: sent to {report.cost} of {len(report.results)} testers; this month's quota: {left}")
    refused = [f"tester {result.tester}: {result.refused}" for result in report.results if result.refused]
    for line in refused:
        click.echo(f"  {line}")
    return LineRefusedError.exit_code if refused else 0


async def _send(session: Session, owner: Client, found: Resource, testers: list[str]) -> TestReport:
    account = session.account(owner)
    try:
        return await send_test(owner, found, testers, account, session.store, session.clock)
    finally:
        await account.close()
