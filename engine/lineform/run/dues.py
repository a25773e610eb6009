"""What of a campaign is due and stands in no ledger yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from lineform.ports.ledger import Occurrence, Revision
from lineform.sending.due import LOOK_BACK, Due, occurrences
from lineform.sending.revision import Armed

EVER = datetime.min.replace(tzinfo=UTC)


def undone(armed: Armed, revision: Revision, known: Sequence[Occurrence], now: datetime) -> list[Due]:
    """Occurrences that are due and not in the ledger. A rule's are counted from its first arming and its newest record
    on: one that was due just before a new version was armed is told, not forgotten."""
    keys = {send.key for send in known}
    after = EVER
    if armed.schedule.at is None:
        after = max([revision.since or revision.armed_at, now - LOOK_BACK, *(send.due_at for send in known)])
    return [due for due in occurrences(armed.schedule, armed.timezone, after, now) if due.key not in keys]
