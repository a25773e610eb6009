"""Whether one condition follows from another by its form alone: enough to find a rule that is never reached."""

from __future__ import annotations

from lineform.segments.predicate import EVERYONE, All, Any, Predicate


def implies(narrow: Predicate, wide: Predicate) -> bool:
    """True where whoever satisfies `narrow` certainly satisfies `wide`. False says nothing."""
    if narrow == wide or wide == EVERYONE:
        return True
    match narrow, wide:
        case Any(parts), _:
            return all(implies(part, wide) for part in parts)
        case _, All(parts):
            return all(implies(narrow, part) for part in parts)
        case All(parts), Any(others):
            return any(implies(part, wide) for part in parts) or any(implies(narrow, other) for other in others)
        case All(parts), _:
            return any(implies(part, wide) for part in parts)
        case _, Any(parts):
            return any(implies(narrow, part) for part in parts)
        case _:
            return False
