"""The plain reading of a predicate about one friend: the meaning that every database's select must agree with."""

from __future__ import annotations

from lineform.segments.friend import Friend, Value
from lineform.segments.predicate import All, Any, AttributeIs, AttributeType, HasTag, Maybe, Not, Operand, Predicate


def matches(predicate: Predicate, friend: Friend) -> bool | None:
    """True, False, or None where it cannot be known. Whether the friend can be reached is no part of it."""
    match predicate:
        case AttributeIs():
            return compare(predicate, known_value(friend, predicate.attribute, predicate.type))
        case HasTag():
            return predicate.tag in friend.tags
        case All():
            return every([matches(part, friend) for part in predicate.parts])
        case Any():
            return some([matches(part, friend) for part in predicate.parts])
        case Not():
            inside = matches(predicate.part, friend)
            return None if inside is None else not inside
        case Maybe():
            return matches(predicate.part, friend) is not False


def every(parts: list[bool | None]) -> bool | None:
    """Kleene's "and"."""
    if False in parts:
        return False
    return None if None in parts else True


def some(parts: list[bool | None]) -> bool | None:
    """Kleene's "or"."""
    if True in parts:
        return True
    return None if None in parts else False


def known_value(friend: Friend, attribute: str, declared: AttributeType) -> Value | None:
    """The value, or None where it is unknown. One of another type, from before the declaration changed, is unknown."""
    value = friend.attributes.get(attribute)
    match declared:
        case "number":
            return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
        case "bool":
            return value if isinstance(value, bool) else None
        case "set":
            return value if isinstance(value, tuple) else None
        case "text" | "date" | "enum":
            return value if isinstance(value, str) else None


def compare(leaf: AttributeIs, value: Value | None) -> bool | None:
    """One comparison with a value that has the leaf's type, or with None."""
    if leaf.comparison == "known":
        return (value is not None) == leaf.operands[0]
    if value is None:
        return None
    operands = leaf.operands
    if isinstance(value, tuple):
        return set(operands) <= set(value) if leaf.comparison == "all_of" else bool(set(operands) & set(value))
    match leaf.comparison:
        case "is" | "in":
            return value in operands
        case "starts_with":
            return str(value).startswith(str(operands[0]))
        case "all_of":
            raise ValueError("'all_of' is for sets")
        case _:
            return _ordered(leaf, value)


def _ordered(leaf: AttributeIs, value: Operand) -> bool:
    low, high = leaf.operands[0], leaf.operands[-1]
    if isinstance(value, str) and isinstance(low, str) and isinstance(high, str):
        return _within(leaf.comparison, value, low, high)
    if isinstance(value, float) and not isinstance(low, str) and not isinstance(high, str):
        return _within(leaf.comparison, value, float(low), float(high))
    raise ValueError(f"'{leaf.comparison}' cannot compare {leaf.type} '{leaf.attribute}'")


def _within(comparison: str, value: str | float, low: str | float, high: str | float) -> bool:
    checks = {
        "above": lambda: value > low,  # type: ignore[operator]
        "at_least": lambda: value >= low,  # type: ignore[operator]
        "below": lambda: value < high,  # type: ignore[operator]
        "at_most": lambda: value <= high,  # type: ignore[operator]
        "between": lambda: low <= value <= high,  # type: ignore[operator]
    }
    return bool(checks[comparison]())
