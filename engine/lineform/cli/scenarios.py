"""``lineform scenarios``: how many friends stand at which step; begins, ends and lets go on courses by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import acting_moment, find_resource, moment, one_client, open_project, read_settings
from lineform.errors import UsageError
from lineform.journeys.by_hand import Change, Done, by_hand
from lineform.model.address import Address, Kind
from lineform.model.project import Client, Project
from lineform.plural import plural
from lineform.report.scenarios import stand_data, stand_lines
from lineform.run.options import Records, Run, TickOptions
from lineform.scenarios.script import VERSION_DIGITS
from lineform.wiring.failing import at_client
from lineform.wiring.links import link_keys
from lineform.wiring.session import Session, open_session

FORMAT_VERSION = 1


@click.group("scenarios", invoke_without_command=True)
@options.workspace
@options.client
@options.output("text", "json")
@options.now
@options.sandbox
@click.pass_context
def command(
    context: click.Context, workspace: Path, client: str | None, output: str, now: datetime | None, sandbox: bool
) -> None:
    """Count the friends of each scenario by the step that they wait for."""
    if context.invoked_subcommand is not None:
        return
    project = open_project(workspace, [client] if client else [])
    owner = one_client(project, client)
    with open_session(project, read_settings(), sandbox=sandbox, now=moment(project, now)) as session:
        stands = session.store.stands(owner.name)
        found = ((Address.parse(one.address), one.digest) for one in session.store.armed(owner.name))
        armed = {one.name: digest[:VERSION_DIGITS] for one, digest in found if one.kind is Kind.SCENARIO}
    if output == "json":
        data = {"format_version": FORMAT_VERSION, "client": owner.name, "scenarios": stand_data(stands, armed)}
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(stand_lines(owner.name, stands, armed)))


_friends = click.option(
    "--friend", "user_ids", multiple=True, metavar="USER_ID", help="A LINE user id; may be given several times."
)


@command.command("start")
@options.workspace
@options.client
@click.argument("name")
@_friends
@options.now
@options.sandbox
def start(
    workspace: Path, client: str | None, name: str, user_ids: tuple[str, ...], now: datetime | None, sandbox: bool
) -> int:
    """Let friends enter scenario NAME, by its own rules about who may; its first steps are done at once."""
    return _change(workspace, client, name, user_ids, now, Change.START, sandbox=sandbox)


@command.command("stop")
@options.workspace
@options.client
@click.argument("name")
@_friends
@options.now
@options.sandbox
def stop(
    workspace: Path, client: str | None, name: str, user_ids: tuple[str, ...], now: datetime | None, sandbox: bool
) -> int:
    """Take friends out of scenario NAME: nothing more of it is sent to them."""
    return _change(workspace, client, name, user_ids, now, Change.STOP, sandbox=sandbox)


@command.command("release")
@options.workspace
@options.client
@click.argument("name")
@_friends
@options.now
@options.sandbox
def release(
    workspace: Path, client: str | None, name: str, user_ids: tuple[str, ...], now: datetime | None, sandbox: bool
) -> int:
    """Let friends go on whom a late step of scenario NAME holds; without --friend, all. The step is sent now."""
    return _change(workspace, client, name, user_ids, now, Change.RELEASE, sandbox=sandbox)


def _change(
    workspace: Path,
    client: str | None,
    name: str,
    user_ids: Sequence[str],
    now: datetime | None,
    change: Change,
    *,
    sandbox: bool,
) -> int:
    if not user_ids and change is not Change.RELEASE:
        raise UsageError(f"nobody is named to {change.value}", hint="add --friend USER_ID, once for each friend")
    project = open_project(workspace, [client] if client else [])
    owner = one_client(project, client)
    found = find_resource(owner, name, Kind.SCENARIO).address
    settings = read_settings()
    at = acting_moment(project, settings, now, sandbox=sandbox)
    with open_session(project, settings, sandbox=sandbox, now=at) as session, at_client(owner):
        done = asyncio.run(_done(session, project, owner, found.name, user_ids, change))
    return _say(owner, found, done, change)


async def _done(
    session: Session, _: Project, owner: Client, name: str, user_ids: Sequence[str], change: Change
) -> Done:
    account = session.account(owner)
    records = Records(session.store)
    try:
        actor = session.settings.actor or "lineform scenarios"
        options = TickOptions(actor=actor, link_keys=link_keys(owner.spec, session.settings))
        run = Run(owner, account, records, session.clock, options)
        return await by_hand(run, name, user_ids, change)
    finally:
        records.close()
        await account.close()


_WORDS = {Change.START: "entered", Change.STOP: "left", Change.RELEASE: "went on in"}


def _say(owner: Client, address: Address, done: Done, change: Change) -> int:
    click.echo(f"{owner.name}: {plural(done.changed, 'friend')} {_WORDS[change]} {address}")
    if done.unchanged:
        stay = f"{plural(done.unchanged, 'friend')} {'stays' if done.unchanged == 1 else 'stay'}"
        click.echo(f"  {stay} as they were: its rules, or where they stood, say so")
    for user_id in done.strangers:
        click.echo(f"  {user_id} is no friend that is known", err=True)
    return 3 if done.strangers else 0
