"""``kind: attributes``: what an account knows about its friends, declared and typed: who they are and what they do."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lineform.model.base import Duration, Part, Spec
from lineform.model.sources import SourceSpec

AttributeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
TagName = Annotated[str, Field(min_length=1, max_length=100)]

WordName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]

RESERVED = frozenset(
    {
        *("id", "user_id", "display_name", "language", "followed_at", "followed_on", "blocked", "tags", "tagged_at"),
        *("first_followed_at", "first_route", "last_route", "member_id", "events"),
    }
)
"""Names that every friend has already."""
RESERVED_EVENTS = frozenset({"click", "answer"})
"""Events that lineform records itself."""


AttributeType = Literal["text", "number", "date", "bool", "enum", "set"]


class AttributeSpec(Part):
    """One attribute."""

    type: AttributeType
    values: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """For enum and set: the words that may be used."""
    description: str = ""
    indexed: bool = False
    """Whether the store keeps an index over it: a condition that few friends satisfy is answered at once then."""

    @model_validator(mode="after")
    def _values_where_needed(self) -> AttributeSpec:
        if (self.type in {"enum", "set"}) != bool(self.values):
            raise ValueError("'values' belongs to enum and set, and both need it")
        if self.indexed and self.type == "set":
            raise ValueError("cannot be indexed: it is a set")
        return self


def _not_indexed(fields: dict[str, AttributeSpec]) -> dict[str, AttributeSpec]:
    if wrong := [name for name, spec in fields.items() if spec.indexed]:
        raise ValueError(f"cannot be indexed: '{wrong[0]}' is a field, and only attributes are")
    return fields


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if twice := [name for place, name in enumerate(names) if name in names[:place]]:
        raise ValueError(f"'{twice[0]}' stands twice in one index")
    return names


IndexedTogether = Annotated[
    tuple[AttributeName, ...], Field(strict=False, min_length=2, max_length=4), AfterValidator(_distinct)
]
"""Two to four attributes, those first of which words are asked."""


def _typed(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


FieldSpec = Annotated[AttributeSpec, BeforeValidator(_typed, json_schema_input_type=AttributeType | AttributeSpec)]
"""A field: its type alone, or the same as an attribute."""


class TagGroupSpec(Part):
    """A group of tags."""

    exclusive: bool = False
    """Whether a friend has at most one tag of this group: giving one takes the others away."""
    owner: str = ""
    """Who answers for these tags, for people."""
    description: str = ""


class TagSpec(Part):
    """One tag."""

    description: str = ""
    group: str = ""
    """The declared group that this tag belongs to."""
    expires: Duration | None = None
    """The tag counts for this long after it was given last: 90d is 90 × 24 hours."""


class EventSpec(Part):
    """Something that friends do, such as a visit or a purchase."""

    fields: Annotated[dict[AttributeName, FieldSpec], AfterValidator(_not_indexed)] = {}
    """What is known of each such event: {item: text, amount: number}."""
    description: str = ""


class LinkSpec(Part):
    """A link whose taps are recorded."""

    url: Annotated[str, Field(pattern=r"^https://\S{1,1990}$")] | None = None
    """Where it leads. A campaign with `track` records the taps on this address; `{{ link['name'] }}` reads it."""
    description: str = ""


class FormWords(Part):
    """A form that friends answer."""

    fields: Annotated[dict[AttributeName, FieldSpec], Field(min_length=1)]
    """What is asked, by name."""
    description: str = ""


class RouteWords(Part):
    """An entry route: a poster, a shop's counter, a page, by which people become friends."""

    description: str = ""


class AttributesSpec(Spec):
    """What the account knows about friends. Every file of this kind that a client uses adds to the same set."""

    kind: Literal["attributes"]
    attributes: dict[AttributeName, AttributeSpec] = {}
    tags: dict[TagName, TagSpec] = {}
    indexed_together: Annotated[tuple[IndexedTogether, ...], Field(strict=False)] = ()
    """Attributes over which the store keeps one index, each line one: [tier, prefecture, visits]. A condition that asks
    for words of the first ones, and maybe for a range of the last, is answered out of it."""
    tag_groups: dict[WordName, TagGroupSpec] = {}
    """Groups of tags, by name."""
    events: dict[WordName, EventSpec] = {}
    """What friends do, by name: visit, purchase."""
    links: dict[WordName, LinkSpec] = {}
    """Links whose taps are recorded, by name."""
    forms: dict[WordName, FormWords] = {}
    """Forms that friends answer, by name."""
    routes: dict[WordName, RouteWords] = {}
    """Entry routes, by name."""
    sources: dict[WordName, SourceSpec] = {}
    """Where else declared attributes and events are kept, by name."""
    items: dict[AttributeName, FieldSpec] = {}
    """What is known of each item that is offered: {name: text, price: number}. Every item has every field."""

    @model_validator(mode="after")
    def _not_reserved(self) -> AttributesSpec:
        if taken := sorted(RESERVED & self.attributes.keys()):
            raise ValueError(f"'{taken[0]}' is known of every friend already; choose another name")
        if taken := sorted(RESERVED_EVENTS & self.events.keys()):
            what = {"click": "links", "answer": "forms"}[taken[0]]
            raise ValueError(f"'{taken[0]}' is an event that lineform records itself: declare '{what}' instead")
        return self
