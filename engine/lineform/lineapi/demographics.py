"""The words of LINE's demographic filter.

https://developers.line.biz/en/reference/messaging-api/#narrowcast-demographic-filter
"""

from __future__ import annotations

from typing import Final

GENDERS: Final = ("male", "female")
APPS: Final = ("ios", "android")
AGES: Final = tuple(range(15, 71, 5))
"""Years: ``age_15`` to ``age_70``."""
FRIEND_FOR_DAYS: Final = (7, 30, 90, 180, 365)
"""Days since the friend followed: ``day_7`` and so on."""
AREAS: Final = tuple(
    f"{country}_{number:02}"
    for country, last in (("jp", 47), ("tw", 22), ("th", 8), ("id", 12))
    for number in range(1, last + 1)
)
"""Prefectures of Japan by their JIS number, and the regions of Taiwan, Thailand and Indonesia."""
