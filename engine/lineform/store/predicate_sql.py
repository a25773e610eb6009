"""A predicate as SQL.

The predicate is three-valued and so is SQL, but SQL's NOT over a subquery or a CASE defeats every index. So nothing is
negated here: each node is compiled for the question asked of it (is it true, false, not false, not true?), NOT swaps
the question, and only comparisons of one value with one constant remain, joined by AND and OR.

A tag is an uncorrelated set of ids: measured on 10 million friends it beats a correlated EXISTS eight times and more.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any as Anything

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from lineform.segments.predicate import All, Any, AttributeIs, HasTag, Maybe, Not, Predicate
from lineform.store.json_values import JsonValues
from lineform.store.tables import friend_tags, friends, tags

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
_POSITIVE = (Asked.TRUE, Asked.NOT_FALSE)


def reachable(account_id: int) -> ColumnElement[bool]:
    """Friends of this account who have not blocked it: stands outside of every author's tree."""
    return sa.and_(friends.c.account_id == account_id, friends.c.blocked.is_(sa.false()))


def selected(predicate: Predicate, account_id: int, values: JsonValues, only: int | None = None) -> ColumnElement[bool]:
    """The friends of this account whom the predicate selects; of them only one, where its id is given."""
    tree = _Compiler(account_id, values, only).compile(predicate, Asked.TRUE).self_group()
    root = sa.and_(reachable(account_id), tree)
    return root if only is None else sa.and_(friends.c.id == only, root)


class _Compiler:
    def __init__(self, account_id: int, values: JsonValues, only: int | None) -> None:
        self._account_id = account_id
        self._values = values
        self._only = only

    def compile(self, predicate: Predicate, asked: Asked) -> ColumnElement[bool]:
        """True in SQL where the answer is as asked; false or NULL elsewhere, which AND, OR and WHERE treat alike."""
        match predicate:
            case All(parts=()):
                return sa.true() if asked in _POSITIVE else sa.false()
            case All():
                return self._joined(predicate.parts, asked, conjunction=asked in _POSITIVE)
            case Any(parts=()):
                raise ValueError("'any' without a part selects nobody and is refused")
            case Any():
                return self._joined(predicate.parts, asked, conjunction=asked not in _POSITIVE)
            case Not():
                return self.compile(predicate.part, asked.inverted)
            case Maybe():
                # Never unknown itself: true where the part is not false.
                return self.compile(predicate.part, Asked.NOT_FALSE if asked in _POSITIVE else Asked.FALSE)
            case HasTag():
                return self._tags([predicate.tag], having=asked in _POSITIVE)
            case AttributeIs():
                return self._attribute(predicate, asked)

    def _joined(self, parts: tuple[Predicate, ...], asked: Asked, *, conjunction: bool) -> ColumnElement[bool]:
        """Tags side by side are one set: "one of these tags" where OR joins them, "none of these" where AND does."""
        having = asked in _POSITIVE
        named = [part.tag for part in parts if isinstance(part, HasTag)] if having != conjunction else []
        clauses = [self._tags(named, having=having)] if named else []
        clauses += [self.compile(p, asked) for p in parts if not (named and isinstance(p, HasTag))]
        return sa.and_(*clauses) if conjunction else sa.or_(*clauses)

    def _tags(self, names: list[str], *, having: bool) -> ColumnElement[bool]:
        known = sa.select(tags.c.id).where(tags.c.account_id == self._account_id, tags.c.name.in_(names))
        members = sa.select(friend_tags.c.friend_id).where(friend_tags.c.tag_id.in_(known))
        if self._only is not None:
            # Else a question about one friend would gather everybody with the tag first.
            members = members.where(friend_tags.c.friend_id == self._only)
        return friends.c.id.in_(members) if having else friends.c.id.not_in(members)

    def _attribute(self, leaf: AttributeIs, asked: Asked) -> ColumnElement[bool]:
        if not leaf.attribute or _UNSAFE.search(leaf.attribute):
            raise ValueError("an attribute's name holds no quotes, backslashes or control characters")
        value = self._values.typed(leaf.attribute, leaf.type)
        positive = asked in _POSITIVE
        if leaf.comparison == "known":
            return value.is_not(None) if leaf.operands[0] == positive else value.is_(None)
        if leaf.type == "set":
            clause = self._values.contains(
                leaf.attribute, list(leaf.operands), every=leaf.comparison == "all_of", negated=not positive
            )
        else:
            clause = _compared(value, leaf, positive=positive)
        return clause if asked in (Asked.TRUE, Asked.FALSE) else sa.or_(clause, value.is_(None))


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
        case "starts_with":
            # Characters, not LIKE: SQLite's ignores case, and a percent sign is a percent sign.
            start = sa.func.substr(value, 1, len(str(low)), type_=sa.Text())
            return start == low if positive else start != low
        case _:
            raise ValueError(f"'{leaf.comparison}' cannot compare {leaf.type} '{leaf.attribute}'")
