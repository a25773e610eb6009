"""What is wrong with a scenario: its steps and where they lead, its times, and the words of its client that it uses."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from lineform.loading.check_actions import Nameable, action_problems, said_where, sent_problems
from lineform.loading.check_answering import Names
from lineform.loading.check_circles import circle_problems
from lineform.loading.check_messages import MessageChecks, read_problem
from lineform.loading.check_order import order_problems
from lineform.loading.check_recommendations import repeated_problems
from lineform.loading.spoken import messages_of, sends, turns
from lineform.loading.validation import FieldProblem
from lineform.model import occasions as on
from lineform.model.address import Kind
from lineform.model.audience import Condition, SegmentCondition
from lineform.model.conditions import AttributeCondition, ClickCondition, EventCondition
from lineform.model.origin import Path, dotted
from lineform.model.problem import did_you_mean
from lineform.model.scenario import END, ScenarioSpec, Step
from lineform.scenarios.shop import ITEM
from lineform.segments.check import check_condition
from lineform.segments.declared import Declared
from lineform.segments.finding import Finding
from lineform.templates.build import Site

_DATES: Final = frozenset({"date", "text"})
"""Types of attributes and fields that may hold a date or a time."""


def own_problems(
    spec: ScenarioSpec, tree: Mapping[str, Any], checks: MessageChecks, context: Mapping[str, Any], *, production: bool
) -> list[FieldProblem]:
    """What is wrong without regard to other files; `tree` is what was written."""
    strict = production and not spec.allow_test_word
    return [
        *sent_problems(checks, tree, spec.SEND_TIME, context, production=strict),
        *_ids(spec),
        *_branches(spec),
        *_targets(spec),
        *_times(spec),
        *order_problems(spec),
        *_entries(spec),
    ]


def _ids(spec: ScenarioSpec) -> Iterator[FieldProblem]:
    seen: set[str] = set()
    for index, step in enumerate(spec.steps):
        path: Path = ("steps", index, "id")
        if step.id == END:
            yield FieldProblem(path, "E340", f"{dotted(path)}: '{END}' is the end of a scenario and no step")
        elif step.id in seen:
            hint = "each step has an id of its own: by it, friends are found again when the file changes"
            yield FieldProblem(path, "E340", f"{dotted(path)}: there is a step '{step.id}' already", hint)
        seen.add(step.id)


def _branches(spec: ScenarioSpec) -> Iterator[FieldProblem]:
    for index, step in enumerate(spec.steps):
        for place, arm in enumerate(step.branch or ()):
            path: Path = ("steps", index, "branch", place)
            last = place == len(step.branch or ()) - 1
            if last and arm.else_ is None:
                hint = "write '- {else: true, then: […]}' or '- {else: true, goto: end}': what of everybody else?"
                yield FieldProblem(path, "E341", f"{dotted(path[:-1])} has no else", hint)
            elif not last and arm.else_ is not None:
                yield FieldProblem(path, "E341", f"{dotted(path)}: nothing comes after an else", "make it the last one")


def _targets(spec: ScenarioSpec) -> Iterator[FieldProblem]:
    """Targets that are no later step, and steps that nothing leads to."""
    places = {step.id: index for index, step in enumerate(spec.steps)}
    reached = {0}
    sure = True
    for index, step in enumerate(spec.steps):
        path: Path = ("steps", index)
        ways = list(turns(step, path))
        gotos = [(step.goto, path)] if not ways else [(turn.goto, here) for turn, here in ways]
        for goto, here in gotos:
            if goto is None:
                reached.add(index + 1)
            elif goto == END:
                continue
            elif (place := places.get(goto)) is None:
                sure = False
                where = (*here, "goto")
                hint = did_you_mean(goto, [*places, END]) or f"steps are {', '.join(places)}, and '{END}'"
                yield FieldProblem(where, "E342", f"{dotted(where)}: there is no step '{goto}'", hint)
            elif place <= index:
                where = (*here, "goto")
                hint = "steps only lead to later ones; for a series that repeats, let the scenario begin again"
                yield FieldProblem(where, "E343", f"{dotted(where)} leads back to '{goto}', without end", hint)
            else:
                reached.add(place)
    for index, step in enumerate(spec.steps if sure else ()):
        if index not in reached:
            path = ("steps", index, "id")
            hint = "the step before it always leads elsewhere: take its goto out, or lead somebody here"
            yield FieldProblem(path, "E344", f"{dotted(path)}: no step leads to '{step.id}'", hint)


def _times(spec: ScenarioSpec) -> Iterator[FieldProblem]:
    dated = any(isinstance(one, on.DateOn) for one in spec.trigger)
    for index, step in enumerate(spec.steps):
        path: Path = ("steps", index)
        before = step.before
        if before is not None and before.attribute is None and before.field is None and not dated:
            where = (*path, "before")
            hint = "write before: {attribute: …, by: 1d}, or let 'date' begin the scenario"
            yield FieldProblem(where, "E345", f"{dotted(where)}: no date begins this scenario", hint)
        if index == 0 and step.from_ == "previous":
            where = (*path, "from")
            yield FieldProblem(where, "E345", f"{dotted(where)}: there is no step before the first one")
        if step.valid_until is not None and not sends(step):
            where = (*path, "valid_until")
            yield FieldProblem(where, "E345", f"{dotted(where)}: this step sends nothing that could lose its worth")
        if step.wait is not None and step.wait.within <= timedelta():
            where = (*path, "wait", "within")
            yield FieldProblem(where, "E345", f"{dotted(where)}: nothing can happen within no time")


def _entries(spec: ScenarioSpec) -> Iterator[FieldProblem]:
    """Triggers and rules about who enters that do not fit together."""
    alone = (on.DateOn, on.SegmentOn)
    for index, one in enumerate(spec.trigger):
        path: Path = ("trigger", index)
        if isinstance(one, alone) and len(spec.trigger) > 1:
            word = "date" if isinstance(one, on.DateOn) else "segment"
            hint = "make two scenarios of it; one can start the other"
            yield FieldProblem(path, "E346", f"trigger: '{word}' stands alone, beside no other", hint)
        if isinstance(one, on.DateOn) and "enroll" not in spec.model_fields_set:
            message = "trigger: 'date' leaves open what becomes of friends whose date is known already"
            yield FieldProblem(path, "E346", message, "write 'enroll: both' for them as well, or 'enroll: new'")
        if spec.enroll != "new" and isinstance(one, _Unknowable):
            message = f"enroll: '{spec.enroll}' asks who did that already, and nobody can know this of a {_word(one)}"
            yield FieldProblem(("enroll",), "E346", message, "write 'enroll: new'")
    if spec.per is not None and not _begun_by(spec):
        yield FieldProblem(("per",), "E346", "per: only events have fields that tell courses apart")
    if spec.reentry_after is not None and spec.reentry == "never":
        yield FieldProblem(
            ("reentry_after",), "E346", "reentry_after: nobody enters again", "write a 'reentry' as well"
        )


_Unknowable = on.PostbackOn | on.KeywordOn | on.ManualOn | on.UntagOn | on.ItemOn
"""What nobody can know of a friend later."""


def _word(one: _Unknowable) -> str:
    words = {"PostbackOn": "postback", "KeywordOn": "keyword", "UntagOn": "tag that was taken away"}
    return {**words, "ItemOn": "thing that happened to an item"}.get(type(one).__name__, "start by hand")


def _begun_by(spec: ScenarioSpec) -> list[str]:
    """The declared events that begin the scenario; empty where something else may begin it as well."""
    found = [
        one.event if isinstance(one, on.EventOn) else one.item.event
        for one in spec.trigger
        if isinstance(one, on.EventOn | on.ItemOn)
    ]
    return found if len(found) == len(spec.trigger) else []


def scenario_problems(
    spec: ScenarioSpec,
    sites: Sequence[Site],
    names: Names,
    scenarios: Mapping[str, ScenarioSpec],
) -> Iterator[FieldProblem]:
    """What is wrong with the words that it uses, and with what follows from it in other scenarios."""
    misplaced: set[Path] = set()
    for found in _words(spec, sites, names):
        if found.code == "E024":
            misplaced.add(found.path)
        elif found.path in misplaced or not names.sure(Finding(found.path, found.code, found.message)):
            continue
        yield found
    yield from circle_problems(spec, scenarios)


def _words(spec: ScenarioSpec, sites: Sequence[Site], names: Names) -> Iterator[FieldProblem]:
    known = Nameable(
        names.declared,
        {*names.all[Kind.RICHMENU], *names.unread},
        {*names.all[Kind.FORM], *names.unread},
        {*names.all[Kind.SCENARIO], *names.unread},
        names.webhooks,
    )
    words = names.declared
    for index, one in enumerate(spec.trigger):
        yield from _occasion(one, words, ("trigger", index))
    for key, several in (("goal", spec.goal), ("exit_on", spec.exit_on)):
        for index, one in enumerate(several or ()):
            yield from _occasion(one, words, (key, index))
    yield from _condition(spec.if_, words, ("if",))
    for index, condition in enumerate(spec.exclude):
        yield from _condition(condition, words, ("exclude", index))
    for index, step in enumerate(spec.steps):
        yield from _step(spec, step, words, known, ("steps", index))
    if spec.per is not None:
        yield from _field(spec, spec.per, words, ("per",), None)
    if names.attributes_complete:
        for index, name in enumerate(spec.skip_if_unknown):
            if name not in names.attributes and name != "language":
                path: Path = ("skip_if_unknown", index)
                hint = did_you_mean(name, names.attributes)
                yield FieldProblem(path, "E301", f"{dotted(path)}: unknown attribute '{name}'", hint)
        yield from _reads(spec, sites, names)
        yield from repeated_problems(messages_of(spec), names.rules, words)


def _reads(spec: ScenarioSpec, sites: Sequence[Site], names: Names) -> Iterator[FieldProblem]:
    """Whether what the messages read is known when they are made. `event` is what began the scenario."""
    events: dict[str, bool] | None = None
    if begun_by := _begun_by(spec):
        fields = [event.fields for one in begun_by if (event := names.declared.events.get(one)) is not None]
        events = {name: all(_asked_for(name, one) for one in spec.trigger) for one in fields for name in one}
    for site in sites:
        if not said_where(site.path):
            path = min(read.path for read in site.reads)
            message = f"{dotted(site.path)} reads '{path}', which is known only when a message is made"
            yield FieldProblem(site.path, "E024", message, "only messages may read it")
            continue
        for read in sorted(site.reads, key=lambda r: (r.path, r.guarded)):
            problem = read_problem(
                site.path,
                read,
                names.attributes,
                spec.skip_if_unknown,
                names.given,
                events=events,
                about="a scenario",
            )
            if problem is not None:
                yield problem


def _asked_for(name: str, begins: on.Trigger) -> bool:
    """Whether an event without this field does not begin the scenario."""
    asked = (begins.where or {}).get(name) if isinstance(begins, on.EventOn) else None
    return asked is not None and asked.comparison() != ("known", False)


def _of(finding: Finding) -> FieldProblem:
    return FieldProblem(finding.path, finding.code, f"{dotted(finding.path)}: {finding.message}", finding.hint)


def _condition(condition: Condition | None, words: Declared, path: Path) -> Iterator[FieldProblem]:
    if condition is not None:
        yield from (_of(one) for one in check_condition(condition, words, path))


def _known(word: str, known: Collection[str], path: Path, code: str, noun: str) -> Iterator[FieldProblem]:
    if word not in known:
        hint = did_you_mean(word, known) or "declare it in a file of kind attributes"
        yield FieldProblem(path, code, f"{dotted(path)}: unknown {noun} '{word}'", hint)


def _occasion(one: on.Trigger | on.Occasion, words: Declared, path: Path) -> Iterator[FieldProblem]:
    match one:
        case on.TagOn(tag=tag):
            yield from _known(tag, words.tags, (*path, "tag"), "E302", "tag")
        case on.UntagOn(untag=tag):
            yield from _known(tag, words.tags, (*path, "untag"), "E302", "tag")
        case on.AttributeOn():
            said = one.model_dump(by_alias=True, exclude_unset=True)
            whole = said if one.compares else {**said, "known": True}
            yield from _condition(AttributeCondition.model_validate(whole), words, path)
        case on.ClickOn(click=link):
            yield from _condition(ClickCondition(click=link), words, path)
        case on.FormOn(form=form):
            yield from _known(form, words.forms, (*path, "form"), "E315", "form")
        case on.EventOn():
            yield from _condition(EventCondition(event=one.event, where=one.where), words, path)
        case on.ItemOn(item=item):
            yield from _of_item(item.event, words, (*path, "item", "event"))
            yield from _of_item(item.to, words, (*path, "item", "to"))
        case on.RouteOn(route=route):
            yield from _known(route, words.routes, (*path, "route"), "E316", "entry route")
        case on.DateOn(date=name):
            yield from _date(name, words, (*path, "date"))
        case on.SegmentOn(segment=name):
            yield from _condition(SegmentCondition(segment=name), words, path)
        case _:
            return


def _of_item(event: str, words: Declared, path: Path) -> Iterator[FieldProblem]:
    """An event that says which item it is about."""
    yield from _known(event, words.events, path, "E312", "event")
    spec = words.events.get(event)
    if spec is not None and (spec.fields.get(ITEM) is None or spec.fields[ITEM].type != "text"):
        hint = f"declare it with fields: {{{ITEM}: text}}"
        yield FieldProblem(path, "E313", f"{dotted(path)}: event '{event}' does not say which item it is about", hint)


def _date(name: str, words: Declared, path: Path) -> Iterator[FieldProblem]:
    yield from _known(name, words.attributes, path, "E301", "attribute")
    spec = words.attributes.get(name)
    if spec is not None and spec.type not in _DATES:
        hint = "a date is an attribute of type date, or a text such as 2026-12-10T14:00"
        yield FieldProblem(path, "E347", f"{dotted(path)}: '{name}' is of type {spec.type} and holds no date", hint)


def _field(
    spec: ScenarioSpec, name: str, words: Declared, path: Path, types: Collection[str] | None
) -> Iterator[FieldProblem]:
    """A field of every event that begins the scenario."""
    events = _begun_by(spec)
    if not events:
        message = f"{dotted(path)}: '{name}' is no field: this scenario may begin without an event"
        yield FieldProblem(path, "E313", message)
        return
    for event in events:
        declared = words.events.get(event)
        if declared is None:
            continue  # said at the trigger
        if (field := declared.fields.get(name)) is None:
            hint = did_you_mean(name, declared.fields)
            yield FieldProblem(path, "E313", f"{dotted(path)}: event '{event}' has no field '{name}'", hint)
        elif types is not None and field.type not in types:
            message = f"{dotted(path)}: field '{name}' is of type {field.type} and holds no date"
            yield FieldProblem(path, "E347", message)


def _step(spec: ScenarioSpec, step: Step, words: Declared, known: Nameable, path: Path) -> Iterator[FieldProblem]:
    yield from _condition(step.if_, words, (*path, "if"))
    if step.before is not None:
        if step.before.attribute is not None:
            yield from _date(step.before.attribute, words, (*path, "before", "attribute"))
        if step.before.field is not None:
            yield from _field(spec, step.before.field, words, (*path, "before", "field"), _DATES)
    yield from action_problems(step.do or (), (*path, "do"), known)
    for turn, here in turns(step, path):
        yield from action_problems(turn.then or (), (*here, "then"), known)
    for place, arm in enumerate(step.branch or ()):
        yield from _condition(arm.if_, words, (*path, "branch", place, "if"))
    if step.wait is not None:
        for place, one in enumerate(step.wait.for_):
            yield from _occasion(one, words, (*path, "wait", "for", place))
