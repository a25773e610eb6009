"""Rows about members: what a business's own database tells without knowing anybody's LINE user id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lineform.ports.friends import FriendRow


def joined(rows: Sequence[FriendRow], linked: Mapping[str, Sequence[str]]) -> tuple[list[FriendRow], int]:
    """The rows with a user id each, and how many were about members to whom no friend is linked.

    `linked` holds the user ids of each member before these rows. A row with both ids links its friend, so that later
    rows about this member are about this friend, and those about the member before are not. A row about a member
    changes no link itself.
    """
    found: list[FriendRow] = []
    moved: dict[str, str] = {}
    now: dict[str, dict[str, None]] = {}
    unlinked = 0
    for row in rows:
        member = row.member_id or ""
        if row.user_id:
            found.append(row)
            if row.member_id is not None:
                moved[row.user_id] = member
                now.setdefault(member, {})[row.user_id] = None
            continue
        people = dict.fromkeys((*linked.get(member, ()), *now.get(member, ())))
        here = [user_id for user_id in people if moved.get(user_id, member) == member]
        found += [row._replace(user_id=user_id, member_id=None) for user_id in here]
        unlinked += not here
    return found, unlinked
