"""``lineform restore``: the store out of a backup."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.boundary import INTERRUPTED
from lineform.cli.common import read_settings
from lineform.cli.importing import Progress
from lineform.errors import LineformError, UsageError
from lineform.loading.workspace import find_root
from lineform.plural import plural
from lineform.settings import Settings
from lineform.wiring.backup import Moved, after_restore, before_restore, make_indexes, newer_told, restore_store
from lineform.wiring.clock import SystemClock


@click.command("restore")
@options.workspace
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace the store that is there.")
@click.option("--before", is_flag=True, help="Before another tool restores: halt, and save to FILE who was forgotten.")
@click.option("--after", is_flag=True, help="After it: halt, and forget again whom FILE names.")
def command(workspace: Path, file: Path | None, force: bool, before: bool, after: bool) -> None:
    """Bring the store back from a backup, of this version or an older one.

    A backup does not know what was sent after it was made. So every client is halted: look at what LINE says was sent,
    then `lineform run --resume --client NAME`. People who were forgotten since the backup are forgotten in it, too.

    A PostgreSQL store is brought back by PostgreSQL's own tools. End every `lineform serve` and `lineform run` first:
    in the moment between their work and the halt, a live one would send what the backup does not know. Then
    `lineform restore --before FILE`, pg_restore, `lineform restore --after FILE`. Where the old store is lost, there is
    nothing to save before, and --after needs no FILE.

    From SQLite to PostgreSQL: where LINEFORM_STORE names an empty PostgreSQL database and FILE is a backup of an SQLite
    store, everything in it moves there, the ledger of what was sent included. Nothing may use the SQLite store any
    more, from before its backup on. There is no way back.
    """
    if before + after + force > 1:
        raise UsageError("--before, --after and --force exclude each other")
    settings = read_settings()
    root = find_root(workspace)
    actor = settings.actor or "lineform restore"
    if after:
        said = f"{actor} (after a restore)"
        restored = after_restore(settings, root, file, _now(), said)
        click.echo(f"brought up to date: {plural(len(restored.halted), 'client')}")
        if file is None:
            click.echo("  nobody was forgotten again: no FILE says who had been since the backup", err=True)
    elif file is None:
        raise UsageError("name the FILE", hint="the one that lineform backup wrote, or for --before a new one")
    elif before:
        saved = before_restore(settings, root, file, _now(), f"{actor} (before a restore)")
        people = plural(saved.forgotten, "person", "people")
        click.echo(f"{file}: {people} whom this store has forgotten; every client is halted")
        return
    else:
        said = f"{actor} (restored {file.name})"
        with Progress("moved", "row") as moved:
            restored = restore_store(settings, root, file, _now(), said, force=force, tell=moved)
        rows = "" if restored.moved is None else f", {plural(restored.moved.rows, 'row')} moved to PostgreSQL"
        click.echo(f"restored {file.name}: {plural(len(restored.halted), 'client')}{rows}")
        if restored.newer:
            click.echo(f"  it replaces a store {newer_told(restored.newer)}", err=True)
    if restored.moved is not None:
        _say_left(restored.moved)
    if restored.forgotten:
        people = plural(restored.forgotten, "person", "people")
        were = "was" if restored.forgotten == 1 else "were"
        click.echo(f"  {people} who had been forgotten since {were} forgotten again")
    for client in restored.halted:
        click.echo(f"  {client} is halted; `lineform run --resume --client {client}` lets it send again", err=True)
    if restored.moved is not None and restored.moved.indexed:
        _make_indexes(settings, root, restored.moved)


def _say_left(moved: Moved) -> None:
    """What is to be done about the SQLite store, and who was forgotten in it since its backup."""
    if moved.asked:
        click.echo(f"  {moved.own} was asked who had been forgotten since the backup", err=True)
        click.echo(f"  {moved.own} is left as it is, and must not be used any more: it could send again", err=True)
        return
    why = "no store here says who had been since the backup"
    if moved.own is not None:
        why = f"{moved.own} was not asked who had been since the backup, which is not known to be of it"
    click.echo(
        f"  nobody was forgotten again: {why}; `restore --before WHO` at the SQLite store and `restore --after WHO` "
        "here tell it",
        err=True,
    )
    click.echo("  the SQLite store of this backup must not be used any more: it could send again", err=True)


def _make_indexes(settings: Settings, root: Path, moved: Moved) -> None:
    """The last part of a move, which is done and told by now: so whoever interrupts this must not move again."""
    try:
        make_indexes(settings, root, moved)
    except (KeyboardInterrupt, LineformError) as error:
        click.echo("  the move is done, its indexes are not all made: the next `lineform apply` makes them", err=True)
        if isinstance(error, KeyboardInterrupt):
            raise click.exceptions.Exit(INTERRUPTED) from None
        raise


def _now() -> datetime:
    return SystemClock().now()
