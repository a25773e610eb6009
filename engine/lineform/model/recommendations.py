"""``kind: recommendations``: items for each friend, from what they and others did, or from a feed.

The items themselves are imported with ``lineform items import``; a file of kind attributes declares their fields.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from lineform.model.attributes import AttributeName, WordName
from lineform.model.base import Duration, Part, Spec

MOST = 12
"""Bubbles of a carousel (https://developers.line.biz/en/reference/messaging-api/#f-carousel); columns are ten."""


class History(Part):
    """What a friend did with items: ``{event: purchase, field: item}``."""

    event: WordName
    field: AttributeName = "item"
    """The field of the event that holds the item's id."""
    within: Duration = timedelta(days=365)
    """Only what was done so lately."""


class RecommendationsSpec(Spec):
    """A message repeats them: ``{each: items.picks, as: item, do: {…}}``. Every friend gets `count` items, as far as
    there are so many."""

    kind: Literal["recommendations"]
    history: History | None = None
    """Items that others chose who chose what this friend did."""
    attribute: AttributeName | None = None
    """Instead: a text attribute with ids of items, the best first, divided by spaces or commas, as a feed gives it."""
    count: Annotated[int, Field(ge=1, le=MOST)] = 5
    repeat: bool = False
    """Whether items that the friend chose already may be among them."""
    fallback: (
        Literal["popular", "listed"] | Annotated[tuple[str, ...], Field(strict=False, min_length=1, max_length=50)]
    )
    """What fills up where that gives too few: the most chosen items, the first ones of the feed, or these ids."""
    example: Annotated[dict[AttributeName, Any], Field(min_length=1)]
    """An item for previews and tests, with every declared field of items."""

    @model_validator(mode="after")
    def _one_source(self) -> RecommendationsSpec:
        if (self.history is None) == (self.attribute is None):
            raise ValueError("needs exactly one of history and attribute")
        if self.fallback == "popular" and self.history is None:
            raise ValueError("falls back to popular items without a history to count them by")
        return self
