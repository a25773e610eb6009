"""One value compared with constants, as SQL, by what is asked of the comparison."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from enum import Enum
from typing import Any as Anything

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from lineform.segments.measures import bounds
from lineform.segments.predicate import AttributeIs, Count, Sum
from lineform.store.json_values import JsonValues

_LEAP_YEAR = 2024
_UNSAFE = re.compile(r'["\\\x00-\x1f]')


class Asked(Enum):
    """What is asked of a predicate whose answer is true, false or unknown."""

    TRUE = "true"
    FALSE = "false"
    NOT_FALSE = "not false"
    NOT_TRUE = "not true"

    @property
    def inverted(self) -> Asked:
        """What has to be asked of a part, to learn this of its negation."""
        return _INVERTED[self]


_INVERTED = {
    Asked.TRUE: Asked.FALSE,
    Asked.FALSE: Asked.TRUE,
    Asked.NOT_FALSE: Asked.NOT_TRUE,
    Asked.NOT_TRUE: Asked.NOT_FALSE,
}
POSITIVE = (Asked.TRUE, Asked.NOT_FALSE)


def with_unknown(clause: ColumnElement[bool], unknown: ColumnElement[bool], asked: Asked) -> ColumnElement[bool]:
    """A comparison that is false or NULL for an unknown value, with the unknown ones where they are asked for."""
    return clause if asked in (Asked.TRUE, Asked.FALSE) else sa.or_(clause, unknown)


def between(value: ColumnElement[Anything], measure: Count | Sum, *, outside: bool) -> ColumnElement[bool]:
    """Whether a number lies between the bounds of a measure, or outside of them."""
    low, high = bounds(measure)
    if outside:
        clauses = [value <= low] if low is not None else []
        return sa.or_(*clauses, *([value >= high] if high is not None else []))
    clauses = [value > low] if low is not None else []
    return sa.and_(*clauses, *([value < high] if high is not None else []))


def safe_name(name: str) -> str:
    """The name, where it may stand in a path into JSON. Raises ValueError."""
    if not name or _UNSAFE.search(name):
        raise ValueError("a name holds no quotes, backslashes or control characters")
    return name


def attribute_is(leaf: AttributeIs, values: JsonValues, asked: Asked) -> ColumnElement[bool]:
    """A friend's attribute, or an event's field, compared as asked."""
    value = values.typed(safe_name(leaf.attribute), leaf.type)
    positive = asked in POSITIVE
    if leaf.comparison == "known":
        return value.is_not(None) if leaf.operands[0] == positive else value.is_(None)
    if leaf.type == "set":
        clause = values.contains(
            leaf.attribute, list(leaf.operands), every=leaf.comparison == "all_of", negated=not positive
        )
    else:
        clause = _compared(value, leaf, positive=positive)
    return with_unknown(clause, value.is_(None), asked)


def _compared(value: ColumnElement[Anything], leaf: AttributeIs, *, positive: bool) -> ColumnElement[bool]:
    """The comparison, or its opposite, for a known value; NULL for an unknown one."""
    operands = [float(o) for o in leaf.operands] if leaf.type == "number" else list(leaf.operands)
    low, high = operands[0], operands[-1]
    match leaf.comparison:
        case "is":
            return value == low if positive else value != low
        case "in":
            return value.in_(operands) if positive else value.not_in(operands)
        case "above":
            return value > low if positive else value <= low
        case "at_least":
            return value >= low if positive else value < low
        case "below":
            return value < low if positive else value >= low
        case "at_most":
            return value <= low if positive else value > low
        case "between":
            return sa.and_(value >= low, value <= high) if positive else sa.or_(value < low, value > high)
        case "month_day":
            return _on_days(value, operands, positive=positive)
        case "starts_with":
            # Characters, not LIKE: SQLite's ignores case, and a percent sign is a percent sign.
            start = sa.func.substr(value, 1, len(str(low)), type_=sa.Text())
            return start == low if positive else start != low
        case _:
            raise ValueError(f"'{leaf.comparison}' cannot compare {leaf.type} '{leaf.attribute}'")


def _on_days(date: ColumnElement[Anything], days: Sequence[Anything], *, positive: bool) -> ColumnElement[bool]:
    """Whether a date falls on one of these days of the year (``MM-DD``); a month of which all are meant is one
    comparison instead of thirty."""
    by_month: dict[str, set[str]] = {}
    for day in days:
        by_month.setdefault(str(day)[:2], set()).add(str(day))
    whole = sorted(month for month, some in by_month.items() if len(some) == monthrange(_LEAP_YEAR, int(month))[1])
    others = sorted(day for month, some in by_month.items() if month not in whole for day in some)
    parts = [
        part.in_(meant) if positive else part.not_in(meant)
        for length, meant in ((2, whole), (5, others))
        for part in [sa.func.substr(date, 6, length, type_=sa.Text())]
        if meant
    ]
    return sa.or_(*parts) if positive else sa.and_(*parts)
