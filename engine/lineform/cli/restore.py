"""``lineform restore``: the store out of a backup."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import read_settings
from lineform.loading.workspace import find_root
from lineform.report.terminal import plural
from lineform.wiring.backup import restore_store
from lineform.wiring.clock import SystemClock


@click.command("restore")
@options.workspace
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace the store that is there.")
def command(workspace: Path, file: Path, force: bool) -> None:
    """Bring the store back from a backup, of this version or an older one.

    A backup does not know what was sent after it was made. So every client is halted: look at what LINE says was sent,
    then `lineform run --resume --client NAME`. People who were forgotten since the backup are forgotten in it, too.
    """
    settings = read_settings()
    actor = settings.actor or "lineform restore"
    restored = restore_store(
        settings, find_root(workspace), file, _now(), f"{actor} (restored {file.name})", force=force
    )
    click.echo(f"restored {file.name}: {plural(len(restored.halted), 'client')}")
    if restored.forgotten:
        people = plural(restored.forgotten, "person", "people")
        click.echo(f"  {people} who had been forgotten since were forgotten again")
    for client in restored.halted:
        click.echo(f"  {client} is halted; `lineform run --resume --client {client}` lets it send again", err=True)


def _now() -> datetime:
    return SystemClock().now()
