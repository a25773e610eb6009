"""Who is meant: conditions over what is known about a friend, and the audience of a send.

The tree here is what people write. `lineform.segments` gives it its meaning, `lineform.store` its SQL.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from lineform.model.base import Name, Part, Spec
from lineform.model.conditions import (
    AgeCondition,
    AnniversaryCondition,
    AnswerCondition,
    AttributeCondition,
    ClickCondition,
    EventCondition,
    FriendSinceCondition,
    LanguageCondition,
    MemberCondition,
    RouteCondition,
    TagCondition,
)


class SegmentCondition(Part):
    """``{segment: vip}``: the friend is in this other segment."""

    segment: Name


class AllOf(Part):
    """``all``: every one of these."""

    all: Annotated[tuple[Condition, ...], Field(min_length=1, strict=False)]


class AnyOf(Part):
    """``any``: at least one of these."""

    any: Annotated[tuple[Condition, ...], Field(min_length=1, strict=False)]


class Not(Part):
    """``not``: known to be outside of this."""

    not_: Condition = Field(alias="not")


KEYS = (
    *("attribute", "tag", "age_of", "anniversary", "friend_since", "language", "route", "member"),
    *("event", "click", "answer", "segment", "all", "any", "not"),
)
"""The keys that name a condition, each of which occurs in exactly one of the models."""


def _condition_named(value: Any) -> str | None:
    """The key that names the condition, in brackets: a bare word would look like a key of the author's in an error."""
    if isinstance(value, dict):
        return next((f"<{key}>" for key in KEYS if key in value), None)
    return next((f"<{key}>" for key, model in _MODELS.items() if isinstance(value, model)), None)


Condition = Annotated[
    Annotated[AttributeCondition, Tag("<attribute>")]
    | Annotated[TagCondition, Tag("<tag>")]
    | Annotated[AgeCondition, Tag("<age_of>")]
    | Annotated[AnniversaryCondition, Tag("<anniversary>")]
    | Annotated[FriendSinceCondition, Tag("<friend_since>")]
    | Annotated[LanguageCondition, Tag("<language>")]
    | Annotated[RouteCondition, Tag("<route>")]
    | Annotated[MemberCondition, Tag("<member>")]
    | Annotated[EventCondition, Tag("<event>")]
    | Annotated[ClickCondition, Tag("<click>")]
    | Annotated[AnswerCondition, Tag("<answer>")]
    | Annotated[SegmentCondition, Tag("<segment>")]
    | Annotated[AllOf, Tag("<all>")]
    | Annotated[AnyOf, Tag("<any>")]
    | Annotated[Not, Tag("<not>")],
    Discriminator(_condition_named),
]
_MODELS: dict[str, type[Part]] = {
    "attribute": AttributeCondition,
    "tag": TagCondition,
    "age_of": AgeCondition,
    "anniversary": AnniversaryCondition,
    "friend_since": FriendSinceCondition,
    "language": LanguageCondition,
    "route": RouteCondition,
    "member": MemberCondition,
    "event": EventCondition,
    "click": ClickCondition,
    "answer": AnswerCondition,
    "segment": SegmentCondition,
    "all": AllOf,
    "any": AnyOf,
    "not": Not,
}

AllOf.model_rebuild()
AnyOf.model_rebuild()
Not.model_rebuild()


class SegmentSpec(Spec):
    """A named set of friends."""

    kind: Literal["segment"]
    where: Condition
    """The condition that a friend must satisfy. Empty trees are refused: everyone must be written."""
    source: str | None = None
    """A declared source: `where` is asked of its tables instead of what the store knows. Who it does not know is in
    neither this segment nor its negation."""


class Expect(Part):
    """How many people a send may reach; outside of it, the plan is blocked."""

    min: Annotated[int, Field(ge=0)] = 0
    max: Annotated[int, Field(ge=0)] | None = None


class Demographic(Part):
    """LINE's own demographic filter, estimated by LINE and given to it as a narrowcast.

    https://developers.line.biz/en/reference/messaging-api/#narrowcast-demographic-filter
    """

    gender: Annotated[tuple[Literal["male", "female"], ...] | None, Field(strict=False, min_length=1)] = None
    age: dict[Literal["from", "until"], int] | None = None
    """Years, in LINE's steps of five: ``{from: 20, until: 40}`` is 20 up to, not including, 40."""
    app: Annotated[tuple[Literal["ios", "android"], ...] | None, Field(strict=False, min_length=1)] = None
    area: Annotated[tuple[str, ...] | None, Field(strict=False, min_length=1)] = None
    """LINE's area codes, such as ``jp_13`` for Tokyo."""
    friend_for: dict[Literal["from", "until"], int] | None = None
    """Days since the friend followed, in LINE's steps: 7, 30, 90, 180, 365."""

    @model_validator(mode="after")
    def _not_empty(self) -> Demographic:
        if not self.model_fields_set:
            raise ValueError("is empty: name at least one of gender, age, app, area, friend_for")
        return self


class Audience(Part):
    """Who receives a send: exactly one of everyone, segment, where, audience or demographic."""

    everyone: Literal[True] | None = None
    """All friends who have not blocked the account. The word is required: nothing else means everyone."""
    segment: Name | None = None
    where: Condition | None = None
    audience: Name | None = None
    """One of LINE's own audiences, declared as ``kind: audience``, with whom the latest apply put into it."""
    demographic: Demographic | None = None
    exclude: Annotated[tuple[Condition, ...], Field(strict=False)] = ()
    """Drops all friends for whom one of these is not known to be false."""
    expect: Expect | None = None
    tolerance: Annotated[int, Field(ge=0, le=1000)] | None = None
    """By how many percent the number of people may differ from what it was when an apply armed the campaign. Left out,
    a campaign with one date tolerates 20 percent, and always 50 people; one that recurs, or that says by `expect.max`
    how many are meant, is not asked."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """For an audience of LINE's, or a demographic one: at most this many people. LINE reserves this much quota."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Audience:
        words = ("everyone", "segment", "where", "audience", "demographic")
        chosen = [name for name in words if getattr(self, name) is not None]
        if len(chosen) != 1:
            raise ValueError("needs exactly one of everyone, segment, where, audience or demographic")
        if self.exclude and self.demographic is not None:
            raise ValueError("cannot exclude from a demographic audience: only LINE knows who is in it")
        if self.exclude and self.audience is not None:
            raise ValueError("cannot exclude from an audience of LINE's: leave them out of its segment")
        if self.limit is not None and self.demographic is None and self.audience is None:
            raise ValueError("'limit' belongs to an audience of LINE's or a demographic one")
        if self.tolerance is not None and self.segment is None and self.where is None:
            raise ValueError("'tolerance' belongs to a segment or 'where': no condition chooses the others")
        return self
