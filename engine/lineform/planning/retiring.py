"""Replaced menus on their way out.

Alias caches and late taps leave friends on a replaced menu, and a friend whose menu is deleted sees it vanish. So it
is kept for a grace after the making of its successor, its friends are moved once more, and only then is it deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from lineform.planning.change import Action, Change, MenuWork
from lineform.planning.view import Copy


def retire(
    client: str,
    successor: Copy | None,
    others: tuple[Copy, ...],
    in_use: Callable[[str], bool],
    now: datetime,
    grace: timedelta,
) -> list[Change]:
    """A line for each replaced menu, and, where the grace is over, its deletion. A menu that an alias or the default
    still points to is part of a change, and is neither."""
    if successor is None:
        return []
    until = successor.mark.created + grace
    found = []
    for copy in others:
        if in_use(copy.id):
            continue
        address = str(copy.mark.address)
        seen = {"menu": copy.mark.hash, "default": ""}
        if now < until or not in_use(successor.id):
            reason = f"replaced; an apply after {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC deletes it"
            found.append(Change(Action.RETIRING, client, address, seen, seen, reason, menu_id=copy.id))
            continue
        work = MenuWork(menu_id=successor.id, has_image=True, move_from=(copy.id,), sweep=True, delete_menus=(copy.id,))
        reason = "replaced, and its grace is over"
        gone = {"menu": "", "default": ""}
        found.append(
            Change(Action.DELETE, client, address, seen, gone, reason, housekeeping=True, menu_id=copy.id, work=work)
        )
    return found
