"""One invented friend of whom everything is known, for previews; and one of whom nothing is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from lineform.model.attributes import AttributeSpec
from lineform.segments.declared import Declared
from lineform.segments.friend import Friend, Value

NAME = "花子"
_BORN = "1990-12-01"


def sample_friend(words: Declared, now: datetime, name: str = NAME, known: Mapping[str, Value] | None = None) -> Friend:
    """A friend with a value for every declared attribute; `known` holds those that somebody chose."""
    values = {attribute: _value(attribute, spec, name) for attribute, spec in words.attributes.items()}
    return Friend(
        id=1,
        user_id=f"U{1:032x}",
        display_name=name,
        language="ja",
        followed_at=now - timedelta(days=365),
        blocked=False,
        attributes={**values, **(known or {})},
        tags=frozenset(),
    )


def unknown_friend() -> Friend:
    """A friend of whom only LINE's user id is known: what an imported list of ids makes."""
    return Friend(2, f"U{2:032x}", "", "", None, blocked=False, attributes={}, tags=frozenset())


def _value(attribute: str, spec: AttributeSpec, name: str) -> Value:
    match spec.type:
        case "enum":
            return spec.values[0]
        case "set":
            return tuple(sorted(spec.values[:2]))
        case "number":
            return 3
        case "bool":
            return True
        case "date":
            return _BORN
        case "text":
            # Most texts about a friend are names; of others, what they are says more than an invented word.
            return name if "name" in attribute or "名" in spec.description else spec.description or attribute
