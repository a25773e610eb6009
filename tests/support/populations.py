"""Random friends and random predicate trees, for the promise that every engine means the same by a tree."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from hypothesis import strategies as st

from lineform.ports.store import FriendRow
from lineform.segments.friend import Value
from lineform.segments.operands import number
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
from support.stores import user

TEXTS = ("", "a", "A", "aé", "aé", "花子", "花", "50%", "_", "'", "true", "1", "2026-01-01", "a b")
NUMBERS = (-1, 0, 1, 2, 3.0, 0.1, 0.1 + 0.2, 2.5, 123456789012345, -1e14, 1e-7)
DATES = ("1999-12-31", "2026-01-01", "2026-01-02", "2026-02-28", "2026-12-31")
WORDS = ("gold", "silver", "bronze", "金")
TAGS = ("常連", "vip", "new", "50%")
ATTRIBUTES: dict[AttributeType, tuple[str, ...]] = {
    "text": ("note", "備考"),
    "number": ("visits", "spent"),
    "date": ("birthday",),
    "bool": ("member",),
    "enum": ("tier",),
    "set": ("likes",),
}
_ORDERED: tuple[Comparison, ...] = ("above", "at_least", "below", "at_most", "between")
_COMPARISONS: dict[AttributeType, tuple[Comparison, ...]] = {
    "text": ("is", "in", "starts_with", "known"),
    "number": ("is", "in", "known", *_ORDERED),
    "date": ("is", "in", "known", *_ORDERED),
    "bool": ("is", "known"),
    "enum": ("is", "in", "known"),
    "set": ("is", "in", "all_of", "known"),
}
_OPERANDS: dict[AttributeType, tuple[str | int | float | bool, ...]] = {
    "text": TEXTS,
    "number": tuple(number(n) for n in NUMBERS),
    "date": DATES,
    "bool": (True, False),
    "enum": WORDS,
    "set": WORDS,
}


def population(random: Random, size: int) -> Iterator[FriendRow]:
    """Friends of whom little is known, some blocked, some with a value from before its declaration changed."""
    for index in range(size):
        attributes = {}
        for kind, names in ATTRIBUTES.items():
            for name in names:
                if random.random() < 0.6:
                    stored = random.choice(list(ATTRIBUTES)) if random.random() < 0.1 else kind
                    attributes[name] = _value(random, stored)
        tags = tuple(tag for tag in TAGS if random.random() < 0.3)
        yield FriendRow(user(index), blocked=random.random() < 0.2, attributes=attributes, tags=tags)


def _value(random: Random, kind: AttributeType) -> Value:
    if kind == "set":
        return tuple(word for word in WORDS if random.random() < 0.4)
    return random.choice(NUMBERS if kind == "number" else _OPERANDS[kind])


@st.composite
def _leaves(draw: st.DrawFn) -> Predicate:
    if draw(st.integers(0, 3)) == 0:
        return HasTag(draw(st.sampled_from((*TAGS, "no such tag"))))
    kind = draw(st.sampled_from(list(ATTRIBUTES)))
    name = draw(st.sampled_from(ATTRIBUTES[kind]))
    comparison = draw(st.sampled_from(_COMPARISONS[kind]))
    known = st.sampled_from(_OPERANDS[kind])
    if comparison == "known":
        operands = [draw(st.booleans())]
    elif comparison == "between":
        operands = sorted(draw(st.lists(known, min_size=2, max_size=2)))
    else:
        several = 4 if comparison in {"in", "all_of"} else 1
        operands = draw(st.lists(known, min_size=1, max_size=several))
    return AttributeIs(name, kind, comparison, tuple(operands))


def _branches(inside: st.SearchStrategy[Predicate]) -> st.SearchStrategy[Predicate]:
    parts = st.lists(inside, min_size=1, max_size=4).map(tuple)
    return parts.map(All) | parts.map(Any) | inside.map(Not) | inside.map(Maybe)


trees: st.SearchStrategy[Predicate] = st.recursive(_leaves() | st.just(EVERYONE), _branches, max_leaves=12)
