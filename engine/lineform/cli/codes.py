"""``lineform codes``: pools of gift codes and the like, which are in the store and nowhere else.

Nothing here ever prints a code: whoever reads a log or a screen could use it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import acting_moment, find_resource, moment, open_sound, owner_of, read_settings, say_left_out
from lineform.errors import UsageError
from lineform.loading.code_files import RefusedCode, read_codes
from lineform.model.address import Kind
from lineform.model.project import Client
from lineform.plural import plural
from lineform.ports.audit import AuditEntry
from lineform.ports.codes import CodeCount, PoolCount
from lineform.report.terminal import padded, width
from lineform.wiring.session import Session, open_session

SHOWN = 20
"""Refused lines that are listed; the rest is counted."""


@click.group("codes", invoke_without_command=True)
@options.workspace
@options.clients
@options.output("text", "json")
@options.now
@options.sandbox
@click.pass_context
def command(
    context: click.Context, workspace: Path, clients: tuple[str, ...], output: str, now: datetime | None, sandbox: bool
) -> int:
    """Count the codes of every pool: free, given, and confirmed by a call that LINE accepted."""
    if context.invoked_subcommand is not None:
        return 0
    project, failed = open_sound(workspace, clients, sending=True)
    with open_session(project, read_settings(), sandbox=sandbox, now=moment(project, now)) as session:
        counts = {name: _counts(session, client) for name, client in project.clients.items()}
    if output == "json":
        listed = {name: [asdict(one) for one in found] for name, found in counts.items()}
        value = {"format_version": 1, "clients": listed}
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))
        return say_left_out(project, failed)
    for name, found in counts.items():
        click.echo(name)
        column = max((width(one.pool) for one in found), default=0)
        for one in found:
            click.echo(f"  {padded(one.pool, column)}  {_words(one)}")
        if not found:
            click.echo("  no pools of codes")
    return say_left_out(project, failed)


def _counts(session: Session, client: Client) -> list[PoolCount]:
    """Every declared pool, also one that is still empty, and every other that holds codes."""
    found = {one.pool: one for one in session.store.pool_counts(client.name)}
    for resource in client.of(Kind.CODES):
        found.setdefault(resource.address.name, PoolCount(resource.address.name, 0, 0, 0, 0))
    return [found[name] for name in sorted(found)]


def _words(one: PoolCount) -> str:
    nameless = f", {one.nameless:,} to people who were forgotten" if one.nameless else ""
    return f"{one.free:,} free, {one.given:,} given ({one.confirmed:,} confirmed{nameless})"


@command.command("import")
@options.workspace
@options.client
@click.argument("pool")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@options.now
@options.sandbox
def import_(workspace: Path, client: str | None, pool: str, file: Path, now: datetime | None, sandbox: bool) -> int:
    """Put the codes of FILE into POOL: one a line, or the column 'code' of a .csv file.

    The same file may be imported again: what is there already is left alone. Keep FILE out of git, and delete it when
    its codes are imported.
    """
    project, owner = owner_of(workspace, client)
    name = find_resource(owner, pool, Kind.CODES).address.name
    settings = read_settings()
    refused: list[RefusedCode] = []
    at = acting_moment(project, settings, now, sandbox=sandbox)
    with open_session(project, settings, sandbox=sandbox, now=at) as session:
        count = session.store.import_codes(owner.name, name, read_codes(file, refused.append), session.clock.now())
        _note(session, owner, "codes import", name, plural(count.added, "code"))
    click.echo(f"{owner.name}: {name}: {_counted(count)}")
    for one in refused[:SHOWN]:
        click.echo(f"  line {one.line}: {one.reason}", err=True)
    if len(refused) > SHOWN:
        click.echo(f"  … and {plural(len(refused) - SHOWN, 'more line')}", err=True)
    return 3 if len(refused) + count.elsewhere > count.added + count.repeated else 0


def _counted(count: CodeCount) -> str:
    words = [f"{plural(count.added, 'code')} added", f"{count.repeated:,} there already"]
    if count.elsewhere:
        words.append(f"{count.elsewhere:,} left out, because another pool has them")
    return ", ".join(words)


@command.command("discard")
@options.workspace
@options.client
@click.argument("pool")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.now
@options.sandbox
def discard(workspace: Path, client: str | None, pool: str, yes: bool, now: datetime | None, sandbox: bool) -> None:
    """Delete the free codes of POOL, such as those of a wrong file. What was given stays given."""
    project, owner = owner_of(workspace, client)
    settings = read_settings()
    at = acting_moment(project, settings, now, sandbox=sandbox)
    with open_session(project, settings, sandbox=sandbox, now=at) as session:
        free = session.store.free_codes(owner.name, pool)
        question = f"delete {plural(free, 'free code')} of {pool}?"
        if free and not yes and not (sys.stdin.isatty() and click.confirm(question)):
            raise UsageError(f"{plural(free, 'free code')} of {pool} would be deleted", hint="add --yes")
        count = session.store.discard_codes(owner.name, pool)
        _note(session, owner, "codes discard", pool, plural(count, "code"))
    click.echo(f"{owner.name}: {pool}: {plural(count, 'free code')} deleted")


def _note(session: Session, owner: Client, action: str, pool: str, detail: str) -> None:
    actor = session.settings.actor or "lineform codes"
    session.store.note(AuditEntry(session.clock.now(), owner.name, actor, action, f"codes.{pool}", detail))
