"""Menus while things are decided: taps and shown menus are gathered, and what follows is written in the transaction.

LINE is told after it, by whoever delivers; what a crash leaves open is linked by a later tick.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from lineform.journeys.book import Book
from lineform.model.address import Kind
from lineform.ports.audit import AuditEntry
from lineform.ports.menus import Linking
from lineform.ports.store import Store
from lineform.run.menus import TAP_FAILED, Deed, choose
from lineform.scenarios.effect import Show
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.menus import NO_RULES, MenuRules, concerns, tapped
from lineform.segments.friend import Friend


class Menus:
    """The menus of the friends of one decision."""

    def __init__(self, book: Book) -> None:
        self._rules: MenuRules = next(iter(book.of(Kind.MENU_RULES).values()), NO_RULES)
        self._work: dict[int, list[Deed]] = {}
        self._gone: set[int] = set()
        self._failed: list[tuple[Happening, str, str]] = []

    def saw(self, happening: Happening) -> None:
        """Something happened that may give a friend another menu."""
        if happening.what in (What.FOLLOW, What.UNFOLLOW):
            # LINE takes their own menu away from whoever blocks, and does not give it back.
            self._gone.add(happening.friend_id)
        tap = tapped(happening)
        if tap is not None and tap.failed:
            self._failed.append((happening, tap.menu, tap.failed))
        elif tap is not None:
            self._work.setdefault(happening.friend_id, []).append(happening)
        elif concerns(self._rules, happening):
            self._work.setdefault(happening.friend_id, [])

    def show(self, friend_id: int, effect: Show) -> None:
        """A step or a send shows a menu."""
        self._work.setdefault(friend_id, []).append(effect)

    def write(
        self, store: Store, client: str, friends: Mapping[int, Friend], now: datetime, actor: str
    ) -> tuple[int, ...]:
        """Writes down what follows, for these friends as they are by now; whom LINE has to be told about."""
        if self._gone:
            store.unlinked(client, sorted(self._gone))
        for happening, alias, status in self._failed:
            store.note(AuditEntry(happening.at, client, actor, TAP_FAILED, alias, status))
        wanted = {friend_id: deeds for friend_id, deeds in self._work.items() if friend_id in friends}
        if not wanted:
            return ()
        choices = choose(store, client, self._rules, [friends[one] for one in wanted], wanted, now)
        linkings = [Linking(choice, ids) for choice, ids in choices.items()]
        store.intend_menus(client, linkings, uuid.uuid4().hex, now)
        return tuple(friend for one in linkings if one.choice.link for friend in one.friend_ids)
