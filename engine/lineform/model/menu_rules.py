"""``kind: menu-rules``: which rich menu each friend sees, by ordered rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from lineform.model.audience import Condition
from lineform.model.base import ArmedSpec, Name, Part, duration_of, duration_text


def _taps(value: Any) -> Any:
    if value in ("respect", "override"):
        return value
    try:
        return duration_of(value)
    except ValueError:
        raise ValueError("must be respect, override, or how long a tab is kept, such as 7d") from None


Taps = Annotated[
    Literal["respect", "override"] | timedelta,
    BeforeValidator(_taps),
    PlainSerializer(lambda value: value if isinstance(value, str) else duration_text(value)),
    WithJsonSchema(
        {"type": "string", "pattern": r"^(respect|override|\d{1,6}[smhdw])$", "examples": ["respect", "7d"]}
    ),
]
"""What becomes of a tab that a friend tapped."""


class MenuRule(Part):
    """``{if: {tag: regular}, menu: regulars}``: friends for whom this is true see this menu."""

    if_: Condition = Field(alias="if")
    """Of whom this holds. Unknown is not true."""
    menu: Name
    """A rich menu of this client, or `none` for the account's default menu."""


class MenuRulesSpec(ArmedSpec):
    """The rules by which every friend's rich menu follows what is known of them. A client has at most one such file."""

    kind: Literal["menu-rules"]
    rules: Annotated[tuple[MenuRule, ...], Field(min_length=1, max_length=100, strict=False)]
    """The first one that holds for a friend decides."""
    default: Name
    """For friends for whom no rule holds: a rich menu, or `none` for the account's default menu."""
    taps: Taps = "respect"
    """What becomes of a tab that a friend tapped: kept until the rules choose another menu, switched back, or kept for
    so long (7d). Only tabs that can be reached from the menu of the rules are kept."""
