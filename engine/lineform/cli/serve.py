"""``lineform serve``: the server, with its tick beside it."""

from __future__ import annotations

import signal
import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from lineform.cli import options
from lineform.cli.boundary import say_failures
from lineform.cli.common import Failed, open_sound, read_settings, worst
from lineform.errors import LineformError, UsageError
from lineform.serve.app import create_app
from lineform.serve.logs import Form, configure, warn
from lineform.serve.metrics import share_figures
from lineform.serve.options import ServeOptions
from lineform.serve.processes import serve_in_processes
from lineform.serve.server import listen, server_of
from lineform.settings import METRICS_TOKEN, Settings
from lineform.wiring.serving import OneOfSeveral, parts_of
from lineform.wiring.session import open_session


@click.command("serve")
@options.workspace
@options.clients
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
@click.option("--every", type=click.FloatRange(1), default=15.0, show_default=True, help="Seconds between two ticks.")
@click.option(
    "--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that serve together."
)
@click.option("--logs", type=click.Choice(("json", "text")), default="json", show_default=True, help="How to log.")
@options.sandbox
def command(
    workspace: Path,
    clients: tuple[str, ...],
    host: str,
    port: int,
    every: float,
    processes: int,
    logs: Form,
    sandbox: bool,
) -> int:
    """Serve LINE's webhooks under /webhook/CLIENT, events of a shop's systems under /events/CLIENT, tracked links under
    /l/, and run a tick beside them. HTTPS is the business of a proxy in front of it.

    With --processes, several accept on one port and share all of the work; one that dies is started again. Several
    servers may run on one store as well: on SQLite on one machine, on PostgreSQL on several. It ends gracefully when it
    is asked to. /healthz says whether it lives, /readyz whether its store answers, /metrics how it is doing.

    What is wrong with one client is told, and the others are served: by what is armed, it is served as well where its
    settings are sure and its secrets are there; else LINE and everybody else are asked to come again (503). The exit
    code is then that of the gravest fault.
    """
    if sandbox and processes > 1:
        raise UsageError(
            "--sandbox and --processes do not go together: the offline account would be one for each process",
            hint="start 'lineform sandbox' and serve with LINEFORM_LINE_ORIGIN, or leave out --processes",
        )
    project, failed = open_sound(workspace, clients, sending=True)
    settings = read_settings()
    # One that is asked to end ends well: uvicorn raises the signal again when everything is over.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    listening = listen(host, port)
    try:
        with open_session(project, settings, sandbox=sandbox) as session:
            configure(logs)
            how = _options(settings, every, project.spec.defaults.raw_events)
            unsure = frozenset(failed.keys() - project.clients.keys())
            lacking: dict[str, LineformError] = {}
            parts = parts_of(session, unsure, fail=lacking.__setitem__)
            _tell(failed)
            _tell(lacking)
            code = worst(error.exit_code for error in (*failed.values(), *lacking.values()))
            if not parts.served:
                return code
            names = [one.name for one in parts.served]
            click.echo(f"serving {', '.join(names)} at http://{host}:{port}", err=True)
            if processes > 1:
                session.store.migrate()
                _together(OneOfSeveral(project, settings, how, logs, unsure), listening, processes)
                return code
            if session.control is not None:
                for name in names:
                    session.control.webhook(name, f"http://{host}:{port}/webhook/{name}")
                click.echo(f"phones to try it with: {session.settings.line_origin}/_sandbox/", err=True)
            server_of(create_app(parts, how)).run(sockets=[listening])
            return code
    finally:
        listening.close()


def _tell(failures: Failed) -> None:
    """To whoever started the server in full; to whoever reads its log as a line."""
    say_failures(failures)
    for name, error in failures.items():
        warn("client has faults", client=name, reason=error.message, hint=error.hint)


def _together(one: OneOfSeveral, listening: socket.socket, processes: int) -> None:
    """What is wrong with the workspace or its secrets was said before: a process is not started again for that."""
    with TemporaryDirectory(prefix="lineform-") as folder:
        share_figures(Path(folder))
        options = replace(one.options, figures=Path(folder))
        serve_in_processes(replace(one, options=options), listening, processes)


def _options(settings: Settings, every: float, keep_raw: timedelta) -> ServeOptions:
    token = settings.environment.get(METRICS_TOKEN, "").strip()
    actor = settings.actor or "lineform serve"
    return ServeOptions(every=every, keep_raw=keep_raw, ping=settings.ping, metrics_token=token, actor=actor)
