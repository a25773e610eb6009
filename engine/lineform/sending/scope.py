"""What a message's expressions read at send time: the friend, and the run that makes the message."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from lineform.segments.friend import Friend

FRIEND_NAMES = ("display_name", "language", "user_id", "followed_on", "tags")
"""Names under ``friend`` beside the declared attributes; what is not known of a friend is not there at all."""
RUN_NAMES = ("date", "time", "year", "month", "day", "weekday")
"""Names under ``run``: the occurrence's due time on the campaign's own clock."""
_WEEKDAYS = "月火水木金土日"


def friend_scope(friend: Friend, timezone: str) -> dict[str, Any]:
    """The ``friend`` of a message: attributes as they are, unknown ones left out."""
    known: dict[str, Any] = dict(friend.attributes)
    known["user_id"] = friend.user_id
    known["tags"] = sorted(friend.tags)
    if friend.display_name:
        known["display_name"] = friend.display_name
    if friend.language:
        known["language"] = friend.language
    if friend.followed_at is not None:
        known["followed_on"] = friend.followed_at.astimezone(ZoneInfo(timezone)).date().isoformat()
    return known


def run_scope(due_at: datetime, timezone: str) -> dict[str, Any]:
    """The ``run`` of a message. It follows the due time, so that a late run makes the same text."""
    local = due_at.astimezone(ZoneInfo(timezone))
    return {
        "date": local.date().isoformat(),
        "time": local.strftime("%H:%M"),
        "year": local.year,
        "month": local.month,
        "day": local.day,
        "weekday": _WEEKDAYS[local.weekday()],
    }


OF_EACH_FRIEND = frozenset({"friend", "code", "items"})
"""Names whose values each friend has of their own."""


def reads_friend(reads: Iterable[str]) -> bool:
    """Whether messages with these readings (paths such as ``friend.name``) may differ between friends."""
    return any(path.partition(".")[0] in OF_EACH_FRIEND for path in reads)
