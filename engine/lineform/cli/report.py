"""``lineform report``: what was sent, from the ledger."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import find_resource, moment, open_sound, read_settings, say_left_out, use_colour
from lineform.errors import UsageError
from lineform.model.address import Kind
from lineform.model.project import Client
from lineform.report.sends import notes_text, sends_json, sends_text
from lineform.run.stopped import kept_back
from lineform.wiring.session import open_session

DAYS = 35
NOTES = 200


@click.command("report")
@options.workspace
@options.clients
@options.output("text", "json")
@click.option("--campaign", metavar="NAME", help="Only this campaign.")
@click.option(
    "--days",
    type=click.IntRange(1),
    default=DAYS,
    show_default=True,
    help="How far back; what is held or not at its end, and what is due later, is always shown.",
)
@click.option("--audit", is_flag=True, help=f"Also who did what: the last {NOTES} notes of each client.")
@options.now
@options.sandbox
def command(
    workspace: Path,
    clients: tuple[str, ...],
    output: str,
    campaign: str | None,
    days: int,
    audit: bool,
    now: datetime | None,
    sandbox: bool,
) -> int:
    """Show each send with its status: how many people, in how many calls, and why where it did not go out."""
    project, failed = open_sound(workspace, clients, sending=True)
    owners = list(project.clients.values())
    addresses = {owner.name: _address(owner, campaign, alone=len(owners) == 1) for owner in owners}
    if campaign is not None and not any(addresses.values()):
        raise UsageError(f"no client has the campaign '{campaign}'")
    zones = {owner.name: owner.timezone for owner in owners}
    with open_session(project, read_settings(), sandbox=sandbox, now=moment(project, now)) as session:
        since = session.clock.now() - timedelta(days=days)
        sends = {
            name: session.store.sends_since(name, since, address=address or "")
            for name, address in addresses.items()
            if campaign is None or address
        }
        kept = {
            name: kept_back(session.store, project.clients[name], session.clock.now(), address=addresses[name])
            for name in sends
        }
        notes = {name: session.store.notes(name, NOTES) for name in sends} if audit else None
        # Read as it is told: steps and answers are summed up as they come.
        as_json = output == "json"
        if as_json:
            told = sends_json(sends, notes, kept=kept)
        else:
            told = sends_text(sends, zones, kept=kept, colour=use_colour())
    click.echo(told)
    if notes is not None and not as_json:
        click.echo(notes_text(notes, zones, colour=use_colour()))
    return say_left_out(project, failed)


def _address(owner: Client, campaign: str | None, *, alone: bool) -> str:
    """The campaign's address at this client; empty where it has none and another client may."""
    if campaign is None:
        return ""
    if alone:
        return str(find_resource(owner, campaign, Kind.CAMPAIGN).address)
    wanted = campaign if "." in campaign else f"{Kind.CAMPAIGN}.{campaign}"
    return next((str(r.address) for r in owner.of(Kind.CAMPAIGN) if str(r.address) == wanted), "")
