"""``lineform friends copy``: a copy of the friends that answers questions about everybody faster."""

from __future__ import annotations

from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import open_sound, read_settings, say_left_out
from lineform.errors import UsageError
from lineform.plural import plural
from lineform.settings import COPY
from lineform.wiring.session import open_session

_MEGABYTE = 1_000_000


@click.command("copy")
@options.workspace
@click.option("--remove", is_flag=True, help="Delete the copy.")
@options.sandbox
def copy(workspace: Path, remove: bool, sandbox: bool) -> int:
    """Make a copy of all friends and of what they did in DuckDB, or bring it up to date.

    It answers questions about everybody (segments, menus, audiences) five to forty times faster than the store, which
    stays the truth: a copy that is behind, in use by another process or damaged is not asked. It holds no LINE user ids
    and no names, and whoever is forgotten is gone from it. With many friends it is made by itself where what it
    needs is installed (pip install 'lineform[fast]'); LINEFORM_COPY says on or off.
    """
    project, failed = open_sound(workspace, sending=True)
    settings = read_settings()
    if settings.copy == "off" and not remove:
        raise UsageError(f"{COPY} is off: nobody would ask the copy", hint="set it to on or auto")
    with open_session(project, settings, sandbox=sandbox) as session:
        if remove:
            session.store.remove_copy()
            click.echo("the copy is deleted; every question is asked of the store")
            return say_left_out(project, failed)
        state = session.store.refresh_copy(session.clock.now())
    done = "made" if state.anew else f"up to date after {plural(state.changes, 'change')}"
    click.echo(f"the copy is {done}: {state.size / _MEGABYTE:,.1f} MB")
    return say_left_out(project, failed)
