"""Who is in an audience of LINE's, against who belongs in it: asked of the store, because LINE does not tell."""

from __future__ import annotations

from datetime import datetime

from lineform.planning.audience_ages import Membership
from lineform.ports.store import Store
from lineform.segments.calendar import with_longer_memory
from lineform.segments.predicate import Predicate


def membership(
    store: Store, account: str, predicate: Predicate, audience: int, made: datetime, now: datetime
) -> Membership:
    """For a live audience that was `made` then, or for one that is still to be made (0)."""
    selected = set(store.select(account, predicate, now))
    if not audience:
        return Membership(len(selected), missing=len(selected))
    uploads = store.uploads(account, audience)
    held = {friend for upload in uploads for friend in upload.friend_ids}
    confirmed = {friend for upload in uploads if upload.confirmed for friend in upload.friend_ids}
    gone = held - selected
    gone -= {friend.id for friend in store.friends(account, sorted(gone)) if friend.blocked}
    passed: set[int] = set()
    if gone and (longer := with_longer_memory(predicate, now - made)) != predicate:
        passed = gone.intersection(store.select(account, longer, now))
    return Membership(
        selected=len(selected),
        missing=len(selected - confirmed),
        left=len(gone - passed),
        passed=len(passed),
        unfinished=any(not upload.confirmed for upload in uploads),
        recorded=bool(uploads),
        held=len(held),
    )
