"""What may happen to a friend, as people write it: what begins a scenario, ends it, or is waited for in it.

One vocabulary for all of these places. Each pattern has one key that names it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from lineform.model.attributes import AttributeName, TagName, WordName
from lineform.model.base import Duration, Name, Part
from lineform.model.conditions import Comparing, FieldComparison

Texts = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=300)], ...],
    Field(strict=False, min_length=1, max_length=100),
    BeforeValidator(
        lambda value: (value,) if isinstance(value, str) else value, json_schema_input_type=str | list[str]
    ),
]
"""One text, or several of which any will do."""


class Following(Part):
    """What happens where somebody follows who had blocked the account."""

    on_unblock: Literal["skip", "resume", "restart"] = "skip"
    """Nothing begins; the scenario goes on where it stood when they blocked; or it begins anew."""
    cooldown: Duration = timedelta(days=30)
    """For `restart`: not within this time of the last beginning, so that nobody blocks and comes back for a coupon."""


class FollowOn(Part):
    """``{follow: {on_unblock: skip}}``: the friend followed the account."""

    follow: Following


class TagOn(Part):
    """``{tag: vip}``: the friend was given a tag that they did not have."""

    tag: TagName


class UntagOn(Part):
    """``{untag: vip}``: a tag was taken away."""

    untag: TagName


class AttributeOn(Comparing):
    """``{attribute: rank, is: gold}``: an attribute changed, and is now like this; without a comparison, to anything
    that is known."""

    attribute: AttributeName

    @model_validator(mode="after")
    def _one(self) -> AttributeOn:
        if len(Comparing.model_fields.keys() & self.model_fields_set) > 1:
            raise ValueError("takes one comparison, such as is, in, at_least or known")
        return self

    @property
    def compares(self) -> bool:
        return bool(Comparing.model_fields.keys() & self.model_fields_set)


class ClickOn(Part):
    """``{click: coupon-page}``: a declared link was tapped."""

    click: WordName


class PostbackOn(Part):
    """``{postback: "book=yes"}``: a button or the menu sent this data."""

    postback: Texts


class KeywordOn(Part):
    """``{keyword: [予約, booking]}``: the friend wrote exactly this; width and case do not matter."""

    keyword: Texts


class FormOn(Part):
    """``{form: profile}``: a form was completed."""

    form: WordName


class EventOn(Part):
    """``{event: purchase, where: {amount: {at_least: 5000}}}``: a declared event was recorded."""

    event: WordName
    where: Annotated[dict[str, FieldComparison], Field(min_length=1)] | None = None
    """Only an event whose fields are like this."""


class Watched(Part):
    """An event about an item, and those to whom the item matters."""

    event: WordName
    """The declared event, told of an item and of no friend: price_drop, restock."""
    to: WordName
    """The declared event by which a friend favours an item: favourite, cart."""


class ItemOn(Part):
    """``{item: {event: price_drop, to: favourite}}``: something happened to an item that the friend has favoured. Each
    of them hears of each such event once."""

    item: Watched


class RouteOn(Part):
    """``{route: shop-poster}``: the friend came by this entry route."""

    route: WordName


class MemberOn(Part):
    """``{member: linked}``: the friend was linked to a member of the business."""

    member: Literal["linked"]


class DateOn(Part):
    """``{date: birthday, every: year}``: a date that an attribute of the friend holds. The scenario follows it where it
    moves, and ends where it is taken away."""

    date: AttributeName
    """An attribute of type date, or a text such as 2026-12-10T14:00."""
    every: Literal["year"] | None = None
    """The same day of every year, as a birthday is; 29 February is 28 February in common years."""


class SegmentOn(Part):
    """``{segment: vip-lapsed, check: 1d}``: the friend came into this segment, which is looked at so often."""

    segment: Name
    check: Duration = timedelta(days=1)


class ManualOn(Part):
    """``manual``: only a person, or another scenario, begins it."""

    manual: Literal[True]


KEYS = (
    "item",
    *("follow", "tag", "untag", "attribute", "click", "postback", "keyword", "form", "event", "route", "member"),
    *("date", "segment", "manual"),
)
"""The keys that name what begins a scenario."""
OCCASION_KEYS = ("tag", "untag", "attribute", "click", "postback", "keyword", "form", "event", "route", "member")
"""Those of them that name what may happen to a friend who is inside."""
_ALONE = {"follow": {"follow": {}}, "manual": {"manual": True}}
WORDS = tuple(_ALONE)
"""What may be written as a word by itself."""


def _spelled(value: Any) -> Any:
    return _ALONE.get(value, value) if isinstance(value, str) else value


def _named(value: Any) -> str | None:
    """The key that names the pattern, in brackets: a bare word would look like a key of the author's in an error."""
    if isinstance(value, dict):
        return next((f"<{key}>" for key in KEYS if key in value), None)
    return next((f"<{key}>" for key, model in _MODELS.items() if isinstance(value, model)), None)


# Errors name the function that found no pattern, so each vocabulary has its own.
def _trigger_named(value: Any) -> str | None:
    return _named(value)


def _occasion_named(value: Any) -> str | None:
    return _named(value)


_MODELS: dict[str, type[Part]] = {
    "follow": FollowOn,
    "tag": TagOn,
    "untag": UntagOn,
    "attribute": AttributeOn,
    "click": ClickOn,
    "postback": PostbackOn,
    "keyword": KeywordOn,
    "form": FormOn,
    "event": EventOn,
    "item": ItemOn,
    "route": RouteOn,
    "member": MemberOn,
    "date": DateOn,
    "segment": SegmentOn,
    "manual": ManualOn,
}

_AnyTrigger = Annotated[
    Annotated[FollowOn, Tag("<follow>")]
    | Annotated[TagOn, Tag("<tag>")]
    | Annotated[UntagOn, Tag("<untag>")]
    | Annotated[AttributeOn, Tag("<attribute>")]
    | Annotated[ClickOn, Tag("<click>")]
    | Annotated[PostbackOn, Tag("<postback>")]
    | Annotated[KeywordOn, Tag("<keyword>")]
    | Annotated[FormOn, Tag("<form>")]
    | Annotated[EventOn, Tag("<event>")]
    | Annotated[ItemOn, Tag("<item>")]
    | Annotated[RouteOn, Tag("<route>")]
    | Annotated[MemberOn, Tag("<member>")]
    | Annotated[DateOn, Tag("<date>")]
    | Annotated[SegmentOn, Tag("<segment>")]
    | Annotated[ManualOn, Tag("<manual>")],
    Discriminator(_trigger_named),
]
Trigger = Annotated[
    _AnyTrigger,
    BeforeValidator(_spelled, json_schema_input_type=_AnyTrigger | Literal["follow", "manual"]),
]
"""What begins a scenario."""

Occasion = Annotated[
    Annotated[TagOn, Tag("<tag>")]
    | Annotated[UntagOn, Tag("<untag>")]
    | Annotated[AttributeOn, Tag("<attribute>")]
    | Annotated[ClickOn, Tag("<click>")]
    | Annotated[PostbackOn, Tag("<postback>")]
    | Annotated[KeywordOn, Tag("<keyword>")]
    | Annotated[FormOn, Tag("<form>")]
    | Annotated[EventOn, Tag("<event>")]
    | Annotated[RouteOn, Tag("<route>")]
    | Annotated[MemberOn, Tag("<member>")],
    Discriminator(_occasion_named),
]
"""What may happen while a friend is in a scenario."""


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, dict | str) else value


Occasions = Annotated[
    tuple[Occasion, ...],
    Field(strict=False, min_length=1, max_length=20),
    BeforeValidator(_several, json_schema_input_type=Occasion | tuple[Occasion, ...]),
]
"""One, or a list of which any will do."""
Triggers = Annotated[
    tuple[Trigger, ...],
    Field(strict=False, min_length=1, max_length=20),
    BeforeValidator(_several, json_schema_input_type=Trigger | tuple[Trigger, ...]),
]
