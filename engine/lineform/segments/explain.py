"""Why a friend is in a segment, or is not: the same reading, with the values it met."""

from __future__ import annotations

from dataclasses import dataclass

from lineform.segments.friend import Friend, Value
from lineform.segments.predicate import All, Any, AttributeIs, HasTag, Maybe, Not, Operand, Predicate
from lineform.segments.reading import compare, every, known_value, some

_PHRASES = {
    "is": "is {}",
    "in": "is one of {}",
    "above": "is above {}",
    "at_least": "is at least {}",
    "below": "is below {}",
    "at_most": "is at most {}",
    "starts_with": "starts with {}",
    "all_of": "contains all of {}",
}
_SET_PHRASES = {"is": "contains {}", "in": "contains one of {}", "all_of": "contains all of {}"}


@dataclass(frozen=True, slots=True)
class Reason:
    """One condition and how it came out for one friend.

    `text` is the condition as a sentence, `holds` True, False, or None where it cannot be known, `found` the friend's
    own value (empty for a condition that only combines others).
    """

    text: str
    holds: bool | None
    found: str = ""
    parts: tuple[Reason, ...] = ()


def explain(predicate: Predicate, friend: Friend) -> Reason:
    """The whole tree with every condition's outcome. `holds` of the root is what `reading.matches` answers."""
    match predicate:
        case AttributeIs():
            value = known_value(friend, predicate.attribute, predicate.type)
            found = f"{predicate.attribute} is {'unknown' if value is None else _value(value)}"
            return Reason(_sentence(predicate), compare(predicate, value), found)
        case HasTag():
            holds = predicate.tag in friend.tags
            return Reason(f"has tag {predicate.tag}", holds, f"{'has' if holds else 'has not'} {predicate.tag}")
        case All(parts=()):
            return Reason("everyone", True)
        case All():
            parts = tuple(explain(part, friend) for part in predicate.parts)
            return Reason("all of", every([part.holds for part in parts]), parts=parts)
        case Any():
            parts = tuple(explain(part, friend) for part in predicate.parts)
            return Reason("at least one of", some([part.holds for part in parts]), parts=parts)
        case Not():
            inside = explain(predicate.part, friend)
            return Reason("not", None if inside.holds is None else not inside.holds, parts=(inside,))
        case Maybe():
            inside = explain(predicate.part, friend)
            return Reason("possibly", inside.holds is not False, parts=(inside,))


def lines(reason: Reason, depth: int = 0) -> list[str]:
    """The explanation as indented text: ``✓ tier is one of gold, platinum (tier is gold)``."""
    mark = {True: "✓", False: "✗", None: "?"}[reason.holds]
    found = f" ({reason.found})" if reason.found else ""
    out = [f"{'  ' * depth}{mark} {reason.text}{found}"]
    for part in reason.parts:
        out += lines(part, depth + 1)
    return out


def _sentence(leaf: AttributeIs) -> str:
    name, operands = leaf.attribute, leaf.operands
    if leaf.comparison == "known":
        return f"{name} is {'known' if operands[0] else 'unknown'}"
    if leaf.comparison == "between":
        return f"{name} is from {_value(operands[0])} to {_value(operands[1])}"
    phrases = _SET_PHRASES if leaf.type == "set" else _PHRASES
    return f"{name} {phrases[leaf.comparison].format(', '.join(map(_value, operands)))}"


def _value(value: Value | Operand) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value) or "empty"
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value) or "empty"
