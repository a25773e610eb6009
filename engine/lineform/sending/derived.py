"""Audiences that LINE makes of what friends did with a send: who tapped a link, who saw it.

LINE makes them of broadcasts and narrowcasts of the last 60 days, and of nothing else
(https://developers.line.biz/en/reference/messaging-api/#create-click-audience-group). Of a multicast or a push nobody
learns who saw it; who tapped is known where our own links are tracked by friend.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from lineform.lineapi import limits
from lineform.model.audience_spec import AudienceSpec

MAKEABLE: Final = timedelta(days=limits.AUDIENCE_REQUEST_DAYS)
FEWEST: Final = 50
"""People whom LINE wants in such an audience before it is sent to."""
HASH_LENGTH: Final = 16


@dataclass(frozen=True, slots=True)
class Derivation:
    """What an audience is made from, but for the request: of which campaign, and for clicks of which address."""

    kind: Literal["CLICK", "IMP"]
    campaign: str
    url: str = ""

    @property
    def hash(self) -> str:
        text = json.dumps([self.kind, self.campaign, self.url], ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_LENGTH]


@dataclass(frozen=True, slots=True)
class SourceSend:
    """The newest send that such an audience can be made from; `recipients` as the ledger knows them."""

    request_id: str
    sent_at: datetime
    recipients: int


def derivation(spec: AudienceSpec, links: Mapping[str, str]) -> Derivation | None:
    """What an audience is made from; None where it is uploaded. `links` are the declared addresses by name."""
    source = spec.from_
    if source.impressions is not None:
        return Derivation("IMP", source.impressions)
    if source.clicks is not None:
        return Derivation("CLICK", source.clicks, links.get(source.link, source.link) if source.link else "")
    return None
