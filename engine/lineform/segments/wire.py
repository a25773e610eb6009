"""Predicates as JSON, for armed revisions: a send that was approved selects by this, and needs no files."""

from __future__ import annotations

from typing import Any as Anything
from typing import get_args

from lineform.segments.predicate import (
    EVERYONE,
    All,
    Any,
    AttributeIs,
    AttributeType,
    Comparison,
    HasTag,
    Maybe,
    Not,
    Predicate,
)

_TYPES = frozenset(get_args(AttributeType))
_COMPARISONS = frozenset(get_args(Comparison))


def to_wire(predicate: Predicate) -> dict[str, Anything]:
    """JSON that `from_wire` reads back into an equal predicate."""
    match predicate:
        case AttributeIs():
            return {
                "attribute": predicate.attribute,
                "type": predicate.type,
                "comparison": predicate.comparison,
                "operands": list(predicate.operands),
            }
        case HasTag():
            return {"tag": predicate.tag}
        case All(parts=()):
            return {"everyone": True}
        case All():
            return {"all": [to_wire(part) for part in predicate.parts]}
        case Any():
            return {"any": [to_wire(part) for part in predicate.parts]}
        case Not():
            return {"not": to_wire(predicate.part)}
        case Maybe():
            return {"maybe": to_wire(predicate.part)}


def from_wire(data: Anything) -> Predicate:
    """The predicate in `data`; ValueError where there is none, an empty ``all`` or ``any`` included."""
    match data:
        case {"everyone": True, **rest} if not rest:
            return EVERYONE
        case {"all": [_, *_] as parts, **rest} if not rest:
            return All(tuple(from_wire(part) for part in parts))
        case {"any": [_, *_] as parts, **rest} if not rest:
            return Any(tuple(from_wire(part) for part in parts))
        case {"not": part, **rest} if not rest:
            return Not(from_wire(part))
        case {"maybe": part, **rest} if not rest:
            return Maybe(from_wire(part))
        case {"tag": str() as tag, **rest} if not rest:
            return HasTag(tag)
        case {"attribute": str() as name, "type": kind, "comparison": comparison, "operands": [_, *_] as operands}:
            if (
                kind in _TYPES
                and comparison in _COMPARISONS
                and all(isinstance(o, str | int | float) for o in operands)
            ):
                return AttributeIs(name, kind, comparison, tuple(operands))
    raise ValueError("is not a predicate that this version can read")
