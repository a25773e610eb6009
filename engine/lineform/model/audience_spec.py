"""``kind: audience``: one of LINE's own audiences, kept on the account."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from lineform.model.address import NAME, Kind
from lineform.model.base import Name, Part, Spec


def _to_many(value: Any) -> Any:
    kind = value.partition(".")[0] if isinstance(value, str) else ""
    if kind in _TO_ONE:
        raise ValueError(
            f"names a {kind}, and LINE makes such an audience of broadcasts and narrowcasts only: who tapped is known "
            "where the file says 'track: friend', and a condition {click: …} asks it"
        )
    return value


_TO_ONE = frozenset({Kind.SCENARIO.value, Kind.REPLY.value, Kind.FORM.value, Kind.ROUTE.value})
"""Kinds whose messages go to single friends."""
SentCampaign = Annotated[
    str, Field(pattern=rf"^campaign\.{NAME.pattern}$", examples=["campaign.winter-sale"]), BeforeValidator(_to_many)
]


class AudienceSource(Part):
    """Whom the audience holds: exactly one of segment, clicks and impressions."""

    segment: Name | None = None
    """Friends of this segment are uploaded to LINE by their user ids."""
    clicks: SentCampaign | None = None
    """Who tapped a link of this campaign when it was sent last, as LINE alone counts it."""
    impressions: SentCampaign | None = None
    """Who saw the messages of this campaign when it was sent last, which LINE alone knows."""
    link: str | None = None
    """For clicks: this link alone, by its declared name or its address."""

    @model_validator(mode="after")
    def _exactly_one(self) -> AudienceSource:
        if sum(one is not None for one in (self.segment, self.clicks, self.impressions)) != 1:
            raise ValueError("needs exactly one of segment, clicks and impressions")
        if self.link is not None and self.clicks is None:
            raise ValueError("'link' belongs to clicks")
        return self

    @property
    def campaign(self) -> str:
        """The address of the campaign whose send it is made from; empty where it is uploaded."""
        return self.clicks or self.impressions or ""


class AudienceSpec(Spec):
    """An audience that LINE keeps and a narrowcast is sent to. An apply brings it up to date."""

    kind: Literal["audience"]
    from_: AudienceSource = Field(alias="from")
    """Where its members come from: ``{segment: regulars}``, ``{clicks: campaign.teaser}``."""
