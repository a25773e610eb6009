"""Checks that need the whole client: what resources say about each other and about declared attributes and tags."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from lineform.loading.check_actions import action_problems
from lineform.loading.check_answering import answering_problems, nameable
from lineform.loading.check_audiences import audience_problems
from lineform.loading.check_coupons import unknown_coupons
from lineform.loading.check_line_audiences import line_audience_problems
from lineform.loading.check_menu_rules import condition_findings, menu_problems, rules_of_client, unreached
from lineform.loading.check_menus import switch_problems
from lineform.loading.check_messages import read_problems
from lineform.loading.check_recommendations import recommendation_problems, repeated_problems
from lineform.loading.check_scenarios import scenario_problems
from lineform.loading.mending import apart_from
from lineform.loading.reading import Unread
from lineform.loading.resources import Built
from lineform.loading.spoken import messages_of
from lineform.loading.validation import FieldProblem
from lineform.model.address import Address, Kind
from lineform.model.attributes import AttributesSpec
from lineform.model.audience import SegmentSpec
from lineform.model.campaign import CampaignSpec
from lineform.model.client import Case, ExpectationSpec
from lineform.model.form import FormSpec
from lineform.model.menu_rules import MenuRulesSpec
from lineform.model.origin import Path, dotted
from lineform.model.problem import did_you_mean
from lineform.model.recommendations import RecommendationsSpec
from lineform.model.reply import ReplySpec
from lineform.model.richmenu import RichMenuSpec
from lineform.model.route import RouteSpec
from lineform.model.scenario import ScenarioSpec
from lineform.scenarios.passes import MEMBER
from lineform.segments.check import check_audience, check_condition
from lineform.segments.declared import WORDS, Declared, clashes, declared_in, form_clashes
from lineform.segments.finding import Finding
from lineform.segments.friend import RESERVED_EVENTS
from lineform.segments.sources import check_source
from lineform.sending.given import GIVEN
from lineform.sending.tracking import declared_links


class References:
    """Checks between the resources of each client. Clients that share attributes and segments share their words, and
    so the answers about everything else that they share."""

    def __init__(self) -> None:
        self._words: dict[tuple[int, ...], tuple[list[Any], Declared, list[Any]]] = {}
        self._answers: dict[tuple[Any, ...], tuple[tuple[Any, ...], list[FieldProblem]]] = {}

    def problems(
        self,
        built: Mapping[Address, Built],
        unread: Unread,
        also: Iterable[Address] = (),
        webhooks: Collection[str] | None = None,
    ) -> Iterator[tuple[Address, FieldProblem]]:
        """What is wrong between the resources of one client. Of `also`, further ones, only the names matter.
        `webhooks` are the systems that the client declares; None where nobody knows which client it will be."""
        specs: dict[Address, Any] = {a: b.spec for a, b in built.items() if b.spec is not None}
        known, clashing = self._declared(specs)
        names = _Names(built, known, unread, also, webhooks)
        for name, clash in clashing:
            yield Address(Kind.ATTRIBUTES, name), _of(clash)
        for address, spec in specs.items():
            for problem in self._problems(spec, built[address], names):
                yield address, problem
            for problem in line_audience_problems(spec, names.all):
                yield address, problem
        yield from _defaults(specs)
        yield from rules_of_client(specs)

    def _declared(self, specs: Mapping[Address, Any]) -> tuple[Declared, list[tuple[str, Finding]]]:
        words = [spec for spec in specs.values() if isinstance(spec, WORDS)]
        key = tuple(id(spec) for spec in words)
        if (found := self._words.get(key)) is None:
            attributes = [spec for spec in words if isinstance(spec, AttributesSpec)]
            known = declared_in(words)
            clashing = [*clashes(attributes), *form_clashes(attributes, [s for s in words if isinstance(s, FormSpec)])]
            # The specs are kept with their ids, here and below, so that no other object can come to bear them.
            found = self._words[key] = (words, known, clashing)
        return found[1], found[2]

    def _problems(self, spec: Any, built: Built, names: _Names) -> list[FieldProblem]:
        parts: tuple[Any, ...]
        if built.resource is None:
            return apart_from(built.unsure, _problems(spec, built, names))
        if isinstance(spec, CampaignSpec) and names.complete and spec.do is None:
            parts = (spec.audience, spec.messages, built.sites, spec.skip_if_unknown, names.declared)
        elif isinstance(spec, SegmentSpec) and names.complete:
            parts = (spec, names.declared)
        else:
            return list(_problems(spec, built, names))
        counts = tuple((name, rule.count) for name, rule in sorted(names.rules.items()))
        key = (*(id(part) for part in parts), *names.given.values(), counts)
        if (found := self._answers.get(key)) is None:
            found = self._answers[key] = (parts, list(_problems(spec, built, names)))
        return found[1]


_WORDS = frozenset({"E301", "E302", "E312", "E313", "E314", "E315", "E316", "E317"})
"""Problems that a file of kind attributes, which cannot be read, may be the cause of."""


_DECLARING = frozenset({Kind.ATTRIBUTES, Kind.FORM, Kind.ROUTE})


class _Names:
    """The words of a client. Where a file is broken, its words are not known, and nothing is said about them."""

    def __init__(
        self,
        built: Mapping[Address, Built],
        known: Declared,
        unread: Unread,
        also: Iterable[Address] = (),
        webhooks: Collection[str] | None = None,
    ) -> None:
        self.declared = known
        self.webhooks = webhooks
        self.all = {kind: {a.name for a in built if a.kind is kind} for kind in Kind}
        for address in also:
            self.all[address.kind].add(address.name)
        self.attributes_complete = not unread.words and all(
            one.spec is not None for address, one in built.items() if address.kind in _DECLARING
        )
        self.rules = {a.name: b.spec for a, b in built.items() if isinstance(b.spec, RecommendationsSpec)}
        self.menus = {a.name: b.spec for a, b in built.items() if isinstance(b.spec, RichMenuSpec)}
        self.scenarios = {a.name: b.spec for a, b in built.items() if isinstance(b.spec, ScenarioSpec)}
        self.unread = unread.names
        self.lost = frozenset(word for one in built.values() for word in one.lost)
        self.broken_segments = {*(self.all[Kind.SEGMENT] - known.segments.keys()), *unread.names}
        self.complete = self.attributes_complete and not self.broken_segments and not self.lost
        self.attributes = known.attributes.keys() | self.lost
        self.tags = known.tags | self.lost
        specs = (one.spec for one in built.values())
        links = declared_links(spec for spec in specs if isinstance(spec, AttributesSpec))
        self.given = {
            "code": frozenset({*self.all[Kind.CODES], *unread.names}),
            "link": frozenset(links.keys() | self.lost),
            "coupon": frozenset({*self.all[Kind.COUPON], *unread.names}),
            "items": frozenset({*self.all[Kind.RECOMMENDATIONS], *unread.names}),
            "page": frozenset({*_pages(built), *unread.names, MEMBER}),
        }

    def sure(self, finding: Finding) -> bool:
        """Whether a finding is no mere consequence of a broken file."""
        if finding.code in _WORDS and not self.attributes_complete:
            return False
        broken = self.lost | self.broken_segments if finding.code == "E303" else self.lost
        return not any(f"'{name}'" in finding.message for name in broken)


def _pages(built: Mapping[Address, Built]) -> Iterator[str]:
    """Forms that have a page."""
    for address, one in built.items():
        if isinstance(one.spec, FormSpec) and one.spec.page is not None:
            yield address.name


def _of(finding: Finding) -> FieldProblem:
    return FieldProblem(finding.path, finding.code, f"{dotted(finding.path)}: {finding.message}", finding.hint)


def _problems(spec: Any, built: Built, names: _Names) -> Iterator[FieldProblem]:
    known = names.declared
    if isinstance(spec, SegmentSpec):
        found = check_condition(spec.where, known, ("where",), segment=spec.name) or check_source(spec, known)
        yield from (_of(one) for one in found if names.sure(one))
    elif isinstance(spec, CampaignSpec):
        found = check_audience(spec.audience, known, ("audience",))
        yield from (_of(one) for one in found if names.sure(one))
        yield from audience_problems(spec, built.sites)
        yield from unknown_coupons(spec, names.given["coupon"])
        for one in action_problems(spec.do or (), ("do",), nameable(names)):
            if names.sure(Finding(one.path, one.code, one.message)):
                yield one
        if names.attributes_complete:
            yield from read_problems(
                built.sites, names.attributes, spec.skip_if_unknown, {root: names.given[root] for root in GIVEN}
            )
            yield from _skips(spec, names)
            yield from repeated_problems(messages_of(spec), names.rules, known)
    elif isinstance(spec, RecommendationsSpec):
        if names.attributes_complete:
            yield from recommendation_problems(spec, known)
    elif isinstance(spec, ScenarioSpec):
        yield from scenario_problems(spec, built.sites, names, names.scenarios)
    elif isinstance(spec, ReplySpec | FormSpec | RouteSpec):
        yield from answering_problems(spec, built.sites, names, names.menus)
    elif isinstance(spec, RichMenuSpec):
        yield from switch_problems(spec, {*names.all[Kind.RICHMENU], *names.unread})
    elif isinstance(spec, MenuRulesSpec):
        yield from _menu_rules(spec, names)
    elif isinstance(spec, ExpectationSpec):
        yield from _expectation(spec, names)


def _menu_rules(spec: MenuRulesSpec, names: _Names) -> Iterator[FieldProblem]:
    findings = list(condition_findings(spec, names.declared))
    yield from (_of(one) for one in findings if names.sure(one))
    yield from menu_problems(spec, {*names.all[Kind.RICHMENU], *names.unread})
    if not findings and names.complete:
        yield from unreached(spec, names.declared)


def _skips(spec: CampaignSpec, names: _Names) -> Iterator[FieldProblem]:
    for index, name in enumerate(spec.skip_if_unknown):
        if name not in names.attributes and name != "language":
            path: Path = ("skip_if_unknown", index)
            hint = did_you_mean(name, names.attributes)
            yield FieldProblem(path, "E301", f"{dotted(path)}: unknown attribute '{name}'", hint)


def _expectation(spec: ExpectationSpec, names: _Names) -> Iterator[FieldProblem]:
    known = names.declared
    campaigns = names.all[Kind.CAMPAIGN]
    if spec.campaign not in campaigns and spec.campaign not in names.unread:
        near = did_you_mean(spec.campaign, campaigns)
        yield FieldProblem(("campaign",), "E116", f"campaign: this client has no campaign '{spec.campaign}'", near)
    if not _is_local_time(spec.now):
        yield FieldProblem(("now",), "E103", "now is not a local date and time such as 2026-12-01T10:00")
    for index, case in enumerate(spec.friends):
        if not names.attributes_complete:
            return
        for name in case.attributes:
            if name not in names.attributes:
                path: Path = ("friends", index, "attributes", name)
                message = f"{dotted(path)}: unknown attribute '{name}'"
                yield FieldProblem(path, "E301", message, did_you_mean(name, known.attributes), at_key=True)
        yield from _done(index, case, known)
        for place, tag in enumerate(case.tags):
            if tag not in names.tags:
                path = ("friends", index, "tags", place)
                yield FieldProblem(path, "E302", f"{dotted(path)}: unknown tag '{tag}'", did_you_mean(tag, known.tags))


def _done(index: int, case: Case, known: Declared) -> Iterator[FieldProblem]:
    """What is wrong with the history that a test invents for a friend."""
    base: Path = ("friends", index)
    if case.route and case.route not in known.routes:
        path: Path = (*base, "route")
        message = f"{dotted(path)}: unknown entry route '{case.route}'"
        yield FieldProblem(path, "E316", message, did_you_mean(case.route, known.routes))
    for place, event in enumerate(case.events):
        path = (*base, "events", place, "event")
        fields = set(RESERVED_EVENTS.get(event.event, ()))
        if event.event in known.events:
            fields = set(known.events[event.event].fields)
        elif not fields:
            message = f"{dotted(path)}: unknown event '{event.event}'"
            yield FieldProblem(path, "E312", message, did_you_mean(event.event, known.events))
            continue
        for name in event.fields:
            if name not in fields:
                path = (*base, "events", place, "fields", name)
                message = f"{dotted(path)}: event '{event.event}' has no field '{name}'"
                yield FieldProblem(path, "E313", message, did_you_mean(name, fields), at_key=True)
    moments = [("followed_at",), *(("events", place, "at") for place in range(len(case.events)))]
    for where in moments:
        path = (*base, *where)
        written = case.followed_at if where == ("followed_at",) else case.events[int(where[1])].at
        if written is not None and not _exists(written):
            yield FieldProblem(path, "E103", f"{dotted(path)} is no day of the calendar")


def _exists(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_local_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is None and "T" in text
    except ValueError:
        return False


def _defaults(specs: Mapping[Address, Any]) -> Iterator[tuple[Address, FieldProblem]]:
    first = ""
    for address, spec in sorted(specs.items()):
        if isinstance(spec, RichMenuSpec) and spec.default:
            if first:
                message = f"'{first}' is this client's default menu already, and there can be only one"
                yield address, FieldProblem(("default",), "E407", message)
            first = first or spec.name
