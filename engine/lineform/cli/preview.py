"""``lineform preview``: the workspace as friends will see it, on one page; no account, no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from lineform.apply.images import menu_image
from lineform.cli import options
from lineform.cli.common import moment, open_sound, say_left_out
from lineform.errors import UsageError
from lineform.loading.csv_cells import Unreadable, attribute_reader
from lineform.model.address import Kind
from lineform.model.campaign import CampaignSpec
from lineform.model.problem import did_you_mean
from lineform.model.project import Client, Project, Resource
from lineform.model.richmenu import RichMenuSpec
from lineform.model.richmenu_line import richmenu_to_line
from lineform.planning.arming import ARMED_KINDS, enabled
from lineform.plural import plural
from lineform.report.preview import Reading, ShownCampaign, ShownClient, ShownMenu, audience_words, preview_page
from lineform.scenarios.doing import messages_in
from lineform.scenarios.menu_reasons import named
from lineform.scenarios.menu_rules import menu_rules_revision, read_menu_rules
from lineform.segments.friend import Friend, Value
from lineform.segments.sample import NAME, sample_friend, unknown_friend
from lineform.segments.sentences import phrase
from lineform.sending.due import upcoming
from lineform.sending.given import Given, read_given, stand_ins
from lineform.sending.revision import Revisions, declared_by, read_revision, revision
from lineform.sending.scope import friend_scope, reads_friend, run_scope
from lineform.templates.errors import TemplateError, UnknownValue
from lineform.templates.send import CompiledMessages, compile_messages
from lineform.wiring.clock import SystemClock

_NOT_ENABLED = "not enabled"
DEFAULT = Path(".lineform") / "preview" / "index.html"


@click.command("preview")
@options.workspace
@options.clients
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help=f"Where to write the page. Default: {DEFAULT}"
)
@click.option("--friend-name", default=NAME, show_default=True, metavar="NAME", help="What the shown friend is called.")
@click.option(
    "--set", "chosen", multiple=True, metavar="ATTRIBUTE=VALUE", help="What else is known of them; may be repeated."
)
@options.now
def command(
    workspace: Path,
    clients: tuple[str, ...],
    out: Path | None,
    friend_name: str,
    chosen: tuple[str, ...],
    now: datetime | None,
) -> int:
    """Write a page with every rich menu and its tap areas, and the messages of campaigns, scenarios and replies.

    Each is shown as an invented friend reads it of whom everything is known, and, where that differs, as one
    reads it of whom nothing is.
    """
    project, failed = open_sound(workspace, clients)
    at = moment(project, now) or SystemClock().now()
    owners = list(project.clients.values())
    values = _values(owners, chosen)
    shown = [_client(owner, at, friend_name, values) for owner in owners]
    path = out or project.root / DEFAULT
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(preview_page(_title(project), shown), encoding="utf-8")
    menus, campaigns = sum(len(one.menus) for one in shown), sum(len(one.campaigns) for one in shown)
    said = sum(len(one.spoken) for one in shown)
    spoken = f"what scenarios and replies say {plural(said, 'time')}"
    parts = f"{plural(menus, 'rich menu')}, {plural(campaigns, 'campaign')}, and {spoken}"
    click.echo(f"{path}: {parts}, of {plural(len(shown), 'client')}")
    return say_left_out(project, failed)


def _title(project: Project) -> str:
    return f"lineform preview: {project.spec.name}"


def _values(owners: Sequence[Client], chosen: Sequence[str]) -> dict[str, Value]:
    """The chosen values, read as a CSV's cells are; each attribute is declared by at least one of the clients."""
    specs = {name: spec for owner in owners for name, spec in declared_by(owner).attributes.items()}
    values = {}
    for text in chosen:
        name, equals, cell = text.partition("=")
        if not equals or name not in specs:
            hint = did_you_mean(name, specs) or f"declared are {', '.join(specs) or 'none'}"
            raise UsageError(f"--set {text} names no attribute", hint=hint)
        try:
            values[name] = attribute_reader(name, specs[name])(cell.strip())
        except Unreadable as problem:
            raise UsageError(f"--set {text}: the value {problem.reason}", hint=problem.hint) from None
    return values


def _client(owner: Client, now: datetime, name: str, values: Mapping[str, Value]) -> ShownClient:
    words = declared_by(owner)
    known = {key: value for key, value in values.items() if key in words.attributes}
    friend = sample_friend(words, now, name, known)
    campaigns = [_campaign(owner, resource, friend, now) for resource in owner.of(Kind.CAMPAIGN)]
    spoken = [
        one
        for kind in (Kind.SCENARIO, Kind.REPLY)
        for resource in owner.of(kind)
        for one in _said(owner, resource, friend, now)
    ]
    menus = [_menu(resource, resource.spec) for resource in owner.of(Kind.RICHMENU) if _is_menu(resource)]
    rules = [line for resource in owner.of(Kind.MENU_RULES) for line in _rules(owner, resource)]
    return ShownClient(owner.name, owner.spec.title, menus, sorted(campaigns, key=lambda one: one.at), rules, spoken)


def _rules(owner: Client, resource: Resource) -> Iterator[str]:
    """Menu rules as sentences, in their order."""
    revised = menu_rules_revision(Revisions(), owner, resource)
    rules = read_menu_rules(str(resource.address), revised.digest, revised.body)
    asleep = "" if enabled(resource) else f"{_NOT_ENABLED}: "
    for rule in rules.rules:
        yield f"{asleep}{named(rule.menu)}, where {phrase(rule.predicate, rules.timezone)}"
    yield f"{asleep}{named(rules.default)}, where no rule holds"


def _is_menu(resource: Resource) -> bool:
    return isinstance(resource.spec, RichMenuSpec)


def _menu(resource: Resource, spec: object) -> ShownMenu:
    if not isinstance(spec, RichMenuSpec):
        raise TypeError(f"{resource.address} is no rich menu")
    facts = ["the default menu" if spec.default else "", "" if spec.image else "drawn from its cells"]
    notes = [spec.description, " · ".join(fact for fact in facts if fact)]
    image, _ = menu_image(resource)
    return ShownMenu(str(resource.address), notes, {**richmenu_to_line(spec), "name": spec.name}, image)


def _campaign(owner: Client, resource: Resource, friend: Friend, now: datetime) -> ShownCampaign:
    spec = resource.spec
    if not isinstance(spec, CampaignSpec):
        raise TypeError(f"{resource.address} is no campaign")
    armed = read_revision(revision(owner, resource).body)
    coming = upcoming(armed.schedule, armed.timezone, now)
    at = coming[0].at if coming else now
    local = at.astimezone(ZoneInfo(armed.timezone))
    when = f"next: {local:%Y-%m-%d %H:%M}" if coming else "never due again"
    if not spec.enabled:
        when = _NOT_ENABLED
    messages = compile_messages(armed.messages, armed.context)
    without = "" if armed.skip_if_unknown else ": such a friend stops the send"
    readings = _readings(messages, armed.given, (friend, at, armed.timezone), without)
    notes = [spec.description, f"{when} · {audience_words(spec.audience)}"]
    return ShownCampaign(str(resource.address), notes, local, readings)


def _readings(
    messages: CompiledMessages, given: Given, by: tuple[Friend, datetime, str], without: str
) -> list[Reading]:
    """What an invented friend reads at a moment in a time zone and, where that differs, one of whom nothing is known;
    `without` is added where a value is missing."""
    friend, at, timezone = by
    scope = {"run": run_scope(at, timezone), "event": {}, **stand_ins(messages.reads, given)}

    def reading(whose: str, reader: Friend) -> Reading:
        try:
            return Reading(whose, messages.render({**scope, "friend": friend_scope(reader, timezone)}))
        except UnknownValue as unknown:
            return Reading(whose, (), f"{unknown.message}{without}")
        except TemplateError as error:
            return Reading(whose, (), error.message)

    out = [reading(f"for {friend.display_name}" if reads_friend(messages.reads) else "", friend)]
    if reads_friend(messages.reads):
        other = reading("for a friend of whom nothing is known", unknown_friend())
        if other.messages != out[0].messages:
            out.append(other)
    return out


def _said(owner: Client, resource: Resource, friend: Friend, now: datetime) -> Iterator[ShownCampaign]:
    """What a scenario's steps, or a reply, say to a friend."""
    body = ARMED_KINDS[resource.address.kind](Revisions(), owner, resource).body
    local = now.astimezone(ZoneInfo(owner.timezone))
    given = read_given(body)
    asleep = "" if enabled(resource) else _NOT_ENABLED
    for name, when, messages in _turns(body):
        compiled = compile_messages(messages, body["context"])
        readings = _readings(compiled, given, (friend, now, owner.timezone), ": such a friend is not sent it")
        notes = [resource.spec.description, asleep, when]
        yield ShownCampaign(f"{resource.address}{name}", notes, local, readings)


def _turns(body: Mapping[str, Any]) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Whatever an armed scenario or reply sends at one time: in which step, when, and the messages."""
    if "steps" not in body:
        ways = [
            ("when it is open" if body["hours"] else "", body["do"]),
            ("when it is closed", body["otherwise"] or ()),
        ]
        yield from (("", when, sent) for when, actions in ways if (sent := messages_in(actions)))
        return
    for step in body["steps"]:
        at = f" at {step['at']}" if "at" in step else ""
        when = f"{step['before']['by']} before{at}" if "before" in step else f"after {step['after']}{at}"
        arms = [(f"{when}, way {number}", arm) for number, arm in enumerate(step.get("arms", ()), start=1)]
        waits = step.get("wait")
        if waits is not None:
            arms += [("when it happens", waits["met"]), ("when it did not happen in time", waits["missed"])]
        for said, way in ((when, step), *arms):
            if sent := messages_in(way["actions"]):
                yield f"/{step['id']}", said, sent
