"""``lineform items``: the feed of what a business offers, for recommendations."""

from __future__ import annotations

from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import owner_of, read_settings
from lineform.errors import UsageError
from lineform.loading.items_files import read_feed
from lineform.ports.audit import AuditEntry
from lineform.sending.revision import declared_by
from lineform.wiring.session import open_session


@click.group("items")
def command() -> None:
    """Import the feed of items that recommendations choose from, and count them."""


@command.command("import")
@options.workspace
@options.client
@options.sandbox
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def import_(workspace: Path, client: str | None, sandbox: bool, file: Path) -> None:
    """Make the items of FILE (.csv or .jsonl) all the items there are; those that it does not name are offered no more.

    The feed has a column 'id' and every field that is declared under items, in the order in which 'listed' takes them.
    """
    project, owner = owner_of(workspace, client)
    fields = declared_by(owner).items
    if not fields:
        raise UsageError(f"{owner.name} declares no items", hint="write 'items:' in a file of kind attributes")
    listed = read_feed(file, fields)
    with open_session(project, read_settings(), sandbox=sandbox) as session:
        now = session.clock.now()
        try:
            count = session.store.import_items(owner.name, listed, now)
        except ValueError as wrong:
            raise UsageError(f"{file.name}: {wrong}") from None
        said = f"{count.added} added, {count.changed} changed, {count.unchanged} unchanged, {count.removed} removed"
        session.store.note(AuditEntry(now, owner.name, session.settings.actor or "lineform", "items", file.name, said))
    click.echo(f"{owner.name}: {len(listed):,} items: {said}")


@command.command("count")
@options.workspace
@options.client
@options.sandbox
def count(workspace: Path, client: str | None, sandbox: bool) -> None:
    """Count the items that are offered."""
    project, owner = owner_of(workspace, client)
    with open_session(project, read_settings(), sandbox=sandbox) as session:
        click.echo(f"{owner.name}: {len(session.store.items(owner.name)):,} items")
