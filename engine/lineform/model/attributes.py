"""``kind: attributes``: what this account knows about its friends, declared and typed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from lineform.model.base import Part, Spec

AttributeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
TagName = Annotated[str, Field(min_length=1, max_length=100)]

RESERVED = frozenset({"id", "user_id", "display_name", "language", "followed_at", "blocked", "tags"})
"""Names that every friend has already."""


class AttributeSpec(Part):
    """One attribute."""

    type: Literal["text", "number", "date", "bool", "enum", "set"]
    values: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """For enum and set: the words that may be used."""
    description: str = ""

    @model_validator(mode="after")
    def _values_where_needed(self) -> AttributeSpec:
        if (self.type in {"enum", "set"}) != bool(self.values):
            raise ValueError("'values' belongs to enum and set, and both need it")
        return self


class TagSpec(Part):
    """One tag."""

    description: str = ""
    group: str = ""
    """A group that this tag belongs to, for people."""


class AttributesSpec(Spec):
    """The account's own attributes and tags. Every file of this kind that a client uses adds to the same set."""

    kind: Literal["attributes"]
    attributes: dict[AttributeName, AttributeSpec] = {}
    tags: dict[TagName, TagSpec] = {}

    @model_validator(mode="after")
    def _not_reserved(self) -> AttributesSpec:
        if taken := sorted(RESERVED & self.attributes.keys()):
            raise ValueError(f"'{taken[0]}' is known of every friend already; choose another name")
        return self
