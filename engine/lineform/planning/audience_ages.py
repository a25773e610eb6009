"""When an audience that friends have left is made anew, and how long it may still be sent to.

LINE takes nobody out of an audience, may take hours to make one, and forbids making and deleting them over and over
(https://developers.line.biz/en/docs/messaging-api/development-guidelines/). So nothing takes the place of one that LINE
is still making, and a copy is kept for a while before it is replaced. Of a segment that moves with the clock ("within
60 days") somebody is taken out every day by nothing but time: for a few days a copy may be sent to in spite of a few
such friends. Whoever did something to leave (was untagged, opted out, bought) is never sent to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lineform.model.address import Address, Kind
from lineform.model.campaign import CampaignSpec
from lineform.model.project import Client
from lineform.sending.due import occurrences

LEAST_AGE: Final = timedelta(hours=24)
"""A copy is kept for so long, whoever left its segment."""
LEAST_AGE_BEFORE_SEND: Final = timedelta(hours=2)
"""The same while a campaign that names the audience is near."""
NEAR: Final = timedelta(hours=24)
"""A campaign is near from so long before it is due until so long after."""
TRIED_AGAIN_AFTER: Final = timedelta(hours=2)
"""A copy that failed at LINE is followed by another no earlier: what LINE refuses once, it may refuse always."""
RENEWED_AFTER: Final = timedelta(days=2)
"""A copy out of which time took somebody is made anew when it is so old: a day before it may not be sent to."""
SENT_FOR: Final = timedelta(days=3)
SENT_PERCENT: Final = 5
"""Of the friends in a copy, so many may be those whom time alone took out of the segment."""


@dataclass(frozen=True, slots=True)
class Membership:
    """Who is in a live audience, against who is in its segment now."""

    selected: int
    """Friends in the segment."""
    missing: int = 0
    """Of those, so many were not certainly uploaded."""
    left: int = 0
    """Friends who were uploaded, or may have been, and are not in the segment any more. Whoever has blocked the account
    does not count: LINE sends them nothing."""
    passed: int = 0
    """Those whom nothing but time took out of it since the audience was made; `left` does not count them."""
    unfinished: bool = False
    """Whether an upload was begun and never confirmed."""
    recorded: bool = True
    """Whether the store knows who was uploaded."""
    held: int = 0
    """Friends who were uploaded, or may have been."""

    def unsendable(self, age: timedelta) -> int:
        """For how many friends a copy of this age must not be sent to."""
        bearable = age <= SENT_FOR and self.passed * 100 <= self.held * SENT_PERCENT
        return self.left + (0 if bearable else self.passed)


def near_sends(client: Client, now: datetime) -> frozenset[str]:
    """The addresses of audiences that a campaign is near to, among those that are enabled."""
    found = set()
    for resource in client.of(Kind.CAMPAIGN):
        spec = resource.spec
        if not isinstance(spec, CampaignSpec) or not spec.enabled or spec.audience.audience is None:
            continue
        if occurrences(spec.schedule, client.timezone, now - NEAR, now + NEAR):
            found.add(str(Address(Kind.AUDIENCE, spec.audience.audience)))
    return frozenset(found)


def replaced_from(members: Membership, made: datetime, now: datetime, *, near: bool) -> datetime | None:
    """From when on a ready copy that was made then is replaced for the sake of those who left; None where nobody did
    of whom anything has to be done. `near` says whether a campaign is near to it."""
    if members.unsendable(now - made):
        return made + (LEAST_AGE_BEFORE_SEND if near else LEAST_AGE)
    return made + RENEWED_AFTER if members.passed else None
