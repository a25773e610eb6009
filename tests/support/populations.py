"""Random friends and random predicate trees, for the promise that every engine means the same by a tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal

from hypothesis import strategies as st

from lineform.ports.friends import EventRow, FriendRow
from lineform.segments.friend import Value
from lineform.segments.operands import number
from lineform.segments.predicate import (
    EVERYONE,
    AgeIs,
    All,
    Anniversary,
    AttributeIs,
    AttributeType,
    CameBy,
    Comparison,
    Count,
    Edge,
    FriendSince,
    Happened,
    HasTag,
    Indexed,
    IsMember,
    Maybe,
    Not,
    Operand,
    Predicate,
    Sum,
)
from lineform.segments.predicate import Any as AnyOf
from support.stores import user

TEXTS = ("", "a", "A", "aé", "aé", "花子", "花", "50%", "_", "'", "true", "1", "2026-01-01", "a b")
NUMBERS = (-1, 0, 1, 2, 3.0, 0.1, 0.1 + 0.2, 2.5, 123456789012345, -1e14, 1e-7)
DATES = ("1999-12-31", "2026-01-01", "2026-01-02", "2026-02-28", "2026-12-31", "2008-02-29", "2006-03-01", "2000-12-01")
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
ALONE: list[Indexed] = [{name: kind} for kind, names in ATTRIBUTES.items() for name in names if kind != "set"]
TOGETHER: list[Indexed] = [
    {"tier": "enum", "visits": "number"},
    {"member": "bool", "tier": "enum", "birthday": "date"},
    {"note": "text", "tier": "enum"},
]
"""Attributes that have one index."""
HAVING = [
    *(AttributeIs("tier", "enum", "is", (word,)) for word in WORDS),
    *(AttributeIs("member", "bool", "is", (word,)) for word in (True, False)),
]
"""Words of which PostgreSQL has an index each."""
ROUTES = ("poster", "counter")
LANGUAGES = ("ja", "en", "")
TOKYO = "Asia/Tokyo"
EVENTS = ("visit", "purchase", "訪問")
FIELDS: dict[str, AttributeType] = {
    "item": "enum",
    "note": "text",
    "link": "text",
    "amount": "number",
    "on": "date",
    "kinds": "set",
}
AMOUNTS = (0, 1, 100, -5, 0.1, 0.2, 0.3, 0.0001, 2500)
SUMS = (0.0, 0.3, 100.0, 100.3, 2500.0, -5.0)
DAY = 86_400
AGO = (0, 1, DAY, 30 * DAY, 60 * DAY)
NOWS = tuple(
    datetime.fromisoformat(moment)
    for moment in (
        "2026-12-01T01:00:00+00:00",
        "2026-11-30T14:59:59.999500+00:00",  # the month ends in Tokyo
        "2026-11-30T15:00:00+00:00",  # the month begins in Tokyo
        "2027-02-27T15:00:00+00:00",  # 28 February in Tokyo, and no 29th comes
        "2027-02-28T14:59:59.999000+00:00",
        "2028-02-28T15:00:00+00:00",  # 29 February in Tokyo
        "2026-12-31T16:00:00.123456+00:00",  # New Year in Tokyo
    )
)
MOMENTS = tuple(
    now - timedelta(seconds=ago) + timedelta(milliseconds=off)
    for now in (NOWS[0], NOWS[2], NOWS[3])
    for ago in AGO
    for off in (-1, 0, 1)
)
_Measured = Literal["is", "above", "at_least", "below", "at_most", "between"]
_MEASURED: tuple[_Measured, ...] = ("is", "above", "at_least", "below", "at_most", "between")
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
        yield FriendRow(
            user(index),
            language=random.choice(LANGUAGES),
            followed_at=random.choice((None, *MOMENTS)),
            blocked=random.random() < 0.2,
            attributes=attributes,
            tags=tags,
            route=random.choice((None, *ROUTES)),
            member_id=random.choice((None, "M1", "")),
        )


def history(random: Random, size: int, account: str) -> Iterator[EventRow]:
    """What they did: much at the very ends of windows, some in the future, some with a field of another type."""
    for index in range(size):
        for nth in range(random.choice((0, 0, 1, 2, 5))):
            fields = {}
            for name, kind in FIELDS.items():
                if random.random() < 0.7:
                    stored = random.choice(list(ATTRIBUTES)) if random.random() < 0.1 else kind
                    fields[name] = random.choice(AMOUNTS) if stored == "number" else _value(random, stored)
            name, at = random.choice(EVENTS), random.choice(MOMENTS)
            yield EventRow(user(index), name, f"{account}-{index}-{nth}", at, fields)


def _value(random: Random, kind: AttributeType) -> Value:
    if kind == "set":
        return tuple(word for word in WORDS if random.random() < 0.4)
    return random.choice(NUMBERS if kind == "number" else _OPERANDS[kind])


_lasting = st.none() | st.sampled_from(AGO)
_points = st.none() | st.sampled_from(AGO) | st.sampled_from(MOMENTS)
_counts = st.integers(0, 3)


def _tags() -> st.SearchStrategy[Predicate]:
    return st.builds(HasTag, st.sampled_from((*TAGS, "no such tag")), _lasting)


@st.composite
def _dates(draw: st.DrawFn) -> Predicate:
    spans = ("today", "tomorrow", "this_month", "next_month", "next_1_days", "next_7_days", "next_366_days", "month_2")
    if draw(st.booleans()):
        return Anniversary("birthday", draw(st.sampled_from(spans)), TOKYO)
    comparison = draw(st.sampled_from(_MEASURED))
    years = sorted(draw(st.lists(st.integers(17, 30), min_size=2, max_size=2)))
    return AgeIs("birthday", comparison, tuple(years if comparison == "between" else years[:1]), TOKYO)


@st.composite
def _people(draw: st.DrawFn) -> Predicate:
    match draw(st.integers(0, 3)):
        case 0:
            return FriendSince(draw(_points), draw(_points), draw(st.sampled_from(("latest", "first"))))
        case 1:
            return CameBy("language", tuple(draw(st.lists(st.sampled_from(("ja", "en")), min_size=1))))
        case 2:
            routes = draw(st.lists(st.sampled_from((*ROUTES, "nowhere")), min_size=1))
            return CameBy(draw(st.sampled_from(("first_route", "last_route"))), tuple(routes))
        case _:
            return IsMember()


@st.composite
def _happened(draw: st.DrawFn) -> Predicate:
    where = []
    for _ in range(draw(st.integers(0, 2))):
        test = draw(_comparisons({kind: (name,) for name, kind in FIELDS.items()}))
        where.append(Not(test) if test.comparison in {"is", "in"} and draw(st.booleans()) else test)
    event = draw(st.sampled_from((*EVENTS, "never recorded")))
    return Happened(event, tuple(where), draw(_points), draw(_points), draw(_measures()))


@st.composite
def _measures(draw: st.DrawFn) -> Count | Sum | Edge:
    if draw(st.integers(0, 3)) == 0:
        return Edge(draw(st.sampled_from(("first", "last"))), draw(_points), draw(_points))
    comparison = draw(st.sampled_from(_MEASURED))
    if draw(st.booleans()):
        return Count(comparison, _operands(draw, comparison, _counts))
    return Sum("amount", comparison, _operands(draw, comparison, st.sampled_from(SUMS)))


def _operands(draw: st.DrawFn, comparison: str, numbers: st.SearchStrategy[Any]) -> tuple[Any, ...]:
    return tuple(sorted(draw(st.lists(numbers, min_size=2, max_size=2)))[: 2 if comparison == "between" else 1])


def _attributes() -> st.SearchStrategy[AttributeIs]:
    return _comparisons(ATTRIBUTES)


@st.composite
def _comparisons(draw: st.DrawFn, names: dict[AttributeType, tuple[str, ...]]) -> AttributeIs:
    kind = draw(st.sampled_from(list(names)))
    name = draw(st.sampled_from(names[kind]))
    comparison = draw(st.sampled_from(_COMPARISONS[kind]))
    known = st.sampled_from(_OPERANDS[kind])
    operands: Sequence[Operand]
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
    return parts.map(All) | parts.map(AnyOf) | inside.map(Not) | inside.map(Maybe)


timed: st.SearchStrategy[Predicate] = st.one_of(_tags(), _dates(), _people(), _happened())
"""Conditions whose answer depends on when they are asked."""
trees: st.SearchStrategy[Predicate] = st.recursive(_attributes() | timed | st.just(EVERYONE), _branches, max_leaves=12)
