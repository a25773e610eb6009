"""``lineform friends``: who they are, from a file or from LINE, and how many."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.boundary import say_failures
from lineform.cli.common import acting_moment, open_sound, read_settings, say_left_out, worst
from lineform.cli.friends_copy import copy
from lineform.cli.friends_export import export
from lineform.cli.friends_forget import forget
from lineform.cli.friends_import import import_
from lineform.cli.importing import Counter, counted
from lineform.errors import LineformError
from lineform.model.project import Client
from lineform.plural import plural
from lineform.ports.friends import ImportCount
from lineform.run.followers import sync_followers
from lineform.wiring.failing import at_client
from lineform.wiring.session import Session, open_session


@click.group("friends")
def command() -> None:
    """Import, collect, count, copy, export and forget friends."""


@command.command("sync")
@options.workspace
@options.clients
@click.option("--profiles", is_flag=True, help="Also collect each friend's display name: one call for each of them.")
@click.option(
    "--allow-many-gone",
    is_flag=True,
    help="Count friends whom LINE's list lacks as blocking the account, however many they are.",
)
@options.now
@options.sandbox
def sync(
    workspace: Path,
    clients: tuple[str, ...],
    profiles: bool,
    allow_many_gone: bool,
    now: datetime | None,
    sandbox: bool,
) -> int:
    """Collect the friends from LINE, which tells them to verified and premium accounts only.

    Friends who are not in the whole list block the account, or have left LINE: they are kept, and counted so. Where a
    fifth of them would be, nobody is without --allow-many-gone.
    """
    project, failed = open_sound(workspace, clients, sending=True)
    settings = read_settings()
    at = acting_moment(project, settings, now, sandbox=sandbox)
    failures: dict[str, LineformError] = {}
    with open_session(project, settings, sandbox=sandbox, now=at) as session:
        for owner in project.clients.values():
            try:
                with at_client(owner):
                    total = asyncio.run(_sync(session, owner, profiles=profiles, many=allow_many_gone))
            except LineformError as error:
                failures[owner.name] = error
            else:
                click.echo(f"{owner.name}: {counted(total)}")
                session.keep_copy(owner, make=True)
    say_failures(failures)
    return worst([say_left_out(project, failed), *(error.exit_code for error in failures.values())])


async def _sync(session: Session, owner: Client, *, profiles: bool, many: bool) -> ImportCount:
    account = session.account(owner)
    try:
        with Counter() as counter:
            store, clock, show = session.store, session.clock, counter.show
            return await sync_followers(account, store, owner, clock, show, profiles=profiles, many=many)
    finally:
        await account.close()


@command.command("count")
@options.workspace
@options.clients
@options.output("text", "json")
@options.sandbox
def count(workspace: Path, clients: tuple[str, ...], output: str, sandbox: bool) -> int:
    """Count the friends that the store knows: those who can be reached, those who block the account, and those who came
    by a route and never followed."""
    project, failed = open_sound(workspace, clients, sending=True)
    with open_session(project, read_settings(), sandbox=sandbox) as session:
        counts = {
            name: (session.store.count_friends(name), session.store.count_visitors(name)) for name in project.clients
        }
    if output == "json":
        value = {
            name: {"friends": found.friends, "blocked": found.blocked - visitors, "visitors": visitors}
            for name, (found, visitors) in counts.items()
        }
        click.echo(json.dumps({"format_version": 1, "clients": value}, ensure_ascii=False, indent=2))
        return say_left_out(project, failed)
    for name, (found, visitors) in counts.items():
        blocking = f"{found.blocked - visitors:,} more who block the account"
        came = f", {visitors:,} who came by a route and never followed" if visitors else ""
        click.echo(f"{name}: {plural(found.friends, 'friend')}, {blocking}{came}")
    return say_left_out(project, failed)


for subcommand in (import_, export, forget, copy):
    command.add_command(subcommand)
