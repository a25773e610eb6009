"""``kind: codes``: a pool of codes, each given to one friend, such as gift codes or those of a shop's own coupons.

The codes themselves are as good as money and are never written in a file of the workspace: ``lineform codes import``
puts them into the store. Here stands only what they are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from lineform.model.base import Duration, Spec
from lineform.model.schedule import is_local_moment


def _moment(value: str) -> str:
    if not is_local_moment(value):
        raise ValueError("is no day of the calendar, and no local date and time such as 2026-12-31T18:00")
    return value


Until = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$", examples=["2026-12-31", "2026-12-31T18:00"]),
    AfterValidator(_moment),
]
"""Up to the end of that local day, or up to that local time."""


def end_of(text: str, timezone: str) -> datetime:
    """The first moment that is too late: the end of ``2026-12-31``, or ``2026-12-31T18:00``, on that zone's clocks."""
    wall = datetime.fromisoformat(text)
    if "T" not in text:
        wall += timedelta(days=1)
    return wall.replace(tzinfo=ZoneInfo(timezone))


class CodesSpec(Spec):
    """A pool of one-use codes. A message reads one as ``{{ code.gift }}``: each friend has at most one of a pool, for
    ever, and reads the same one wherever it is named again."""

    kind: Literal["codes"]
    expires: Until | None = None
    """Until when the codes are taken. Nothing that names them is sent later."""
    valid_for: Duration = timedelta(0)
    """How long a friend must still have: with 3d, nothing that names a code is sent within three days of `expires`."""
    owner: str = ""
    """Who answers for these codes, for people."""
