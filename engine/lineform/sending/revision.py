"""An armed campaign as one JSON value: everything that sending needs, and nothing that changes its meaning by itself.

What was reviewed is what is sent: segments are inlined as predicates, values of the client that the text reads are in
it, and no file is opened when the time comes. It holds nothing about any person. Budgets are not in it: they are
limits of today, not part of what was approved.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from lineform.errors import StaleError
from lineform.model.address import Address, Kind
from lineform.model.attributes import AttributesSpec
from lineform.model.audience import Audience, Expect
from lineform.model.audience_spec import AudienceSpec
from lineform.model.campaign import CampaignSpec, Capped, Wave
from lineform.model.project import Client, Resource
from lineform.model.schedule import Schedule
from lineform.segments.calendar import on_date
from lineform.segments.declared import declared_in
from lineform.segments.demographic import demographic_filter
from lineform.segments.predicate import EVERYONE, All, AttributeIs, Predicate
from lineform.segments.resolve import Declared, audience_predicate
from lineform.segments.wire import from_wire, to_wire
from lineform.sending.derived import derivation
from lineform.sending.given import Given, given_of, may_be_given, read_given
from lineform.sending.tracking import declared_links, tracked
from lineform.sending.wording import line_form

FORMAT = 1
_WORDS = (Kind.ATTRIBUTES, Kind.FORM, Kind.ROUTE, Kind.SEGMENT)
_RULES = ("capped", "quiet_hours", "rollout", "allow_almost_everyone", "do")


ONE_DATE = 20
"""Percent by which the audience of a campaign with one date may differ from what its plan showed."""
FEW = 50
"""People by which it may differ in any case: a segment of ten is another one after a quiet weekend."""


@dataclass(frozen=True, slots=True)
class Revisioned:
    """`text` is the body as JSON with sorted keys; `digest` (sha256, hex) covers all of it."""

    text: str
    digest: str

    @property
    def body(self) -> dict[str, Any]:
        """Read when asked for: a plan needs digests, and of ten thousand campaigns few are armed anew."""
        body: dict[str, Any] = json.loads(self.text)
        return body


@dataclass(frozen=True, slots=True)
class Armed:
    """A revision's body as it is read back. Exactly one of `predicate` and `demographic` is set."""

    schedule: Schedule
    timezone: str
    predicate: Predicate | None
    demographic: Mapping[str, Any] | None
    """The ``filter`` of a narrowcast."""
    audience: str
    """The address of an audience that LINE keeps, where LINE selects; `predicate` then says who belongs in it."""
    limit: int | None
    """Where LINE selects: at most this many people."""
    expect: Expect | None
    messages: tuple[Mapping[str, Any], ...]
    """In LINE's own form, expressions that read a friend included."""
    context: Mapping[str, Any]
    silent: bool
    skip_if_unknown: tuple[str, ...]
    production: bool
    capped: Capped = "skip"
    quiet_hours: Literal["wait", "send"] = "wait"
    rollout: tuple[Wave, ...] = ()
    allow_almost_everyone: bool = False
    derived: str = ""
    """The hash of what LINE made its audience of; empty where it was uploaded."""
    given: Given = field(default_factory=Given)
    """What its messages are given besides the friend: codes, links."""
    tolerance: int | None = None
    """In percent of `approved`; None where none was declared."""
    do: tuple[Mapping[str, Any], ...] = ()
    """What is done for everybody who was sent to, as JSON."""
    approved: int | None = None
    """How many people a condition chose when the campaign was armed; None where nobody was counted."""

    @property
    def compares(self) -> bool:
        """Whether its audience is compared with the one that it had when it was armed. Without a tolerance, that of a
        rule comes and goes with time, and `expect.max` says more than a number of another day."""
        bounded = self.expect is not None and self.expect.max is not None
        return self.tolerance is not None or (self.schedule.at is not None and not bounded)

    @property
    def tolerated(self) -> int | None:
        """By how many people the audience may differ from those whom the plan showed; None where it is not asked."""
        if self.approved is None or not self.compares:
            return None
        if self.tolerance is not None:
            return self.approved * self.tolerance // 100
        return max(FEW, self.approved * ONE_DATE // 100)

    @property
    def everyone(self) -> bool:
        return self.predicate == EVERYONE

    def on_day(self, due_at: datetime) -> Armed:
        """The campaign as it selects on the day of an occurrence: a late run congratulates those whose day it was."""
        return self if self.predicate is None else replace(self, predicate=on_date(self.predicate, due_at))

    @property
    def selection(self) -> Predicate:
        """Whom to select, those without a value in `skip_if_unknown` left out. ValueError where LINE selects."""
        if self.predicate is None:
            raise ValueError("only LINE selects this audience")
        if not self.skip_if_unknown:
            return self.predicate
        known = tuple(AttributeIs(name, "text", "known", (True,)) for name in self.skip_if_unknown)
        return All(known) if self.everyone else All((self.predicate, *known))


def revision(client: Client, resource: Resource) -> Revisioned:
    """The revision of a campaign. Raises ConditionError or NotAMessageError where a validated workspace has none."""
    return Revisions().of(client, resource)


class Revisions:
    """Revisions of many campaigns. What clients share (attributes, segments, audiences: the same objects in each of
    them) is written once."""

    def __init__(self) -> None:
        # Whatever is looked up by its id is kept beside what was made of it, so that no other object can come to bear
        # the id.
        self._clients: dict[int, tuple[Client, Declared]] = {}
        self._words: dict[tuple[int, ...], tuple[list[Resource], Declared]] = {}
        self._written: dict[tuple[int, ...], tuple[Any, str]] = {}
        self._links: dict[tuple[int, ...], tuple[list[Any], dict[str, str]]] = {}

    def of(self, client: Client, resource: Resource) -> Revisioned:
        """The same as `revision`."""
        spec = resource.spec
        if not isinstance(spec, CampaignSpec):
            raise TypeError(f"{resource.address} is no campaign")
        timezone = sys.intern(spec.schedule.timezone or client.timezone)
        messages, given = self._messages(client, spec)
        parts = {
            "format": _json(FORMAT),
            "schedule": self._once(_schedule, spec.schedule),
            "timezone": _json(timezone),
            "audience": self._once(
                _audience,
                spec.audience,
                self.words(client),
                *_selection(client, spec, timezone),
                self.links_of(client),
            ),
            "messages": messages,
            "context": _json(resource.context),
            "silent": _json(spec.silent),
            "skip_if_unknown": _json(spec.skip_if_unknown),
            **_rules(spec),
            **{name: _json(value) for name, value in given.items()},
            "production": _json(client.spec.environment == "production" and not spec.allow_test_word),
        }
        text = "{" + ",".join(f'"{key}":{parts[key]}' for key in sorted(parts)) + "}"
        return Revisioned(text, _digest(text))

    def _messages(self, client: Client, spec: CampaignSpec) -> tuple[str, dict[str, Any]]:
        """The messages as JSON, and what is declared about what they are given."""
        links = self.links_of(client)
        if spec.track is None:
            made = [self._once(_message, message) for message in spec.messages]
        else:
            made = [self._once(_tracked, message, links) for message in spec.messages]
        text = "[" + ",".join(made) + "]"
        return text, given_of(client, json.loads(text), links, spec.track) if may_be_given(text) else {}

    def links_of(self, client: Client) -> dict[str, str]:
        """The declared addresses by name; the same object for clients that share what declares them."""
        specs = [resource.spec for resource in client.of(Kind.ATTRIBUTES)]
        key = tuple(map(id, specs))
        if (found := self._links.get(key)) is None:
            links = declared_links(spec for spec in specs if isinstance(spec, AttributesSpec))
            found = self._links[key] = (specs, links)
        return found[1]

    def words(self, client: Client) -> Declared:
        """The words that this client's conditions may use."""
        if (found := self._clients.get(id(client))) is None:
            words = _words(client)
            key = tuple(id(resource.spec) for resource in words)
            if (known := self._words.get(key)) is None:
                known = self._words[key] = (words, declared_by(client))
            found = self._clients[id(client)] = (client, known[1])
        return found[1]

    def _once(self, plain: Callable[..., Any], *parts: Any) -> str:
        """`plain(*parts)` as JSON, written once for these objects."""
        key = (id(plain), *map(id, parts))
        if (known := self._written.get(key)) is None:
            known = self._written[key] = ((plain, parts), _json(plain(*parts)))
        return known[1]


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _json(value: Any) -> str:
    """JSON that is the same for equal values."""
    return _ENCODER.encode(value)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def revisioned(body: Mapping[str, Any]) -> Revisioned:
    """A revision out of its whole body: whatever acts later is armed like a campaign."""
    text = _json(body)
    return Revisioned(text, _digest(text))


def body_digest(body: Mapping[str, Any]) -> str:
    """The digest of a revision's body, the same for equal JSON however it was stored."""
    return _digest(_json(body))


def _words(client: Client) -> list[Resource]:
    return [r for address, r in client.resources.items() if address.kind in _WORDS]


def declared_by(client: Client) -> Declared:
    """The words that this client's conditions may use."""
    return declared_in(r.spec for kind in _WORDS for r in client.of(kind))


def _rules(spec: CampaignSpec) -> dict[str, str]:
    """Rules about limits and what is done besides, where they are not the default: a campaign that writes none keeps
    its digest."""
    written: dict[str, Any] = spec.model_dump(mode="json", include=set(_RULES), exclude_defaults=True)
    return {name: _json(value) for name, value in written.items()}


def _message(message: dict[str, Any]) -> dict[str, Any]:
    return line_form(message)


def _tracked(message: dict[str, Any], links: Mapping[str, str]) -> dict[str, Any]:
    return tracked([line_form(message)], links)[0]


def _schedule(schedule: Schedule) -> dict[str, Any]:
    """With every default written out, so that another version's other defaults do not change what was armed."""
    written: dict[str, Any] = schedule.model_dump(mode="json", exclude_none=True)
    only_cron = {"starts", "ends", "holidays", "except_on"} if schedule.at is not None else set[str]()
    return {key: value for key, value in written.items() if key not in only_cron}


def _kept_by_line(client: Client, campaign: CampaignSpec) -> AudienceSpec | None:
    """The audience of LINE's that a campaign is for. KeyError where a validated workspace has none."""
    if campaign.audience.audience is None:
        return None
    spec = client.resources[Address(Kind.AUDIENCE, campaign.audience.audience)].spec
    if not isinstance(spec, AudienceSpec):
        raise TypeError(f"{campaign.audience.audience} is no audience")
    return spec


def _selection(client: Client, campaign: CampaignSpec, timezone: str) -> tuple[str, AudienceSpec | None]:
    """By which calendar the people are chosen, and which audience of LINE's they are in."""
    kept_by_line = _kept_by_line(client, campaign)
    return (timezone if kept_by_line is None else client.timezone), kept_by_line


def members_predicate(audience: AudienceSpec, words: Declared, timezone: str) -> Predicate:
    """Whom an audience of LINE's is to hold. `timezone` is the client's, whatever
    that of a campaign may be. Raises ConditionError where a validated workspace has none."""
    if audience.from_.segment is None:
        raise ValueError(f"only LINE knows who is in {audience.name}")
    return audience_predicate(Audience(segment=audience.from_.segment), words, timezone)


def _audience(
    audience: Audience,
    words: Declared,
    timezone: str,
    kept_by_line: AudienceSpec | None,
    links: Mapping[str, str],
) -> dict[str, Any]:
    out: dict[str, Any] = {}
    made_of = None if kept_by_line is None else derivation(kept_by_line, links)
    if made_of is not None and kept_by_line is not None:
        out["line_audience"] = str(Address(Kind.AUDIENCE, kept_by_line.name))
        out["derived"] = made_of.hash
        out["limit"] = audience.limit
    elif audience.demographic is not None:
        out["demographic"] = demographic_filter(audience.demographic)
        out["limit"] = audience.limit
    elif kept_by_line is not None:
        out["predicate"] = to_wire(members_predicate(kept_by_line, words, timezone))
        out["line_audience"] = str(Address(Kind.AUDIENCE, kept_by_line.name))
        out["limit"] = audience.limit
    else:
        out["predicate"] = to_wire(audience_predicate(audience, words, timezone))
    if audience.expect is not None:
        out["expect"] = audience.expect.model_dump(mode="json")
    if audience.tolerance is not None:
        out["tolerance"] = audience.tolerance
    return out


def read_revision(body: Mapping[str, Any], approved: int | None = None) -> Armed:
    """The campaign in a revision's body, armed when its condition chose `approved` people. Raises StaleError where
    another version of lineform armed it otherwise."""
    if body.get("format") != FORMAT:
        raise StaleError(
            f"an armed campaign has format {body.get('format')!r}, and this version reads {FORMAT}",
            hint="run 'lineform apply' with this version, which arms it again",
        )
    audience = body["audience"]
    predicate = audience.get("predicate")
    expect = audience.get("expect")
    return Armed(
        schedule=Schedule.model_validate(body["schedule"]),
        timezone=body["timezone"],
        predicate=None if predicate is None else from_wire(predicate),
        demographic=audience.get("demographic"),
        audience=audience.get("line_audience", ""),
        derived=audience.get("derived", ""),
        limit=audience.get("limit"),
        expect=None if expect is None else Expect.model_validate(expect),
        messages=tuple(body["messages"]),
        context=body["context"],
        silent=body["silent"],
        skip_if_unknown=tuple(body["skip_if_unknown"]),
        production=body["production"],
        capped=body.get("capped", "skip"),
        quiet_hours=body.get("quiet_hours", "wait"),
        rollout=tuple(Wave.model_validate(wave) for wave in body.get("rollout", ())),
        allow_almost_everyone=body.get("allow_almost_everyone", False),
        given=read_given(body),
        tolerance=audience.get("tolerance"),
        do=tuple(body.get("do", ())),
        approved=approved,
    )
