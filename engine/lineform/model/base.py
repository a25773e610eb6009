"""What every file has in common, and how its values are typed.

A file is validated after its build-time expressions were rendered, so a field holds a real value; only the fields
that a kind lists in ``SEND_TIME`` may still hold an expression that reads a friend.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from lineform.model.address import NAME


class Part(BaseModel):
    """A value inside a file: unknown keys are errors, nothing is converted behind the author's back."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Name = Annotated[str, Field(pattern=f"^{NAME.pattern}$")]


class Spec(Part):
    """The flat header of every file."""

    SEND_TIME: ClassVar[tuple[str, ...]] = ()
    """Top-level fields whose strings may read a friend; everywhere else that is an error."""

    kind: str
    """What this file declares."""
    name: Name
    """The name, which is also the file's stem and the second half of the address."""
    description: str = ""
    """A note for the people who review this file; friends never see it."""


class ArmedSpec(Spec):
    """A file that an apply arms, and that acts afterwards: a campaign, a scenario, a reply."""

    enabled: bool = True
    """What is disabled is checked and planned but never armed."""


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"(\d{1,6})\s*([smhdw])")


def duration_of(value: Any) -> timedelta:
    """A length of time as it is written, such as ``3d``. Raises ValueError for anything else."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and (found := _DURATION.fullmatch(value.strip())):
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
    raise ValueError("is not a duration: write a whole number and a unit, such as 45m, 2h, 3d or 1w")


def duration_text(value: timedelta) -> str:
    """A duration as it is written: the largest unit that divides it."""
    seconds = int(value.total_seconds())
    for unit, size in (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


Duration = Annotated[
    timedelta,
    BeforeValidator(duration_of),
    PlainSerializer(duration_text),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,6}[smhdw]$", "examples": ["45m", "2h", "3d"]}),
]
"""A length of time: ``3d`` is 72 hours, not three calendar days."""
