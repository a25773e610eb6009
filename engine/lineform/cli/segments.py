"""``lineform segments``: how many friends a segment has, and why one of them is in it or not."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import find_resource, moment, one_client, open_project, read_settings
from lineform.cli.friend_known import known_friend
from lineform.model.address import Kind
from lineform.model.audience import SegmentCondition
from lineform.model.project import Client
from lineform.report.terminal import padded, width
from lineform.segments.explain import explain as explained
from lineform.segments.explain import lines
from lineform.segments.predicate import Predicate
from lineform.segments.resolve import to_predicate
from lineform.sending.revision import declared_by
from lineform.wiring.session import open_session


@click.group("segments")
def command() -> None:
    """Count a segment, or explain it for one friend."""


@command.command("count")
@options.workspace
@options.client
@click.argument("name", required=False)
@options.output("text", "json")
@options.now
@options.sandbox
def count(
    workspace: Path, client: str | None, name: str | None, output: str, now: datetime | None, sandbox: bool
) -> None:
    """Count the friends of the segment NAME, or of each segment. Who blocks the account is never counted."""
    project = open_project(workspace, [client] if client else [])
    owner = one_client(project, client)
    if name is None:
        names = [resource.address.name for resource in owner.of(Kind.SEGMENT)]
    else:
        names = [find_resource(owner, name, Kind.SEGMENT).address.name]
    with open_session(project, read_settings(), sandbox=sandbox, now=moment(project, now)) as session:
        at = session.clock.now()
        counts = {one: session.store.count(owner.name, _predicate(owner, one), at) for one in names}
        friends = session.store.count_friends(owner.name).friends
    if output == "json":
        value = {"format_version": 1, "client": owner.name, "friends": friends, "segments": counts}
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))
        return
    column = max((width(one) for one in names), default=0)
    for one, found in counts.items():
        click.echo(f"{padded(one, column)}  {found:>9,} of {friends:,}{_share(found, friends)}")
    if not names:
        click.echo(f"{owner.name} has no segments")


def _share(found: int, friends: int) -> str:
    return f" ({found / friends:.1%})" if friends else ""


def _predicate(owner: Client, name: str) -> Predicate:
    return to_predicate(SegmentCondition(segment=name), declared_by(owner), owner.timezone)


@command.command("explain")
@options.workspace
@options.client
@click.argument("name")
@click.option("--friend", "user_id", required=True, metavar="USER_ID", help="LINE's user id of the friend.")
@options.now
@options.sandbox
def explain(workspace: Path, client: str | None, name: str, user_id: str, now: datetime | None, sandbox: bool) -> None:
    """Tell why a friend is in the segment NAME, or is not: every condition, with the value that it met."""
    project = open_project(workspace, [client] if client else [])
    owner = one_client(project, client)
    segment = find_resource(owner, name, Kind.SEGMENT).address.name
    predicate = _predicate(owner, segment)
    with open_session(project, read_settings(), sandbox=sandbox, now=moment(project, now)) as session:
        friend = known_friend(session.store, owner.name, user_id)
        at = session.clock.now()
    reason = explained(predicate, friend, at)
    inside = reason.holds is True and not friend.blocked
    click.echo(f"{user_id} is {'in' if inside else 'not in'} {segment} of {owner.name}")
    if friend.blocked:
        click.echo("  blocks the account, and so is in no segment")
    for line in lines(reason, 1):
        click.echo(line)
