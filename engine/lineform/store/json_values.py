"""The one place where the dialects differ: how a typed value is read out of the JSON of a friend, or of an event.

A value of another type than declared, from before the declaration changed, is unknown: hence the look at its type.
"""

from __future__ import annotations

from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.dialects import postgresql

from lineform.segments.operands import LONGEST
from lineform.segments.predicate import AttributeType


class JsonValues(Protocol):
    """Reads the values of a JSON column: a friend's attributes or an event's fields."""

    def typed(self, name: str, kind: AttributeType) -> ColumnElement[Any]:
        """The value as its type compares, NULL where it is unknown."""
        ...

    def contains(self, name: str, words: list[Any], *, every: bool, negated: bool) -> ColumnElement[bool]:
        """Whether a set contains one (or `every` one) of the words, or its opposite; NULL where it is unknown."""
        ...


class SqliteValues:
    def __init__(self, column: ColumnElement[Any]) -> None:
        self._column = column

    def typed(self, name: str, kind: AttributeType) -> ColumnElement[Any]:
        path = _path(name)
        found = sa.func.json_type(self._column, path, type_=sa.Text())
        value: ColumnElement[Any] = sa.func.json_extract(self._column, path, type_=sa.Text())
        match kind:
            case "number":
                return sa.case((found.in_(_inline("integer", "real")), sa.cast(value, sa.Float())))
            case "bool":
                return sa.case((found == _inline("true")[0], sa.true()), (found == _inline("false")[0], sa.false()))
            case "set":
                return sa.case((found == _inline("array")[0], value))
            case _:
                return sa.case((found == _inline("text")[0], value))

    def contains(self, name: str, words: list[Any], *, every: bool, negated: bool) -> ColumnElement[bool]:
        items = sa.func.json_each(self._column, _path(name)).table_valued("value")
        held = (
            sa.select(sa.func.count(sa.distinct(items.c.value)))
            .select_from(items)
            .where(items.c.value.in_(words))
            .scalar_subquery()
        )
        wanted = len(set(words)) if every else 1
        found = sa.func.json_type(self._column, _path(name), type_=sa.Text())
        return sa.case((found == _inline("array")[0], held < wanted if negated else held >= wanted))


class PostgresValues:
    def __init__(self, column: ColumnElement[Any]) -> None:
        self._column: Any = sa.type_coerce(column, postgresql.JSONB())

    def typed(self, name: str, kind: AttributeType) -> ColumnElement[Any]:
        node = self._column[_inline(name)[0]]
        found = sa.func.jsonb_typeof(node, type_=sa.Text())
        # The server's collation would order dates and find prefixes by a language's rules: "C" goes by code points.
        # And an index takes no entry of more than 2,704 bytes.
        text = sa.func.left(node.astext, LONGEST + 1, type_=sa.Text()).collate("C")
        match kind:
            case "number":
                return sa.case((found == _inline("number")[0], sa.cast(node.astext, sa.Double())))
            case "bool":
                return sa.case((found == _inline("boolean")[0], sa.cast(node.astext, sa.Boolean())))
            case "set":
                return sa.case((found == _inline("array")[0], node.astext))
            case _:
                return sa.case((found == _inline("string")[0], text))

    def contains(self, name: str, words: list[Any], *, every: bool, negated: bool) -> ColumnElement[bool]:
        node = self._column[_inline(name)[0]]
        listed = sa.cast(postgresql.array(words), postgresql.ARRAY(sa.Text()))
        held = node.has_all(listed) if every else node.has_any(listed)
        found = sa.func.jsonb_typeof(node, type_=sa.Text())
        return sa.case((found == _inline("array")[0], sa.not_(held) if negated else held))


def _path(name: str) -> ColumnElement[str]:
    return _inline(f'$."{name}"')[0]


def _inline(*constants: str) -> list[ColumnElement[str]]:
    """Constants that stand in the SQL itself: only then can an index over the same expression be used."""
    return [sa.literal(constant, sa.Text(), literal_execute=True) for constant in constants]
