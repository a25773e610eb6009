"""What a client has declared about its friends: the words that conditions may use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lineform.model.attributes import AttributeSpec, AttributesSpec
from lineform.model.audience import Condition, SegmentSpec
from lineform.segments.finding import Finding
from lineform.segments.predicate import Predicate


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found out about segments, so that each is looked at once and not by all who name it. It follows from
    the words that it belongs to and says nothing new."""

    sizes: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Comparisons, values and depth, by segment."""
    straight: set[str] = field(default_factory=set)
    """Segments that lead into no circle."""
    predicates: dict[str, Predicate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declared:
    """Attributes with their types, tags, and segments with their conditions, of one client."""

    attributes: Mapping[str, AttributeSpec] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    segments: Mapping[str, Condition] = field(default_factory=dict)
    looked: Looked = field(default_factory=Looked, init=False, repr=False, compare=False)


def declared(attributes: Iterable[AttributesSpec], segments: Iterable[SegmentSpec] = ()) -> Declared:
    """One set of words out of every file that a client uses. Where two files declare an attribute, the later holds;
    `clashes` reports those that disagree."""
    known: dict[str, AttributeSpec] = {}
    tags: set[str] = set()
    for spec in attributes:
        known |= spec.attributes
        tags |= spec.tags.keys()
    return Declared(known, frozenset(tags), {s.name: s.where for s in segments})


def clashes(attributes: Sequence[AttributesSpec]) -> list[tuple[str, Finding]]:
    """Attributes that a file declares otherwise than an earlier one: that file's name, and the finding inside it."""
    first: dict[str, AttributesSpec] = {}
    found = []
    for spec in attributes:
        for name, attribute in spec.attributes.items():
            earlier = first.setdefault(name, spec)
            before = earlier.attributes[name]
            if (before.type, frozenset(before.values)) != (attribute.type, frozenset(attribute.values)):
                message = f"'{name}' is declared as {attribute.type} here and otherwise in 'attributes.{earlier.name}'"
                hint = "declare it once, or the same way in both"
                found.append((spec.name, Finding(("attributes", name), "E309", message, hint)))
    return found
