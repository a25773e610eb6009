"""Who is in an audience of LINE's, against who belongs in it: asked of the store, because LINE does not tell."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from lineform.planning.audience_ages import Membership
from lineform.ports.store import Store
from lineform.segments.calendar import with_longer_memory
from lineform.segments.predicate import Predicate
from lineform.sending.flags import Flags

_SELECTED: Final = 1
_HELD: Final = 2
_CONFIRMED: Final = 4
_LEFT: Final = 8
_READ: Final = 5_000
"""Friends read at once."""


def membership(
    store: Store, account: str, predicate: Predicate, audience: int, made: datetime, now: datetime
) -> Membership:
    """For a live audience that was `made` then, or for one that is still to be made (0)."""
    if not audience:
        selected = store.count(account, predicate, now)
        return Membership(selected, missing=selected)
    of = Flags()
    of.add(_SELECTED, store.select(account, predicate, now))
    recorded = unfinished = False
    for upload in store.uploads(account, audience):
        of.add(_HELD | _CONFIRMED if upload.confirmed else _HELD, upload.friend_ids)
        recorded, unfinished = True, unfinished or not upload.confirmed
    gone = of.those(_HELD, _SELECTED)
    for start in range(0, len(gone), _READ):
        part = gone[start : start + _READ]
        blocked = {friend.id for friend in store.friends(account, part) if friend.blocked}
        of.add(_LEFT, (one for one in part if one not in blocked))
    left = of.count(_LEFT)
    passed = 0
    if left and (longer := with_longer_memory(predicate, now - made)) != predicate:
        passed = sum(1 for one in store.select(account, longer, now) if of.has(_LEFT, one))
    return Membership(
        selected=of.count(_SELECTED),
        missing=of.count(_SELECTED, _CONFIRMED),
        left=left - passed,
        passed=passed,
        unfinished=unfinished,
        recorded=recorded,
        held=of.count(_HELD),
    )
