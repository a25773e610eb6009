"""``lineform worker``: sends what is due for as long as it runs, together with other workers."""

from __future__ import annotations

import asyncio
import signal
from functools import partial
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.boundary import say_failures
from lineform.cli.common import Failed, open_sound, read_settings, use_colour, worst
from lineform.errors import LineformError, UsageError
from lineform.report.ticks import tick_json, tick_text
from lineform.run.outcome import TickReport
from lineform.wiring.session import Session, open_session
from lineform.wiring.working import Worker, jobs_of


@click.command("worker")
@options.workspace
@options.clients
@options.output("text", "json")
@click.option(
    "--every", type=int, default=10, show_default=True, metavar="SECONDS", help="How often each client is looked at."
)
@click.option(
    "--jobs", "at_once", type=click.IntRange(1, 256), default=16, show_default=True, help="Jobs done at once."
)
@options.sandbox
def command(workspace: Path, clients: tuple[str, ...], output: str, every: int, at_once: int, sandbox: bool) -> int:
    """Stay, and send what is due. With a PostgreSQL store, start as many as you like on as many machines as you like:
    they share the work, the limits of each account, and what a lost one leaves behind.

    What is wrong with one client is told, and the others go on; what is armed of it is sent where its settings are
    sure. The exit code is that of the gravest fault that lasted to the end.
    """
    if every < 1 or every > 3600 or (60 % every if every < 60 else every % 60 or 60 % (every // 60)):
        raise UsageError(
            f"--every {every} does not divide a minute or an hour", hint="take 1, 2, 5, 10, 15, 20, 30, 60 or 300"
        )
    project, failed = open_sound(workspace, clients, sending=True)
    say_failures(failed)
    with open_session(project, read_settings(), sandbox=sandbox) as session:
        return asyncio.run(_work(session, every, at_once, failed, as_json=output == "json"))


async def _work(session: Session, every: int, at_once: int, failed: Failed, *, as_json: bool) -> int:
    """Works until it is interrupted or asked to end; ends after the calls that are under way. A failure that lasts is
    told once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)

    ailing: dict[str, LineformError] = {}

    def tell(report: TickReport) -> None:
        ailing.pop(report.client, None)
        if report.entries or report.halted:
            click.echo(tick_json([report]) if as_json else tick_text([report], colour=use_colour()))

    def fail(client: str, error: LineformError) -> None:
        known, ailing[client] = ailing.get(client), error
        if known is None or known.message != error.message:
            say_failures({client: error})

    async with jobs_of(session, partial(click.echo, err=True)) as jobs:
        await Worker(session, jobs, stop, tell, fail).work(every, at_once)
    return worst(error.exit_code for error in (*failed.values(), *ailing.values()))
