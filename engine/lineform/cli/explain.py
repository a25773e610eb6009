"""``lineform explain``: where a value was written, layer by layer; and which menu a friend sees, and why."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from lineform.cli import options
from lineform.cli.common import find_resource, moment, one_client, open_project, read_settings
from lineform.cli.friend_known import known_friend
from lineform.errors import UsageError
from lineform.journeys.book import books
from lineform.journeys.versions import Versions
from lineform.model.address import Kind
from lineform.model.origin import Path as ValuePath
from lineform.model.origin import dotted, parse_dotted
from lineform.model.problem import did_you_mean
from lineform.model.project import Client, Project
from lineform.report.scenarios import course_lines, tap_lines
from lineform.run.taps import link_taps
from lineform.scenarios.menu_reasons import explain_menu, named
from lineform.scenarios.menu_rules import menu_rules_revision, read_menu_rules
from lineform.scenarios.menus import NOTHING
from lineform.segments.explain import lines
from lineform.sending.revision import Revisions
from lineform.wiring.session import open_session


@click.command("explain")
@options.workspace
@options.client
@click.argument("address")
@click.argument("path", default="")
@click.option(
    "--friend",
    "user_id",
    metavar="USER_ID",
    help="Of menu rules: which one holds for this friend; of a scenario: where they stand. And why.",
)
@options.now
@options.sandbox
def command(
    workspace: Path,
    client: str | None,
    address: str,
    path: str,
    user_id: str | None,
    now: datetime | None,
    sandbox: bool,
) -> None:
    """Tell where a value was written, such as campaign.winter-offer schedule.at; ADDRESS may also be `client`.

    With --friend and the ADDRESS of menu rules: which menu the friend sees, and why; with that of a scenario: where
    the friend stands in it, what became of each step, and when the next one is due.
    """
    project = open_project(workspace, [client] if client else [])
    owner = one_client(project, client)
    if user_id is not None:
        _friend(project, owner, address, user_id, now, sandbox=sandbox)
        return
    wanted = parse_dotted(path)
    if address in {"client", f"client.{owner.name}"}:
        value = _value(_client_tree(owner), wanted, "client")
        layers = owner.source.layers(wanted)
    else:
        resource = find_resource(owner, address)
        value = _value(resource.spec.model_dump(mode="json", by_alias=True), wanted, address)
        layers = resource.source.layers(wanted)
    where = f"{address} {dotted(wanted)}".strip()
    click.echo(f"{where} of {owner.name} is {_shown(value)}")
    if not layers:
        click.echo("  nobody wrote it: it is the default")
    for place, layer in enumerate(layers, start=1):
        mark = "holds" if place == len(layers) else "replaced"
        click.echo(f"  {layer.name:<9} {layer.origin!s:<50} {mark:<9} {_shown(layer.value)}")


def _friend(
    project: Project, owner: Client, address: str, user_id: str, now: datetime | None, *, sandbox: bool
) -> None:
    resource = find_resource(owner, address)
    if resource.address.kind is Kind.SCENARIO:
        _scenario(project, owner, resource.address.name, user_id, now, sandbox=sandbox)
        return
    if resource.address.kind is not Kind.MENU_RULES:
        raise UsageError(
            f"{address} says nothing about one friend",
            hint="menu rules and scenarios do; for a segment, `lineform segments explain`",
        )
    revised = menu_rules_revision(Revisions(), owner, resource)
    rules = read_menu_rules(str(resource.address), revised.digest, revised.body)
    with open_session(project, read_settings(), sandbox=sandbox, now=moment(project, now)) as session:
        friend = known_friend(session.store, owner.name, user_id)
        shown = session.store.shown_menus(owner.name, [friend.id]).get(friend.id, NOTHING)
        armed = {revision.digest for revision in session.store.armed(owner.name)}
        at = session.clock.now()
    if friend.blocked:
        click.echo(f"{user_id} blocks {owner.name}, and so has no menu")
        return
    found = explain_menu(rules, friend, shown, at)
    click.echo(f"{user_id} is to see {named(found.menu)} of {owner.name}: {found.said}")
    for number, (menu, reason) in enumerate(found.rules, start=1):
        click.echo(f"  {number}. {named(menu)}")
        for line in lines(reason, 2):
            click.echo(line)
    click.echo(f"recorded: {found.recorded}")
    if revised.digest not in armed:
        click.echo("these rules are not armed: until `lineform apply`, those of the last apply decide")


def _scenario(project: Project, owner: Client, name: str, user_id: str, now: datetime | None, *, sandbox: bool) -> None:
    with open_session(project, read_settings(), sandbox=sandbox, now=moment(project, now)) as session:
        friend = known_friend(session.store, owner.name, user_id)
        courses = session.store.enrolments(owner.name, [friend.id]).get(friend.id, ())
        at = session.clock.now()
        versions = Versions(books(), books().of(session.store, owner), session.store, owner.name)
        mine = [course for course in courses if course.scenario == name]
        # No run may have looked at what was armed since.
        stand = [versions.rearmed(course, friend, at) if course.open else course for course in mine]
        rules = {one.instance: armed.in_flight for one in mine if (armed := versions.older(one)) is not None}
        taps = list(link_taps(session.store, owner.name, friend.id, f"scenario.{name}"))
    if friend.blocked:
        click.echo(f"{user_id} blocks {owner.name}, and is sent nothing")
    click.echo("\n".join(course_lines(user_id, stand, owner.timezone, name, rules)))
    click.echo("\n".join(tap_lines(taps, owner.timezone)), nl=bool(taps))


def _client_tree(client: Client) -> dict[str, Any]:
    return {**client.spec.model_dump(mode="json", by_alias=True), "values": client.values}


def _value(tree: Any, path: ValuePath, what: str) -> Any:
    """The value at a path; UsageError, with the nearest name, where there is none."""
    for depth, part in enumerate(path):
        try:
            tree = tree[part]
        except (KeyError, IndexError, TypeError):
            known = [str(key) for key in tree] if isinstance(tree, dict) else []
            where = dotted(path[: depth + 1])
            raise UsageError(f"{what} has no {where}", hint=did_you_mean(str(part), known)) from None
    return tree


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 100 else text[:99] + "…"
