"""What a client has declared about its friends: the words that conditions may use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineform.model.attributes import (
    AttributeSpec,
    AttributesSpec,
    EventSpec,
    FormWords,
    LinkSpec,
    RouteWords,
    TagGroupSpec,
    TagSpec,
)
from lineform.model.audience import Condition, SegmentSpec
from lineform.model.base import Spec
from lineform.model.form import FormSpec
from lineform.model.problem import did_you_mean
from lineform.model.route import RouteSpec
from lineform.model.sources import SourceSpec
from lineform.segments.finding import Finding
from lineform.segments.predicate import AttributeIs, Indexed, Predicate

MOST_WORDS = 8
"""An index of whom has a word costs every change of a friend a comparison: sixteen make an import a third longer."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found out about segments, so that each is looked at once and not by all who name it. It follows from
    the words that it belongs to and says nothing new."""

    sizes: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Comparisons, values and depth, by segment."""
    straight: set[str] = field(default_factory=set)
    """Segments that lead into no circle."""
    predicates: dict[tuple[str, str], Predicate] = field(default_factory=dict)
    """What segments mean, by segment and time zone."""


@dataclass(frozen=True, slots=True)
class Declared:
    """Attributes with their types, tags, events and the like, and segments with their conditions, of one client."""

    attributes: Mapping[str, AttributeSpec] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    segments: Mapping[str, Condition] = field(default_factory=dict)
    tag_specs: Mapping[str, TagSpec] = field(default_factory=dict)
    """What is said about each of `tags`."""
    groups: Mapping[str, TagGroupSpec] = field(default_factory=dict)
    events: Mapping[str, EventSpec] = field(default_factory=dict)
    links: Mapping[str, LinkSpec] = field(default_factory=dict)
    forms: Mapping[str, FormWords] = field(default_factory=dict)
    routes: Mapping[str, RouteWords] = field(default_factory=dict)
    sources: Mapping[str, SourceSpec] = field(default_factory=dict)
    sourced: Mapping[str, str] = field(default_factory=dict)
    """Segments that are asked of a source, with its name."""
    items: Mapping[str, AttributeSpec] = field(default_factory=dict)
    """The fields of items."""
    together: frozenset[tuple[str, ...]] = frozenset()
    """Attributes that are indexed together."""
    looked: Looked = field(default_factory=Looked, init=False, repr=False, compare=False)

    @property
    def indexes(self) -> Sequence[Indexed]:
        """The indexes over attributes that a store is to keep; what no index holds is left out, as `clashes` says."""
        known = {name: spec.type for name, spec in self.attributes.items() if spec.type != "set"}
        alone = [(name,) for name, spec in self.attributes.items() if spec.indexed]
        together = sorted(names for names in self.together if known.keys() >= set(names))
        return [{name: known[name] for name in names} for names in (*alone, *together)]

    @property
    def indexed_words(self) -> Sequence[AttributeIs]:
        """The words of indexed attributes; of one with more than `MOST_WORDS` none."""
        found: list[AttributeIs] = []
        for name, spec in self.attributes.items():
            words: tuple[str, ...] | tuple[bool, ...] = (True, False) if spec.type == "bool" else spec.values
            if spec.indexed and len(words) <= MOST_WORDS:
                found += [AttributeIs(name, spec.type, "is", (word,)) for word in words]
        return found

    def lasting(self, tag: str) -> int | None:
        """For how many seconds this tag counts; None where it stays."""
        spec = self.tag_specs.get(tag)
        return None if spec is None or spec.expires is None else int(spec.expires.total_seconds())

    def exclusive_group(self, tag: str) -> str:
        """The group of which a friend has at most one tag, this one among them; empty where there is none."""
        spec = self.tag_specs.get(tag)
        group = "" if spec is None else spec.group
        return group if group in self.groups and self.groups[group].exclusive else ""

    def rivals(self, tag: str) -> frozenset[str]:
        """The tags that giving this one takes away."""
        if not (group := self.exclusive_group(tag)):
            return frozenset()
        return frozenset(other for other, spec in self.tag_specs.items() if spec.group == group and other != tag)


WORDS = (AttributesSpec, SegmentSpec, FormSpec, RouteSpec)
"""The kinds of files that declare words: a form declares its fields, a route itself."""


def declared_in(specs: Iterable[Spec]) -> Declared:
    """The words of these files; other kinds say nothing."""
    several = list(specs)
    return declared(
        attributes_in(several),
        [spec for spec in several if isinstance(spec, SegmentSpec)],
    )


def attributes_in(specs: Iterable[Spec]) -> list[AttributesSpec]:
    """The files of attributes among these, and what forms and routes declare, written as such files."""
    out = []
    for spec in specs:
        if isinstance(spec, AttributesSpec):
            out.append(spec)
        elif isinstance(spec, FormSpec):
            out.append(AttributesSpec(kind="attributes", name=spec.name, forms={spec.name: spec.spoken}))
        elif isinstance(spec, RouteSpec):
            out.append(AttributesSpec(kind="attributes", name=spec.name, routes={spec.name: spec.spoken}))
    return out


def declared(attributes: Iterable[AttributesSpec], segments: Iterable[SegmentSpec] = ()) -> Declared:
    """One set of words out of every file that a client uses. Where two files declare a word, the later holds;
    `clashes` reports those that disagree."""
    files, conditions = tuple(attributes), tuple(segments)
    known: dict[str, dict[str, Any]] = {section: {} for section in _SECTIONS}
    for spec in files:
        for section in _SECTIONS:
            known[section] |= getattr(spec, section)
    return Declared(
        known["attributes"],
        frozenset(known["tags"]),
        {s.name: s.where for s in conditions},
        known["tags"],
        known["tag_groups"],
        known["events"],
        known["links"],
        known["forms"],
        known["routes"],
        known["sources"],
        {s.name: s.source for s in conditions if s.source is not None},
        known["items"],
        frozenset(names for spec in files for names in spec.indexed_together),
    )


_SECTIONS = ("attributes", "tags", "tag_groups", "events", "links", "forms", "routes", "sources", "items")
"""The parts of a file of kind attributes, each a mapping of words."""


def form_clashes(attributes: Sequence[AttributesSpec], forms: Sequence[FormSpec]) -> list[tuple[str, Finding]]:
    """Forms that a file of attributes declares otherwise than their own file does: that file's name, and the finding
    inside it."""
    own = {form.name: form for form in forms}
    found = []
    for spec in attributes:
        for name in sorted(spec.forms.keys() & own.keys()):
            if _meaning(spec.forms[name]) != _meaning(own[name].spoken):
                message = f"'{name}' is declared here and otherwise in 'form.{name}'"
                hint = "leave it out here: a form declares its fields by itself"
                found.append((spec.name, Finding(("forms", name), "E309", message, hint)))
    return found


def clashes(attributes: Sequence[AttributesSpec]) -> list[tuple[str, Finding]]:
    """Words that a file declares otherwise than an earlier one, and tags of a group that no file declares: that file's
    name, and the finding inside it."""
    first: dict[tuple[str, str], AttributesSpec] = {}
    groups = {name for spec in attributes for name in spec.tag_groups}
    found = []
    for spec in attributes:
        for section in _SECTIONS:
            for name, here in getattr(spec, section).items():
                earlier = first.setdefault((section, name), spec)
                if _meaning(getattr(earlier, section)[name]) != _meaning(here):
                    kind = f"declared as {here.type} here" if section == "attributes" else "declared here"
                    message = f"'{name}' is {kind} and otherwise in 'attributes.{earlier.name}'"
                    hint = "declare it once, or the same way in both"
                    found.append((spec.name, Finding((section, name), "E309", message, hint)))
        found += [(spec.name, finding) for finding in (*_unindexed(spec, attributes), *_unmapped(spec, attributes))]
        for name, tag in spec.tags.items():
            if tag.group and tag.group not in groups:
                hint = did_you_mean(tag.group, groups) or "declare it under tag_groups"
                path = ("tags", name, "group")
                found.append((spec.name, Finding(path, "E317", f"unknown tag group '{tag.group}'", hint)))
    return found


def _unindexed(spec: AttributesSpec, everywhere: Sequence[AttributesSpec]) -> Iterable[Finding]:
    """Attributes that cannot be indexed together: no file declares them, or they are sets."""
    known = {name: one for file in everywhere for name, one in file.attributes.items()}
    for line, names in enumerate(spec.indexed_together):
        for place, name in enumerate(names):
            path = ("indexed_together", line, place)
            if name not in known:
                hint = did_you_mean(name, known) or "declare it under attributes"
                yield Finding(path, "E301", f"unknown attribute '{name}'", hint)
            elif known[name].type == "set":
                yield Finding(path, "E350", f"'{name}' is a set, and no index holds its words", "leave it out")


def _unmapped(spec: AttributesSpec, everywhere: Sequence[AttributesSpec]) -> Iterable[Finding]:
    """Words that a source of this file claims to know and that no file declares."""
    known: dict[str, AttributeSpec] = {name: one for file in everywhere for name, one in file.attributes.items()}
    events: dict[str, EventSpec] = {name: one for file in everywhere for name, one in file.events.items()}
    for source, one in spec.sources.items():
        for name in one.attributes:
            path = ("sources", source, "attributes", name)
            if name not in known:
                hint = did_you_mean(name, known) or "declare it under attributes"
                yield Finding(path, "E301", f"unknown attribute '{name}'", hint)
            elif known[name].type == "set":
                hint = "make an attribute of type bool of each word that is asked for"
                yield Finding(path, "E326", f"'{name}' is a set, which no column of a source holds", hint)
        for name, event in one.events.items():
            path = ("sources", source, "events", name)
            if name not in events:
                hint = did_you_mean(name, events) or "declare it under events"
                yield Finding(path, "E312", f"unknown event '{name}'", hint)
                continue
            for field_name in event.fields:
                fields = events[name].fields
                if field_name not in fields:
                    hint = did_you_mean(field_name, fields) or "declare it under fields of the event"
                    here = (*path, "fields", field_name)
                    yield Finding(here, "E313", f"unknown field '{field_name}' of event '{name}'", hint)


def _meaning(spec: Any) -> Any:
    """What a declaration says to the engine: everything but the words for people."""
    match spec:
        case AttributeSpec():
            return spec.type, frozenset(spec.values)
        case EventSpec() | FormWords():
            return {name: _meaning(one) for name, one in spec.fields.items()}
        case TagSpec():
            return spec.group, spec.expires
        case TagGroupSpec():
            return spec.exclusive
        case SourceSpec():
            return spec.model_dump(exclude={"description"})
        case _:
            return None
