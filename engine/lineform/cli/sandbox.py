"""``lineform sandbox``: the offline LINE account as a server of its own."""

from __future__ import annotations

from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import load, sound_of
from lineform.loading.workspace import NoWorkspaceError, find_root
from lineform.sandbox.server import serve
from lineform.wiring.sandbox import enlist

STATE = Path(".lineform") / "sandbox.db"


@click.command("sandbox")
@options.workspace
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8787, show_default=True)
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Where accounts, friends and messages are kept. Default: {STATE.as_posix()} of the workspace, or here.",
)
@click.option("--forget", is_flag=True, help="Keep nothing: the state lives in memory, and begins without accounts.")
@click.option("--allow-remote", is_flag=True, help="Let other machines reach the controls, too.")
def command(workspace: Path, host: str, port: int, state: Path | None, forget: bool, allow_remote: bool) -> None:
    """Run the offline LINE account. In a workspace, every client gets an account there, and a token.

    It has the paths of api.line.me and api-data.line.me on one origin. Point the engine, or any LINE SDK, at it with
    LINEFORM_LINE_ORIGIN; look at it and control it under /_sandbox/.
    """
    root = _root(workspace)
    file = None if forget else state or (root or Path()) / STATE
    tokens = {} if root is None or file is None else _tokens(root, file)

    def ready() -> None:
        click.echo(f"the offline LINE account is at http://{host}:{port} (pages: http://{host}:{port}/_sandbox/)")
        click.echo(f"  export LINEFORM_LINE_ORIGIN=http://{host}:{port}")
        for name, token in tokens.items():
            click.echo(f"  export {name}={token}")
        click.echo("ctrl-c ends it" + ("" if file is None else f"; what happened stays in {file}"))

    serve(host, port, file, ready=ready, allow_remote=allow_remote)


def _root(workspace: Path) -> Path | None:
    """The workspace at or above a folder, if there is one: the sandbox serves without it, too."""
    try:
        return find_root(workspace)
    except NoWorkspaceError:
        return None


def _tokens(root: Path, file: Path) -> dict[str, str]:
    """A token for each client of a workspace whose settings are sure; none where it cannot be read."""
    loaded = load(root)
    if loaded.sound is None:
        click.echo("no accounts were made: the workspace has errors, which `lineform validate` shows", err=True)
        return {}
    project, failed = sound_of(loaded.sound, loaded.faulty, sending=True)
    for name in failed.keys() - project.clients.keys():
        click.echo(f"{name} has no account: its files have errors, which `lineform validate` shows", err=True)
    return enlist(project, file)
