"""``lineform segments``: how many friends a segment has, and why one of them is in it or not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path

import click

from lineform.cli import options
from lineform.cli.common import find_resource, moment, one_client, open_project, read_settings
from lineform.cli.friend_known import known_friend
from lineform.errors import UsageError
from lineform.model.address import Kind
from lineform.model.audience import SegmentCondition
from lineform.model.project import Client
from lineform.ports.store import Store
from lineform.report.terminal import padded, width
from lineform.segments.explain import explain as explained
from lineform.segments.explain import lines
from lineform.segments.friend import Friend
from lineform.segments.predicate import Predicate
from lineform.segments.resolve import to_predicate
from lineform.sending.revision import declared_by
from lineform.wiring.session import open_session


@click.group("segments")
def command() -> None:
    """Count a segment, see who is in it or in several, or explain it for one friend."""


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
        at = session.clock.now()
        friend = known_friend(session.store, owner.name, user_id)
        friend = replace(friend, sources=session.store.as_sources_know(owner.name, predicate, friend.id, at))
    reason = explained(predicate, friend, at, owner.timezone)
    inside = reason.holds is True and not friend.blocked
    click.echo(f"{user_id} is {'in' if inside else 'not in'} {segment} of {owner.name}")
    if friend.blocked:
        click.echo("  blocks the account, and so is in no segment")
    for line in lines(reason, 1):
        click.echo(line)


MOST_SEGMENTS = 6


@command.command("overlap")
@options.workspace
@options.client
@click.argument("names", nargs=-1, required=True)
@options.output("text", "json")
@options.now
@options.sandbox
def overlap(
    workspace: Path, client: str | None, names: tuple[str, ...], output: str, now: datetime | None, sandbox: bool
) -> None:
    """Count who is in several of the segments NAMES at once, in each combination of them.

    Who gets two campaigns in one week is seen here before it happens.
    """
    project = open_project(workspace, [client] if client else [])
    owner = one_client(project, client)
    segments = list(dict.fromkeys(find_resource(owner, name, Kind.SEGMENT).address.name for name in names))
    if not 2 <= len(segments) <= MOST_SEGMENTS:
        raise UsageError(f"{len(segments)} segments cannot be compared", hint=f"name 2 to {MOST_SEGMENTS} of them")
    with open_session(project, read_settings(), sandbox=sandbox, now=moment(project, now)) as session:
        predicates = [_predicate(owner, one) for one in segments]
        found = session.store.overlap(owner.name, predicates, session.clock.now())
        friends = session.store.count_friends(owner.name).friends
    rows = [
        ([name for place, name in enumerate(segments) if bits >> place & 1], count)
        for bits, count in sorted(found.items(), key=lambda one: (-one[0].bit_count(), one[0]))
    ]
    if output == "json":
        value = {
            "format_version": 1,
            "client": owner.name,
            "friends": friends,
            "overlap": [{"segments": inside, "friends": count} for inside, count in rows],
        }
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))
        return
    for inside, count in rows:
        alone = "only in" if len(inside) == 1 else "in"
        click.echo(f"{count:>9,} of {friends:,}{_share(count, friends)}  {alone} {' and '.join(inside)}")
    if not rows:
        click.echo(f"nobody is in any of {', '.join(segments)}")


@command.command("sample")
@options.workspace
@options.client
@click.argument("name")
@click.option("--count", "wanted", type=click.IntRange(1, 100), default=5, show_default=True, help="How many friends.")
@options.now
@options.sandbox
def sample(workspace: Path, client: str | None, name: str, wanted: int, now: datetime | None, sandbox: bool) -> None:
    """Show some friends of the segment NAME, spread over all of it: LINE's user ids, and why each is in it.

    The same friends come every time. This is personal data: it is meant for your own terminal, not for a log.
    """
    project = open_project(workspace, [client] if client else [])
    owner = one_client(project, client)
    segment = find_resource(owner, name, Kind.SEGMENT).address.name
    predicate = _predicate(owner, segment)
    with open_session(project, read_settings(), sandbox=sandbox, now=moment(project, now)) as session:
        at = session.clock.now()
        total = session.store.count(owner.name, predicate, at)
        step = max(1, total // wanted)
        chosen = list(islice(session.store.select(owner.name, predicate, at), 0, step * wanted, step))
        found = [_read(session.store, owner, one, predicate, at) for one in chosen]
    click.echo(f"{len(found)} of {total:,} friends in {segment} of {owner.name}")
    for friend in found:
        if friend is not None:
            click.echo(friend.user_id)
            for line in lines(explained(predicate, friend, at, owner.timezone), 1):
                click.echo(line)


def _read(store: Store, owner: Client, friend_id: int, predicate: Predicate, at: datetime) -> Friend | None:
    """A friend with everything that an explanation reads; None where nobody is there."""
    found = store.friends(owner.name, [friend_id])
    if not found:
        return None
    history = store.histories(owner.name, [friend_id])
    sources = store.as_sources_know(owner.name, predicate, friend_id, at)
    return replace(found[0], events=history.get(friend_id, ()), sources=sources)
