"""``lineform events``: events from a file, and those that came in and failed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import acting_moment, open_sound, owner_of, read_settings, say_left_out
from lineform.errors import UsageError
from lineform.loading.events_rows import EventReader, read_events
from lineform.loading.friends_rows import FriendsFileError, RefusedRow
from lineform.plural import plural
from lineform.report.terminal import printable
from lineform.scenarios.shop import ShopEvent
from lineform.sending.revision import declared_by
from lineform.serve.arrivals import shop_arrival, shop_rows
from lineform.wiring.session import Session, open_session

CHUNK = 2_000
SHOWN = 20


@click.group("events")
def command() -> None:
    """Import events, and look at those that came in and failed."""


@command.command("import")
@options.workspace
@options.client
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--encoding", default="utf-8", show_default=True, help="A CSV file's; Excel in Japan writes cp932.")
@click.option("--history", is_flag=True, help="Only record what friends did: nothing follows from it.")
@options.now
@options.sandbox
def import_(
    workspace: Path,
    client: str | None,
    file: Path,
    encoding: str,
    history: bool,
    now: datetime | None,
    sandbox: bool,
) -> int:
    """Take in what friends did, or what happened to items, from FILE (.csv or .jsonl).

    Columns: event, id, at, one of user_id and member_id, and fields.NAME for each field (in JSON Lines an object
    "fields"). An event is known by its type and id, so that a file may be imported again. What follows from an event
    follows at the next turn of `lineform serve` or `lineform run`; with --history, or where it happened more than 60
    days ago, nothing does. Events of people who were forgotten are not kept. A row that cannot be read is left out and
    told; where that are more than were taken in, the command ends with 3.
    """
    project, owner = owner_of(workspace, client)
    settings = read_settings()
    at = acting_moment(project, settings, now, sandbox=sandbox)
    reader = EventReader(declared_by(owner), owner.timezone)
    refused: list[RefusedRow] = []
    taken = new = others = 0
    with open_session(project, settings, sandbox=sandbox, now=at) as session:
        good = _good(read_events(file, reader, session.clock.now(), encoding=encoding), refused)
        while chunk := list(islice(good, CHUNK)):
            taken += len(chunk)
            came, left = _record(session, owner.name, chunk) if history else _keep(session, owner.name, chunk)
            new += came
            others += left
    click.echo(f"{owner.name}: {plural(new, 'new event')}, {others:,} that were there or are about nobody here")
    for row in refused[:SHOWN]:
        where = f"row {row.row}" + (f", {row.column}" if row.column else "")
        click.echo(printable(f"  {where}: {row.reason}{f' ({row.hint})' if row.hint else ''}"), err=True)
    if len(refused) > SHOWN:
        click.echo(f"  and {len(refused) - SHOWN:,} more", err=True)
    return FriendsFileError.exit_code if len(refused) > taken else 0


def _good(rows: Iterator[tuple[int, ShopEvent | RefusedRow]], refused: list[RefusedRow]) -> Iterator[ShopEvent]:
    for _, row in rows:
        if isinstance(row, RefusedRow):
            refused.append(row)
        else:
            yield row


def _keep(session: Session, account: str, chunk: list[ShopEvent]) -> tuple[int, int]:
    """How many are new, and how many are not. Nothing of people who were forgotten is written down again."""
    people = sorted({one.user_id for one in chunk if one.user_id})
    friends = session.store.friend_ids(account, people)
    gone = session.store.was_forgotten(account, [one for one in people if one not in friends])
    kept = [shop_arrival(account, event) for event in chunk if event.user_id not in gone]
    new = session.store.receive(kept, session.clock.now())
    return new, len(chunk) - new


def _record(session: Session, account: str, chunk: list[ShopEvent]) -> tuple[int, int]:
    """The same; an event counts once for each friend it is about, and once where it is about nobody."""
    members = session.store.user_ids_of_members(account, [one.member_id for one in chunk if one.member_id])
    each = [shop_rows(one, members) for one in chunk]
    done = session.store.add_events(account, [row for rows in each for row in rows], session.clock.now())
    return done.added, done.repeated + done.strangers + each.count([])


@command.command("failed")
@options.workspace
@options.clients
@options.sandbox
@click.option("--retry", type=int, metavar="NUMBER", help="Let this one be tried again.")
@click.option("--retry-all", is_flag=True, help="Let all of them be tried again.")
def failed(workspace: Path, clients: tuple[str, ...], sandbox: bool, retry: int | None, retry_all: bool) -> int:
    """List the events that were set aside because they failed again and again."""
    project, left_out = open_sound(workspace, clients, sending=True)
    if retry is not None and (retry_all or len({*project.clients, *left_out}) != 1):
        raise UsageError("--retry is for one event of one client", hint="name the client with --client")
    with open_session(project, read_settings(), sandbox=sandbox) as session:
        for name in project.clients:
            if retry is not None or retry_all:
                again = session.store.retry_aside(name, retry)
                click.echo(f"{name}: {plural(again, 'event')} will be tried again")
                continue
            for one in session.store.aside(name):
                click.echo(f"{name}  {one.number}  {one.kind}  {one.at:%Y-%m-%d %H:%M:%S} UTC  {one.reason}")
            level = session.store.inbox_level(name)
            click.echo(f"{name}: {plural(level.aside, 'event')} set aside, {level.waiting:,} waiting")
    return say_left_out(project, left_out)
