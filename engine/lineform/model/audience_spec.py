"""``kind: audience``: one of LINE's own audiences, kept on the account."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lineform.model.base import Name, Part, Spec


class AudienceSource(Part):
    """Whom the audience holds."""

    segment: Name
    """Friends of this segment are uploaded to LINE by their user ids."""


class AudienceSpec(Spec):
    """An audience that LINE keeps and a narrowcast is sent to. An apply brings it up to date."""

    kind: Literal["audience"]
    from_: AudienceSource = Field(alias="from")
    """Where its members come from: ``{segment: regulars}``."""
