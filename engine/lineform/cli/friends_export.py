"""``lineform friends export``: everything that the store knows about friends, as a file that can be imported again."""

from __future__ import annotations

from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import owner_of, read_settings
from lineform.cli.importing import Progress
from lineform.errors import UsageError
from lineform.loading.friends_writing import ending_of, write_friends
from lineform.plural import plural
from lineform.report.terminal import printable
from lineform.sending.revision import declared_by
from lineform.store.work_file import work_file
from lineform.wiring.session import open_session


@click.command("export")
@options.workspace
@options.client
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write; .csv or .jsonl says how.",
)
@click.option("--force", is_flag=True, help="Write over a file that is there already.")
@options.sandbox
def export(workspace: Path, client: str | None, out: Path, force: bool, sandbox: bool) -> None:
    """Write all friends of a client, also those who block it, to a file that only you can read.

    `friends import` reads it again and changes nothing. In a CSV file, texts that a spreadsheet would take for a
    formula begin with an apostrophe.
    """
    project, owner = owner_of(workspace, client)
    if out.exists() and not force:
        raise UsageError(f"{out} is there already", hint="name another file, or add --force")
    ending = ending_of(out)
    with (
        open_session(project, read_settings(), sandbox=sandbox) as session,
        Progress("written") as progress,
        work_file(out) as part,
    ):
        friends = session.store.every_friend(owner.name)
        written = write_friends(part, ending, friends, declared_by(owner), progress)
        part.replace(out)
    click.echo(f"{owner.name}: {plural(written.friends, 'friend')} written to {out}")
    for what, count in sorted(written.left_out.items()):
        line = f"  left out, as it is not declared (any more, or not as this type): {what}, {plural(count, 'value')}"
        click.echo(printable(line), err=True)
