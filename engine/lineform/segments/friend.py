"""A friend, as templates and the plain reading of a segment see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

Value = str | int | float | bool | tuple[str, ...]
"""An attribute's value: dates as ``2026-12-31``, sets as sorted tuples."""


@dataclass(frozen=True, slots=True)
class Friend:
    """One friend as a template or a plain reading of a segment sees them."""

    id: int
    user_id: str
    display_name: str
    language: str
    followed_at: datetime | None
    blocked: bool
    attributes: Mapping[str, Value]
    tags: frozenset[str]
