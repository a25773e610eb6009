"""One friend with everything that is known, for verbs that explain."""

from __future__ import annotations

from dataclasses import replace

from lineform.errors import UsageError
from lineform.ports.store import Store
from lineform.segments.friend import Friend


def known_friend(store: Store, account: str, user_id: str) -> Friend:
    """The friend of this LINE user id, with what they did. Raises UsageError where nobody is known by it."""
    ids = list(store.friend_ids(account, [user_id]).values())
    found = store.friends(account, ids)
    if not found:
        raise UsageError(
            f"{account} knows no friend of this id", hint="`lineform friends import` or `sync` makes friends known"
        )
    return replace(found[0], events=store.histories(account, ids).get(found[0].id, ()))
