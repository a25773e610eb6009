"""What is wrong with replies, forms and routes, by themselves and with the words of their client."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from lineform.lineapi.check import check_message
from lineform.loading.check_actions import Nameable, action_problems, action_reads, sent_problems
from lineform.loading.check_messages import A_FORM, CODES, MessageChecks
from lineform.loading.check_recommendations import repeated_problems
from lineform.loading.spoken import messages_of
from lineform.loading.validation import FieldProblem
from lineform.model.address import Kind
from lineform.model.attributes import AttributeSpec
from lineform.model.form import FormSpec
from lineform.model.origin import Path, dotted
from lineform.model.prefectures import PREFECTURES
from lineform.model.problem import did_you_mean
from lineform.model.questions import Question
from lineform.model.recommendations import RecommendationsSpec
from lineform.model.reply import ReplySpec
from lineform.model.richmenu import RichMenuSpec
from lineform.model.route import RouteSpec
from lineform.scenarios.armed import given_problems, sent_by, tags_of
from lineform.scenarios.asking import Place, asked
from lineform.scenarios.matching import pattern_fault
from lineform.segments.check import check_condition
from lineform.segments.declared import Declared
from lineform.segments.finding import Finding
from lineform.templates.build import Site
from lineform.templates.scalars import may_hold_expression

Answering = ReplySpec | FormSpec | RouteSpec
_ABOUT = {ReplySpec: "a reply", FormSpec: A_FORM, RouteSpec: "a route"}


def own_problems(
    spec: Answering, tree: Mapping[str, Any], checks: MessageChecks, context: Mapping[str, Any], *, production: bool
) -> list[FieldProblem]:
    """What is wrong without regard to other files; `tree` is what was written."""
    strict = production and not spec.allow_test_word
    out = sent_problems(checks, tree, type(spec).SEND_TIME, context, production=strict)
    match spec:
        case ReplySpec():
            out += _patterns(spec)
        case FormSpec():
            for index, question in enumerate(spec.questions):
                out += _question(spec, index, question, checks, production=strict)
            out += [_of(finding) for finding in given_problems(spec.questions)]
    return out


def _of(finding: Finding) -> FieldProblem:
    return FieldProblem(finding.path, finding.code, f"{dotted(finding.path)}: {finding.message}", finding.hint)


def _pattern(pattern: str | None, path: Path) -> Iterator[FieldProblem]:
    if pattern is not None and (fault := pattern_fault(pattern)):
        hint = "" if "without end" not in fault else "write it without the inner repetition, or as several keywords"
        yield FieldProblem(path, "E332", f"{dotted(path)} {fault}", hint)


def _patterns(spec: ReplySpec) -> Iterator[FieldProblem]:
    for index, trigger in enumerate(() if spec.when == "anything" else spec.when):
        yield from _pattern(trigger.regex, ("when", index, "regex"))


def _question(
    form: FormSpec, index: int, question: Question, checks: MessageChecks, *, production: bool
) -> Iterator[FieldProblem]:
    base: Path = ("questions", index)
    if question.text is not None:
        yield from _pattern(question.text.pattern, (*base, "text", "pattern"))
    path: Path = (*base, "ask")
    if isinstance(question.ask, str):
        for found in checks.check([{"text": question.ask}], path, production=production):
            yield FieldProblem(
                path, found.code, found.message.replace("[0].text", ""), found.hint, warning=found.warning
            )
    elif any("quickReply" in message for message in question.ask):
        message = f"{dotted(path)} has a quickReply, and the form writes its own"
        yield FieldProblem(path, "E216", message, "leave it out: the answers become its buttons")
    if question.shown == "buttons":
        place = Place(form.name, form.words, first=False)
        for line in asked(question, place, date(2000, 1, 1)):
            for finding in check_message(line, templated=may_hold_expression):
                yield FieldProblem(
                    path, CODES[finding.reason], f"{dotted(path)} {finding.text} in a message with buttons"
                )


class Names(Protocol):
    """What is known of a client's words and files."""

    @property
    def declared(self) -> Declared: ...

    @property
    def all(self) -> Mapping[Kind, Collection[str]]: ...

    @property
    def unread(self) -> Collection[str]: ...

    @property
    def attributes_complete(self) -> bool: ...

    @property
    def attributes(self) -> Collection[str]: ...

    @property
    def webhooks(self) -> Collection[str] | None:
        """The systems that ``call`` may name; None where nobody knows."""
        ...

    @property
    def given(self) -> Mapping[str, Collection[str]]:
        """The declared names of what messages are given, such as pools of codes."""
        ...

    @property
    def rules(self) -> Mapping[str, RecommendationsSpec]:
        """By which items are recommended."""
        ...

    def sure(self, finding: Finding) -> bool:
        """Whether a finding is no mere consequence of a broken file."""
        ...


def answering_problems(
    spec: Answering, sites: Sequence[Site], names: Names, menus: Mapping[str, RichMenuSpec]
) -> Iterator[FieldProblem]:
    """What is wrong with the words that it uses."""
    misplaced: set[Path] = set()
    for found in _all_problems(spec, sites, names, menus):
        if found.code == "E024":
            misplaced.add(found.path)
        # An expression where none may stand names nothing either.
        elif found.path in misplaced or not names.sure(Finding(found.path, found.code, found.message)):
            continue
        yield found


def nameable(names: Names) -> Nameable:
    """What actions of this client may name."""
    return Nameable(
        names.declared,
        {*names.all[Kind.RICHMENU], *names.unread},
        {*names.all[Kind.FORM], *names.unread},
        {*(one for kind, some in names.all.items() if kind == "scenario" for one in some), *names.unread},
        names.webhooks,
    )


def _all_problems(
    spec: Answering, sites: Sequence[Site], names: Names, menus: Mapping[str, RichMenuSpec]
) -> Iterator[FieldProblem]:
    known = nameable(names)
    # A question may be left out by its condition, and its answer is unknown then.
    events = dict.fromkeys((one.field for one in spec.questions), False) if isinstance(spec, FormSpec) else None
    if names.attributes_complete:
        yield from action_reads(sites, names.attributes, events, names.given, about=_ABOUT[type(spec)])
        yield from repeated_problems(messages_of(spec), names.rules, names.declared)
    match spec:
        case ReplySpec():
            yield from action_problems(spec.do, ("do",), known)
            yield from action_problems(spec.otherwise or (), ("otherwise",), known)
            if spec.if_ is not None:
                yield from (_of(one) for one in check_condition(spec.if_, names.declared, ("if",)))
            yield from _taps(spec, menus, names.unread)
        case FormSpec():
            yield from action_problems(spec.done or (), ("done",), known)
            for index, question in enumerate(spec.questions):
                yield from _kept(question, names.declared, ("questions", index))
        case RouteSpec():
            yield from action_problems(spec.do or (), ("do",), known)
            if spec.tag is not None:
                yield from _tag(spec.tag, names.declared, ("tag",))


def _taps(spec: ReplySpec, menus: Mapping[str, RichMenuSpec], unread: Collection[str]) -> Iterator[FieldProblem]:
    for index, trigger in enumerate(() if spec.when == "anything" else spec.when):
        if trigger.tap is None:
            continue
        path: Path = ("when", index, "tap")
        name, _, place = trigger.tap.partition("/")
        if name in unread:
            continue
        if (menu := menus.get(name)) is None:
            hint = did_you_mean(name, menus) or "let the client use that menu"
            yield FieldProblem(path, "E330", f"{dotted(path)}: unknown rich menu '{name}'", hint)
            continue
        cells = {cell.at: cell for cell in menu.cells if cell.at is not None}
        if (cell := cells.get(place)) is None:
            hint = f"its cells begin at {', '.join(sorted(cells))}" if cells else "its cells are given by bounds"
            yield FieldProblem(path, "E333", f"{dotted(path)}: no cell of menu '{name}' begins at {place}", hint)
        elif sent_by(cell) is None:
            hint = "only cells with message, postback or datetime do; a switch or an address is opened by LINE itself"
            yield FieldProblem(path, "E333", f"{dotted(path)}: a tap on {name}/{place} sends nothing", hint)


def _tag(tag: str, words: Declared, path: Path) -> Iterator[FieldProblem]:
    if tag not in words.tags:
        hint = did_you_mean(tag, words.tags) or "declare it in a file of kind attributes"
        yield FieldProblem(path, "E302", f"{dotted(path)}: unknown tag '{tag}'", hint)


def _kept(question: Question, words: Declared, path: Path) -> Iterator[FieldProblem]:
    """Whether the attributes of a question exist and can hold its answers, and its tags exist."""
    for tag in sorted(set(tags_of(question))):
        yield from _tag(tag, words, path)
    places: list[tuple[str, AttributeSpec, Path]] = []
    if question.to is not None:
        places.append((question.to, question.spec, (*path, "to")))
    if question.code_to is not None:
        code = AttributeSpec(type="text")
        places.append((question.code_to, code, (*path, "postcode", "code_to")))
    for name, given, here in places:
        held = words.attributes.get(name)
        if held is None:
            hint = did_you_mean(name, words.attributes) or "declare it in a file of kind attributes"
            yield FieldProblem(here, "E301", f"{dotted(here)}: unknown attribute '{name}'", hint)
        elif why := _cannot_hold(held, given):
            yield FieldProblem(here, "E334", f"{dotted(here)}: '{name}' cannot hold these answers: {why}")


def _cannot_hold(held: AttributeSpec, given: AttributeSpec) -> str:
    if held.type == "text" and given.type in {"text", "enum"}:
        return ""
    if held.type != given.type:
        return f"it is of type {held.type}, and they are of type {given.type}"
    missing = [value for value in given.values if value not in held.values]
    if missing and set(missing) <= set(PREFECTURES) and len(missing) > 3:
        return f"it does not have all 47 prefectures, such as {missing[0]}"
    return f"it does not have '{missing[0]}'" if missing else ""
