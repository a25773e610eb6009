"""``kind: test``: a campaign tried on invented friends, through the revision, reading and rendering of a real send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lineform.model.address import Address, Kind
from lineform.model.client import Case, ExpectationSpec
from lineform.model.project import Client, Resource
from lineform.segments.calendar import local_moment
from lineform.segments.explain import explain, lines
from lineform.segments.friend import Event, Friend
from lineform.segments.reading import matches
from lineform.sending.due import instant, occurrences
from lineform.sending.given import stand_ins
from lineform.sending.revision import Armed, read_revision, revision
from lineform.sending.scope import friend_scope, run_scope
from lineform.sending.wording import spoken
from lineform.templates.errors import TemplateError
from lineform.templates.send import compile_messages


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one friend of a test fared. `why` tells what happened instead, a line each; empty where it passed."""

    name: str
    why: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.why


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One test of one client. `why` says what was wrong with the test as a whole."""

    client: str
    name: str
    campaign: str
    cases: tuple[CaseResult, ...]
    why: str = ""

    @property
    def passed(self) -> bool:
        return not self.why and all(case.passed for case in self.cases)


def rehearse(client: Client, test: Resource) -> Rehearsal:
    """Runs one test. The campaign exists: validation saw to that."""
    spec = test.spec
    if not isinstance(spec, ExpectationSpec):
        raise TypeError(f"{test.address} is no test")
    campaign = client.resources[Address(Kind.CAMPAIGN, spec.campaign)]
    armed = read_revision(revision(client, campaign).body)
    zone = ZoneInfo(armed.timezone)
    wall = datetime.fromisoformat(spec.now)
    moment = instant(wall, zone)
    due = occurrences(armed.schedule, armed.timezone, moment - timedelta(seconds=1), moment)
    why = "" if due else f"{campaign.address} is not due at {spec.now}"
    friends = enumerate(spec.friends, start=1)
    cases = tuple(_try(case, number, armed, moment, campaign) for number, case in friends)
    return Rehearsal(client.name, spec.name, str(campaign.address), cases, why)


def _try(case: Case, number: int, armed: Armed, due_at: datetime, campaign: Resource) -> CaseResult:
    friend = _friend(case, number, armed.timezone)
    if armed.predicate is None:
        return CaseResult(case.name, ("only LINE knows who is in a demographic audience; it cannot be tested here",))
    if matches(armed.selection, friend, due_at) is not True:
        return _judge(case, None, tuple(lines(explain(armed.selection, friend, due_at, armed.timezone))))
    scope = {"friend": friend_scope(friend, armed.timezone), "run": run_scope(due_at, armed.timezone)}
    got: list[str] = []
    for index, message in enumerate(armed.messages):
        try:
            compiled = compile_messages([message], armed.context)
            made = compiled.render({**scope, **stand_ins(compiled.reads, armed.given)})
        except TemplateError as error:
            return CaseResult(case.name, _unmade(error, campaign, index))
        got += [spoken(one) for one in made]
    return _judge(case, got, ())


def _unmade(error: TemplateError, campaign: Resource, index: int) -> tuple[str, ...]:
    """What is wrong with a campaign's message, and where it was written."""
    place = campaign.source.origin(("messages", index))
    hint = f" ({error.hint})" if error.hint else ""
    return (
        f"the message cannot be made: {error.code} {error.message}{hint}",
        f"  {campaign.address}: messages[{index}], {place}",
    )


def _judge(case: Case, got: list[str] | None, because: tuple[str, ...]) -> CaseResult:
    wrong: tuple[str, ...]
    match case.receives:
        case "anything":
            wrong = ("should receive this campaign and does not",) if got is None else ()
        case "nothing":
            wrong = () if got is None else ("should receive nothing and receives", *_indented(got))
        case tuple() as texts:
            wrong = _compare(list(texts), got)
    return CaseResult(case.name, (*wrong, *because) if wrong else ())


def _compare(wanted: list[str], got: list[str] | None) -> tuple[str, ...]:
    if got is None:
        return ("should receive this campaign and does not",)
    if wanted == got:
        return ()
    return ("expected", *_indented(wanted), "received", *_indented(got))


def _indented(texts: list[str]) -> list[str]:
    return [f"  | {line}" for text in texts for line in text.split("\n")]


def _friend(case: Case, number: int, timezone: str) -> Friend:
    followed = None if case.followed_at is None else local_moment(case.followed_at, timezone)
    done = enumerate(case.events)
    known = {name: tuple(sorted(v)) if isinstance(v, list) else v for name, v in case.attributes.items()}
    return Friend(
        id=number,
        user_id=f"U{number:032x}",
        display_name=case.display_name or case.name,
        language=case.language,
        followed_at=followed,
        blocked=False,
        attributes=known,
        tags=frozenset(case.tags),
        first_followed_at=followed,
        first_route=case.route,
        last_route=case.route,
        member_id=case.member_id,
        events=tuple(Event(one.event, str(n), local_moment(one.at, timezone), one.fields) for n, one in done),
    )
