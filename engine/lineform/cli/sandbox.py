"""``lineform sandbox``: the offline LINE account as a server of its own."""

from __future__ import annotations

from pathlib import Path

import click

from lineform.sandbox.server import serve


@click.command("sandbox")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8787, show_default=True)
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path(".lineform/sandbox.db"),
    show_default=True,
    help="Where accounts, friends and messages are kept.",
)
@click.option("--forget", is_flag=True, help="Keep nothing: the state lives in memory.")
@click.option("--allow-remote", is_flag=True, help="Let other machines reach the controls, too.")
def command(host: str, port: int, state: Path, forget: bool, allow_remote: bool) -> None:
    """Run the offline LINE account.

    It has the paths of api.line.me and api-data.line.me on one origin. Point the engine, or any LINE SDK, at it with
    LINEFORM_LINE_ORIGIN; look at it and control it under /_sandbox/.
    """
    if not forget:
        state.parent.mkdir(parents=True, exist_ok=True)
    click.echo(f"the offline LINE account is at http://{host}:{port} (pages: http://{host}:{port}/_sandbox/)")
    click.echo(f"  export LINEFORM_LINE_ORIGIN=http://{host}:{port}")
    click.echo("ctrl-c ends it" + ("" if forget else f"; what happened stays in {state}"))
    serve(host, port, None if forget else state, allow_remote=allow_remote)
