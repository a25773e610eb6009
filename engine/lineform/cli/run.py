"""``lineform run``: sends what is due."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

import click

from lineform.cli import options
from lineform.cli.boundary import say_failures
from lineform.cli.common import (
    Failed,
    acting_moment,
    find_resource,
    moment,
    one_client,
    open_sound,
    read_settings,
    summarise,
    use_colour,
    worst,
)
from lineform.errors import LineformError, UsageError
from lineform.model.address import Kind
from lineform.model.project import Client, Project
from lineform.report.ticks import tick_json, tick_markdown, tick_text
from lineform.run.halt import halt as halt_account
from lineform.run.halt import resume as resume_account
from lineform.run.options import TickOptions
from lineform.run.outcome import TickReport
from lineform.run.release import release as release_held
from lineform.run.tick import tick
from lineform.run.worker import work
from lineform.wiring.failing import at_client
from lineform.wiring.hooks import hooks_of
from lineform.wiring.links import link_keys
from lineform.wiring.session import Session, open_session
from lineform.wiring.ticking import also_without_server

AT_ONCE: Final = 8
"""Clients whose ticks go on side by side."""
CALLS_AT_ONCE: Final = 800
"""Calls under way in all: a process may have 1,024 open connections and files where nobody allowed more."""


@click.command("run")
@options.workspace
@options.clients
@options.output("text", "json")
@click.option("--dry-run", is_flag=True, help="Say what would go where at what cost; write and send nothing.")
@click.option("--every", type=click.FloatRange(min=1), metavar="SECONDS", help="Stay, and run again and again.")
@click.option("--release", "held", metavar="ADDRESS@TIME", help="Let a held send go: campaign.a@2026-12-01T10:00.")
@click.option("--halt", is_flag=True, help="Stop every send of the chosen clients, within a second.")
@click.option("--resume", is_flag=True, help="Take --halt back.")
@options.now
@options.sandbox
def command(
    workspace: Path,
    clients: tuple[str, ...],
    output: str,
    dry_run: bool,
    every: float | None,
    held: str | None,
    halt: bool,
    resume: bool,
    now: datetime | None,
    sandbox: bool,
) -> int:
    """Send what is due of what was armed, once. Run it from a schedule, as often as you like, on as many machines as
    share the store: nothing is sent twice."""
    if sum((dry_run, bool(held), halt, resume)) > 1:
        raise UsageError("--dry-run, --release, --halt and --resume exclude each other")
    project, failed = open_sound(workspace, clients, sending=True)
    settings = read_settings()
    at = moment(project, now) if dry_run else acting_moment(project, settings, now, sandbox=sandbox)
    with open_session(project, settings, sandbox=sandbox, now=at) as session:
        if halt or resume:
            return _switch(session, failed, halting=halt)
        if held is not None:
            _release(session, _meant(project, clients, failed), held)
        if every is None:
            return asyncio.run(_once(session, dry_run=dry_run, output=output, failed=failed))
        return asyncio.run(_stay(session, every, dry_run=dry_run, output=output, failed=failed))


async def _once(
    session: Session,
    *,
    dry_run: bool,
    output: str,
    should_stop: Callable[[], bool] = lambda: False,
    failed: Failed = MappingProxyType({}),
) -> int:
    """One tick for each client, some side by side: nobody's campaign is late because another one sends to millions.
    One client's failure stays its own, and so do its files, of which the `failed` have some that are not right. Told
    in the order in which the clients are declared."""
    clients = list(session.project.clients.values())
    places = asyncio.Semaphore(AT_ONCE)
    calls = min(TickOptions().concurrency, CALLS_AT_ONCE // max(1, min(AT_ONCE, len(clients))))

    async def one(client: Client) -> TickReport | LineformError:
        async with places:
            try:
                with at_client(client):
                    return await _tick(session, client, calls, dry_run=dry_run, should_stop=should_stop)
            except LineformError as error:
                return error

    ended = await asyncio.gather(*(one(client) for client in clients))
    reports = [each for each in ended if isinstance(each, TickReport)]
    failures = {name: error for name, error in failed.items() if name not in session.project.clients}
    failures |= {c.name: each for c, each in zip(clients, ended, strict=True) if isinstance(each, LineformError)}
    as_json = output == "json"
    click.echo(
        tick_json(reports, failures=failures) if as_json else tick_text(reports, failures=failures, colour=use_colour())
    )
    say_failures(failures, told=not as_json)
    say_failures({name: error for name, error in failed.items() if name not in failures})
    summarise(tick_markdown(reports, failures=failures))
    if not dry_run and reports:
        # After what was done is told: a disk that holds no copy takes nothing from that.
        await asyncio.to_thread(session.keep_copy, next(iter(session.project.clients.values())))
    codes = [error.exit_code for error in (*failures.values(), *failed.values())]
    return worst([*codes, *(report.exit_code for report in reports)])


async def _tick(
    session: Session, client: Client, calls: int, *, dry_run: bool, should_stop: Callable[[], bool]
) -> TickReport:
    account = session.sending_account(client)
    try:
        actor = session.settings.actor or "lineform run"
        keys = link_keys(client.spec, session.settings)
        also = also_without_server(hooks_of(client, session.settings))
        how = TickOptions(actor=actor, dry_run=dry_run, concurrency=calls, should_stop=should_stop, link_keys=keys)
        return await tick(client, account, session.store, session.clock, how, also)
    finally:
        await account.close()


async def _stay(session: Session, every: float, *, dry_run: bool, output: str, failed: Failed) -> int:
    """Ticks until it is interrupted or asked to end; ends after the calls that are under way."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    latest = 0
    once = partial(_once, session, dry_run=dry_run, output=output, should_stop=stop.is_set, failed=failed)
    async for code in work(once, session.clock, stop, every):
        latest = code
    return latest


def _meant(project: Project, clients: tuple[str, ...], failed: Failed) -> Client:
    """The client whose held send is released. Raises what is wrong with its files."""
    name = clients[0] if clients else None
    if name is not None and name in failed:
        raise failed[name]
    return one_client(project, name)


def _release(session: Session, client: Client, held: str) -> None:
    address, at, key = held.partition("@")
    if not at:
        raise UsageError(f"'{held}' names no occurrence", hint="write campaign.name@2026-12-01T10:00")
    found = find_resource(client, address, Kind.CAMPAIGN)
    actor = session.settings.actor or "lineform run --release"
    release_held(session.store, client, str(found.address), key, actor, session.clock.now())
    click.echo(f"{client.name}: {held} is released")


def _switch(session: Session, failed: Failed, *, halting: bool) -> int:
    """The kill switch, for those as well whose files are not right: it needs none."""
    actor = session.settings.actor or "lineform run --halt"
    names = sorted({*session.project.clients, *failed})
    for name in names:
        if halting:
            halt_account(session.store, name, actor, session.clock.now())
            click.echo(f"{name}: halted; nothing is sent until `lineform run --resume --client {name}`")
        elif resume_account(session.store, name, actor, session.clock.now()):
            click.echo(f"{name}: sends again")
        else:
            click.echo(f"{name}: was not halted")
    return 0
