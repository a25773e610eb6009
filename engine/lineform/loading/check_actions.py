"""What is wrong with actions, wherever they stand: their messages, the words that they name, what their texts read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineform.loading.check_messages import MessageChecks, compiled_problems, read_problem
from lineform.loading.validation import FieldProblem
from lineform.model import actions as written
from lineform.model.actions import Action
from lineform.model.attributes import AttributeSpec
from lineform.model.origin import Path, dotted
from lineform.model.problem import did_you_mean
from lineform.segments.declared import Declared
from lineform.segments.operands import Misread, read_operand
from lineform.templates.build import Site

MESSAGE_KEYS = ("send", "ask")
"""Keys below which messages stand, in actions and in questions."""


def message_lists(tree: Any, fields: Collection[str]) -> Iterator[tuple[Path, Sequence[Any]]]:
    """Every list of messages below these fields of a file, with its place."""
    for name in fields:
        yield from _lists(tree.get(name), (name,))


def _lists(node: Any, path: Path) -> Iterator[tuple[Path, Sequence[Any]]]:
    items = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        here = (*path, key)
        if key in MESSAGE_KEYS and isinstance(value, list):
            yield here, value
        else:
            yield from _lists(value, here)


def sent_problems(
    checks: MessageChecks, tree: Any, fields: Collection[str], context: Mapping[str, Any], *, production: bool
) -> list[FieldProblem]:
    """Whether the messages below these fields can be sent at all."""
    out: list[FieldProblem] = []
    for path, messages in message_lists(tree, fields):
        found = checks.check(messages, path, production=production)
        out += found
        wrong = {one.path[: len(path) + 1] for one in found if not one.warning}
        for index, message in enumerate(messages):
            if (here := (*path, index)) not in wrong:
                out += compiled_problems([message], context, here)
    return out


def said_where(path: Path) -> bool:
    """Whether a text at this place is part of a message, which may read a friend."""
    return any(step in MESSAGE_KEYS for step in path)


def action_reads(
    sites: Iterable[Site],
    attributes: Collection[str],
    events: Mapping[str, bool] | None,
    given: Mapping[str, Collection[str]],
    *,
    about: str,
) -> Iterator[FieldProblem]:
    """Whether what messages read at send time is known. `events` are the names under ``event``, each with whether it
    is always known; None where there is no such thing; `about` says whose messages they are."""
    for site in sites:
        if not said_where(site.path):
            path = min(read.path for read in site.reads)
            message = f"{dotted(site.path)} reads '{path}', which is known only when a message is made"
            yield FieldProblem(site.path, "E024", message, "only messages may read it")
            continue
        for read in sorted(site.reads, key=lambda r: (r.path, r.guarded)):
            found = read_problem(site.path, read, attributes, None, given, events=events, about=about)
            if found is not None:
                yield found


@dataclass(frozen=True, slots=True)
class Nameable:
    """What actions may name, of one client."""

    words: Declared
    menus: Collection[str]
    forms: Collection[str]
    scenarios: Collection[str]
    webhooks: Collection[str] | None = None
    """None where nobody knows which client it will be."""


def action_problems(actions: Sequence[Action], path: Path, names: Nameable) -> Iterator[FieldProblem]:
    """Whether everything that these actions name exists and takes what it is given."""
    for index, action in enumerate(actions):
        here = (*path, index)
        match action:
            case written.TagAction(tag=tag):
                yield from _known(tag, names.words.tags, (*here, "tag"), "E302", "tag", "attributes")
            case written.UntagAction(untag=tag):
                yield from _known(tag, names.words.tags, (*here, "untag"), "E302", "tag", "attributes")
            case written.SetAction(set=values):
                for name, value in values.items():
                    yield from _value(name, value, names.words, (*here, "set", name))
            case written.MenuAction(menu=menu):
                if menu != "none":
                    yield from _known(menu, names.menus, (*here, "menu"), "E330", "rich menu", "richmenu")
            case written.FormAction(form=form):
                yield from _known(form, names.forms, (*here, "form"), "E315", "form", "form")
            case written.StartAction(start=name):
                yield from _known(name, names.scenarios, (*here, "start"), "E331", "scenario", "scenario")
            case written.StopAction(stop=name):
                yield from _known(name, names.scenarios, (*here, "stop"), "E331", "scenario", "scenario")
            case written.RecordAction(record=record):
                yield from _recorded(record, names.words, (*here, "record"))
            case written.CallAction(call=webhook):
                yield from _callable(webhook, names.webhooks, (*here, "call"))
            case written.SendAction():
                pass


def _callable(name: str, known: Collection[str] | None, path: Path) -> Iterator[FieldProblem]:
    if known is not None and name not in known:
        declaring = f"declare it in the client's file: webhooks: {{{name}: {{url: …, key: {{env: …}}}}}}"
        hint = did_you_mean(name, known) or declaring
        yield FieldProblem(path, "E335", f"{dotted(path)}: unknown webhook '{name}'", hint)


def _known(name: str, known: Collection[str], path: Path, code: str, noun: str, kind: str) -> Iterator[FieldProblem]:
    if name not in known:
        hint = did_you_mean(name, known) or f"declare it in a file of kind {kind}, and let the client use it"
        yield FieldProblem(path, code, f"{dotted(path)}: unknown {noun} '{name}'", hint)


def _recorded(record: written.RecordedEvent, words: Declared, path: Path) -> Iterator[FieldProblem]:
    event = words.events.get(record.event)
    if event is None:
        yield from _known(record.event, words.events, (*path, "event"), "E312", "event", "attributes")
        return
    for name, value in record.fields.items():
        here = (*path, "fields", name)
        if (spec := event.fields.get(name)) is None:
            message = f"{dotted(here)}: event '{record.event}' has no field '{name}'"
            yield FieldProblem(here, "E313", message, did_you_mean(name, event.fields), at_key=True)
        else:
            yield from _typed(name, spec, value, here)


def _value(name: str, value: Any, words: Declared, path: Path) -> Iterator[FieldProblem]:
    spec = words.attributes.get(name)
    if spec is None:
        hint = did_you_mean(name, words.attributes) or "declare it in a file of kind attributes"
        yield FieldProblem(path, "E301", f"{dotted(path)}: unknown attribute '{name}'", hint, at_key=True)
    elif value is not None:
        yield from _typed(name, spec, value, path)


def _typed(name: str, spec: AttributeSpec, value: Any, path: Path) -> Iterator[FieldProblem]:
    several = spec.type == "set" and isinstance(value, list | tuple)
    for item in value if several else [value]:
        if isinstance(read := read_operand(name, spec, item), Misread):
            found = read.at(path)
            yield FieldProblem(path, found.code, f"{dotted(path)}: {found.message}", found.hint)
