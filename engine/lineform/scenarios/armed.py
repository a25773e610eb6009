"""Replies, forms and routes as one JSON value each, and back: everything that answering needs, and no file any more.

As with a campaign, conditions are inlined as predicates, the values of the client that the texts read are in it, and
every default is written out, so that another version's other defaults do not change what was reviewed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from lineform.errors import StaleError
from lineform.model.actions import TagAction, Track
from lineform.model.address import Kind
from lineform.model.form import FormPage, FormPhrases, FormSpec
from lineform.model.origin import Path
from lineform.model.project import Client, Resource
from lineform.model.questions import Given, Question
from lineform.model.reply import DEFAULT_WITHIN, Hours, ReplySpec, ReplyTrigger
from lineform.model.richmenu import Cell, RichMenuSpec
from lineform.model.route import RouteSpec
from lineform.scenarios.answering import Armed, EntryRoute
from lineform.scenarios.dialogue import Form
from lineform.scenarios.doing import actions_to_wire, messages_in, messages_to_wire
from lineform.scenarios.replies import Reply
from lineform.segments.finding import ConditionError, Finding
from lineform.segments.leaf import read_comparison
from lineform.segments.predicate import Predicate
from lineform.segments.resolve import to_predicate
from lineform.segments.wire import from_wire, to_wire
from lineform.sending.given import given_to_friends, may_be_given, read_given
from lineform.sending.revision import Revisioned, Revisions, revisioned
from lineform.sending.tracking import tracked

FORMAT = 1
_TRIGGERS: TypeAdapter[tuple[ReplyTrigger, ...]] = TypeAdapter(tuple[ReplyTrigger, ...])
_HOURS: TypeAdapter[tuple[Hours, ...]] = TypeAdapter(tuple[Hours, ...])


def reply_revision(revisions: Revisions, client: Client, resource: Resource) -> Revisioned:
    """The revision of a reply. Raises ConditionError or NotAMessageError where a validated workspace has none."""
    spec, words = resource.spec, revisions.words(client)
    if not isinstance(spec, ReplySpec):
        raise TypeError(f"{resource.address} is no reply")
    triggers = () if spec.when == "anything" else spec.when
    links = links_tracked(revisions, client, spec.track)
    do = actions_to_wire(spec.do, links)
    otherwise = None if spec.otherwise is None else actions_to_wire(spec.otherwise, links)
    body = {
        "format": FORMAT,
        "when": [one.model_dump(mode="json", exclude_none=True) for one in triggers],
        "taps": [list(tap) for trigger in triggers for tap in tapped(client, trigger.tap)],
        "if": None if spec.if_ is None else to_wire(to_predicate(spec.if_, words, client.timezone)),
        "order": spec.order,
        "hours": [one.model_dump(mode="json") for one in spec.hours or ()],
        "timezone": client.timezone,
        "do": do,
        "otherwise": otherwise,
        "gap": spec.quiet_for.total_seconds(),
        "within": spec.within.total_seconds(),
        "context": resource.context,
        **given_by(revisions, client, messages_in((*do, *(otherwise or ()))), spec.track),
        "production": client.spec.environment == "production" and not spec.allow_test_word,
    }
    return revisioned(body)


def form_revision(revisions: Revisions, client: Client, resource: Resource) -> Revisioned:
    """The revision of a form. Raises NotAMessageError where a validated workspace has none."""
    spec = resource.spec
    if not isinstance(spec, FormSpec):
        raise TypeError(f"{resource.address} is no form")
    links = links_tracked(revisions, client, spec.track)
    questions = [_question(one, links) for one in spec.questions]
    done = actions_to_wire(spec.done, links)
    asked = [message for one in questions for message in _asking(one["ask"])]
    body = {
        "format": FORMAT,
        "questions": questions,
        "done": done,
        "words": spec.words.model_dump(mode="json"),
        "save": spec.save,
        "idle": spec.idle.total_seconds(),
        "keep": spec.keep.total_seconds(),
        "interrupt": spec.interrupt,
        "timezone": client.timezone,
        "page": None if spec.page is None else spec.page.model_dump(mode="json"),
        "context": resource.context,
        **given_by(revisions, client, [*asked, *messages_in(done)], spec.track),
        "production": client.spec.environment == "production" and not spec.allow_test_word,
    }
    return revisioned(body)


def route_revision(revisions: Revisions, client: Client, resource: Resource) -> Revisioned:
    """The revision of an entry route. Raises NotAMessageError where a validated workspace has none."""
    spec = resource.spec
    if not isinstance(spec, RouteSpec):
        raise TypeError(f"{resource.address} is no route")
    tagged = () if spec.tag is None else (TagAction(tag=spec.tag),)
    do = actions_to_wire((*tagged, *(spec.do or ())), links_tracked(revisions, client, spec.track))
    body = {
        "format": FORMAT,
        "title": spec.title,
        "text": spec.text,
        "do": do,
        "gap": None if spec.gap is None else spec.gap.total_seconds(),
        "context": resource.context,
        **given_by(revisions, client, messages_in(do), spec.track),
        "production": client.spec.environment == "production" and not spec.allow_test_word,
    }
    return revisioned(body)


def tags_of(question: Question) -> Iterator[str]:
    """Every tag that an answer may give."""
    yield from (one.tag for one in question.options if one.tag is not None)
    if question.yes_no is not None and question.yes_no.tag is not None:
        yield question.yes_no.tag


def links_tracked(revisions: Revisions, client: Client, track: Track | None) -> Mapping[str, str] | None:
    """The declared addresses by name, where taps on them are recorded."""
    return None if track is None else revisions.links_of(client)


def given_by(
    revisions: Revisions, client: Client, messages: Sequence[Mapping[str, Any]], track: Track | None
) -> dict[str, Any]:
    """What is declared about the links and items that messages read, for a revision's body."""
    if not may_be_given(json.dumps(messages, ensure_ascii=False, separators=(",", ":"))):
        return {}
    return given_to_friends(client, messages, revisions.links_of(client), track)


def _question(question: Question, links: Mapping[str, str] | None) -> dict[str, Any]:
    plain: dict[str, Any] = question.model_dump(mode="json", by_alias=True, exclude_none=True)
    if not isinstance(question.ask, str):
        plain["ask"] = messages_to_wire(question.ask, links)
    elif links:
        plain["ask"] = tracked(_asking(question.ask), links)[0]["text"]
    return plain


def _asking(ask: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages by which a question is asked."""
    return [{"type": "text", "text": ask}] if isinstance(ask, str) else ask


def tapped(client: Client, tap: str | None) -> Iterator[tuple[str, str]]:
    """What the cell of a menu sends: ``("postback", data)`` or ``("text", text)``; nothing where it sends nothing."""
    menu, _, place = (tap or "").partition("/")
    for resource in client.of(Kind.RICHMENU):
        if resource.address.name == menu and isinstance(resource.spec, RichMenuSpec):
            yield from (sent for cell in resource.spec.cells if cell.at == place and (sent := sent_by(cell)))


def sent_by(cell: Cell) -> tuple[str, str] | None:
    """What a tap on a cell sends to the webhook; None where it opens, copies or switches something."""
    if cell.message is not None:
        return "text", cell.message
    if isinstance(cell.postback, str):
        return "postback", cell.postback
    data = (cell.postback or cell.datetime or {}).get("data")
    return ("postback", data) if isinstance(data, str) else None


def given_problems(questions: Sequence[Question]) -> Iterator[Finding]:
    """What is wrong with the conditions of a form's questions about its own answers."""
    earlier: dict[str, Question] = {}
    for index, question in enumerate(questions):
        for place, given in enumerate(question.conditions):
            here: Path = ("questions", index, "if", *((place,) if isinstance(question.if_, tuple) else ()))
            yield from _given(given, earlier, here)[1]
        earlier[question.field] = question


def _given(given: Given, earlier: Mapping[str, Question], path: Path) -> tuple[Predicate | None, list[Finding]]:
    if (question := earlier.get(given.field)) is None:
        hint = f"earlier are {', '.join(earlier)}" if earlier else "the first question has none before it"
        return None, [Finding((*path, "field"), "E313", f"no earlier question has the field '{given.field}'", hint)]
    return read_comparison(given.field, question.spec, given, path)


def read_reply(address: str, digest: str, body: Mapping[str, Any], _since: datetime) -> Reply:
    """The reply in a revision's body. Raises StaleError where another version of lineform armed it otherwise."""
    name = _name(address, body)
    return Reply(
        name=name,
        digest=digest,
        production=body["production"],
        when=_TRIGGERS.validate_python(tuple(body["when"])),
        taps=tuple((kind, data) for kind, data in body["taps"]),
        only=None if body["if"] is None else from_wire(body["if"]),
        order=body["order"],
        hours=_HOURS.validate_python(tuple(body["hours"])),
        timezone=body["timezone"],
        do=tuple(body["do"]),
        otherwise=None if body["otherwise"] is None else tuple(body["otherwise"]),
        gap=timedelta(seconds=body["gap"]),
        within=timedelta(seconds=body.get("within", DEFAULT_WITHIN.total_seconds())),
        context=body["context"],
        given=read_given(body),
    )


def read_form(address: str, digest: str, body: Mapping[str, Any], _since: datetime) -> Form:
    """The form in a revision's body. Raises StaleError where another version of lineform armed it otherwise."""
    name = _name(address, body)
    questions = tuple(Question.model_validate(one) for one in body["questions"])
    return Form(
        name=name,
        digest=digest,
        production=body["production"],
        questions=questions,
        only=_conditions(questions),
        done=tuple(body["done"]),
        words=FormPhrases.model_validate(body["words"]),
        save=body["save"],
        idle=timedelta(seconds=body["idle"]),
        keep=timedelta(seconds=body["keep"]),
        interrupt=body["interrupt"],
        timezone=body["timezone"],
        context=body["context"],
        given=read_given(body),
        page=None if body["page"] is None else FormPage.model_validate(body["page"]),
    )


def read_route(address: str, digest: str, body: Mapping[str, Any], _since: datetime) -> EntryRoute:
    """The route in a revision's body. Raises StaleError where another version of lineform armed it otherwise."""
    name = _name(address, body)
    gap = None if body["gap"] is None else timedelta(seconds=body["gap"])
    return EntryRoute(
        name=name,
        digest=digest,
        production=body["production"],
        do=tuple(body["do"]),
        gap=gap,
        context=body["context"],
        given=read_given(body),
        title=body["title"],
        text=body["text"],
    )


def _conditions(questions: Sequence[Question]) -> dict[str, tuple[Predicate, ...]]:
    earlier: dict[str, Question] = {}
    out: dict[str, tuple[Predicate, ...]] = {}
    for question in questions:
        tests: list[Predicate] = []
        for given in question.conditions:
            predicate, findings = _given(given, earlier, ())
            if predicate is None:
                raise ConditionError(findings[0])
            tests.append(predicate)
        if tests:
            out[question.field] = tuple(tests)
        earlier[question.field] = question
    return out


def read_armed(bodies: Mapping[str, Mapping[str, Any]]) -> Armed:
    """All replies, forms and routes among armed revisions, whose bodies are given by address."""
    read = {address: _READERS[kind](address, "", body, _EVER) for address, body in sorted(bodies.items())
            if (kind := address.partition(".")[0]) in _READERS}  # fmt: skip
    return Armed(
        tuple(one for one in read.values() if isinstance(one, Reply)),
        {one.name: one for one in read.values() if isinstance(one, Form)},
        {one.name: one for one in read.values() if isinstance(one, EntryRoute)},
    )


_READERS: Mapping[str, Any] = {Kind.REPLY: read_reply, Kind.FORM: read_form, Kind.ROUTE: read_route}
_EVER = datetime.min.replace(tzinfo=UTC)


def _name(address: str, body: Mapping[str, Any]) -> str:
    """The name in an address, if this version reads the body."""
    if body.get("format") != FORMAT:
        raise StaleError(
            f"{address} is armed in format {body.get('format')!r}, and this version reads {FORMAT}",
            hint="run 'lineform apply' with this version, which arms it again",
        )
    return address.partition(".")[2]
