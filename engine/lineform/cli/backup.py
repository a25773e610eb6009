"""``lineform backup``: the store as one file."""

from __future__ import annotations

from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import read_settings
from lineform.loading.workspace import find_root
from lineform.plural import plural
from lineform.store.backup import back_up, sqlite_file


@click.command("backup")
@options.workspace
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Write over a file that is there already.")
def command(workspace: Path, file: Path, force: bool) -> None:
    """Copy the store, as it is at one moment, to FILE, which only you can read. Others may go on using the store.

    The copy is checked before it takes its name. For a PostgreSQL store the command of PostgreSQL's own tool is told.
    """
    store = sqlite_file(read_settings().store_url(find_root(workspace)), file, restore=False)
    made = back_up(store, file, force=force)
    clients = plural(len(made.accounts), "client")
    click.echo(f"{file}: {clients}, {made.size / 1e6:,.1f} MB, tables of version {made.version}; checked and whole")
