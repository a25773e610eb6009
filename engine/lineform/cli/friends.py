"""``lineform friends``: who they are, from a file or from LINE, and how many."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from itertools import islice
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import moment, one_client, open_project, read_settings
from lineform.cli.importing import Counter, Refusals, introduce
from lineform.errors import UsageError
from lineform.loading.friends_csv import FriendsFileError, RefusedRow, read_friends
from lineform.model.project import Client, Project
from lineform.ports.store import FriendRow, ImportCount
from lineform.report.terminal import plural
from lineform.run.followers import sync_followers
from lineform.sending.revision import declared_by
from lineform.wiring.session import Session, open_session

CHUNK = 5_000
"""Rows that are written together: a file that breaks off in its middle keeps all chunks before."""


@click.group("friends")
def command() -> None:
    """Import, collect and count friends."""


@command.command("import")
@options.workspace
@options.client
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--encoding", default="utf-8", show_default=True, help="The file's; Excel in Japan writes cp932.")
@click.option(
    "--refused",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write every row that is not imported, with the reason, to this CSV file.",
)
@options.now
@options.sandbox
def import_(
    workspace: Path,
    client: str | None,
    file: Path,
    encoding: str,
    refused: Path | None,
    now: datetime | None,
    sandbox: bool,
) -> int:
    """Add and change friends from a CSV file. Its first line names the columns: user_id, then any of display_name,
    language, followed_at, blocked, tags, untag and declared attributes. An empty cell changes nothing.

    The same file may be imported again. With --sandbox, its people also become friends of the offline account.
    """
    project, owner = _owner(workspace, client)
    if refused is not None and refused.resolve() == file.resolve():
        raise UsageError("--refused would write over the file that is read")
    rows = read_friends(file, declared_by(owner), encoding=encoding, timezone=owner.timezone)
    with ExitStack() as stack:
        session = stack.enter_context(
            open_session(project, read_settings(), sandbox=sandbox, now=moment(project, now)),
        )
        refusals = stack.enter_context(Refusals(refused))
        counter = stack.enter_context(Counter())
        try:
            _import(session, owner, rows, refusals, counter)
        except FriendsFileError:
            counter.close()
            if counter.taken:
                click.echo(f"{owner.name}: {_counted(counter.total)} before the file broke off")
            raise
    click.echo(f"{owner.name}: {_counted(counter.total)}")
    for line in refusals.lines():
        click.echo(line, err=True)
    return FriendsFileError.exit_code if refusals.count and not counter.taken else 0


def _import(
    session: Session, owner: Client, rows: Iterator[FriendRow | RefusedRow], refusals: Refusals, counter: Counter
) -> None:
    good = refusals.without_refused(rows)
    while chunk := list(islice(good, CHUNK)):
        count = session.store.import_friends(owner.name, chunk, session.clock.now())
        if session.control is not None:
            introduce(session.control, owner.name, chunk)
        counter.add(count, len(chunk))


@command.command("sync")
@options.workspace
@options.client
@click.option("--profiles", is_flag=True, help="Also collect each friend's display name: one call for each of them.")
@options.now
@options.sandbox
def sync(workspace: Path, client: str | None, profiles: bool, now: datetime | None, sandbox: bool) -> None:
    """Collect the friends from LINE, which tells them to verified and premium accounts only."""
    project, owner = _owner(workspace, client)
    with open_session(project, read_settings(), sandbox=sandbox, now=moment(project, now)) as session:
        total = asyncio.run(_sync(session, owner, profiles=profiles))
    click.echo(f"{owner.name}: {_counted(total)}")


async def _sync(session: Session, owner: Client, *, profiles: bool) -> ImportCount:
    account = session.account(owner)
    try:
        with Counter() as counter:
            return await sync_followers(account, session.store, owner, session.clock, counter.show, profiles=profiles)
    finally:
        await account.close()


@command.command("count")
@options.workspace
@options.clients
@options.output("text", "json")
@options.sandbox
def count(workspace: Path, clients: tuple[str, ...], output: str, sandbox: bool) -> None:
    """Count the friends that the store knows: those who can be reached, and those who block the account."""
    project = open_project(workspace, clients)
    with open_session(project, read_settings(), sandbox=sandbox) as session:
        counts = {name: session.store.count_friends(name) for name in project.clients}
    if output == "json":
        value = {name: {"friends": found.friends, "blocked": found.blocked} for name, found in counts.items()}
        click.echo(json.dumps({"format_version": 1, "clients": value}, ensure_ascii=False, indent=2))
        return
    for name, found in counts.items():
        click.echo(f"{name}: {plural(found.friends, 'friend')}, {found.blocked:,} more who block the account")


def _owner(workspace: Path, client: str | None) -> tuple[Project, Client]:
    project = open_project(workspace, [client] if client else [])
    return project, one_client(project, client)


def _counted(count: ImportCount) -> str:
    return f"{count.added:,} added, {count.changed:,} changed, {count.unchanged:,} unchanged"
